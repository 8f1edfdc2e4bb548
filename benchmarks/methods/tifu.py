"""TIFU-KNN: decayed personal frequencies, and those of the nearest customers.

Hu, He, Gao, Zhang 2020, "Modeling personalized item frequency information for next-basket
recommendation" (doi 10.1145/3397271.3401066). A customer's n baskets are cut into m groups, the
larger ones newest. With decays r_b of baskets and r_g of groups, as the authors' program has them:

    v_u   = 1/m sum over groups g of r_g^(m - g) 1/|g| sum over baskets j in g of r_b^(n - j) b_j
    score = a v_u + (1 - a) mean of v over the k nearest other customers (Euclid)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from judge import Scorer
from numpy.typing import NDArray
from protocol import Problem
from scipy import sparse

from methods.inputs import summed
from methods.method import Method, Settings

if TYPE_CHECKING:
    from optuna import Trial


def tifu_knn(
    problem: Problem,
    *,
    neighbours: int,
    groups: int,
    basket_decay: float,
    group_decay: float,
    own_share: float,
) -> Scorer:
    """TIFU-KNN; `own_share` is a."""
    vectors = summed(problem, basket_weights(problem, groups, basket_decay, group_decay))
    other = vectors.T.tocsr()
    length = np.asarray((vectors * vectors).sum(axis=1))
    k = min(neighbours, len(problem.customers) - 1)

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        # |v_u| is the same for all others, so it does not change who is near.
        distance = length - 2.0 * (vectors[customers] @ other).toarray()
        distance[np.arange(len(customers)), customers] = np.inf
        near = np.argpartition(distance, k - 1, axis=1)[:, :k]
        where = (np.repeat(np.arange(len(customers)), k), near.ravel())
        shape = (len(customers), len(problem.customers))
        weights = np.full(near.size, (1.0 - own_share) / k, dtype=np.float32)
        own = (
            np.full(len(customers), own_share, np.float32),
            (np.arange(len(customers)), customers),
        )
        mixed = sparse.csr_array((weights, where), shape=shape)
        mixed += sparse.csr_array(own, shape=shape)
        return (mixed @ vectors).toarray()

    return score


def basket_weights(
    problem: Problem, groups: int, basket_decay: float, group_decay: float
) -> NDArray[np.float64]:
    """What each line adds to its customer's vector, (lines,)."""
    n_baskets = np.zeros(len(problem.customers), dtype=np.int64)
    np.maximum.at(n_baskets, problem.customer, problem.basket + 1)
    n = n_baskets[problem.customer]
    m = np.minimum(n, groups)
    # The first m - n mod m groups have floor(n / m) baskets, the newest ones have one more.
    small, n_small = n // m, m - n % m
    basket = problem.basket
    later = basket - n_small * small
    is_small = later < 0
    group = np.where(is_small, basket // small, n_small + later // (small + 1))
    size = np.where(is_small, small, small + 1)
    return group_decay ** (groups - 1 - group) * basket_decay ** (n - 1 - basket) / size / m


def _space(trial: Trial) -> Settings:
    return {
        "neighbours": trial.suggest_int("neighbours", 10, 900, log=True),
        "groups": trial.suggest_int("groups", 2, 25),
        "basket_decay": trial.suggest_float("basket_decay", 0.8, 1.0),
        "group_decay": trial.suggest_float("group_decay", 0.3, 1.0),
        "own_share": trial.suggest_float("own_share", 0.0, 1.0),
    }


TIFU_KNN = Method(
    "TIFU-KNN",
    tifu_knn,
    _space,
    {
        "neighbours": 300,
        "groups": 7,
        "basket_decay": 0.9,
        "group_decay": 0.7,
        "own_share": 0.7,
    },
)
