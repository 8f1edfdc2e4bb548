"""The whole decision, from what is known of a customer to the offers that leave.

    rules of this moment -> the view -> the context's view -> what may be offered at all
    -> scores -> placements in the order asked, no offer twice -> the last lock

Evaluation, batch files and serving all call `decide`. It has no clock, no randomness and no
I/O: the same bundle, state, request and `now` give the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recommender.customer import CustomerState, View, new_customer
from recommender.errors import InputError
from recommender.guard.containment import release, release_replenish
from recommender.guard.policy import GuardRules
from recommender.guard.replenish import own_again
from recommender.guard.view import view_of_customer, visible_rows
from recommender.index import BundleIndex
from recommender.models.als import fold_in
from recommender.models.blend import query
from recommender.related import popular_picks, related_picks
from recommender.request import (
    Basis,
    Decision,
    Filters,
    OfferRequest,
    Pick,
    Placement,
    PlacementAnswer,
    Source,
)
from recommender.scan import DECIMALS
from recommender.types import Bools, Doubles, Floats, Ints, OfferId


def decide(index: BundleIndex, state: CustomerState, request: OfferRequest, now: float) -> Decision:
    """Offers for one customer.

    now   seconds since 1970, UTC

    A customer of whom nothing visible is known gets popular offers, marked `fallback`.
    """
    rules = index.rules(now)
    view = view_of_customer(state.view, index.evidence_of_row, rules, state.unlocked_history)
    context = visible_rows(
        index.rows(request.context.items), index.evidence_of_row, rules, state.unlocked_history
    )
    context_rows = np.array(context, dtype=np.int32)
    rows, confidence = _with_context(view, context_rows, index)
    factor = None
    if len(rows):
        usable = view is state.view and not context
        factor = state.factor if usable else None
        factor = _fold_in(index, rows, confidence) if factor is None else factor
    open_to_all = index.allowed(rules, state.unlocked_targets, now)
    shelf = _Shelf(
        index=index,
        rules=rules,
        view=view,
        context_rows=context_rows,
        allowed=_narrowed(index, open_to_all, request.filters, context_rows),
        question=None if factor is None else _query(index, factor),
        fill=_slots(index) - _discoveries(request),
    )
    answers = tuple(
        _fill(shelf, state, request, placement, now) for placement in request.placements
    )
    blend = [p.offer for a in answers for p in a.picks if p.basis is not Basis.REPLENISH]
    release(blend, index.bundle.offer_target, rules, state.unlocked_targets)
    return Decision(
        placements=answers,
        fallback=factor is None,
        policy_expired=rules.expired,
        channel=request.channel,
        held=rules.contained & ~state.unlocked_targets,
        view=view,
        context_rows=context_rows,
        rows=rows,
        confidence=confidence,
        factor=factor,
    )


def popular(index: BundleIndex, request: OfferRequest, now: float) -> Decision:
    """The answer without a customer: what a newcomer gets, whatever the request's context."""
    return decide(index, new_customer(), replace(request, context=type(request.context)()), now)


def check_request(index: BundleIndex, request: OfferRequest) -> None:
    """Raises InputError for what no customer could get.

    See `Source.private`, and the policy's `discovery_slots` (short lists leak less).
    """
    most, wanted = _slots(index), _discoveries(request)
    if wanted > most:
        raise InputError(
            f"{wanted} offers are asked for on discovery, the policy allows {most}",
            hint="ask for fewer, or raise `discovery_slots` in the guard policy",
        )
    for placement in request.placements:
        if placement.source.private and not request.channel.private:
            raise InputError(
                f"placement '{placement.name}' shows a customer's own purchases and cannot go "
                f"out by {request.channel.value}",
                hint="use 'discovery' or 'basket' there, or channel 'site' or 'app'",
            )


def _slots(index: BundleIndex) -> int:
    return index.bundle.manifest.policy.discovery_slots


def _discoveries(request: OfferRequest) -> int:
    return sum(p.n for p in request.placements if p.source is Source.DISCOVERY)


_ROUNDING = 0.9 * 10.0**-DECIMALS
_Scored = tuple[int, float, float]
"""An offer, its score, and its own part of the score."""


@dataclass(eq=False)
class _Shelf:
    """What the placements of one decision share; `allowed` shrinks as offers are taken.

    question   what the customer asks of the explore matrix; None: nothing is known
    fill       discoveries that may still fill up a `basket`, under the policy's limit
    """

    index: BundleIndex
    rules: GuardRules
    view: View
    context_rows: Ints
    allowed: Bools
    question: Floats | None
    fill: int
    _own: tuple[Ints, Doubles] | None = None

    def own(self) -> tuple[Ints, Doubles]:
        """The customer's own offers, ascending, with their own part of the score."""
        if self._own is None:
            scale = self.index.bundle.repeat_scale[self.view.rows].astype(np.float64)
            self._own = self.index.owned(self.view.rows, scale * self.view.own)
        return self._own

    def take(self, picks: list[Pick]) -> None:
        """Keeps what was picked from later placements."""
        if not picks:
            return
        self.allowed = self.allowed.copy()
        self.allowed[[pick.offer for pick in picks]] = False


def _fill(
    shelf: _Shelf, state: CustomerState, request: OfferRequest, placement: Placement, now: float
) -> PlacementAnswer:
    if placement.source is Source.REPLENISH:
        picks = _replenish(shelf, state, request, placement.n, now)
        return PlacementAnswer(placement.name, tuple(picks), fallback=False)
    unknown = shelf.question is None or (placement.source is Source.USUALS and not len(shelf.view))
    if unknown:
        discovery = placement.source is Source.DISCOVERY
        allowed = shelf.allowed & shelf.index.discoverable if discovery else shelf.allowed
        picks = popular_picks(shelf.index, allowed, placement.n)
    elif placement.source is Source.USUALS:
        picks = _blended(shelf, _usuals(shelf, placement.n))
    elif placement.source is Source.HOME:
        both = _usuals(shelf, placement.n) + _discovery(shelf, placement.n)
        picks = _blended(shelf, _best(both, placement.n))
    elif placement.source is Source.DISCOVERY:
        picks = _blended(shelf, _discovery(shelf, placement.n, broad=True))
    else:
        together = shelf.index.bundle.complements
        picks = related_picks(shelf.index, together, shelf.context_rows, shelf.allowed, placement.n)
        shelf.take(picks)
        more = _discovery(shelf, min(placement.n - len(picks), shelf.fill), broad=True)
        shelf.fill -= len(more)
        picks += _blended(shelf, more)
    shelf.take(picks)
    return PlacementAnswer(placement.name, tuple(picks), fallback=unknown)


def _usuals(shelf: _Shelf, n: int) -> list[_Scored]:
    offers, own = shelf.own()
    open_ = shelf.allowed[offers]
    offers, own = offers[open_], own[open_]
    if not len(offers) or shelf.question is None:
        return []
    best, sums, _ = shelf.index.scanner.best_of(shelf.question, n, offers, own)
    columns = (offers[best], sums, own[best])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _discovery(shelf: _Shelf, n: int, *, broad: bool = False) -> list[_Scored]:
    """New offers by the cross and popular parts; `broad`: only those that many buy."""
    if n <= 0 or shelf.question is None:
        return []
    allowed = shelf.allowed & shelf.index.discoverable if broad else shelf.allowed.copy()
    allowed[shelf.own()[0]] = False
    offers, explore = shelf.index.scanner.best(shelf.question, n, allowed)
    return [(o, e, 0.0) for o, e in zip(offers.tolist(), explore.tolist(), strict=True)]


def _best(scored: list[_Scored], n: int) -> list[_Scored]:
    return sorted(scored, key=lambda found: (-found[1], found[0]))[:n]


def _blended(shelf: _Shelf, scored: list[_Scored]) -> list[Pick]:
    weight = shelf.index.bundle.parameters.popularity_weight
    shares = shelf.index.explore[[found[0] for found in scored], -1].tolist()
    picks = []
    for (offer, score, own), share in zip(scored, shares, strict=True):
        cross = score - own - weight * share
        # What rounding the score left over is no part of it.
        cross = cross if abs(cross) > _ROUNDING else 0.0
        picks.append(Pick(offer, score, own, cross, weight * share, Basis.BLEND))
    return picks


def _replenish(
    shelf: _Shelf, state: CustomerState, request: OfferRequest, n: int, now: float
) -> list[Pick]:
    index, bundle = shelf.index, shelf.index.bundle
    if not request.channel.private:
        return []
    known = [(p, index.item_index.get(p.item)) for p in state.replenish]
    purchases = [(p, int(bundle.evidence[i])) for p, i in known if i is not None]
    due = own_again(purchases, bundle.manifest.policy, shelf.rules, now)
    items = [(index.item_index[item], count) for item, count in due]
    items = [(i, c) for i, c in items if _sellable(index, request.filters, i)][:n]
    release_replenish([i for i, _ in items], bundle.evidence, shelf.rules)
    return [
        Pick(index.bare_item(i), float(c), float(c), 0.0, 0.0, Basis.REPLENISH) for i, c in items
    ]


def _sellable(index: BundleIndex, filters: Filters, item: int) -> bool:
    catalogue = index.bundle.catalogue
    price = float(catalogue.price[item])
    path = {name.casefold() for name in catalogue.paths[item]}
    wanted = {name.casefold().strip() for name in filters.categories}
    return (
        bool(catalogue.available[item])
        and OfferId(catalogue.ids[item]) not in filters.exclude
        and (filters.min_price is None or price >= filters.min_price)
        and (filters.max_price is None or price <= filters.max_price)
        and (not wanted or bool(wanted & path))
    )


def _narrowed(index: BundleIndex, allowed: Bools, filters: Filters, context_rows: Ints) -> Bools:
    """`allowed` without what the caller filters and what the context already shows."""
    if filters.categories:
        chosen = [index.in_category(name) for name in filters.categories]
        allowed = allowed & np.logical_or.reduce(chosen)
    # A price that is unknown (NaN) compares as False: it passes no price filter.
    if filters.min_price is not None:
        allowed = allowed & (index.offer_price >= filters.min_price)
    if filters.max_price is not None:
        allowed = allowed & (index.offer_price <= filters.max_price)
    hidden = [index.offer_index[o] for o in filters.exclude if o in index.offer_index]
    if len(context_rows):
        hidden += index.owned(context_rows, np.zeros(len(context_rows)))[0].tolist()
    if hidden:
        allowed = allowed.copy()
        allowed[hidden] = False
    return allowed


def _with_context(view: View, context_rows: Ints, index: BundleIndex) -> tuple[Ints, Floats]:
    """Rows and confidences to fold in: the view, and the context as one more basket."""
    if not len(context_rows):
        return view.rows, view.confidence
    floor = index.bundle.parameters.confidence_floor
    rows = np.union1d(view.rows, context_rows).astype(np.int32)
    decayed = np.zeros(len(rows))
    decayed[np.searchsorted(rows, view.rows)] = (view.confidence.astype(np.float64) - floor) ** 2
    decayed[np.searchsorted(rows, context_rows)] += 1.0
    return rows, (floor + np.sqrt(decayed)).astype(np.float32)


def _fold_in(index: BundleIndex, rows: Ints, confidence: Floats) -> Floats:
    bundle = index.bundle
    return fold_in(
        bundle.factors, bundle.gramian, bundle.parameters.regularization, rows, confidence
    )


def _query(index: BundleIndex, factor: Floats) -> Floats:
    bundle = index.bundle
    return query(factor, bundle.gramian, len(bundle.factors), bundle.parameters)
