"""The whole decision, from what is known of a customer to the offers that leave.

    the customer's rules on this channel -> the view -> the context's view -> what may be offered
    at all -> scores -> placements in the order asked, no offer twice -> the last lock

Evaluation, batch files and serving all call `decide`. It has no clock, no randomness and no
I/O: the same bundle, policy, state, request and `now` give the same answer.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.customer import CustomerState, empty_view, new_customer
from recommender.errors import InputError
from recommender.guard.containment import release
from recommender.guard.policy import GuardRules
from recommender.guard.unlocks import rules_of_customer
from recommender.index import BundleIndex
from recommender.knowledge import knowledge, may_chain, without_chains
from recommender.needs import Needs
from recommender.request import Basis, Decision, Filters, OfferRequest, PlacementAnswer, Source
from recommender.shelf import Shelf, fill
from recommender.types import Bools, Ints

_MOST = float(np.finfo(np.float32).max)
"""Prices are float32: a larger limit is no limit."""


def decide(index: BundleIndex, state: CustomerState, request: OfferRequest, now: float) -> Decision:
    """Offers for one customer.

    now   seconds since 1970, UTC

    A customer of whom nothing visible is known gets popular offers, marked `fallback`.
    """
    rules = rules_for(index, state, request, now)
    if request.gift or not rules.personal:
        # Answered like a visitor: neither the history nor what was unlocked counts.
        state = replace(state, view=empty_view(), factor=None, replenish=())
    known = knowledge(index, state, request, rules, now)
    unchained = known
    if may_chain(index, known):
        unchained = knowledge(index, state, request, without_chains(index, rules), now)
    needs = Needs.of(index, state, request, rules, now)
    open_to_all = needs.opened(index.allowed(rules, now))
    allowed = _unmuted(index, state, open_to_all, now)
    shelf = Shelf(
        index=index,
        rules=rules,
        known=known,
        unchained=unchained,
        allowed=_narrowed(index, allowed, request.filters, known.context_rows),
        fill=_slots(index) - _discoveries(request),
    )
    wanted = () if rules.silent else request.placements
    answers = tuple(fill(shelf, state, request, placement, now) for placement in wanted)
    blend = [p.offer for a in answers for p in a.picks if p.basis is not Basis.REPLENISH]
    bundle = index.bundle
    named, others = needs.parted(blend)
    release(others, bundle.offer_target, bundle.offer_soft, rules)
    release(named, bundle.offer_target, bundle.offer_soft, needs.rules)
    if rules.silent:
        answers = tuple(PlacementAnswer(p.name, (), fallback=False) for p in request.placements)
    return Decision(
        placements=answers,
        fallback=known.factor is None,
        channel=request.channel,
        rules=rules,
        known=known,
        unchained=unchained,
        chainable=index.chainable,
    )


def rules_for(
    index: BundleIndex, state: CustomerState, request: OfferRequest, now: float
) -> GuardRules:
    """The rules of one customer, on the request's channel, at `now`."""
    base = index.rules(now)
    if state.closed:
        closed = base.on(request.channel).closed(index.policy.everything)
        # Who is in an outbound silence cannot be told either: nothing goes out then.
        silent = index.policy.may_be_silent and not request.channel.private
        return replace(closed, silent=silent)
    found = rules_of_customer(index.policy, base, state.controls, request.channel, now)
    if not request.gift:
        return found
    # What the customer unlocked is about the customer, not about whom the gift is for.
    return replace(
        found,
        masked=found.masked | base.masked,
        contained=found.contained | base.contained,
        soft=found.soft | base.on(request.channel).soft,
        replenish=0,
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
    return index.policy.discovery_slots


def _discoveries(request: OfferRequest) -> int:
    return sum(p.n for p in request.placements if p.source is Source.DISCOVERY)


def _unmuted(index: BundleIndex, state: CustomerState, allowed: Bools, now: float) -> Bools:
    """`allowed` without offers of categories that are too personal."""
    for name in state.controls.muted_categories(now):
        allowed = allowed & ~index.touching(name)
    return allowed


def _narrowed(index: BundleIndex, allowed: Bools, filters: Filters, context_rows: Ints) -> Bools:
    """`allowed` without what the caller filters and what the context already shows."""
    if filters.categories:
        chosen = [index.in_category(name) for name in filters.categories]
        allowed = allowed & np.logical_or.reduce(chosen)
    # A price that is unknown (NaN) compares as False: it passes no price filter.
    if filters.min_price is not None:
        allowed = allowed & (index.offer_price >= min(filters.min_price, _MOST))
    if filters.max_price is not None:
        allowed = allowed & (index.offer_price <= min(filters.max_price, _MOST))
    hidden = [index.offer_index[o] for o in filters.exclude if o in index.offer_index]
    if len(context_rows):
        hidden += index.owned(context_rows, np.zeros(len(context_rows)))[0].tolist()
    if hidden:
        allowed = allowed.copy()
        allowed[hidden] = False
    return allowed
