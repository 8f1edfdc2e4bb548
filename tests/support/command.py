"""The commands as people run them: processes, CSV files, a state directory of their own."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.support import shop

Run = Callable[..., "subprocess.CompletedProcess[str]"]
TIMEOUT_SECONDS = 300
"""Of a command that hangs; on a busy machine the longest, the story, takes minutes."""


def environment(state: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a command sees: nothing of Tactful's settings but a state directory."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TACTFUL_")}
    return kept | {"TACTFUL_STATE": str(state), "COLUMNS": "200"} | dict(extra or {})


def run_tactful(
    *arguments: str | Path, state: Path, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-m", "tactful", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(state, extra),
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def write_csvs(folder: Path, *, until_days_before: int = 0) -> tuple[Path, Path]:
    """`purchases.csv` and `items.csv` of the corner shop."""
    folder.mkdir(parents=True)
    purchases, items = folder / "purchases.csv", folder / "items.csv"
    with purchases.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer_id", "item_id", "timestamp", "quantity"])
        for customer, item, days in sorted(shop.population()):
            if days >= until_days_before:
                at = datetime.fromtimestamp(shop.AS_OF - days * shop.DAY, UTC)
                out.writerow([customer, item, at.isoformat(), 1])
    listing = shop.catalogue()
    with items.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["item_id", "title", "category"])
        for item, title, path in zip(listing.ids, listing.titles, listing.paths, strict=True):
            out.writerow([item, title, " > ".join(path)])
    return purchases, items
