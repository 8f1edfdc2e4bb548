"""Purchases from files: every line checked, then turned into numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from recommender.errors import ConfigError
from recommender.interactions import Columns
from recommender.types import SECONDS_A_DAY, Bools, CustomerId
from training.config import TrainConfig
from training.progress import Progress
from training.reading.checks import Piece
from training.reading.files import Folder, TableFile, Wanted, find_files, open_table, pieces
from training.reading.netting import NO_ORDER, Lines
from training.reading.problems import Check, Place, Problems, Rule
from training.reading.values import is_in

TABLE = "purchases"
_FILE, _ROW = "file", "row"
_KEPT = (*Columns.REQUIRED, Columns.ORDER, Columns.EVENT, Columns.GIFT)


@dataclass
class RawPurchases:
    """Lines that passed every rule, as text and numbers, in the order of reading.

    lines   columns of `Columns` (customer, item, timestamp in seconds, quantity, and order_id
            and gift where a file has them)
    """

    folder: Folder
    lines: pl.DataFrame
    lines_read: int
    duplicates: int = 0
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class PurchaseRules:
    """What lines are held to.

    known    ids of the catalogue; None: there is no catalogue, every item is welcome
    latest   seconds since 1970
    """

    timezone: str
    known: pl.Series | None
    unknown_items: Literal["error", "keep"]
    latest: float


def read_purchases(
    config: TrainConfig,
    problems: Problems,
    *,
    known: pl.Series | None,
    now: float,
    progress: Progress,
) -> RawPurchases:
    """Reads and checks all lines; rows that break a rule go to `problems`.

    known   ids of the catalogue's items (None: no catalogue)
    now     seconds since 1970; a timestamp may lie one day ahead of it

    Raises ConfigError when no path is set, NotFound and InputError as `find_files` and
    `open_table` do. Does not raise for rows: ask `problems`.
    """
    settings = config.purchases
    if settings.path is None:
        raise ConfigError(
            "no purchases are named", hint="give --purchases, or set purchases.path in the config"
        )
    rules = PurchaseRules(settings.timezone, known, settings.unknown_items, now + SECONDS_A_DAY)
    folder = find_files(settings.path, TABLE)
    tables = [open_table(path, _wanted(config), f"{TABLE}.columns") for path in folder.files]
    with_events = any(Columns.EVENT in table.schema for table in tables)
    parts, read = [], 0
    with progress.stage("read purchases", sum(table.count() for table in tables)) as advance:
        for number, table in enumerate(tables):
            place = pl.lit(number, pl.Int32).alias(_FILE)
            for rows, part in _read_file(table, rules, problems):
                parts.append(part.with_columns(place) if with_events else part.drop(_ROW))
                read += rows
                advance(rows)
    unused = dict.fromkeys(name for table in tables for name in table.unused)
    result = RawPurchases(folder, pl.concat(parts, how="diagonal"), read, unused=tuple(unused))
    if with_events:
        _drop_duplicates(result, tables, problems)
    return result


def to_lines(lines: pl.DataFrame, catalogue_ids: pl.Series) -> Lines:
    """Text to codes: customers and orders ascending with their ids, items as the catalogue."""
    customers = lines[Columns.CUSTOMER].unique().sort()
    order = np.full(lines.height, NO_ORDER, dtype=np.int64)
    if Columns.ORDER in lines.columns:
        orders = lines[Columns.ORDER].drop_nulls().unique().sort()
        if len(orders):
            codes = _codes(lines[Columns.ORDER], orders).cast(pl.Int64)
            order = codes.fill_null(NO_ORDER).to_numpy()
    gift = np.zeros(lines.height, dtype=np.bool_)
    if Columns.GIFT in lines.columns:
        gift = lines[Columns.GIFT].fill_null(value=False).to_numpy().astype(np.bool_)
    return Lines(
        customers=tuple(CustomerId(customer) for customer in customers),
        customer=_codes(lines[Columns.CUSTOMER], customers).to_numpy().astype(np.int32),
        item=_codes(lines[Columns.ITEM], catalogue_ids).to_numpy().astype(np.int32),
        timestamp=lines[Columns.TIMESTAMP].to_numpy(),
        quantity=lines[Columns.QUANTITY].to_numpy(),
        order=order,
        gift=gift,
    )


def _codes(text: pl.Series, vocabulary: pl.Series) -> pl.Series:
    return text.cast(pl.Enum(vocabulary)).to_physical()


def _wanted(config: TrainConfig) -> tuple[Wanted, ...]:
    """Required columns, and optional ones; an optional one that is mapped must be there."""
    columns = config.purchases.columns
    required = columns.model_fields_set | set(Columns.REQUIRED)
    names = (*Columns.REQUIRED, *Columns.OPTIONAL)
    return tuple(Wanted(name, getattr(columns, name), name in required) for name in names)


def _read_file(
    table: TableFile, rules: PurchaseRules, problems: Problems
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Rows read and the usable lines of them, piece by piece."""
    for first_row, raw in pieces(table):
        clean, checks = _read_piece(raw, table, rules)
        place = Place(TABLE, str(table.path), first_row, table.source_names)
        good = problems.judge(place, raw, checks)
        rows = np.arange(first_row, first_row + raw.height, dtype=np.int64)
        yield raw.height, clean.with_columns(pl.Series(_ROW, rows)).filter(pl.Series(good))


def _read_piece(
    raw: pl.DataFrame, table: TableFile, rules: PurchaseRules
) -> tuple[pl.DataFrame, list[Check]]:
    """The piece as ids, seconds and numbers, and the rules that rows break."""
    piece = Piece(table, raw)
    piece.id(Columns.CUSTOMER)
    piece.id(Columns.ITEM)
    piece.timestamp(Columns.TIMESTAMP, rules.timezone, rules.latest)
    piece.quantity(Columns.QUANTITY)
    if piece.has(Columns.UNIT_PRICE):
        piece.price(Columns.UNIT_PRICE)
    for name in (Columns.ORDER, Columns.EVENT):
        if piece.has(name):
            piece.id(name, required=False)
    if piece.has(Columns.GIFT):
        piece.flag(Columns.GIFT)
    if rules.known is not None and rules.unknown_items == "error":
        unknown = ~is_in(piece.clean[Columns.ITEM], rules.known)
        piece.checks.append(Check(Rule.ITEM_UNKNOWN, Columns.ITEM, unknown))
    kept = {name: piece.clean[name] for name in _KEPT if name in piece.clean}
    return pl.DataFrame(kept), piece.checks


def _drop_duplicates(result: RawPurchases, tables: list[TableFile], problems: Problems) -> None:
    """Keeps the first line of each (event_id, customer, item).

    A later one that says the same is a duplicate; one with another timestamp or quantity is a
    conflict. Lines of other items never matter.
    """
    lines = result.lines
    same = [Columns.EVENT, Columns.CUSTOMER, Columns.ITEM]
    has_event = lines[Columns.EVENT].is_not_null().to_numpy()
    again = has_event & ~_first_of(lines, same)
    equal = again & ~_first_of(lines, [*same, Columns.TIMESTAMP, Columns.QUANTITY])
    result.duplicates = int(equal.sum())
    conflicts = lines.filter(pl.Series(again & ~equal))
    for (number,), rows in conflicts.group_by(_FILE, maintain_order=True):
        assert isinstance(number, int)
        table = tables[number]
        place = Place(TABLE, str(table.path), 1, table.source_names)
        every = np.ones(rows.height, dtype=np.bool_)
        checks = [Check(Rule.EVENT_CONFLICT, Columns.EVENT, every)]
        problems.judge(place, rows.drop(_FILE, _ROW), checks, rows[_ROW])
    result.lines = lines.filter(pl.Series(~again)).drop(Columns.EVENT, _FILE, _ROW)


def _first_of(lines: pl.DataFrame, columns: list[str]) -> Bools:
    return lines.select(pl.struct(columns).is_first_distinct()).to_series().to_numpy()
