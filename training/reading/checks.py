"""A piece of a table as it is checked: clean columns, and the rules that rows break."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from recommender.types import Bools
from training.reading.files import TableFile
from training.reading.problems import Check, Rule
from training.reading.values import (
    EARLIEST,
    broken_ids,
    flags,
    ids,
    numbers,
    plain,
    seconds,
)

LEAST_QUANTITY = 1e-6
"""Less than this is nothing: what is left of a line after netting is rounding."""

_MOST_QUANTITY = 1e9
_MOST_PRICE = 1e12
_LATEST = 253_402_300_799
"""9999-12-31T23:59:59Z: the end of four-digit years, and before 1990 in milliseconds."""


@dataclass
class Piece:
    """Rows of one file.

    Each method reads one column, notes it in `clean` and its rules in `checks`. The first rule
    that a row breaks, in the order of the calls, is the one that is named.
    """

    table: TableFile
    raw: pl.DataFrame
    clean: dict[str, pl.Series] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether the file has the column."""
        return name in self.raw.columns

    def column(self, name: str) -> pl.Series:
        """The column as it was read; InputError when its type holds no plain values."""
        return plain(self.raw[name], f"{self.table.path}, column {self._source(name)!r}")

    def id(self, name: str, *, required: bool = True) -> None:
        """Ids as text; where one is not required, null where it is empty."""
        text = ids(self.column(name), from_csv=self.table.is_csv).replace("", None)
        if required:
            self._break(Rule.ID_MISSING, name, text.is_null().to_numpy())
        self._break(Rule.ID_INVALID, name, broken_ids(text))
        self.clean[name] = text

    def timestamp(self, name: str, timezone: str, latest: float) -> None:
        """Seconds since 1970, from 1990 to `latest`."""
        at = self._seconds(name, timezone)
        self._break(Rule.TIMESTAMP_UNREADABLE, name, at.is_null().to_numpy())
        self._break(Rule.TIMESTAMP_RANGE, name, _outside(at, latest))

    def added(self, name: str, timezone: str) -> None:
        """Seconds since 1970, from 1990 on; it may be missing (null), and it may be to come."""
        at = self._seconds(name, timezone)
        unreadable = at.is_null().to_numpy() & ~_missing(self.column(name))
        self._break(Rule.TIMESTAMP_UNREADABLE, name, unreadable)
        self._break(Rule.ADDED_RANGE, name, _outside(at, _LATEST))

    def _seconds(self, name: str, timezone: str) -> pl.Series:
        """Notes the column as seconds since 1970, and times that a clock skipped."""
        column = self.column(name)
        at = seconds(column, timezone)
        if timezone != "UTC" and at.null_count():
            skipped = at.is_null() & seconds(column, "UTC").is_not_null()
            self._break(Rule.TIMESTAMP_SKIPPED, name, skipped.to_numpy())
        self.clean[name] = at
        return at

    def quantity(self, name: str) -> None:
        """Units: finite, and not 0."""
        units = numbers(self.column(name))
        nothing = (units.abs() < LEAST_QUANTITY).fill_null(value=False).to_numpy()
        self._break(Rule.QUANTITY_INVALID, name, _beyond(units, _MOST_QUANTITY))
        self._break(Rule.QUANTITY_ZERO, name, nothing)
        self.clean[name] = units

    def price(self, name: str) -> None:
        """A price may be missing (null); it may not be text, NaN, infinite or negative."""
        column = self.column(name)
        price = numbers(column)
        wrong = _beyond(price, _MOST_PRICE) | (price < 0).fill_null(value=False).to_numpy()
        self._break(Rule.PRICE_INVALID, name, wrong & ~_missing(column))
        self.clean[name] = price

    def flag(self, name: str) -> None:
        """A flag may be missing (null); it may not be anything but true or false."""
        column = self.column(name)
        flag = flags(column)
        self._break(Rule.FLAG_UNREADABLE, name, flag.is_null().to_numpy() & ~_missing(column))
        self.clean[name] = flag

    def text(self, name: str) -> None:
        """Text without blanks around it; "" where there is none."""
        text = self.column(name).cast(pl.String, strict=False)
        self.clean[name] = text.fill_null("").str.strip_chars()

    def _break(self, rule: Rule, name: str, broken: Bools) -> None:
        self.checks.append(Check(rule, name, broken))

    def _source(self, name: str) -> str:
        return self.table.source_names[name]


def _outside(at: pl.Series, latest: float) -> Bools:
    """True where there is a time that is before 1990 or after `latest`."""
    return (~at.is_between(EARLIEST, int(latest)).fill_null(value=True)).to_numpy()


def _beyond(values: pl.Series, most: float) -> Bools:
    """True where there is no number, or one beyond `most` either way (NaN among them)."""
    within = (values.abs() <= most) & ~values.is_nan()
    return (~within.fill_null(value=False)).to_numpy()


def _missing(column: pl.Series) -> Bools:
    text = column.cast(pl.String, strict=False).str.strip_chars()
    return (text.fill_null("") == "").to_numpy()
