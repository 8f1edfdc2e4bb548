"""The same shop's files without any locked purchase, for a training that must come out the same."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from recommender.guard.view import visible
from training.config import TrainConfig
from training.guarding import compile_guard, guarded
from training.progress import Silent
from training.reading.shop import read_shop


@dataclass(frozen=True)
class Less:
    """The settings that read the shorter file, and how many lines it lacks."""

    config: TrainConfig
    locked: int


def without_locked(config: TrainConfig, out: Path, now: float) -> Less:
    """Writes the lines of a CSV file of purchases to `out`, those of locked items left out.

    now   seconds since 1970, for the policy's term
    """
    shop = read_shop(config, now=now, progress=Silent())
    guard = compile_guard(config.guard)
    bits = guarded(shop.catalogue, shop.offers, guard).evidence
    seen = visible(bits, guard.policy.rules(now))
    locked = {item for item, shown in zip(shop.catalogue.ids, seen, strict=True) if not shown}
    source, names = config.purchases.path, config.purchases.columns
    assert source is not None
    with source.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        lines = list(table)
    kept = [line for line in lines if line[names.item_id] not in locked]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=table.fieldnames or ())
        writer.writeheader()
        writer.writerows(kept)
    purchases = config.purchases.model_copy(update={"path": out})
    return Less(config.model_copy(update={"purchases": purchases}), len(lines) - len(kept))
