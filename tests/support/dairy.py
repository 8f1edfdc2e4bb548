"""A dairy: a dozen sorts of milk and a nappy, as files, and a whole training on them."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from training.config import TrainConfig, load_config
from training.pipeline import TrainResult, train
from training.progress import Silent

NOW = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
LAST = datetime(2026, 2, 1, tzinfo=UTC)
DAY = 86_400
MILK = [f"milk-{i}" for i in range(12)]

Purchase = tuple[str, str, int]
"""Customer, item, and days before `LAST`."""


def population(days: int = 200, seed: int = 2) -> list[Purchase]:
    """Thirty customers, each with four habits and the odd change."""
    chance = random.Random(seed)
    bought = []
    for c in range(30):
        habits = chance.sample(MILK, 4)
        for _ in range(25):
            day = chance.randrange(days)
            bought += [(f"c{c:02d}", item, day) for item in (*chance.sample(habits, 2), *MILK[:1])]
        bought.append((f"c{c:02d}", chance.choice(MILK), chance.randrange(days)))
    bought.append(("c00", MILK[0], 0))
    return bought


def shop(folder: Path, purchases: list[Purchase], *more: str) -> TrainConfig:
    """Files of a shop that lists milk and a nappy; `ghost` is bought and not listed."""
    folder.mkdir(parents=True, exist_ok=True)
    end = int(LAST.timestamp())
    pl.DataFrame(
        {
            "customer_id": [c for c, _, _ in purchases],
            "item_id": [i for _, i, _ in purchases],
            "timestamp": [end - days * DAY for _, _, days in purchases],
            "quantity": [1] * len(purchases),
        }
    ).write_parquet(folder / "purchases.parquet")
    pl.DataFrame(
        {
            "item_id": [*MILK, "nappy"],
            "title": [f"Milk number {i}" for i in range(12)] + ["Soft and dry"],
            "category": ["DAIRY > MILK"] * 12 + ["BABY > BABY DIAPERS"],
        }
    ).write_parquet(folder / "catalogue.parquet")
    return load_config(
        None,
        [
            f"purchases.path={folder}/purchases.parquet",
            f"catalogue.path={folder}/catalogue.parquet",
            "purchases.unknown_items=keep",
            "model.factors=4",
            "model.iterations=3",
            "model.threads=1",
            "tuning.trials=20",
            "evaluation.bootstrap=20",
            *more,
        ],
    )


def trained(folder: Path, purchases: list[Purchase], *more: str, now: float = NOW) -> TrainResult:
    """A training with these settings; the bundle lies in `folder / "bundle"`."""
    config = shop(folder, purchases, *more)
    return train(config, folder / "bundle", now=now, progress=Silent())
