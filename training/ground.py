"""The common ground of a new bundle and the live one: offers, and what customers took of them.

An evaluation asks a bundle for what it knows. Whoever knows less would be asked for less, so two
bundles need one truth: everything taken that either of them knew and the shop offered. What one
of them does not know, it has missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from recommender.bundle import FactorBundle
from recommender.catalogue import Offers
from recommender.controls import NOTHING_TOLD, Controls
from recommender.customer import CustomerState, new_customer
from recommender.decide import rules_for
from recommender.guard.containment import allowed
from recommender.index import BundleIndex
from recommender.interactions import Interactions
from recommender.request import OfferRequest, Placement, Source
from recommender.types import Bools, CustomerId, Ints, Longs, OfferId
from training.assortment import Assortment
from training.newest import Newest
from training.outcomes import Outcomes

SOURCES = {"all": Source.HOME, "new": Source.DISCOVERY}
"""The placement that answers each question, as in an evaluation."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What the new bundle was measured on.

    bundle     the new one: its catalogue, offers and policy hold for both
    outcomes   its result; its customers are asked again
    controls   what these customers have told us, if its evaluation knew it
    closed     customers whose controls cannot be read
    """

    bundle: FactorBundle
    newest: Newest
    outcomes: Outcomes
    controls: Mapping[CustomerId, Controls]
    closed: frozenset[CustomerId] = frozenset()

    @cached_property
    def now(self) -> int:
        """When offers are asked for: the last purchase before the window, seconds since 1970."""
        return self.newest.split().before.window[1]

    @cached_property
    def position(self) -> Ints:
        """(n_items of `newest`,) place in the catalogue."""
        place = self.bundle.catalogue.index()
        return np.array([place[item] for item in self.newest.items], dtype=np.int32)

    @cached_property
    def assortment(self) -> Assortment:
        """What both may offer.

        A bundle keeps only offers that its models know. An offered item that none of these
        promotes stands for itself.
        """
        bundle, whole = self.bundle, self.bundle.guarded_offers
        lacking = np.zeros(len(bundle.catalogue), dtype=np.bool_)
        lacking[self.position[self.newest.offered]] = True
        lacking[whole.items] = False
        items = np.flatnonzero(lacking).astype(np.int32)
        return Assortment(
            catalogue=bundle.catalogue,
            offers=_joined(whole, bundle, items),
            evidence=bundle.evidence,
            target=bundle.target,
            soft=bundle.soft,
            offer_target=np.concatenate([bundle.offer_target, bundle.target[items]]),
            offer_soft=np.concatenate([bundle.offer_soft, bundle.soft[items]]),
            policy=bundle.manifest.policy,
            policy_digest=bundle.manifest.policy_digest,
        )

    def state(self, customer: CustomerId, known: CustomerState | None = None) -> CustomerState:
        """What is known of a customer, with what they have told us."""
        return replace(
            known or new_customer(),
            controls=self.controls.get(customer, NOTHING_TOLD),
            closed=customer in self.closed,
        )

    def request(self, question: str) -> OfferRequest:
        """What an evaluation asks for."""
        source = SOURCES[question]
        return OfferRequest((Placement(source.value, source, self.outcomes.n),))


class Truth:
    """What each customer took in the window, as offers of `Ground.assortment`.

    known   (n_items of `newest`,) the items that count
    """

    def __init__(self, ground: Ground, known: Bools) -> None:
        self._ground = ground
        self._index = BundleIndex(ground.bundle)
        offers = ground.assortment.offers
        item = np.full(len(ground.bundle.catalogue), -1, dtype=np.int64)
        item[ground.position] = np.arange(len(ground.position))
        owner = np.repeat(np.arange(len(offers), dtype=np.int32), np.diff(offers.indptr))
        promoted = item[offers.items]
        counts = (promoted >= 0) & known[promoted]
        owner, promoted = owner[counts], promoted[counts]
        self._offers = owner[np.argsort(promoted, kind="stable")]
        sizes = np.bincount(promoted, minlength=len(known))
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        split = ground.newest.split()
        self._before, self._after = _by_customer(split.before), _by_customer(split.after)
        self._found: dict[tuple[CustomerId, str], Ints] = {}

    def knows(self, customer: CustomerId) -> bool:
        """Whether the customer had bought anything that counts before the window."""
        return bool(len(self._of_items(self._before.get(customer))))

    def able(self, question: str) -> tuple[CustomerId, ...]:
        """Those of `customers` who are known and had something to find, ascending."""
        known = filter(self.knows, self.customers)
        return tuple(customer for customer in known if len(self.of(customer, question)))

    @property
    def customers(self) -> tuple[CustomerId, ...]:
        """Everybody who bought both before the window and in it, ascending."""
        return tuple(sorted(self._before.keys() & self._after.keys()))

    def of(self, customer: CustomerId, question: str) -> Ints:
        """Offers, ascending; what the guard holds back from this customer is left out."""
        if (customer, question) not in self._found:
            self._found[customer, question] = self._of(customer, question)
        return self._found[customer, question]

    def _of(self, customer: CustomerId, question: str) -> Ints:
        ground = self._ground
        state, request = ground.state(customer), ground.request(question)
        rules = rules_for(self._index, state, request, ground.now)
        taken = self._of_items(self._after.get(customer))
        shelf = ground.assortment
        held = allowed(shelf.offer_target[taken], shelf.offer_soft[taken], rules)
        valid = (shelf.offers.valid_from[taken] <= ground.now) & (
            ground.now < shelf.offers.valid_until[taken]
        )
        taken = taken[held & valid]
        if question == "new":
            taken = np.setdiff1d(taken, self._of_items(self._before.get(customer)))
        return taken.astype(np.int32)

    def sizes(self, customers: Sequence[CustomerId], question: str) -> Longs:
        """(m,) how much each customer had to find."""
        return np.array([len(self.of(c, question)) for c in customers], dtype=np.int64)

    def _of_items(self, items: Ints | None) -> Ints:
        if items is None:
            return np.empty(0, dtype=np.int32)
        distinct = np.unique(items)
        starts, sizes = self._starts[distinct], self._starts[distinct + 1] - self._starts[distinct]
        steps = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return np.unique(self._offers[np.repeat(starts, sizes) + steps]).astype(np.int32)


def _joined(offers: Offers, bundle: FactorBundle, items: Ints) -> Offers:
    """The offers, and one more for each of the items."""
    ids, titles = bundle.catalogue.ids, bundle.catalogue.titles
    last = offers.indptr[-1]
    always = np.full(len(items), np.inf)
    return Offers(
        ids=(*offers.ids, *(OfferId(ids[i]) for i in items)),
        titles=(*offers.titles, *(titles[i] for i in items)),
        indptr=np.concatenate([offers.indptr, last + 1 + np.arange(len(items))]).astype(np.int32),
        items=np.concatenate([offers.items, items]).astype(np.int32),
        valid_from=np.concatenate([offers.valid_from, -always]),
        valid_until=np.concatenate([offers.valid_until, always]),
    )


def _by_customer(lines: Interactions) -> dict[CustomerId, Ints]:
    """Customer -> items, for lines that are sorted by customer."""
    ends: Longs = np.searchsorted(lines.customer, np.arange(len(lines.customers) + 1))
    return {
        customer: lines.item[ends[c] : ends[c + 1]] for c, customer in enumerate(lines.customers)
    }
