"""EASE (Steck 2019, "Embarrassingly shallow autoencoders for sparse data"), equation 8.

B = I - P diag(1 / diag P) with P = (X'X + lambda I)^-1. The inverse is dense: of a large
assortment, only the items that most customers bought take part; others score 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from judge import Scorer, bought
from numpy.typing import NDArray
from protocol import Problem
from scipy import linalg

from methods.inputs import Weighting, matrix, weighting_space
from methods.method import Method, Settings

if TYPE_CHECKING:
    from optuna import Trial


def ease(
    problem: Problem,
    items: int,
    regularization: float,
    weighting: Weighting = "ones",
    half_life_weeks: float = 8.0,
) -> Scorer:
    """The customer's weights times B."""
    buyers = np.asarray(bought(problem).sum(axis=0))
    chosen = np.sort(np.argsort(-buyers, kind="stable")[:items])
    x = matrix(problem, weighting, half_life_weeks)[:, chosen]
    gram = (x.T @ x).toarray()
    gram[np.diag_indices_from(gram)] += regularization
    weights = _weights(gram)

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        scores = np.zeros((len(customers), len(problem.items)), dtype=np.float32)
        scores[:, chosen] = x[customers].toarray() @ weights
        return scores

    return score


def _weights(gram: NDArray[np.float32]) -> NDArray[np.float32]:
    """B of a regularised Gram matrix; overwrites it."""
    factor, is_lower = linalg.cho_factor(gram, overwrite_a=True, check_finite=False)
    p, failed = linalg.lapack.spotri(factor, lower=is_lower, overwrite_c=True)
    assert failed == 0
    # LAPACK fills one triangle of the symmetric inverse and leaves the other as it was.
    half = np.tril(p, -1) if is_lower else np.triu(p, 1)
    diagonal = np.diag(p).copy()
    b = half + half.T
    b /= -diagonal
    return b


def _space(trial: Trial) -> Settings:
    return {
        "items": trial.suggest_categorical("items", (1500, 3000, 6000)),
        "regularization": trial.suggest_float("regularization", 10.0, 5000.0, log=True),
        **weighting_space(trial),
    }


EASE = Method(
    "EASE",
    ease,
    _space,
    {"items": 3000, "regularization": 400.0, "weighting": "ones"},
    "scipy.linalg",
)
