"""A shop read from small tables, and its lines as tuples that a test can write by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from training.config import load_config
from training.reading import Shop, read_shop

NOW = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""

Table = dict[str, Any] | str | Path
"""Columns (written as Parquet), the text of a CSV, or what lies in a file already."""


class Reader:
    """Reads purchases and an optional catalogue that it writes to `folder` first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        purchases: Table,
        catalogue: Table | None = None,
        *settings: str,
        rejected_to: Path | None = None,
    ) -> Shop:
        """The shop; `settings` are overrides such as `lenient=true`."""
        overrides = [f"purchases.path={self._file('purchases', purchases)}", *settings]
        if catalogue is not None:
            overrides.append(f"catalogue.path={self._file('catalogue', catalogue)}")
        return read_shop(load_config(None, overrides), now=NOW, rejected_to=rejected_to)

    def _file(self, name: str, table: Table) -> Path:
        if isinstance(table, Path):
            return table
        if isinstance(table, str):
            path = self.folder / f"{name}.csv"
            path.write_text(table)
            return path
        path = self.folder / f"{name}.parquet"
        pl.DataFrame(table).write_parquet(path)
        return path


def lines(shop: Shop) -> list[tuple[str, str, int, float]]:
    """(customer, item, timestamp, quantity) of each line, in order."""
    found = shop.interactions
    return [
        (found.customers[c], shop.catalogue.ids[i], int(t), float(q))
        for c, i, t, q in zip(
            found.customer, found.item, found.timestamp, found.quantity, strict=True
        )
    ]


def one_line(**columns: Any) -> dict[str, list[Any]]:
    """A purchases table of one good line, with some of its values replaced."""
    line = {"customer_id": "ann", "item_id": "tea", "timestamp": "2025-06-01", "quantity": 1.0}
    return {name: [value] for name, value in (line | columns).items()}
