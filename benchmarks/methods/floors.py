"""What anybody can do without a model: popularity, and what the customer buys most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from judge import Scorer, bought
from numpy.typing import NDArray
from protocol import Problem

from methods.inputs import WEEK_DAYS, summed
from methods.method import Method, Settings

if TYPE_CHECKING:
    from optuna import Trial


def popularity(problem: Problem) -> Scorer:
    """How many customers bought the item."""
    return _same_for_all(np.asarray(bought(problem).sum(axis=0)))


def recent_popularity(problem: Problem, half_life_weeks: float) -> Scorer:
    """How many customers bought the item, each worth 2^(-age of the latest time / half-life)."""
    worth = 0.5 ** (problem.age_days / (WEEK_DAYS * half_life_weeks))
    n = len(problem.items)
    latest = np.zeros(len(problem.customers) * n, dtype=np.float32)
    np.maximum.at(latest, problem.customer.astype(np.int64) * n + problem.item, worth)
    return _same_for_all(latest.reshape(-1, n).sum(axis=0))


def personal_frequency(problem: Problem) -> Scorer:
    """How many of the customer's baskets had the item."""
    return decayed_frequency(problem, np.inf)


def decayed_frequency(problem: Problem, half_life_weeks: float) -> Scorer:
    """The sum over the customer's baskets with the item of 2^(-age / half-life)."""
    counts = summed(problem, 0.5 ** (problem.age_days / (WEEK_DAYS * half_life_weeks)))

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        return counts[customers].toarray()

    return score


def _same_for_all(scores: NDArray[np.floating]) -> Scorer:
    row = scores.astype(np.float32).reshape(1, -1)

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.repeat(row, len(customers), axis=0)

    return score


def _half_life(trial: Trial) -> Settings:
    return {"half_life_weeks": trial.suggest_float("half_life_weeks", 0.25, 104.0, log=True)}


FLOORS = (
    Method("popularity", popularity),
    Method("recent popularity", recent_popularity, _half_life, {"half_life_weeks": 3.0}),
    Method("personal frequency", personal_frequency),
    Method("decayed frequency", decayed_frequency, _half_life, {"half_life_weeks": 16.0}),
)
