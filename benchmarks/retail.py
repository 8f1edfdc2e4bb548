"""UCI Online Retail (from a file) under the protocol of the quality benchmarks, cut by days.

The file has the columns of the original: Invoice, StockCode, Description, Quantity, InvoiceDate,
Price, Customer ID, Country (Chen, Sain, Guo 2012, doi 10.1057/dbm.2012.17), as Parquet.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
from protocol import Shop, Window

NAME = "UCI Online Retail"
EPOCH = date(1970, 1, 1)


def _window(validation: date, truth: date, until: date) -> Window:
    """From the first days of validation and truth; `until` is the last day of the truth."""
    name = f"truth {truth} to {until}"
    days = [(day - EPOCH).days for day in (validation, truth, until + timedelta(days=1))]
    return Window(name, *days)


TEST = _window(date(2011, 9, 23), date(2011, 11, 1), date(2011, 12, 9))
EARLIER = (
    _window(date(2011, 7, 9), date(2011, 8, 16), date(2011, 9, 22)),
    _window(date(2011, 6, 1), date(2011, 7, 9), date(2011, 8, 15)),
    _window(date(2011, 4, 24), date(2011, 6, 1), date(2011, 7, 8)),
)


def shop(path: Path) -> Shop:
    """The lines of known customers with a positive quantity."""
    raw = pl.read_parquet(path).filter(
        pl.col("Customer ID").is_not_null() & (pl.col("Quantity") > 0)
    )
    day = pl.col("InvoiceDate").dt.epoch("d").cast(pl.Int64).alias("moment")
    lines = raw.select(
        pl.col("Customer ID").cast(pl.Int64).cast(pl.String).alias("customer_id"),
        pl.col("StockCode").alias("item_id"),
        pl.col("InvoiceDate").alias("timestamp"),
        pl.col("Quantity").alias("quantity"),
        pl.col("Invoice").alias("order_id"),
        day,
    )
    catalogue = raw.select(
        pl.col("StockCode").alias("item_id"), pl.col("Description").alias("title"), day
    )
    settings = ("purchases.unknown_items=keep", "catalogue.duplicates=most_frequent")
    return Shop(NAME, lines, catalogue, settings, TEST, EARLIER)
