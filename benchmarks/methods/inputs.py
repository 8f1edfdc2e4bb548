"""The customer-item matrix that a method learns from.

Papers take ones; on purchases over a year counts and recency matter more than the model. So every
method that reads a matrix may choose, by tuning, what any of its users could hand in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from protocol import Problem
from scipy import sparse

if TYPE_CHECKING:
    from optuna import Trial

    from methods.method import Settings

Weighting = Literal["ones", "counts", "recent"]
WEIGHTINGS = ("ones", "counts", "recent")
FLOOR = 0.1
"""What a purchase of long ago is still worth."""
WEEK_DAYS = 7.0


def matrix(
    problem: Problem, weighting: Weighting = "ones", half_life_weeks: float = 8.0
) -> sparse.csr_array:
    """(customers, items) float32.

    ones     1 where the customer bought the item
    counts   the root of the number of baskets
    recent   .1 + the root of the sum over baskets of 2^(-age / half-life)
    """
    if weighting == "recent":
        found = summed(problem, 0.5 ** (problem.age_days / (WEEK_DAYS * half_life_weeks)))
        found.data = FLOOR + np.sqrt(found.data)
        return found
    found = summed(problem, np.ones(len(problem.item), dtype=np.float32))
    found.data = np.sqrt(found.data) if weighting == "counts" else np.ones_like(found.data)
    return found


def summed(problem: Problem, weights: NDArray[np.floating]) -> sparse.csr_array:
    """(customers, items): the sum of the weights of a customer's lines of an item."""
    shape = (len(problem.customers), len(problem.items))
    where = (problem.customer, problem.item)
    found = sparse.csr_array((weights.astype(np.float32), where), shape=shape)
    found.sum_duplicates()
    return found


def weighting_space(trial: Trial) -> Settings:
    """The settings of `matrix`."""
    weighting = trial.suggest_categorical("weighting", WEIGHTINGS)
    if weighting != "recent":
        return {"weighting": weighting}
    weeks = trial.suggest_float("half_life_weeks", 1.0, 52.0, log=True)
    return {"weighting": weighting, "half_life_weeks": weeks}
