"""Which households the demo shows, found in the data: nothing is picked by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.bundle import CustomerTable, FactorBundle
from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.guard.document import CompiledGuard
from recommender.index import BundleIndex
from recommender.request import BUILT_IN, OfferRequest, Placement
from recommender.types import Bools, CustomerId, Doubles, Longs
from tactful.demo.aside import fit_aside
from training.config import TrainConfig
from training.guarding import guarded
from training.reading.shop import Shop

LIFE_EVENT = "infant"
_SHOWN_HABITS = 8
_CANDIDATES = 40


@dataclass(frozen=True)
class Unguarded:
    """What a household would be offered by a model that knows no guard.

    lines      purchases of the household that are evidence of the life event
    offers     (title, True when it would reveal the life event), best first
    """

    customer: CustomerId
    lines: int
    offers: tuple[tuple[str, bool], ...]


def habitual(bundle: FactorBundle, table: CustomerTable) -> CustomerId:
    """The household with the strongest habits, among those whose habits all have a name."""
    sizes = np.diff(table.indptr)
    strength = np.array(
        [
            np.sort(table.own[start : start + n])[-_SHOWN_HABITS:].sum()
            for start, n in zip(table.indptr[:-1], sizes, strict=True)
        ]
    )
    order = np.argsort(-strength, kind="stable")
    named = (c for c in order if sizes[c] >= _SHOWN_HABITS and _all_named(bundle, table, int(c)))
    return table.customers[int(next(named, order[0]))]


def _all_named(bundle: FactorBundle, table: CustomerTable, c: int) -> bool:
    view = table.view(c)
    rows = view.rows[np.argsort(-view.own, kind="stable")[:_SHOWN_HABITS]]
    return all(bundle.catalogue.titles[i] for i in bundle.item_of_row[rows])


def without_guard(
    shop: Shop, config: TrainConfig, published: FactorBundle, guard: CompiledGuard, n: int
) -> Unguarded | None:
    """The household whose offers would tell most of the life event, if nobody held them back.

    None when the policy does not guard the life event, so that there is nothing to compare.
    A second model is fitted on the raw histories, in memory, for this comparison alone. It is
    never written and never published.
    """
    guarded_events = [rule.id for rule in guard.policy.life_events]
    if LIFE_EVENT not in guarded_events:
        return None
    bit = guarded_events.index(LIFE_EVENT)
    shelf = guarded(shop.catalogue, shop.offers, guard)
    reveals = (shelf.target & np.uint64(1 << bit)) != 0
    evidence = (shelf.evidence & np.uint64(1 << bit)) != 0
    aside = fit_aside(shop, config, published)
    index, table = aside.index, aside.table
    lines = _lines_of_evidence(shop, evidence)
    candidates = np.argsort(-lines, kind="stable")[:_CANDIDATES]
    known = {customer: c for c, customer in enumerate(table.customers)}
    answers = []
    for candidate in candidates:
        customer = shop.interactions.customers[candidate]
        if customer in known:
            offers = _offers(index, table, known[customer], n, reveals)
            answers.append(Unguarded(customer, int(lines[candidate]), offers))
    return max(answers, key=lambda answer: sum(told for _, told in answer.offers))


def _lines_of_evidence(shop: Shop, evidence: Bools) -> Longs | Doubles:
    told = evidence[shop.interactions.item]
    return np.bincount(shop.interactions.customer[told], minlength=len(shop.interactions.customers))


def _offers(
    index: BundleIndex, table: CustomerTable, c: int, n: int, reveals: Bools
) -> tuple[tuple[str, bool], ...]:
    home = BUILT_IN["home"]
    request = OfferRequest((Placement(home.name, home.source, n),))
    state = CustomerState(table.view(c), table.factors[c])
    as_of = float(index.bundle.manifest.as_of)
    picks = decide(index, state, request, as_of).placements[0].picks

    def told(offer: int) -> bool:
        offers = index.bundle.offers
        promoted = offers.items[offers.indptr[offer] : offers.indptr[offer + 1]]
        return bool(reveals[promoted].any())

    return tuple((index.offer_title(pick.offer), told(pick.offer)) for pick in picks)
