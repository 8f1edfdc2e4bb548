"""What another policy would do to a shop's customers, counted with `decide` itself.

    every customer -> the list under one policy -> can the other touch it? -> the other list

Most customers are not touched by a change, and one look at the bits says so. Where the same rows
are visible and one policy offers nothing that the other holds back, a list of the other that has
nothing of what the first holds back is the first one's list too: what is not in a list takes
nobody's place. Whoever may be touched is decided for twice, so that the numbers are exact; what
is told of them is told in cells (`recommender.simulate`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from recommender.bundle import CustomerTable
from recommender.controls import NOTHING_TOLD, Controls
from recommender.customer import CustomerState, ReplenishPurchase
from recommender.decide import decide, rules_for
from recommender.guard.policy import UNMAPPED, GuardRules
from recommender.guard.view import visible
from recommender.index import BundleIndex
from recommender.request import Decision, OfferRequest, Source
from recommender.types import Bools

UNMAPPED_NAME = "unmapped"
"""Stands for the life event of what could not be matched."""

_Lists = tuple[tuple[int, ...], ...]
"""The offers of each placement."""


@dataclass
class Tally:
    """Exact counts over some customers; tallies of parts add up. For no person's eyes.

    customers      all of them
    changed        those whose list is another one
    shorter        those with a placement that has fewer offers than before
    other_view     those whose view has other rows
    reached        life event -> customers from whose list it takes an offer
    hidden         life event -> customers from whose view it takes an item
    held           (life event, offer) -> customers from whose list it takes the offer
    shown          offer -> customers whose list has it only now
    before, after  shelf prices of all lists; offers without a price count as 0
    decided        customers for whom both policies were decided
    """

    customers: int = 0
    changed: int = 0
    shorter: int = 0
    other_view: int = 0
    decided: int = 0
    before: float = 0.0
    after: float = 0.0
    reached: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    held: Counter[tuple[str, int]] = field(default_factory=Counter)
    shown: Counter[int] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        names = [f.name for f in fields(self)]
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in names})


def tally(
    old: BundleIndex,
    new: BundleIndex,
    customers: Iterable[CustomerState],
    request: OfferRequest,
    *,
    now: float,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Counts what changes for `customers` when `new` takes the place of `old`.

    old, new   one bundle under two policies
    now        seconds since 1970
    progress   called with 1 after every customer
    """
    total = Tally()
    comparison = _Comparison(old, new, request, now, total)
    for state in customers:
        comparison.add(state)
        if progress:
            progress(1)
    return total


def states_of(
    table: CustomerTable,
    controls: Mapping[str, Controls],
    replenish: Mapping[str, tuple[ReplenishPurchase, ...]] | None = None,
) -> Iterator[CustomerState]:
    """The customers of a bundle as decisions see them; both mappings are by customer."""
    bought = replenish or {}
    for c, customer in enumerate(table.customers):
        yield CustomerState(
            view=table.view(c),
            factor=table.factors[c],
            replenish=bought.get(customer, ()),
            controls=controls.get(customer, NOTHING_TOLD),
        )


@dataclass(frozen=True, eq=False)
class _Contrast:
    """Where two policies part for customers of the same rules.

    rows        (n_rows,) visible under one of them only
    apart       (n_rows,) whoever has such a row needs both decisions
    backwards   decide under the new one first: it offers more, the old one nothing more
    moved       (n_offers,) offered under the first one only
    everybody   both decisions are needed whatever is known
    """

    rows: Bools
    apart: Bools
    backwards: bool
    moved: Bools
    everybody: bool


class _Comparison:
    """Decides for one customer after the other and counts."""

    def __init__(
        self, old: BundleIndex, new: BundleIndex, request: OfferRequest, now: float, total: Tally
    ) -> None:
        self._old, self._new = old, new
        self._request, self._now, self._total = request, now, total
        self._contrasts: dict[tuple[GuardRules, GuardRules], _Contrast] = {}
        sources = {placement.source for placement in request.placements}
        self._replenishes = Source.REPLENISH in sources
        self._discovers = bool(sources & {Source.DISCOVERY, Source.BASKET})
        limits = [index.policy.discovery_slots for index in (old, new)]
        self._other_limits = Source.BASKET in sources and limits[0] != limits[1]
        self._context = np.array(old.rows(request.context.items), dtype=np.int32)
        self._prices: list[float] = np.nan_to_num(old.offer_price).tolist()

    def add(self, state: CustomerState) -> None:
        """Counts one customer."""
        request, now, total = self._request, self._now, self._total
        rules = rules_for(self._old, state, request, now), rules_for(self._new, state, request, now)
        contrast = self._contrast(*rules)
        order = (self._new, self._old) if contrast.backwards else (self._old, self._new)
        first = second = _lists(decide(order[0], state, request, now))
        total.customers += 1
        if self._needs_both(contrast, state, first):
            second = _lists(decide(order[1], state, request, now))
            total.decided += 1
            if contrast.everybody or contrast.rows[state.view.rows].any():
                self._count_view(state, *rules)
        before, after = (second, first) if contrast.backwards else (first, second)
        value = self._value(before)
        total.before += value
        total.after += value if after is before else self._value(after)
        if after != before:
            self._count_lists(before, after, rules[1])

    def _needs_both(self, contrast: _Contrast, state: CustomerState, first: _Lists) -> bool:
        if contrast.everybody or contrast.apart[state.view.rows].any():
            return True
        if (self._replenishes and state.replenish) or state.controls.needs:
            return True
        n = len(contrast.moved)
        return any(offer < n and contrast.moved[offer] for picks in first for offer in picks)

    def _contrast(self, old: GuardRules, new: GuardRules) -> _Contrast:
        found = self._contrasts.get((old, new))
        if found is None:
            found = self._contrasts[old, new] = self._compared(old, new)
        return found

    def _compared(self, old: GuardRules, new: GuardRules) -> _Contrast:
        rows = visible(self._old.evidence_of_row, old) != visible(self._new.evidence_of_row, new)
        # What must not lead to another life event's target splits the scores in two.
        chains = ((self._old.evidence_of_row & self._old.unchained) != 0) | (
            (self._new.evidence_of_row & self._new.unchained) != 0
        )
        apart = rows | chains
        lost, gained = _parted(self._old.allowed(old, self._now), self._new.allowed(new, self._now))
        if self._discovers:
            # `discovery` offers less than what is allowed; its limit can move on its own.
            fewer, more = _parted(self._old.discoverable, self._new.discoverable)
            lost, gained = lost | fewer, gained | more
        backwards = bool(gained.any()) and not lost.any()
        everybody = (
            bool(gained.any() and lost.any())
            or old.personal != new.personal
            or old.silent != new.silent
            or self._other_limits
            or bool(apart[self._context].any())
        )
        return _Contrast(rows, apart, backwards, gained if backwards else lost, everybody)

    def _count_view(self, state: CustomerState, old: GuardRules, new: GuardRules) -> None:
        if self._request.gift:
            return
        seen = [
            set(state.view.rows[visible(index.evidence_of_row[state.view.rows], rules)].tolist())
            if rules.personal
            else set[int]()
            for index, rules in ((self._old, old), (self._new, new))
        ]
        self._total.other_view += seen[0] != seen[1]
        bits = 0
        for row in seen[0] - seen[1]:
            bits |= int(self._new.evidence_of_row[row]) & new.masked
        self._total.hidden.update(names_of(self._new, bits))

    def _count_lists(self, before: _Lists, after: _Lists, rules: GuardRules) -> None:
        total = self._total
        total.changed += 1
        total.shorter += any(len(b) > len(a) for b, a in zip(before, after, strict=True))
        had = {offer for picks in before for offer in picks}
        has = {offer for picks in after for offer in picks}
        reached = set()
        for offer in had - has:
            names = names_of(self._new, _held_bits(self._new, offer, rules))
            reached.update(names)
            total.held.update((name, offer) for name in names)
        total.reached.update(reached)
        total.shown.update(has - had)

    def _value(self, lists: _Lists) -> float:
        return sum(self._price(offer) for picks in lists for offer in picks)

    def _price(self, offer: int) -> float:
        if offer < len(self._prices):
            return self._prices[offer]
        price = self._old.price(offer)
        return 0.0 if math.isnan(price) else price


def names_of(index: BundleIndex, bits: int) -> list[str]:
    """The life events that some bits stand for."""
    rules = index.policy.life_events
    names = [rule.id for bit, rule in enumerate(rules) if bits >> bit & 1]
    return [*names, UNMAPPED_NAME] if bits & UNMAPPED else names


def _held_bits(index: BundleIndex, offer: int, rules: GuardRules) -> int:
    """The life events for which an offer is held back."""
    bundle = index.bundle
    n = len(bundle.offers)
    if offer >= n:
        return int(bundle.evidence[offer - n]) & rules.contained & ~rules.replenish
    hinted = int(bundle.offer_soft[offer]) & rules.soft
    return int(bundle.offer_target[offer]) & rules.contained | hinted


def _lists(decision: Decision) -> _Lists:
    return tuple(tuple(pick.offer for pick in answer.picks) for answer in decision.placements)


def _parted(old: Bools, new: Bools) -> tuple[Bools, Bools]:
    """What only the old one has, and what only the new one has."""
    lost: Bools = old & ~new
    gained: Bools = new & ~old
    return lost, gained
