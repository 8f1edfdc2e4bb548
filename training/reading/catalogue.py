"""The catalogue from files: every row checked, one item an id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl

from recommender.catalogue import Catalogue
from recommender.types import ItemId, Longs
from training.config import TrainConfig
from training.progress import Progress
from training.reading.checks import Piece
from training.reading.files import Folder, TableFile, Wanted, find_files, open_table, pieces
from training.reading.problems import Check, Place, Problems, Rule

_T = TypeVar("_T")

TABLE = "catalogue"
_ITEM, _TITLE, _CATEGORY, _PRICE = "item_id", "title", "category", "price"
_AVAILABLE, _TAGS, _BRAND, _ADDED = "available", "tags", "brand", "added"
_VALUES: dict[str, type[pl.DataType]] = {
    _PRICE: pl.Float64,
    _AVAILABLE: pl.Boolean,
    _ADDED: pl.Int64,
}
"""What is no text: null where it is unknown."""
_FILE, _ROW = "file", "row"
_BETWEEN = "\x1f"
"""Stands between the parts of a list while it is one text; the separator that ASCII has for it."""


@dataclass(frozen=True)
class RawCatalogue:
    """The listed items, and what was read for them."""

    catalogue: Catalogue
    folder: Folder
    rows_read: int
    unused: tuple[str, ...]


def read_catalogue(
    config: TrainConfig, problems: Problems, *, progress: Progress
) -> RawCatalogue | None:
    """Reads and checks the catalogue; None when the config names none.

    Rows that break a rule go to `problems`. Raises NotFound and InputError as
    `training.reading.files` does.
    """
    settings = config.catalogue
    if settings.path is None:
        return None
    folder = find_files(settings.path, TABLE)
    tables = [open_table(path, _wanted(config), f"{TABLE}.columns") for path in folder.files]
    total = sum(table.count() for table in tables)
    parts, read = [], 0
    with progress.stage("read the catalogue", total) as advance:
        for number, table in enumerate(tables):
            for rows, part in _read_file(table, config, problems):
                parts.append(part.with_columns(pl.lit(number, pl.Int32).alias(_FILE)))
                read += rows
                advance(rows)
    items = pl.concat(parts, how="vertical")
    if settings.duplicates == "most_frequent":
        items = _most_frequent(items)
    else:
        items = _first_of_each(items, tables, problems)
    unused = dict.fromkeys(name for table in tables for name in table.unused)
    return RawCatalogue(_catalogue(items), folder, read, tuple(unused))


def with_unlisted(listed: Catalogue | None, item_ids: pl.Series) -> Catalogue:
    """The catalogue with a blank row for each of `item_ids` (unique) that it lacks.

    An item without a row in the shop's catalogue is not offered; where there is no catalogue
    at all, every purchased item is.
    """
    known = set(listed.ids) if listed is not None else set()
    new = [ItemId(item) for item in item_ids if item not in known]
    base = listed if listed is not None else _catalogue(_no_items())
    order = np.argsort(np.array([*base.ids, *new], dtype=object), kind="stable")
    blank, n = [""] * len(new), len(new)
    return Catalogue(
        ids=_in_order(order, base.ids, new),
        titles=_in_order(order, base.titles, blank),
        paths=_in_order(order, base.paths, [()] * n),
        tags=_in_order(order, base.tags, [()] * n),
        brands=_in_order(order, base.brands, blank),
        price=np.r_[base.price, np.full(n, np.nan)].astype(np.float32)[order],
        added=np.r_[base.added, np.full(n, np.nan)][order],
        available=np.r_[base.available, np.full(n, listed is None)].astype(np.bool_)[order],
        listed=np.r_[base.listed, np.zeros(n)].astype(np.bool_)[order],
    )


def _in_order(order: Longs, old: Sequence[_T], new: Sequence[_T]) -> tuple[_T, ...]:
    both = [*old, *new]
    return tuple(both[i] for i in order)


def _category_columns(config: TrainConfig) -> tuple[str, ...]:
    """The names under which the category columns are read."""
    source = config.catalogue.columns.category
    if isinstance(source, str):
        return (_CATEGORY,)
    return tuple(f"{_CATEGORY}.{i}" for i in range(len(source)))


def _wanted(config: TrainConfig) -> tuple[Wanted, ...]:
    columns = config.catalogue.columns
    required = columns.model_fields_set | {_ITEM}
    category = columns.category
    sources = (category,) if isinstance(category, str) else category
    single = (_ITEM, _TITLE, _PRICE, _AVAILABLE, _TAGS, _BRAND, _ADDED)
    return (
        *(Wanted(name, getattr(columns, name), name in required) for name in single),
        *(
            Wanted(name, source, _CATEGORY in required)
            for name, source in zip(_category_columns(config), sources, strict=True)
        ),
    )


def _read_file(
    table: TableFile, config: TrainConfig, problems: Problems
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Rows read and the usable ones, piece by piece; lists as one text."""
    for first_row, raw in pieces(table):
        piece = Piece(table, raw)
        piece.id(_ITEM)
        blank = pl.Series([""]).new_from_index(0, raw.height)
        for name in (_TITLE, _BRAND):
            piece.clean[name] = blank
            if piece.has(name):
                piece.text(name)
        piece.clean[_CATEGORY] = _category(piece, config)
        piece.clean[_TAGS] = blank
        if piece.has(_TAGS):
            piece.clean[_TAGS] = _parts(raw[_TAGS], ",").str.to_lowercase()
        for name, kind in _VALUES.items():
            piece.clean[name] = pl.Series([None], dtype=kind).new_from_index(0, raw.height)
        if piece.has(_PRICE):
            piece.price(_PRICE)
        if piece.has(_AVAILABLE):
            piece.flag(_AVAILABLE)
        if piece.has(_ADDED):
            piece.added(_ADDED, config.purchases.timezone)
        place = Place(TABLE, str(table.path), first_row, table.source_names)
        good = problems.judge(place, raw, piece.checks)
        rows = pl.Series(_ROW, np.arange(first_row, first_row + raw.height, dtype=np.int64))
        yield raw.height, pl.DataFrame({**piece.clean, _ROW: rows}).filter(pl.Series(good))


def _category(piece: Piece, config: TrainConfig) -> pl.Series:
    """The category path of each row as one text; "" where there is none."""
    names = _category_columns(config)
    if names == (_CATEGORY,):
        if not piece.has(_CATEGORY):
            return pl.Series([""]).new_from_index(0, piece.raw.height)
        return _parts(piece.raw[_CATEGORY], config.catalogue.separator)
    texts = pl.DataFrame([piece.column(name).cast(pl.String).alias(name) for name in names])
    return _parts(texts.select(pl.concat_list(*names)).to_series(), config.catalogue.separator)


def _parts(column: pl.Series, separator: str) -> pl.Series:
    """A list, or text with separators, as one text of trimmed, non-empty parts."""
    if isinstance(column.dtype, pl.List):
        lists = column.cast(pl.List(pl.String), strict=False)
    else:
        lists = column.cast(pl.String, strict=False).str.split(separator)
    trimmed = pl.element().str.strip_chars()
    return lists.list.eval(trimmed.filter(trimmed != "")).list.join(_BETWEEN).fill_null("")


def _first_of_each(
    items: pl.DataFrame, tables: list[TableFile], problems: Problems
) -> pl.DataFrame:
    """The first row of each item; the others are duplicates and go to `problems`."""
    first = items[_ITEM].is_first_distinct()
    for (number,), rows in items.filter(~first).group_by(_FILE, maintain_order=True):
        assert isinstance(number, int)
        table = tables[number]
        place = Place(TABLE, str(table.path), 1, table.source_names)
        every = np.ones(rows.height, dtype=np.bool_)
        shown = rows.drop(_FILE, _ROW).with_columns(
            pl.col(_CATEGORY, _TAGS).str.replace_all(_BETWEEN, ", ", literal=True)
        )
        problems.judge(place, shown, [Check(Rule.ID_DUPLICATE, _ITEM, every)], rows[_ROW])
    return items.filter(first)


def _most_frequent(items: pl.DataFrame) -> pl.DataFrame:
    """One row an item: of each column the most frequent value that says something.

    Among equally frequent ones the smallest, so that the order of reading does not matter.
    """
    merged = items.select(pl.col(_ITEM).unique())
    for name in (_TITLE, _CATEGORY, _TAGS, _BRAND, *_VALUES):
        said = pl.col(name).is_not_null()
        if items[name].dtype == pl.String:
            said &= pl.col(name) != ""
        best = (
            items.lazy()
            .filter(said)
            .group_by(_ITEM, name)
            .len()
            .sort([_ITEM, "len", name], descending=[False, True, False])
            .unique(_ITEM, keep="first", maintain_order=True)
            .select(_ITEM, name)
            .collect()
        )
        merged = merged.join(best, on=_ITEM, how="left")
    return merged.with_columns(pl.col(_TITLE, _CATEGORY, _TAGS, _BRAND).fill_null(""))


def _no_items() -> pl.DataFrame:
    texts = dict.fromkeys((_ITEM, _TITLE, _CATEGORY, _TAGS, _BRAND), pl.String)
    return pl.DataFrame(schema={**texts, **_VALUES})


def _catalogue(items: pl.DataFrame) -> Catalogue:
    items = items.sort(_ITEM)
    return Catalogue(
        ids=tuple(ItemId(item) for item in items[_ITEM]),
        titles=tuple(items[_TITLE]),
        paths=_tuples(items[_CATEGORY]),
        tags=_tuples(items[_TAGS]),
        brands=tuple(items[_BRAND]),
        price=items[_PRICE].fill_null(float("nan")).to_numpy().astype(np.float32),
        added=items[_ADDED].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        available=items[_AVAILABLE].fill_null(value=True).to_numpy().astype(np.bool_),
        listed=np.ones(items.height, dtype=np.bool_),
    )


def _tuples(joined: pl.Series) -> tuple[tuple[str, ...], ...]:
    """Lists that stand as one text, as tuples; equal ones are one object."""
    made: dict[str, tuple[str, ...]] = {"": ()}
    for text in joined.unique():
        made.setdefault(text, tuple(dict.fromkeys(text.split(_BETWEEN))))
    return tuple(made[text] for text in joined)
