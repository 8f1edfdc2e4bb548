"""The methods that a report sets beside the engine, ranked under the same masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.bundle import FactorBundle
from recommender.customer import View
from recommender.models.als import Als
from recommender.models.popularity import Popularity
from recommender.models.protocol import Model
from recommender.types import Floats

_TIE = np.float32(1e-4)
"""Popularity (at most 1) breaks ties between whole numbers of baskets, and no more."""


@dataclass(frozen=True, eq=False)
class PersonalFrequency:
    """How many baskets of the customer had the item; ties by recent popularity."""

    popularity: Floats

    def score(self, view: View) -> Floats:
        """(n_rows,) float32."""
        scores: Floats = self.popularity * _TIE
        scores[view.rows] += view.baskets
        return scores


@dataclass(frozen=True)
class Baseline:
    """A named method; `knows_new`: it can rank items that the customer never bought."""

    name: str
    model: Model
    knows_new: bool


def baselines(bundle: FactorBundle) -> tuple[Baseline, ...]:
    """Popularity, personal frequency, and ALS alone, from the bundle's own arrays."""
    als = Als(bundle.factors, bundle.gramian, bundle.parameters.regularization)
    return (
        Baseline("popularity", Popularity(bundle.popularity), knows_new=True),
        Baseline("personal frequency", PersonalFrequency(bundle.popularity), knows_new=False),
        Baseline("ALS alone", als, knows_new=True),
    )
