"""A backtest by itself: the windows of a training, without the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from training.backtest import Backtest, backtest
from training.config import TrainConfig
from training.material import read_material
from training.progress import Progress, Silent
from training.reading.report import ReadReport
from training.rolling import roll


@dataclass(frozen=True, eq=False)
class Lookback:
    """What the windows of a shop's history found, and in sentences what could not be done."""

    found: Backtest
    read: ReadReport
    notes: tuple[str, ...]


def look_back(
    config: TrainConfig,
    *,
    now: float,
    rejected_to: Path | None = None,
    progress: Progress | None = None,
) -> Lookback:
    """Measures `evaluation.windows` windows as a training would, and writes nothing.

    now           seconds since 1970: when the policy must be valid, and when what customers told
                  us is read
    rejected_to   where a lenient reading writes what it sets aside

    The guard is on, and its price is not measured. Raises InputError for bad files, settings and
    policies, and for a history that is too short for a single window.
    """
    progress = progress or Silent()
    evaluation = config.evaluation.model_copy(update={"guard_cost": False})
    config = config.model_copy(update={"evaluation": evaluation})
    with threadpool_limits(limits=1, user_api="blas"):
        material, _ = read_material(config, now=now, rejected_to=rejected_to, progress=progress)
        rolled = roll(material, evaluation.windows, progress, onward=False)
    found = backtest(
        [done.measured for done in rolled.rounds],
        resamples=evaluation.bootstrap,
        seed=config.model.seed,
    )
    return Lookback(found, material.read, material.notes + rolled.notes)
