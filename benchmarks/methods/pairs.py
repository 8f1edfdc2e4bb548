"""Pairs of a customer and an item that might be bought, and what is known of them at one moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from judge import Scorer, bought
from numpy.typing import NDArray
from protocol import Problem
from scipy import sparse

from methods.ease import ease
from methods.factors import als
from methods.floors import recent_popularity
from methods.inputs import WEEK_DAYS, summed

OWN_HALF_LIVES_WEEKS = (2.0, 8.0, 26.0, np.inf)
POPULAR_HALF_LIVES_WEEKS = (0.5, 2.0, 8.0)
RECENT = 1
"""The column of items that says how popular they are by the second of these."""
POPULAR, ALIKE = 150, 150
"""Candidates beside what was bought: the most popular of late, the best of ALS and of EASE."""
ALIKE_HALF_LIFE_WEEKS, EASE_ITEMS = 8.0, 3000
LEAST_POPULAR = 0.05


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Everything that features are read from.

    own                 (customers, items) each: decayed frequencies, and how long ago the last was
    items, customers    a row of numbers each
    alike               the scores of ALS, and those of EASE
    """

    bought: sparse.csr_array
    own: tuple[sparse.csr_array, ...]
    items: NDArray[np.float32]
    customers: NDArray[np.float32]
    alike: tuple[Scorer, Scorer]


def learn(problem: Problem) -> Knowledge:
    """What is known at the end of a problem's training."""
    age = problem.age_days / WEEK_DAYS
    own = [summed(problem, 0.5 ** (age / weeks)) for weeks in OWN_HALF_LIVES_WEEKS]
    recent = {"weighting": "recent", "half_life_weeks": ALIKE_HALF_LIFE_WEEKS}
    factors = als(problem, factors=64, regularization=20.0, alpha=1.0, iterations=15, **recent)
    cross = ease(problem, items=EASE_ITEMS, regularization=400.0, **recent)
    counts = own[-1]
    return Knowledge(
        bought(problem),
        (*own, _closeness(problem)),
        _of_items(problem, counts),
        np.column_stack([np.asarray(counts.sum(axis=1)), np.diff(counts.indptr)]),
        (factors, cross),
    )


def pairs(
    known: Knowledge, customers: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Candidates and their features.

    Gives each pair's row in `customers`, its item, and (pairs, features); by row, then item.
    """
    alike = [scorer(customers) for scorer in known.alike]
    chosen = known.bought[customers].toarray() > 0
    chosen[:, np.argsort(-known.items[:, RECENT], kind="stable")[:POPULAR]] = True
    for scores in alike:
        best = np.argpartition(-scores, min(ALIKE, scores.shape[1]) - 1, axis=1)[:, :ALIKE]
        np.put_along_axis(chosen, best, values=True, axis=1)
    row, item = (index.astype(np.int32) for index in np.nonzero(chosen))
    columns = [matrix[customers].toarray()[row, item] for matrix in known.own]
    columns += [scores[row, item] for scores in alike]
    rows = np.column_stack([*columns, known.items[item], known.customers[customers[row]]])
    return row, item, rows.astype(np.float32)


def _of_items(problem: Problem, counts: sparse.csr_array) -> NDArray[np.float32]:
    """Popularity over several half-lives, trend, buyers, share of them who bought again."""
    nobody = np.zeros(1, dtype=np.int32)
    popular = [recent_popularity(problem, w)(nobody)[0] for w in POPULAR_HALF_LIVES_WEEKS]
    trend = np.maximum(popular[1], LEAST_POPULAR) / np.maximum(popular[2], LEAST_POPULAR)
    n = len(problem.items)
    buyers = np.bincount(counts.indices, minlength=n)
    again = np.bincount(counts.indices, counts.data > 1.0, n) / np.maximum(buyers, 1)
    return np.column_stack([*popular, trend, buyers, again]).astype(np.float32)


def _closeness(problem: Problem) -> sparse.csr_array:
    """1 / (1 + weeks since the last purchase); 0 where there was none."""
    shape = (len(problem.customers), len(problem.items))
    latest = np.zeros(shape, dtype=np.float32)
    worth = 1.0 / (1.0 + problem.age_days / WEEK_DAYS)
    np.maximum.at(latest, (problem.customer, problem.item), worth)
    return sparse.csr_array(latest)
