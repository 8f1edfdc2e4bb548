"""Rows that break a rule: listed and refused, or set aside in a file, never dropped in silence."""

from __future__ import annotations

import io
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import polars as pl

from recommender.errors import InputError, StorageError
from recommender.types import Bools

MOST_LISTED = 20
_MOST_VALUE = 200


class Rule(StrEnum):
    """The rules for rows, by their stable names."""

    ID_MISSING = "id_missing"
    ID_INVALID = "id_invalid"
    ID_DUPLICATE = "id_duplicate"
    TIMESTAMP_UNREADABLE = "timestamp_unreadable"
    TIMESTAMP_SKIPPED = "timestamp_skipped"
    TIMESTAMP_RANGE = "timestamp_range"
    ADDED_RANGE = "added_range"
    QUANTITY_INVALID = "quantity_invalid"
    QUANTITY_ZERO = "quantity_zero"
    PRICE_INVALID = "price_invalid"
    FLAG_UNREADABLE = "flag_unreadable"
    ITEM_UNKNOWN = "item_unknown"
    EVENT_CONFLICT = "event_conflict"


SENTENCES = {
    Rule.ID_MISSING: "every row needs an id here",
    Rule.ID_INVALID: "an id is 1 to 256 characters of text without control characters",
    Rule.ID_DUPLICATE: "an item has one row; `catalogue.duplicates: most_frequent` merges several",
    Rule.TIMESTAMP_UNREADABLE: "a timestamp is ISO text (2026-01-31T18:30:00), a datetime, a date "
    "or epoch seconds",
    Rule.TIMESTAMP_SKIPPED: "a timestamp is a time that the clocks of `purchases.timezone` showed; "
    "when they were put forward they skipped this one, so the time zone may be another",
    Rule.TIMESTAMP_RANGE: "a timestamp lies between 1990-01-01 and tomorrow; epoch values are "
    "seconds, not milliseconds",
    Rule.ADDED_RANGE: "an item is on sale since 1990-01-01 or later; leave empty what is older or "
    "unknown; epoch values are seconds, not milliseconds",
    Rule.QUANTITY_INVALID: "a quantity is a number, at most 1e9, negative for a return",
    Rule.QUANTITY_ZERO: "a quantity is not 0",
    Rule.PRICE_INVALID: "a price is empty, or a number from 0 to 1e12",
    Rule.FLAG_UNREADABLE: "a flag is true or false (or yes, no, 1, 0)",
    Rule.ITEM_UNKNOWN: "a purchased item is in the catalogue; `purchases.unknown_items: keep` "
    "keeps it as an unlisted item",
    Rule.EVENT_CONFLICT: "lines that share event_id, customer and item are the same purchase: "
    "equal timestamp and quantity",
}


@dataclass(frozen=True)
class Check:
    """Rows of a piece that break one rule. `broken` has one element a row."""

    rule: Rule
    column: str
    broken: Bools


@dataclass(frozen=True)
class Place:
    """Where a piece of a table was read.

    first_row      data row of its first line; the first row of a file (after the header) is 1
    source_names   name in Tactful: name in the file
    """

    table: str
    file: str
    first_row: int
    source_names: dict[str, str]


@dataclass(frozen=True)
class Problem:
    """One row that cannot be used, by the first rule that it breaks."""

    file: str
    row: int
    column: str
    value: str | None
    rule: Rule

    def __str__(self) -> str:
        value = "nothing" if self.value is None else repr(self.value)
        shown = value if len(value) <= 60 else f"{value[:57]}..."
        return f"{self.file}, row {self.row}, column {self.column!r}: {shown} ({self.rule})"


@dataclass
class Problems:
    """Collects the rows that break a rule. Each row counts once, for its first broken rule."""

    lenient: bool
    counts: Counter[tuple[str, Rule]] = field(default_factory=Counter)
    _first: list[Problem] = field(default_factory=list)
    _rejected: list[pl.DataFrame] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many rows break a rule."""
        return sum(self.counts.values())

    def judge(
        self,
        place: Place,
        raw: pl.DataFrame,
        checks: Sequence[Check],
        rows: pl.Series | None = None,
    ) -> Bools:
        """Which rows of a piece can be used; the others are noted.

        raw    the values as they were read, columns under Tactful's names
        rows   their data rows where they do not simply follow one another
        """
        first = np.full(raw.height, -1, dtype=np.int16)
        for i in range(len(checks) - 1, -1, -1):
            first[checks[i].broken] = i
        bad = np.flatnonzero(first >= 0)
        if not len(bad):
            return np.ones(raw.height, dtype=np.bool_)
        for i, n in enumerate(np.bincount(first[bad], minlength=len(checks))):
            if n:
                self.counts[place.table, checks[i].rule] += int(n)
        wanted = bad if self.lenient else bad[: MOST_LISTED - len(self._first)]
        if len(wanted):
            numbers = pl.Series(wanted + place.first_row) if rows is None else rows.gather(wanted)
            chosen = [checks[i] for i in first[wanted]]
            table = _rejected_table(place, raw[wanted], chosen, numbers)
            for entry in table.head(max(MOST_LISTED - len(self._first), 0)).iter_rows(named=True):
                self._first.append(
                    Problem(
                        entry["file"],
                        entry["row"],
                        place.source_names.get(entry["column"], entry["column"]),
                        entry["value"],
                        Rule(entry["rule"]),
                    )
                )
            if self.lenient:
                self._rejected.append(table)
        return first < 0

    def of_table(self, table: str) -> int:
        """How many rows of one table break a rule."""
        return sum(n for (of, _), n in self.counts.items() if of == table)

    def raise_if_strict(self, rows_read: Mapping[str, int]) -> None:
        """InputError with the first problems and the totals, unless rows are set aside.

        rows_read   table: how many rows it has
        """
        if self.lenient or not self.total:
            return
        listed = [str(problem) for problem in self._first]
        if self.total > len(listed):
            listed.append(f"and {self.total - len(listed):,} more")
        totals = [
            f"{rule}: {n:,} rows of the {table}; {SENTENCES[rule]}"
            for (table, rule), n in sorted(self.counts.items())
        ]
        shares = [
            f"{self.of_table(table):,} of {rows:,} rows of the {table}"
            for table, rows in rows_read.items()
            if self.of_table(table)
        ]
        opening = (
            f"{' and '.join(shares)} cannot be used (rows are counted from 1, without the header)"
        )
        raise InputError(
            "\n  ".join([opening, *listed, "by rule:", *totals]),
            hint="mend these rows, map the columns in the config, or set unusable rows aside in "
            "a file with --lenient (where there is no such option: --set lenient=true)",
        )

    def write(self, path: Path) -> None:
        """Writes the rows set aside as Parquet, whole or not at all; StorageError otherwise.

        Columns: table, file, row, column, value, rule, then the original values as text. No
        row set aside gives a file without rows.
        """
        table = (
            pl.concat(self._rejected, how="diagonal")
            if self._rejected
            else pl.DataFrame(schema=dict.fromkeys(_LEADING, pl.String) | {"row": pl.Int64})
        )
        buffer = io.BytesIO()
        table.write_parquet(buffer)
        _write_whole(path, buffer.getvalue())


_LEADING = ("table", "file", "row", "column", "value", "rule")


def _rejected_table(
    place: Place, raw: pl.DataFrame, broken: Sequence[Check], rows: pl.Series
) -> pl.DataFrame:
    """Rows as text, in the columns that `Problems.write` describes; one check a row."""
    original = raw.select(as_text(column) for column in raw.iter_columns())
    values = [original[check.column][at] for at, check in enumerate(broken)]
    return pl.DataFrame(
        {
            "table": [place.table] * raw.height,
            "file": [place.file] * raw.height,
            "row": rows.cast(pl.Int64),
            "column": [check.column for check in broken],
            "value": pl.Series([_cut(value) for value in values], dtype=pl.String),
            "rule": [str(check.rule) for check in broken],
        }
    ).hstack(original.get_columns())


def as_text(column: pl.Series) -> pl.Series:
    """Any column as text, lists joined by commas."""
    if isinstance(column.dtype, pl.List):
        return column.cast(pl.List(pl.String), strict=False).list.join(", ")
    return column.cast(pl.String, strict=False)


def _cut(value: str | None) -> str | None:
    if value is None or len(value) <= _MOST_VALUE:
        return value
    return f"{value[:_MOST_VALUE]}... ({len(value)} characters)"


def _write_whole(path: Path, content: bytes) -> None:
    draft: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except OSError as error:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
        raise StorageError(
            f"the rows set aside could not be written to {path}: {error.strerror or error}",
            hint=f"free {len(content) / 1e6:.1f} MB or choose another place; nothing was changed",
        ) from error
