"""LambdaMART (Burges 2010) of the library LightGBM over simple features: an upper reference.

Labels are the purchases of the training's last weeks, features what was known before them. Then it
ranks by what is known at the end.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from judge import BLOCK, Scorer
from numpy.typing import NDArray
from protocol import K, Problem

from methods.method import Method, Settings
from methods.pairs import Knowledge, learn, pairs

if TYPE_CHECKING:
    from lightgbm import Booster
    from optuna import Trial

LABEL_DAYS = 28.0
LOWEST = np.float32(-1e6)
"""Of an item that is no candidate: above what must not be ranked at all."""
SEED = 0


def lambdamart(
    problem: Problem,
    *,
    trees: int,
    leaves: int,
    learning_rate: float,
    least_in_leaf: int,
) -> Scorer:
    """The sum of the trees for each candidate."""
    import lightgbm  # noqa: PLC0415  # only this row needs it

    rows, labels, groups = _lessons(problem)
    parameters = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 3 * K,
        "num_leaves": leaves,
        "learning_rate": learning_rate,
        "min_data_in_leaf": least_in_leaf,
        "seed": SEED,
        "deterministic": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    lessons = lightgbm.Dataset(rows, label=labels, group=groups)
    return _scorer(problem, lightgbm.train(parameters, lessons, num_boost_round=trees))


def _scorer(problem: Problem, ranker: Booster) -> Scorer:
    known = _known(problem)

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        row, item, rows = pairs(known, customers)
        found = np.full((len(customers), len(problem.items)), LOWEST, dtype=np.float32)
        found[row, item] = ranker.predict(rows, num_threads=1)
        return found

    return score


def before(problem: Problem) -> Problem:
    """The problem of the training's last weeks; customers and items keep their numbers."""
    late = problem.age_days < LABEL_DAYS
    taken = np.column_stack([problem.customer[late], problem.item[late]])
    return Problem(
        problem.customers,
        problem.items,
        problem.customer[~late],
        problem.item[~late],
        problem.basket[~late],
        problem.age_days[~late] - np.float32(LABEL_DAYS),
        np.unique(taken, axis=0),
    )


@lru_cache(maxsize=1)
def _known(problem: Problem) -> Knowledge:
    """Kept from trial to trial: no setting changes it."""
    return learn(problem)


@lru_cache(maxsize=1)
def _lessons(
    problem: Problem,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Features, labels and rows a customer, of all customers who bought something of late."""
    lesson = before(problem)
    known, width = learn(lesson), len(lesson.items)
    keys = lesson.truth[:, 0].astype(np.int64) * width + lesson.truth[:, 1]
    asked = np.unique(lesson.truth[:, 0])
    found, labels, groups = [], [], []
    for start in range(0, len(asked), BLOCK):
        block = asked[start : start + BLOCK]
        row, item, rows = pairs(known, block)
        found.append(rows)
        labels.append(np.isin(block[row].astype(np.int64) * width + item, keys))
        groups.append(np.bincount(row, minlength=len(block)))
    return np.concatenate(found), np.concatenate(labels).astype(np.float32), np.concatenate(groups)


def _space(trial: Trial) -> Settings:
    return {
        "trees": trial.suggest_int("trees", 50, 300, log=True),
        "leaves": trial.suggest_int("leaves", 7, 63, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "least_in_leaf": trial.suggest_int("least_in_leaf", 20, 500, log=True),
    }


_START = {"trees": 100, "leaves": 15, "learning_rate": 0.05, "least_in_leaf": 100}

LAMBDAMART = Method("LightGBM LambdaMART", lambdamart, _space, _START, "lightgbm")
