"""ALS and BPR of the library `implicit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from judge import Scorer
from numpy.typing import NDArray
from protocol import Problem
from scipy import sparse
from threadpoolctl import threadpool_limits

from methods.inputs import Weighting, matrix, weighting_space
from methods.method import Method, Settings

if TYPE_CHECKING:
    from optuna import Trial

FACTORS = (32, 64, 128)
SEED = 0


def als(
    problem: Problem,
    *,
    factors: int,
    regularization: float,
    alpha: float,
    iterations: int,
    weighting: Weighting = "ones",
    half_life_weeks: float = 8.0,
) -> Scorer:
    """Weighted matrix factorisation (Hu, Koren, Volinsky 2008), confidence alpha x weight."""
    from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415  # only this row needs it

    with threadpool_limits(1, user_api="blas"):
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=regularization,
            alpha=alpha,
            iterations=iterations,
            num_threads=1,
            random_state=SEED,
        )
        model.fit(_csr(matrix(problem, weighting, half_life_weeks)), show_progress=False)
    return _inner_product(model)


def bpr(
    problem: Problem, *, factors: int, learning_rate: float, regularization: float, iterations: int
) -> Scorer:
    """Bayesian personalised ranking (Rendle et al. 2009) by stochastic gradients."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking  # noqa: PLC0415  # see above

    model = BayesianPersonalizedRanking(
        factors=factors,
        learning_rate=learning_rate,
        regularization=regularization,
        iterations=iterations,
        num_threads=1,
        random_state=SEED,
    )
    model.fit(_csr(matrix(problem)), show_progress=False)
    return _inner_product(model)


def _csr(values: sparse.csr_array) -> sparse.csr_matrix:
    return sparse.csr_matrix(values)


def _inner_product(model: Any) -> Scorer:
    customers_, items = np.asarray(model.user_factors), np.asarray(model.item_factors)

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        return customers_[customers] @ items.T

    return score


def _als_space(trial: Trial) -> Settings:
    return {
        "factors": trial.suggest_categorical("factors", FACTORS),
        "regularization": trial.suggest_float("regularization", 0.1, 100.0, log=True),
        "alpha": trial.suggest_float("alpha", 0.3, 40.0, log=True),
        "iterations": trial.suggest_int("iterations", 5, 20, step=5),
        **weighting_space(trial),
    }


def _bpr_space(trial: Trial) -> Settings:
    return {
        "factors": trial.suggest_categorical("factors", FACTORS),
        "learning_rate": trial.suggest_float("learning_rate", 0.003, 0.3, log=True),
        "regularization": trial.suggest_float("regularization", 1e-4, 0.3, log=True),
        "iterations": trial.suggest_int("iterations", 20, 100, step=20),
    }


_ALS_START = {"factors": 64, "regularization": 10.0, "alpha": 1.0, "iterations": 15}
_BPR_START = {"factors": 64, "learning_rate": 0.01, "regularization": 0.01, "iterations": 60}

FACTOR_MODELS = (
    Method("implicit ALS", als, _als_space, _ALS_START | {"weighting": "ones"}, "implicit.cpu.als"),
    Method("implicit BPR", bpr, _bpr_space, _BPR_START, "implicit.cpu.bpr"),
)
