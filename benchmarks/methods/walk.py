"""RP3beta: a random walk of three steps, popular items discounted.

Paudel, Christoffel, Newell, Bernstein 2016 (doi 10.1145/2955101), after Christoffel et al. 2015
(P3alpha). score(u, i) = (P_ui^a P_iu^a P_ui^a) / degree_i^beta, powers taken element by element.
Computed whole: no transition is cut.
"""

from __future__ import annotations

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


def rp3beta(
    problem: Problem,
    alpha: float,
    beta: float,
    weighting: Weighting = "ones",
    half_life_weeks: float = 8.0,
) -> Scorer:
    """The walk's scores."""
    x = matrix(problem, weighting, half_life_weeks)
    degree = np.asarray(x.sum(axis=0))
    to_item = _transitions(x, alpha)
    to_customer = _transitions(sparse.csr_array(x.T), alpha)
    last = sparse.csr_array(to_item @ sparse.diags_array(_power(degree, -beta)))
    last = last.astype(np.float32)

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        between = (to_item[customers] @ to_customer).toarray()
        return between @ last

    return score


def _transitions(x: sparse.csr_array, alpha: float) -> sparse.csr_array:
    """Each row's share of every step, to the power alpha."""
    found = sparse.csr_array(sparse.diags_array(_power(np.asarray(x.sum(axis=1)), -1.0)) @ x)
    found.data = found.data.astype(np.float32) ** np.float32(alpha)
    return found


def _power(values: NDArray[np.floating], exponent: float) -> NDArray[np.float64]:
    """0 stays 0: whoever bought nothing goes nowhere."""
    found = np.zeros(values.shape)
    np.power(values, exponent, out=found, where=values > 0)
    return found


def _space(trial: Trial) -> Settings:
    return {
        "alpha": trial.suggest_float("alpha", 0.2, 2.5),
        "beta": trial.suggest_float("beta", 0.0, 1.0),
        **weighting_space(trial),
    }


RP3BETA = Method("RP3beta", rp3beta, _space, {"alpha": 1.0, "beta": 0.6, "weighting": "ones"})
