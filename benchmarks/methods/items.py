"""Item-item neighbours of the library `implicit`, weighted by BM25."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from judge import Scorer
from numpy.typing import NDArray
from protocol import Problem
from scipy import sparse

from methods.inputs import Weighting, matrix, weighting_space
from methods.method import Method, Settings

if TYPE_CHECKING:
    from optuna import Trial


def bm25(
    problem: Problem,
    *,
    neighbours: int,
    k1: float,
    b: float,
    weighting: Weighting = "ones",
    half_life_weeks: float = 8.0,
) -> Scorer:
    """The sum of BM25 similarities to the customer's items."""
    from implicit.nearest_neighbours import BM25Recommender  # noqa: PLC0415  # only this row

    weights = matrix(problem, weighting, half_life_weeks)
    model = BM25Recommender(K=neighbours, K1=k1, B=b, num_threads=1)
    with warnings.catch_warnings():
        # The library converts its own weights and warns us of it.
        warnings.filterwarnings("ignore", message="Method expects CSR input")
        model.fit(sparse.csr_matrix(weights), show_progress=False)
    similarity = sparse.csr_array(model.similarity).astype(np.float32)

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        return (weights[customers] @ similarity).toarray()

    return score


def _space(trial: Trial) -> Settings:
    return {
        "neighbours": trial.suggest_int("neighbours", 5, 500, log=True),
        "k1": trial.suggest_float("k1", 0.1, 100.0, log=True),
        "b": trial.suggest_float("b", 0.0, 1.0),
        **weighting_space(trial),
    }


BM25 = Method(
    "implicit BM25",
    bm25,
    _space,
    {"neighbours": 20, "k1": 1.2, "b": 0.75, "weighting": "ones"},
    "implicit.nearest_neighbours",
)
