"""What every method of the quality benchmarks is given: windows, filters, truth; no method's own.

Lines with a positive quantity count; a customer, item, basket once; items that at least 10
customers bought in training; truth is what the training's customers bought of them in the window.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

K = 10
"""Length of the lists."""
LEAST = 10
"""Customers who must have bought an item in training."""
TIE_HALF_LIFE_DAYS = 14.0
DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Window:
    """A question to a shop: validated on one stretch of time, measured on the one after it.

    All in the shop's own `moment`, each end exclusive.
    """

    name: str
    validation_from: int
    truth_from: int
    truth_until: int


@dataclass(frozen=True, eq=False)
class Shop:
    """A data set as a shop would hand it in.

    lines       customer_id, item_id, timestamp, quantity, order_id, and `moment`, the integer that
                windows are cut by (a week, or a day since 1970)
    catalogue   item_id, title, maybe category; maybe `moment`, when the row came to be known
    settings    what `tactful train` must be told to read the two
    """

    name: str
    lines: pl.DataFrame
    catalogue: pl.DataFrame
    settings: tuple[str, ...]
    test: Window
    earlier: tuple[Window, ...]

    def purchases_before(self, moment: int) -> pl.DataFrame:
        """What `tactful train` may read."""
        return self.lines.filter(pl.col("moment") < moment).drop("moment")

    def catalogue_before(self, moment: int) -> pl.DataFrame:
        """The catalogue without what was written later."""
        if "moment" not in self.catalogue.columns:
            return self.catalogue
        return self.catalogue.filter(pl.col("moment") < moment).drop("moment")


@dataclass(frozen=True, eq=False)
class Problem:
    """Purchases to learn from and the truth to find; customers and items are numbers.

    Items are numbered by their popularity of late, then id: the lower number wins a tie.

    customers, items    ids, as text
    customer, item      (lines,) int32, one line a customer, item, basket; by customer, basket, item
    basket              (lines,) int32, the customer's baskets from the oldest, 0
    age_days            (lines,) float32, before the last purchase of the training
    truth               (pairs, 2) int32 of customer and item, in order
    """

    customers: NDArray[np.str_]
    items: NDArray[np.str_]
    customer: NDArray[np.int32]
    item: NDArray[np.int32]
    basket: NDArray[np.int32]
    age_days: NDArray[np.float32]
    truth: NDArray[np.int32]

    def save(self, path: Path) -> None:
        """Writes all arrays to one file."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Reads what `save` wrote."""
        with np.load(path) as found:
            return cls(**{field.name: found[field.name] for field in fields(cls)})


def problem(lines: pl.DataFrame, truth_from: int, truth_until: int) -> Problem:
    """The problem of one stretch of truth, everything before it being training."""
    training = lines.filter(pl.col("moment") < truth_from)
    customers = np.sort(training["customer_id"].unique().to_numpy()).astype(str)
    bought = training.select("customer_id", "item_id").unique()
    frequent = bought.group_by("item_id").len().filter(pl.col("len") >= LEAST)
    training = training.join(frequent, on="item_id", how="semi")
    age = (pl.col("timestamp").max() - pl.col("timestamp")).dt.total_seconds() / DAY_SECONDS
    table = (
        training.with_columns(age=age)
        .group_by("customer_id", "item_id", "order_id")
        .agg(pl.col("age").min())
    )
    # A basket's lines may differ by minutes; its first one says when it was.
    table = table.with_columns(age=pl.col("age").max().over("customer_id", "order_id"))
    items = _by_popularity(table)
    table = table.with_columns(
        _numbered("customer_id", customers).alias("customer"),
        _numbered("item_id", items).alias("item"),
    ).join(_baskets(table), on=["customer_id", "order_id"])
    table = table.sort("customer", "basket", "item")
    within = (pl.col("moment") >= truth_from) & (pl.col("moment") < truth_until)
    truth = (
        lines.filter(within)
        .select(
            _numbered("customer_id", customers).alias("customer"),
            _numbered("item_id", items).alias("item"),
        )
        .drop_nulls()
        .unique()
        .sort("customer", "item")
    )
    return Problem(
        customers=customers,
        items=items,
        customer=table["customer"].to_numpy(),
        item=table["item"].to_numpy(),
        basket=table["basket"].to_numpy(),
        age_days=table["age"].cast(pl.Float32).to_numpy(),
        truth=truth.to_numpy().astype(np.int32),
    )


def _baskets(table: pl.DataFrame) -> pl.DataFrame:
    """The number of each basket among its customer's, the oldest 0."""
    orders = table.select("customer_id", "order_id", "age").unique()
    orders = orders.sort("customer_id", "age", "order_id", descending=[False, True, False])
    number = pl.int_range(pl.len(), dtype=pl.Int32).over("customer_id")
    return orders.select("customer_id", "order_id", number.alias("basket"))


def _by_popularity(table: pl.DataFrame) -> NDArray[np.str_]:
    decayed = 0.5 ** (pl.col("age") / TIE_HALF_LIFE_DAYS)
    latest = table.group_by("customer_id", "item_id").agg(pl.col("age").min())
    popular = latest.group_by("item_id").agg(weight=decayed.sum().round(9))
    return (
        popular.sort("weight", "item_id", descending=[True, False])["item_id"]
        .to_numpy()
        .astype(str)
    )


def _numbered(column: str, ids: NDArray[np.str_]) -> pl.Expr:
    """The position of each id in `ids`; null where it is none of them."""
    numbers = np.arange(len(ids), dtype=np.int32)
    return pl.col(column).replace_strict(ids, numbers, default=None, return_dtype=pl.Int32)
