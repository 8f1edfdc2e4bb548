"""Invented customers, so that people can look at lists before and after a change.

No real customer's list is ever shown. These are made from what a bundle says of everybody:
popularity and categories. Equal bundles, policies and seeds give equal customers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from recommender.channel import Channel
from recommender.controls import AGE_VERIFICATION, Controls, Declaration, Term
from recommender.customer import (
    CustomerState,
    EventKind,
    Happening,
    ReplenishPurchase,
    View,
    apply_events,
    empty_view,
)
from recommender.decide import decide
from recommender.guard.policy import PREFERENCE_CENTRE, LifeEventRule
from recommender.index import BundleIndex
from recommender.request import OfferRequest
from recommender.types import SECONDS_A_DAY, Bits, Bools, Floats, OfferId

MOST_LIFE_EVENTS = 6
"""Life events of a change that get invented customers: more, and nobody reads it."""
_ITEMS = 12
_EVIDENCE = 3
_MOST_BASKETS = 4
_CATEGORIES = 2


@dataclass(frozen=True, eq=False)
class Synthetic:
    """An invented customer, and what is to be known of them."""

    description: str
    state: CustomerState


@dataclass(frozen=True)
class Example:
    """What an invented customer gets under two policies: (offer id, title), best first."""

    customer: str
    before: tuple[tuple[OfferId, str], ...]
    after: tuple[tuple[OfferId, str], ...]


def examples(
    old: BundleIndex, new: BundleIndex, request: OfferRequest, *, now: float, seed: int = 1
) -> tuple[Example, ...]:
    """Lists before and after for a handful of invented customers.

    old, new   one bundle under two policies
    now        seconds since 1970
    """
    people = invented(old, new, request.channel, now=now, seed=seed)
    return tuple(
        Example(
            person.description,
            _offers(old, person.state, request, now),
            _offers(new, person.state, request, now),
        )
        for person in people
    )


def invented(
    old: BundleIndex, new: BundleIndex, channel: Channel, *, now: float, seed: int = 1
) -> tuple[Synthetic, ...]:
    """Ordinary customers, and two for each life event that the change touches.

    One of the two bought evidence of it; the other also declared it, and consented to `channel`.
    """
    history = _Histories(old, new, seed)
    everyday = [
        Synthetic("buys what most people buy", CustomerState(history.popular())),
        *(
            Synthetic(f"buys {' and '.join(names)}", CustomerState(history.of(names)))
            for names in history.favourites()
        ),
    ]
    affected = (
        person
        for life_event in touched(old, new)[:MOST_LIFE_EVENTS]
        for person in _affected(history, life_event, channel, now)
    )
    return (*everyday, *affected)


def touched(old: BundleIndex, new: BundleIndex) -> tuple[str, ...]:
    """The life events for which two policies over one bundle say or match other things."""
    ids = dict.fromkeys(rule.id for index in (new, old) for rule in index.policy.life_events)
    return tuple(id_ for id_ in ids if _said(old, id_) != _said(new, id_))


class _Histories:
    """Makes views of what was bought after the bundle was trained: nothing about them is real."""

    def __init__(self, old: BundleIndex, new: BundleIndex, seed: int) -> None:
        self.old, self.new = old, new
        self._random = np.random.default_rng(seed)
        self._plain: Bools = (old.evidence_of_row | new.evidence_of_row) == 0

    def popular(self, *more: int) -> View:
        """A history of what is popular, and of some rows."""
        return self._view(self._plain, more)

    def of(self, categories: tuple[str, ...]) -> View:
        """A history of items of some categories."""
        inside = np.zeros(len(self._plain), dtype=np.bool_)
        inside[self.old.rows_in(name.casefold() for name in categories)] = True
        return self._view(self._plain & inside)

    def favourites(self) -> list[tuple[str, ...]]:
        """Two pairs of categories, the most popular ones; fewer where there are fewer."""
        catalogue, rows = self.old.bundle.catalogue, np.flatnonzero(self._plain)
        weight: dict[str, float] = {}
        for row in rows.tolist():
            path = catalogue.paths[int(self.old.bundle.item_of_row[row])]
            if path:
                weight[path[-1]] = weight.get(path[-1], 0.0) + float(self._popularity[row])
        names = sorted(weight, key=lambda name: (-weight[name], name))[: 2 * _CATEGORIES]
        pairs = [tuple(names[at : at + _CATEGORIES]) for at in (0, _CATEGORIES)]
        return [pair for pair in pairs if pair]

    def evidence(self, life_event: str) -> list[int]:
        """Catalogue items that either policy calls evidence, those that the models know first."""
        found: set[int] = set()
        for index in (self.old, self.new):
            found |= set(np.flatnonzero(_bits(index.bundle.evidence, index, life_event)).tolist())
        known = self.old.row_of_item
        popular = {
            int(i): float(self._popularity[known[i]]) if known[i] >= 0 else -1.0 for i in found
        }
        return sorted(found, key=lambda i: (-popular[i], i))[:_EVIDENCE]

    @property
    def _popularity(self) -> Floats:
        return self.old.bundle.popularity

    def _view(self, rows: Bools, more: tuple[int, ...] = ()) -> View:
        candidates = np.flatnonzero(rows)
        weights = self._popularity[candidates].astype(np.float64) + 1e-6
        n = min(_ITEMS, len(candidates))
        chance = weights / max(float(weights.sum()), 1e-6)
        chosen = self._random.choice(candidates, n, replace=False, p=chance) if n else candidates
        as_of = self.old.bundle.manifest.as_of
        bought: list[Happening] = [
            (EventKind.PURCHASE, row, as_of + day * SECONDS_A_DAY, 1.0)
            for row in (*chosen.tolist(), *more)
            for day in range(int(self._random.integers(1, _MOST_BASKETS + 1)))
        ]
        floor = self.old.bundle.parameters.confidence_floor
        return apply_events(empty_view(), bought, confidence_floor=floor)


def _affected(
    history: _Histories, life_event: str, channel: Channel, now: float
) -> Iterator[Synthetic]:
    items = history.evidence(life_event)
    rows = [int(history.old.row_of_item[i]) for i in items]
    ids = history.old.bundle.catalogue.ids
    bought = tuple(
        ReplenishPurchase(bytes(8), ids[item], int(now) - days * SECONDS_A_DAY)
        for item in items
        for days in (40, 20, 3)
    )
    view = history.popular(*(row for row in rows if row >= 0))
    buyer = CustomerState(view, replenish=bought)
    if items:
        yield Synthetic(f"bought evidence of {life_event}", buyer)
    at = Term(at=int(now))
    controls = Controls(
        declarations={life_event: Declaration(at=int(now), source=_source(history, life_event))},
        consents={life_event: {channel.value: at, AGE_VERIFICATION: at}},
    )
    yield Synthetic(
        f"declared {life_event} and consented to {channel.value}",
        replace(buyer, controls=controls),
    )


def _source(history: _Histories, life_event: str) -> str:
    """One whose declarations count, under both policies if there is such a one."""
    rules = [rule for index in (history.new, history.old) if (rule := _rule(index, life_event))]
    both = [s for s in rules[0].declared_by if s in rules[-1].declared_by]
    return (*both, *rules[0].declared_by, *rules[-1].declared_by, PREFERENCE_CENTRE)[0]


def _rule(index: BundleIndex, life_event: str) -> LifeEventRule | None:
    return next((rule for rule in index.policy.life_events if rule.id == life_event), None)


def _said(index: BundleIndex, life_event: str) -> tuple[object, ...]:
    """Everything that a policy says and matches for one life event."""
    bundle = index.bundle
    found = (bundle.evidence, bundle.target, bundle.soft, bundle.offer_target, bundle.offer_soft)
    return _rule(index, life_event), *(_bits(b, index, life_event).tobytes() for b in found)


def _bits(bits: Bits, index: BundleIndex, life_event: str) -> Bools:
    has: Bools = (bits & np.uint64(index.policy.bit(life_event))) != 0
    return has


def _offers(
    index: BundleIndex, state: CustomerState, request: OfferRequest, now: float
) -> tuple[tuple[OfferId, str], ...]:
    decision = decide(index, state, request, now)
    return tuple(
        (index.offer_id(pick.offer), index.offer_title(pick.offer))
        for answer in decision.placements
        for pick in answer.picks
    )
