"""Filling placements: heads that score offers, and what they share in one decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recommender.customer import CustomerState
from recommender.guard.containment import held_in_the_slot, release_replenish
from recommender.guard.policy import GuardRules
from recommender.guard.replenish import own_again
from recommender.index import BundleIndex
from recommender.question import Question, ask, ask_for_popular
from recommender.related import merged_picks, popular_picks, related_picks
from recommender.request import (
    Basis,
    Filters,
    Knowledge,
    OfferRequest,
    Pick,
    Placement,
    PlacementAnswer,
    Source,
)
from recommender.scan import DECIMALS
from recommender.types import Bools, Doubles, Ints, OfferId

_ROUNDING = 0.9 * 10.0**-DECIMALS
_Scored = tuple[int, float, float]
"""An offer, its score, and its own part of the score."""


@dataclass(eq=False)
class Shelf:
    """What the placements of one decision share; `allowed` shrinks as offers are taken.

    known, unchained   what scores are made from, as in `Decision`
    fill               discoveries that may still fill up a `basket`, under the policy's limit
    """

    index: BundleIndex
    rules: GuardRules
    known: Knowledge
    unchained: Knowledge
    allowed: Bools
    fill: int

    def __post_init__(self) -> None:
        self._owned: dict[int, tuple[Ints, Doubles]] = {}
        self._questions: dict[int, Question] = {}

    def parts(self, allowed: Bools) -> list[tuple[Knowledge, Bools]]:
        """Which offers are scored from which knowledge; usually all from one."""
        if self.unchained is self.known:
            return [(self.known, allowed)]
        chainable = self.index.chainable
        return [(self.known, allowed & ~chainable), (self.unchained, allowed & chainable)]

    def own(self, knowledge: Knowledge) -> tuple[Ints, Doubles]:
        """The customer's own offers, ascending, with their own part of the score."""
        found = self._owned.get(id(knowledge))
        if found is None:
            view = knowledge.view
            scale = self.index.bundle.repeat_scale[view.rows].astype(np.float64)
            found = self._owned[id(knowledge)] = self.index.owned(view.rows, scale * view.own)
        return found

    def question(self, knowledge: Knowledge) -> Question | None:
        """What the customer asks of the offers; None: nothing is known."""
        if knowledge.factor is None:
            # Beside what is known, nothing may be used for these offers: popularity alone ranks.
            return None if knowledge is self.known else ask_for_popular(self.index)
        found = self._questions.get(id(knowledge))
        if found is None:
            found = self._questions[id(knowledge)] = ask(self.index, knowledge)
        return found

    def take(self, picks: list[Pick]) -> None:
        """Keeps what was picked from later placements."""
        if not picks:
            return
        self.allowed = self.allowed.copy()
        self.allowed[[pick.offer for pick in picks]] = False


def fill(
    shelf: Shelf, state: CustomerState, request: OfferRequest, placement: Placement, now: float
) -> PlacementAnswer:
    """The offers of one placement; later placements do not get them again."""
    if placement.source is Source.REPLENISH:
        picks = _replenish(shelf, state, request, placement.n, now)
        return PlacementAnswer(placement.name, tuple(picks), fallback=False)
    known, n = shelf.known, placement.n
    unknown = known.factor is None or (placement.source is Source.USUALS and not len(known.view))
    if unknown:
        discovery = placement.source is Source.DISCOVERY
        allowed = shelf.allowed & shelf.index.discoverable if discovery else shelf.allowed
        picks = popular_picks(shelf.index, allowed, n)
    elif placement.source is Source.USUALS:
        picks = _blended(shelf, _merged(shelf, n, _usuals))
    elif placement.source is Source.HOME:
        both = _merged(shelf, n, _usuals) + _merged(shelf, n, _discovery)
        picks = _blended(shelf, _best(both, n))
    elif placement.source is Source.DISCOVERY:
        picks = _blended(shelf, _merged(shelf, n, _broad_discovery))
    else:
        picks = _together(shelf, n)
        shelf.take(picks)
        more = _merged(shelf, min(n - len(picks), shelf.fill), _broad_discovery)
        shelf.fill -= len(more)
        picks += _blended(shelf, more)
    shelf.take(picks)
    return PlacementAnswer(placement.name, tuple(picks), fallback=unknown)


_Head = Callable[[Shelf, Knowledge, Bools, int], list[_Scored]]


def _merged(shelf: Shelf, n: int, head: _Head) -> list[_Scored]:
    """The `n` best of one head over all parts of the shelf."""
    if n <= 0:
        return []
    parts = [
        head(shelf, knowledge, allowed, n) for knowledge, allowed in shelf.parts(shelf.allowed)
    ]
    return parts[0] if len(parts) == 1 else _best([s for part in parts for s in part], n)


def _usuals(shelf: Shelf, knowledge: Knowledge, allowed: Bools, n: int) -> list[_Scored]:
    offers, own = shelf.own(knowledge)
    open_ = allowed[offers]
    offers, own = offers[open_], own[open_]
    question = shelf.question(knowledge)
    if not len(offers) or question is None:
        return []
    best, sums = question.best_own(shelf.index, n, offers, own)
    columns = (offers[best], sums, own[best])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _discovery(shelf: Shelf, knowledge: Knowledge, allowed: Bools, n: int) -> list[_Scored]:
    """New offers by the cross and popular parts."""
    question = shelf.question(knowledge)
    if question is None:
        return []
    allowed = allowed.copy()
    allowed[shelf.own(shelf.known)[0]] = False
    offers, explore = question.best(shelf.index, n, allowed)
    return [(o, e, 0.0) for o, e in zip(offers.tolist(), explore.tolist(), strict=True)]


def _broad_discovery(shelf: Shelf, knowledge: Knowledge, allowed: Bools, n: int) -> list[_Scored]:
    """Only new offers that many customers buy."""
    return _discovery(shelf, knowledge, allowed & shelf.index.discoverable, n)


def _together(shelf: Shelf, n: int) -> list[Pick]:
    """What goes with the context."""
    index, edges = shelf.index, shelf.index.bundle.complements
    return merged_picks(
        [
            related_picks(index, edges, knowledge.context_rows, allowed, n)
            for knowledge, allowed in shelf.parts(shelf.allowed)
        ],
        n,
    )


def _best(scored: list[_Scored], n: int) -> list[_Scored]:
    return sorted(scored, key=lambda found: (-found[1], found[0]))[:n]


def _blended(shelf: Shelf, scored: list[_Scored]) -> list[Pick]:
    weight = shelf.index.popularity_weight
    shares = shelf.index.explore[[found[0] for found in scored], -1].tolist()
    picks = []
    for (offer, score, own), share in zip(scored, shares, strict=True):
        cross = score - own - weight * share
        # What rounding the score left over is no part of it.
        cross = cross if abs(cross) > _ROUNDING else 0.0
        picks.append(Pick(offer, score, own, cross, weight * share, Basis.BLEND))
    return picks


def _replenish(
    shelf: Shelf, state: CustomerState, request: OfferRequest, n: int, now: float
) -> list[Pick]:
    index, bundle, controls = shelf.index, shelf.index.bundle, state.controls
    if not request.channel.private or not shelf.rules.replenish:
        return []
    muted = controls.muted_categories(now)
    known = [
        (p, index.item_index.get(p.item))
        for p in state.replenish
        if not controls.forgets(p.item, p.timestamp) and not controls.hides(p.item, now)
    ]
    purchases = [(p, int(bundle.evidence[i])) for p, i in known if i is not None]
    due = own_again(purchases, index.policy, shelf.rules, now)
    items = [(index.item_index[item], count) for item, count in due]
    items = [
        (i, c)
        for i, c in items
        if _sellable(index, request.filters, i)
        and not muted & index.categories_of(i)
        and not held_in_the_slot(int(bundle.evidence[i]) | int(bundle.target[i]), shelf.rules)
    ][:n]
    release_replenish([i for i, _ in items], bundle.evidence, bundle.target, shelf.rules)
    return [
        Pick(index.bare_item(i), float(c), float(c), 0.0, 0.0, Basis.REPLENISH) for i, c in items
    ]


def _sellable(index: BundleIndex, filters: Filters, item: int) -> bool:
    catalogue = index.bundle.catalogue
    price = float(catalogue.price[item])
    wanted = {name.casefold().strip() for name in filters.categories}
    return (
        bool(catalogue.available[item])
        and OfferId(catalogue.ids[item]) not in filters.exclude
        and (filters.min_price is None or price >= filters.min_price)
        and (filters.max_price is None or price <= filters.max_price)
        and (not wanted or bool(wanted & index.categories_of(item)))
    )
