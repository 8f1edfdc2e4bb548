"""Item and user neighbours of the library LensKit, in its mode for implicit feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from judge import Scorer, bought
from numpy.typing import NDArray
from protocol import Problem

from methods.method import Method, Settings

if TYPE_CHECKING:
    from optuna import Trial


def item_knn(problem: Problem, max_nbrs: int, save_nbrs: int, min_sim: float) -> Scorer:
    """The sum of cosines of the item's nearest among what the customer bought."""
    from lenskit.knn import ItemKNNScorer  # noqa: PLC0415  # brings torch

    sizes = {"max_nbrs": max_nbrs, "save_nbrs": save_nbrs}
    return _trained(problem, ItemKNNScorer(feedback="implicit", min_sim=min_sim, **sizes))


def user_knn(problem: Problem, max_nbrs: int, min_sim: float) -> Scorer:
    """The sum of cosines of the nearest customers who bought the item."""
    from lenskit.knn import UserKNNScorer  # noqa: PLC0415  # brings torch

    return _trained(problem, UserKNNScorer(feedback="implicit", min_sim=min_sim, max_nbrs=max_nbrs))


def _trained(problem: Problem, model: Any) -> Scorer:
    import pandas as pd  # noqa: PLC0415  # LensKit's way in
    from lenskit.data import ItemList, RecQuery, from_interactions_df  # noqa: PLC0415

    history = bought(problem)
    pairs = history.tocoo()
    model.train(from_interactions_df(pd.DataFrame({"user_id": pairs.row, "item_id": pairs.col})))
    everything = ItemList(item_ids=np.arange(len(problem.items)))

    def score(customers: NDArray[np.int32]) -> NDArray[np.float32]:
        scores = np.zeros((len(customers), len(problem.items)), dtype=np.float32)
        for row, customer in enumerate(customers):
            own = history.indices[history.indptr[customer] : history.indptr[customer + 1]]
            query = RecQuery(user_id=int(customer), user_items=ItemList(item_ids=own))
            scores[row] = np.nan_to_num(model(query, everything).scores())
        return scores

    return score


def _item_space(trial: Trial) -> Settings:
    return {
        "max_nbrs": trial.suggest_int("max_nbrs", 5, 500, log=True),
        "save_nbrs": trial.suggest_int("save_nbrs", 20, 2000, log=True),
        "min_sim": trial.suggest_float("min_sim", 1e-6, 0.1, log=True),
    }


def _user_space(trial: Trial) -> Settings:
    return {
        "max_nbrs": trial.suggest_int("max_nbrs", 5, 500, log=True),
        "min_sim": trial.suggest_float("min_sim", 1e-6, 0.1, log=True),
    }


LENSKIT = (
    Method(
        "LensKit ItemKNN",
        item_knn,
        _item_space,
        {"max_nbrs": 20, "save_nbrs": 500, "min_sim": 1e-6},
        "lenskit.knn",
    ),
    Method(
        "LensKit UserKNN", user_knn, _user_space, {"max_nbrs": 50, "min_sim": 1e-6}, "lenskit.knn"
    ),
)
