"""UP-CF: what the customer and customers alike bought in their last baskets.

Faggioli, Polato, Aiolli 2020, "Recency aware collaborative filtering for next basket
recommendation" (doi 10.1145/3340631.3394850), equations 2, 5 and 7:

    UP(u, i)   = share of u's last r baskets that have i
    w(u, v)    = |I_u and I_v| / (|I_u|^a |I_v|^(1-a)),   I_u the items that u bought
    score(u,i) = sum over v, u among them, of w(u, v)^q UP(v, i)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from judge import Scorer, bought
from numpy.typing import NDArray
from protocol import Problem

from methods.inputs import summed
from methods.method import Method, Settings

if TYPE_CHECKING:
    from optuna import Trial

ALL_BASKETS = 0


def up_cf(problem: Problem, recency: int, locality: float, asymmetry: float) -> Scorer:
    """UP-CF.

    recency     r, the last baskets that count; 0 takes all
    locality    q
    asymmetry   a
    """
    x = bought(problem)
    items_of = x.T.tocsr()
    sizes = np.maximum(np.asarray(x.sum(axis=1)), 1.0)
    popular = user_popularity(problem, recency)

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        common = (x[customers] @ items_of).toarray()
        alike = common / sizes[customers, None] ** asymmetry / sizes ** (1.0 - asymmetry)
        return (alike.astype(np.float32) ** np.float32(locality)) @ popular

    return score


def user_popularity(problem: Problem, recency: int):  # noqa: ANN201  # scipy ships no types
    """UP, (customers, items)."""
    n_baskets = np.zeros(len(problem.customers), dtype=np.int32)
    np.maximum.at(n_baskets, problem.customer, problem.basket + 1)
    counted = n_baskets if recency == ALL_BASKETS else np.minimum(n_baskets, recency)
    first = (n_baskets - counted)[problem.customer]
    share = 1.0 / np.maximum(counted, 1)[problem.customer]
    found = summed(problem, np.where(problem.basket >= first, share, 0.0))
    found.eliminate_zeros()
    return found


def _space(trial: Trial) -> Settings:
    return {
        "recency": trial.suggest_categorical("recency", (1, 5, 10, 25, 50, 100, ALL_BASKETS)),
        "locality": trial.suggest_float("locality", 1.0, 100.0, log=True),
        "asymmetry": trial.suggest_float("asymmetry", 0.0, 1.0),
    }


UP_CF = Method("UP-CF", up_cf, _space, {"recency": 25, "locality": 5.0, "asymmetry": 0.25})
