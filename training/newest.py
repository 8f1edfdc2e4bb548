"""`newest.parquet`: the visible lines that an evaluation used, for the gate of `publish`.

With them a publisher can measure the live bundle on the very window that the new one was measured
on. They are lines of the view and nothing else: what the bundle's own records are made of, so
nothing masked is in the file, and nothing that the directory does not tell already.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from recommender.errors import InputError
from recommender.interactions import Columns, Interactions
from recommender.types import Bools, CustomerId, ItemId, Longs
from training.assortment import Assortment
from training.split import Split

FILE = "newest.parquet"
"""What the file is called in a bundle directory; outside the digest."""

_SCHEMA = {
    Columns.CUSTOMER: pl.String,
    Columns.ITEM: pl.String,
    Columns.TIMESTAMP: pl.Int64,
    Columns.QUANTITY: pl.Float32,
    "basket": pl.Int64,
    "offered": pl.Boolean,
    "known": pl.Boolean,
    "cut": pl.Int64,
}


@dataclass(frozen=True, eq=False)
class Newest:
    """The visible lines before the newest window and in it.

    visible   all of them; its items are `items`, sorted
    offered   (n_items,) True for an item that any of the shop's offers promoted
    known     (n_items,) True for an item that the evaluation's models knew, so that it counted
              as truth
    cut       seconds since 1970: the window begins after it
    """

    visible: Interactions
    items: tuple[ItemId, ...]
    offered: Bools
    known: Bools
    cut: int

    def split(self) -> Split:
        """The lines up to the cut, and those after it."""
        early = self.visible.timestamp <= self.cut
        return Split(self.visible.where(early), self.visible.where(~early), self.cut)


def newest_file(visible: Interactions, assortment: Assortment, known: Bools, *, cut: int) -> bytes:
    """Visible lines as Parquet.

    visible      before the cut and after it, as the evaluation split them
    assortment   what `visible.item` points into
    known        (n_items,) as in `Newest`
    cut          seconds since 1970
    """
    items = assortment.catalogue.ids
    offered = np.zeros(len(items), dtype=np.bool_)
    offered[assortment.offers.items] = True
    table = pl.DataFrame(
        {
            Columns.CUSTOMER: pl.Series(visible.customers, dtype=pl.String).gather(
                visible.customer
            ),
            Columns.ITEM: pl.Series(items, dtype=pl.String).gather(visible.item),
            Columns.TIMESTAMP: visible.timestamp,
            Columns.QUANTITY: visible.quantity,
            "basket": _numbered(visible.basket),
            "offered": offered[visible.item],
            "known": known[visible.item],
        }
    ).with_columns(pl.lit(cut).alias("cut"))
    buffer = io.BytesIO()
    table.select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items()).write_parquet(
        buffer, compression="zstd"
    )
    return buffer.getvalue()


def read_newest(path: Path) -> Newest:
    """What `newest_file` wrote; InputError when there is no such file, or when it is none."""
    try:
        table = pl.read_parquet(path.read_bytes())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, "it is missing, or no Parquet file") from error
    if dict(table.schema) != _SCHEMA:
        raise _unreadable(path, f"its columns are {', '.join(table.columns)}")
    if table.is_empty() or table.null_count().sum_horizontal()[0] or table["cut"].n_unique() > 1:
        raise _unreadable(path, "it has no line, an empty field, or several windows")
    customers, customer = _coded(table[Columns.CUSTOMER])
    items, item = _coded(table[Columns.ITEM])
    order = np.lexsort((item, table[Columns.TIMESTAMP].to_numpy(), customer))
    visible = Interactions(
        customers=tuple(map(CustomerId, customers)),
        customer=customer[order].astype(np.int32),
        item=item[order].astype(np.int32),
        timestamp=table[Columns.TIMESTAMP].to_numpy()[order],
        quantity=table[Columns.QUANTITY].to_numpy()[order],
        basket=table["basket"].to_numpy()[order],
    )
    return Newest(
        visible=visible,
        items=tuple(map(ItemId, items)),
        offered=_marked(len(items), item, table["offered"]),
        known=_marked(len(items), item, table["known"]),
        cut=int(table["cut"][0]),
    )


def _numbered(basket: Longs) -> Longs:
    """Baskets numbered as they come: a basket's own number may count masked lines too."""
    _, first, inverse = np.unique(basket, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    return place[inverse]


def _marked(n_items: int, item: Longs, mark: pl.Series) -> Bools:
    """(n_items,) True for items with a marked line."""
    marked = np.zeros(n_items, dtype=np.bool_)
    marked[item[mark.to_numpy()]] = True
    return marked


def _coded(names: pl.Series) -> tuple[list[str], Longs]:
    """The distinct names, sorted, and the place of each name among them."""
    distinct, codes = np.unique(names.to_numpy().astype(np.str_), return_inverse=True)
    return distinct.tolist(), codes


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} does not hold the lines of an evaluation: {why}",
        hint="copy the whole bundle directory again, or train it anew",
    )
