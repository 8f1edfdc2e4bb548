"""Columns as they stand in files, read as ids, seconds, numbers and flags.

What cannot be read becomes null; the rules (`training.reading.problems`) name it.
"""

from __future__ import annotations

import polars as pl

from recommender.errors import InputError
from recommender.ids import id_problem
from recommender.types import Bools

EARLIEST = 631_152_000
"""1990-01-01T00:00:00Z; nothing that is older can be right."""

_WHOLE = 2**53
_ISO = (
    r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?$"
)
_EPOCH = r"^-?\d{1,18}(?:\.\d+)?$"
_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")


def plain(column: pl.Series, where: str) -> pl.Series:
    """The column when its type can hold values at all; InputError for structures and bytes."""
    kind = column.dtype
    if kind.is_nested() or kind in (pl.Binary, pl.Object, pl.Time, pl.Duration):
        raise InputError(
            f"{where} holds values of type {kind}",
            hint="export it as text, numbers or datetimes, or map another column",
        )
    return column


def ids(column: pl.Series, *, from_csv: bool) -> pl.Series:
    """Ids as text; null where there is none. Whole numbers lose `.0`: 12345.0 gives 12345.

    from_csv   a CSV has no types: `12345.0` is taken for the number that it surely was
    """
    kind = column.dtype
    if kind.is_float():
        whole = (column == column.floor()) & (column.abs() < _WHOLE)
        text = column.fill_nan(None).cast(pl.String)
        as_int = column.cast(pl.Int64, strict=False).cast(pl.String)
        return text.zip_with((~whole).fill_null(value=True), as_int)
    text = column.cast(pl.String)
    if kind.is_decimal():
        return text.str.replace(r"\.0+$", "")
    return text.str.replace(r"^(-?\d+)\.0$", "${1}") if from_csv else text


def broken_ids(text: pl.Series) -> Bools:
    """Which ids break `recommender.ids.id_problem`; a missing one does not."""
    # Printable ASCII of a fair length needs no look; of the rest every id is looked at once.
    fine = (text.str.len_bytes() <= 64) & text.str.contains(r"^[ -~]+$")
    doubtful = text.filter(~fine.fill_null(value=True)).unique()
    wrong = [value for value in doubtful if id_problem(value) is not None]
    return is_in(text, wrong)


def is_in(column: pl.Series, values: pl.Series | list[str]) -> Bools:
    """(n,) True where the value is one of `values`; null never is."""
    among = pl.Series(values, dtype=pl.String) if isinstance(values, list) else values
    return column.is_in(among.implode()).fill_null(value=False).to_numpy()


def numbers(column: pl.Series) -> pl.Series:
    """Numbers as Float64; null where there is none or it cannot be read."""
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        column = column.cast(pl.String).str.strip_chars()
    return column.cast(pl.Float64, strict=False)


def flags(column: pl.Series) -> pl.Series:
    """Booleans; null where there is none or it cannot be read."""
    text = column.cast(pl.String, strict=False).str.strip_chars().str.to_lowercase()
    true, false = is_in(text, list(_TRUE)), is_in(text, list(_FALSE))
    return pl.Series(true, dtype=pl.Boolean).set(pl.Series(~(true | false)), None)


def seconds(column: pl.Series, timezone: str) -> pl.Series:
    """Timestamps as seconds since 1970, UTC (Int64); null where there is none or unreadable.

    timezone   of those that name no zone; an ambiguous local time is the earlier one, a
               local time that was skipped is unreadable
    """
    kind = column.dtype
    if kind == pl.Date:
        return _localised(column.cast(pl.Int64) * 86_400, timezone)
    if isinstance(kind, pl.Datetime):
        units = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
        since = column.to_physical() // units[kind.time_unit]
        return since if kind.time_zone else _localised(since, timezone)
    if kind.is_numeric():
        return column.cast(pl.Float64).floor().cast(pl.Int64, strict=False)
    return _seconds_of_text(column.cast(pl.String, strict=False).str.strip_chars(), timezone)


def _seconds_of_text(text: pl.Series, timezone: str) -> pl.Series:
    naive = _parsed(text, "%Y-%m-%d %H:%M:%S")
    if naive.null_count():
        naive = naive.zip_with(naive.is_not_null(), _parsed(text, "%Y-%m-%dT%H:%M:%S"))
    result = _localised(naive, timezone)
    rest = naive.is_null() & text.is_not_null()
    if not rest.any():
        return result
    at = rest.arg_true()
    return result.scatter(at, _seconds_of_odd_text(text.gather(at), timezone))


def _seconds_of_odd_text(text: pl.Series, timezone: str) -> pl.Series:
    """Dates, minutes, fractions of seconds, offsets, and epoch seconds as text."""
    parts = text.str.extract_groups(_ISO).struct.unnest()
    day, minute, second, offset = (parts[name] for name in parts.columns)
    clock = day + "T" + minute.fill_null("00:00") + ":" + second.fill_null("00")
    naive = _parsed(clock, "%Y-%m-%dT%H:%M:%S")
    digits = offset.str.replace("Z", "+0000").str.replace(":", "")
    sign = pl.select(pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    hours = digits.str.slice(1, 2).cast(pl.Int64)
    minutes = digits.str.slice(3, 2).replace("", "0").cast(pl.Int64)
    known = naive - sign * (hours * 3_600 + minutes * 60)
    epoch = (
        text.set(~text.str.contains(_EPOCH).fill_null(value=False), None)
        .cast(pl.Float64, strict=False)
        .floor()
        .cast(pl.Int64, strict=False)
    )
    local = _localised(naive, timezone)
    iso = known.zip_with(offset.is_not_null(), local)
    return iso.zip_with(day.is_not_null(), epoch)


def _parsed(text: pl.Series, form: str) -> pl.Series:
    return text.str.to_datetime(form, strict=False, time_unit="ms").dt.epoch("s")


def _localised(naive: pl.Series, timezone: str) -> pl.Series:
    """Seconds of a local clock as seconds since 1970."""
    if timezone == "UTC":
        return naive
    # What no calendar of zones covers keeps its value: it is out of range anyhow.
    sane = naive.is_between(0, 10 * EARLIEST).fill_null(value=False)
    local = pl.from_epoch(naive.set(~sane, None), time_unit="s").dt.cast_time_unit("ms")
    aware = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return aware.dt.epoch("s").zip_with(sane, naive)
