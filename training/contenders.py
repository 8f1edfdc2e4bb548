"""Everybody who makes lists in an evaluation: the engine, and the baselines beside it."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from recommender.decide import decide
from recommender.index import BundleIndex
from recommender.models.blend import mean_over_offers
from recommender.request import Context, OfferRequest, Placement, Source
from recommender.scan import DECIMALS, rank
from recommender.types import Floats, Ints
from training.baselines import Baseline, baselines
from training.cases import ALL, NEW, Case

ENGINE = "Tactful"


class Contender(Protocol):
    """A method; `knows_new`: it can rank items that the customer never bought."""

    name: str
    knows_new: bool

    def list_for(self, case: Case) -> Ints:
        """Offers for one customer, best first."""
        ...


def contenders(index: BundleIndex, n: int) -> tuple[Contender, ...]:
    """The engine first, then the baselines; their lists have at most `n` offers."""
    return (_Engine(index, n), *(_Ranked(index, b, n) for b in baselines(index.bundle)))


def answers(contender: Contender, question: str) -> bool:
    """Whether a contender takes part in a question."""
    return contender.knows_new or question == ALL


class _Engine:
    """The decision that serving makes."""

    name = ENGINE
    knows_new = True

    def __init__(self, index: BundleIndex, n: int) -> None:
        self._index = index
        self._home = (Placement("home", Source.HOME, n),)
        self._discovery = (Placement("discovery", Source.DISCOVERY, n),)

    def list_for(self, case: Case) -> Ints:
        """Offers for one customer, best first."""
        placements = self._discovery if case.question == NEW else self._home
        request = OfferRequest(placements, context=Context(session=case.context))
        decision = decide(self._index, case.state, request, self._index.bundle.manifest.as_of)
        return np.array([pick.offer for pick in decision.placements[0].picks], dtype=np.int32)


class _Ranked:
    """A baseline: offers by the mean score of what they promote."""

    def __init__(self, index: BundleIndex, baseline: Baseline, n: int) -> None:
        self.name, self.knows_new = baseline.name, baseline.knows_new
        self._model, self._index, self._n = baseline.model, index, n

    def list_for(self, case: Case) -> Ints:
        """Offers for one customer, best first."""
        index = self._index
        by_row = self._model.score(case.view)[:, None]
        scores = mean_over_offers(by_row, index.bundle.offers, index.offer_rows)[:, 0]
        return _best(np.flatnonzero(case.open_).astype(np.int32), scores, self._n)


def _best(offers: Ints, scores: Floats, n: int) -> Ints:
    """The `n` best of the offers; only those that reach the n-th best score are sorted."""
    values = scores[offers].astype(np.float64)
    if len(values) > n:
        least = np.partition(values, -n)[-n]
        near = values >= least - 10.0**-DECIMALS  # `rank` rounds: what may tie stays
        offers, values = offers[near], values[near]
    return rank(offers, values, n)[0]
