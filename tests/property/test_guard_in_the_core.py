"""The guarantees that need no server: training is blind, targets stay in, locks fail closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.catalogue import Catalogue
from recommender.codec import encode_bundle, encode_customers
from recommender.customer import CustomerState, ReplenishPurchase, new_customer
from recommender.decide import decide
from recommender.errors import ContainmentBreach
from recommender.explain import Explainer
from recommender.guard.containment import release_replenish
from recommender.guard.policy import Stance
from recommender.related import item_picks
from recommender.request import Channel, Context, Decision, OfferRequest, Placement, Source
from recommender.types import ItemId
from tests.property.strategies import (
    ANY_ITEM,
    EVERYTHING,
    LOCKED_PURCHASES,
    REQUESTS,
    VISIBLE_PURCHASES,
)
from tests.support.policies import open_shop, under
from tests.support.shop import (
    AS_OF,
    CONTAINED,
    DAY,
    LIFE_EVENTS,
    LOCKED,
    Purchase,
    Shop,
    catalogue,
    policy,
    population,
)
from tests.support.shop import train as train_shop

TRAINING = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
CUSTOMERS = st.sampled_from([f"c{i:02d}" for i in range(40)])


@cache
def shop() -> Shop:
    """The corner shop, trained once."""
    return train_shop(population())


def offered(found: Shop, decision: Decision, *, replenish: bool = False) -> list[str]:
    """Offer ids of a decision; the slot `replenish` only on demand."""
    return [
        found.index.offer_id(pick.offer)
        for answer in decision.placements
        if replenish or answer.name != Source.REPLENISH
        for pick in answer.picks
    ]


def told(found: Shop, decision: Decision) -> list[object]:
    """Everything that could leave: offers, exact scores, reasons, flags."""
    explainer = Explainer(found.index, decision, "full")
    return [
        (a.name, a.fallback, [(p, explainer.reasons(p)) for p in a.picks])
        for a in decision.placements
    ]


@TRAINING
@given(VISIBLE_PURCHASES, LOCKED_PURCHASES)
def test_g4_training_with_and_without_locked_evidence_gives_the_same_digest(
    visible: list[Purchase], locked: list[Purchase]
) -> None:
    without = train_shop(population() + visible)
    with_locked = train_shop(locked + population() + visible)
    assert with_locked.bundle.manifest == without.bundle.manifest
    assert encode_bundle(with_locked.bundle) == encode_bundle(without.bundle)
    assert encode_customers(with_locked.table) == encode_customers(without.table)


@TRAINING
@given(LOCKED_PURCHASES)
def test_g4_even_the_first_and_the_latest_purchase_of_the_shop_may_be_locked(
    locked: list[Purchase],
) -> None:
    extremes = [("c00", "diaper-1", -40), ("nobody-else", "blank", 999), *locked]
    assert train_shop(population() + extremes).bundle.manifest == shop().bundle.manifest


def with_new_items() -> Catalogue:
    """The shop after it added two items yesterday, both kin of bread: one is locked, one harmless.

    Behind the view nobody has bought either.
    """
    listing = catalogue()
    lately = np.isin(listing.ids, ("food-1", "corn"))
    kin = tuple("Mill" if i in ("food-1", "corn", "bread-0") else "" for i in listing.ids)
    return replace(listing, brands=kin, added=np.where(lately, AS_OF - DAY, np.nan))


@TRAINING
@given(LOCKED_PURCHASES)
def test_g4_a_masked_item_that_looks_unsold_and_new_gives_the_same_digest(
    locked: list[Purchase],
) -> None:
    """It is no model row, however often it was bought; what no life event touches is one."""
    visible = [line for line in population() if line[1] != "corn"]
    bought = [("c00", "food-1", 3), *locked]
    without = train_shop(visible, listing=with_new_items())
    with_locked = train_shop(bought + visible, listing=with_new_items())
    assert with_locked.bundle.manifest == without.bundle.manifest
    assert encode_bundle(with_locked.bundle) == encode_bundle(without.bundle)
    assert encode_customers(with_locked.table) == encode_customers(without.table)
    rows = {with_locked.index.item_id(row) for row in range(with_locked.bundle.manifest.n_rows)}
    assert "corn" in rows
    assert not rows & set(LOCKED)


def test_g4_would_notice_a_visible_purchase() -> None:
    """The property above can fail."""
    changed = train_shop([*population(), ("c00", "tea-1", 3)])
    assert changed.bundle.manifest.digest != shop().bundle.manifest.digest


def test_a_customer_with_nothing_but_locked_evidence_is_not_in_the_bundle() -> None:
    found = train_shop([*population(), ("secret", "test-1", 3), ("secret", "diaper-1", 9)])
    assert "secret" not in found.table.customers


@cache
def laid() -> Shop:
    """A bundle that was trained without a guard, under the policy: all of it could be offered."""
    found = open_shop()
    return Shop(under(found, *LIFE_EVENTS), found.table)


@given(CUSTOMERS, REQUESTS)
def test_g2_no_target_is_offered_whatever_is_asked(customer: str, request: OfferRequest) -> None:
    for found in (shop(), laid()):
        decision = decide(found.index, found.state(customer), request, AS_OF)
        assert not set(offered(found, decision)) & set(CONTAINED)


@given(REQUESTS)
def test_g2_no_target_is_offered_to_a_newcomer_or_a_visitor(request: OfferRequest) -> None:
    for found in (shop(), laid()):
        decision = decide(found.index, new_customer(), request, AS_OF)
        assert not set(offered(found, decision, replenish=True)) & set(CONTAINED)


@given(st.lists(ANY_ITEM.map(ItemId), min_size=1, max_size=4), st.integers(1, 30), st.booleans())
def test_g2_no_target_stands_beside_an_item(items: list[ItemId], n: int, similar: bool) -> None:
    known = (*items, ItemId("bread-0"))
    for index in (shop().index, laid().index):
        edges = index.bundle.similar if similar else index.bundle.complements
        picks, _ = item_picks(index, edges, known, n, AS_OF)
        assert picks
        assert not {index.offer_id(pick.offer) for pick in picks} & set(CONTAINED)


def with_the_first_lock_open() -> Shop:
    """A shop whose masks let everything through."""
    found = train_shop(population())
    rules = found.index.rules(AS_OF)
    found.index._masks[rules.contained, rules.soft] = np.ones(
        len(found.bundle.offers), dtype=np.bool_
    )
    return found


def test_g2_the_last_lock_stops_what_the_first_lets_through() -> None:
    opened = with_the_first_lock_open()
    everything = OfferRequest((Placement("home", Source.HOME, 40),))
    with pytest.raises(ContainmentBreach):
        decide(opened.index, opened.state("c00"), everything, AS_OF)
    with pytest.raises(ContainmentBreach):
        decide(opened.index, new_customer(), everything, AS_OF)
    with pytest.raises(ContainmentBreach):
        item_picks(opened.index, opened.bundle.similar, (ItemId("bread-0"),), 40, AS_OF)


def test_g5_the_last_lock_of_the_slot_stops_what_may_not_be_replenished() -> None:
    index = shop().index
    forbidden = index.item_index[ItemId("both")]
    with pytest.raises(ContainmentBreach):
        release_replenish(
            [forbidden], shop().bundle.evidence, shop().bundle.target, index.rules(AS_OF)
        )


def test_g2_would_notice_an_open_door() -> None:
    """Without the guard the shop does offer its targets: the properties above can fail."""
    found, request = open_shop(), OfferRequest((Placement("home", Source.HOME, 60),))
    assert set(CONTAINED) <= set(
        offered(found, decide(found.index, new_customer(), request, AS_OF))
    )
    for edges in (found.bundle.similar, found.bundle.complements):
        picks, _ = item_picks(found.index, edges, (ItemId("bread-0"),), 30, AS_OF)
        assert set(LOCKED) <= {found.index.offer_id(pick.offer) for pick in picks}


@given(CUSTOMERS, REQUESTS)
def test_no_offer_stands_twice_in_an_answer(customer: str, request: OfferRequest) -> None:
    found = offered(shop(), decide(shop().index, shop().state(customer), request, AS_OF))
    assert len(found) == len(set(found))


@given(CUSTOMERS, st.integers(1, 40))
def test_g3_suppressed_slots_are_refilled(customer: str, n: int) -> None:
    """The length of `home` is what was asked for as long as anything may be offered."""
    request = OfferRequest((type(EVERYTHING.placements[0])("home", Source.HOME, n),))
    decision = decide(shop().index, shop().state(customer), request, AS_OF)
    may_be_offered = len(shop().bundle.offers) - len(set(CONTAINED) & set(shop().index.offer_index))
    assert len(decision.placements[0].picks) == min(n, may_be_offered)


@given(CUSTOMERS, REQUESTS, st.lists(st.sampled_from(LOCKED).map(ItemId), max_size=5))
def test_g1_locked_items_in_the_context_change_nothing(
    customer: str, request: OfferRequest, locked: list[ItemId]
) -> None:
    context = request.context
    more = type(context)(
        basket=(*locked, *context.basket),
        page=context.page if context.page is not None or not locked else locked[0],
        session=(*context.session, *locked),
    )
    changed = OfferRequest(request.placements, request.channel, more, request.filters)
    state = shop().state(customer)
    before = decide(shop().index, state, request, AS_OF)
    after = decide(shop().index, state, changed, AS_OF)
    assert told(shop(), after) == told(shop(), before)
    assert after.fallback == before.fallback


@given(CUSTOMERS, REQUESTS, LOCKED_PURCHASES)
def test_g5_replenishment_purchases_change_only_their_own_slot(
    customer: str, request: OfferRequest, locked: list[Purchase]
) -> None:
    plain = shop().state(customer)
    kept = CustomerState(plain.view, plain.factor, replenish=records(locked))
    before = decide(shop().index, plain, request, AS_OF)
    after = decide(shop().index, kept, request, AS_OF)
    without_slot = [a for a in told(shop(), after) if a[0] != Source.REPLENISH]
    assert without_slot == [a for a in told(shop(), before) if a[0] != Source.REPLENISH]


@given(LOCKED_PURCHASES, st.sampled_from(list(Channel)))
def test_g5_the_slot_holds_only_what_was_bought_twice_in_a_year_and_only_in_private(
    locked: list[Purchase], channel: Channel
) -> None:
    state = CustomerState(new_customer().view, replenish=records(locked))
    request = OfferRequest((EVERYTHING.placements[-1],), channel)
    decision = decide(shop().index, state, request, AS_OF)
    days: dict[str, set[int]] = {}
    for _, item, day in locked:
        days.setdefault(item, set()).add(day)
    infant = {"diaper-1", "diaper-2", "food-1"}
    expected = {i for i, at in days.items() if len(at) >= 2 and i in infant}
    assert set(offered(shop(), decision, replenish=True)) == (
        expected if channel.private else set()
    )


def records(locked: list[Purchase]) -> tuple[ReplenishPurchase, ...]:
    """Purchases as serving keeps them."""
    return tuple(
        ReplenishPurchase(n.to_bytes(8, "big"), ItemId(item), AS_OF - day * DAY)
        for n, (_, item, day) in enumerate(locked)
    )


@given(CUSTOMERS, REQUESTS)
def test_g7_an_expired_policy_locks_what_it_allowed_and_the_rest_is_still_served(
    customer: str, request: OfferRequest
) -> None:
    expiring = expiring_shop()
    late = AS_OF + 30 * DAY
    state = expiring.state(customer)
    decision = decide(expiring.index, state, request, late)
    school = expiring.index.item_index[ItemId("school-1")]
    assert decision.rules.expired
    assert not set(offered(expiring, decision)) & {*CONTAINED, "school-1"}
    assert expiring.index.row_of_item[school] not in decision.known.view.rows
    assert not np.isin(decision.known.rows, [expiring.index.row_of_item[school]]).any()
    page = Context(page=ItemId("school-1"))
    plain = decide(expiring.index, state, OfferRequest(EVERYTHING.placements[2:3]), late)
    looking = OfferRequest(EVERYTHING.placements[2:3], context=page)
    assert plain.placements[0].picks
    assert told(expiring, decide(expiring.index, state, looking, late)) == told(expiring, plain)


@cache
def expiring_shop() -> Shop:
    """A shop whose policy ends with the day of its latest purchase."""
    last_day = datetime.fromtimestamp(AS_OF, UTC).date()
    return train_shop(population(), policy(valid_until=last_day), now=AS_OF - DAY)


def test_g7_before_it_expires_the_allowed_is_offered() -> None:
    """The property above can fail."""
    assert policy().life_events[3].stance is Stance.ALLOW
    shown = {
        offer
        for c in expiring_shop().table.customers
        for offer in offered(
            expiring_shop(),
            decide(expiring_shop().index, expiring_shop().state(c), EVERYTHING, AS_OF),
        )
    }
    assert "school-1" in shown


@given(CUSTOMERS, REQUESTS)
def test_g7_an_unmapped_item_is_neither_seen_nor_offered(
    customer: str, request: OfferRequest
) -> None:
    decision = decide(shop().index, shop().state(customer), request, AS_OF)
    assert not set(offered(shop(), decision)) & {"blank", "unlisted"}
    assert shop().index.row_of_item[shop().index.item_index[ItemId("blank")]] == -1


@given(CUSTOMERS, REQUESTS)
def test_reasons_add_up_to_the_score_of_every_offer(customer: str, request: OfferRequest) -> None:
    decision = decide(shop().index, shop().state(customer), request, AS_OF)
    explainer = Explainer(shop().index, decision, "full")
    for answer in decision.placements:
        for pick in answer.picks:
            total = sum(part.value for part in explainer.contributions(pick))
            assert abs(total - pick.score) <= 1e-6 * max(1.0, abs(pick.score))
            assert (
                pick.score == pick.own + pick.cross + pick.popular
                or abs(pick.score - pick.own - pick.cross - pick.popular) < 1e-9
            )
            shares = [reason.share for reason in explainer.reasons(pick)]
            assert not shares or abs(sum(shares) - 1) < 1e-6


@given(CUSTOMERS, REQUESTS, st.sampled_from(list(Channel)))
def test_g2_no_reason_names_a_target_and_none_names_anything_outbound(
    customer: str, request: OfferRequest, channel: Channel
) -> None:
    asked = OfferRequest(request.placements, channel, request.context, request.filters)
    decision = decide(shop().index, shop().state(customer), asked, AS_OF)
    explainer = Explainer(shop().index, decision, "full")
    titles = [
        shop().index.bundle.catalogue.titles[shop().index.item_index[ItemId(i)]] for i in named()
    ]
    for answer in decision.placements:
        if answer.name == Source.REPLENISH:
            continue
        for reason in (r for pick in answer.picks for r in explainer.reasons(pick)):
            assert not set(reason.items) & set(CONTAINED)
            assert not any(title in reason.text for title in titles)
            assert channel.private or reason.kind == "own" or not reason.items


def named() -> list[str]:
    """Contained items that the bundle lists and that have a title."""
    index = shop().index
    known = [i for i in CONTAINED if ItemId(i) in index.item_index]
    return [i for i in known if index.bundle.catalogue.titles[index.item_index[ItemId(i)]]]


def test_g2_customers_do_buy_the_targets_that_no_reason_names() -> None:
    """The property above can fail."""
    crib = shop().index.rows([ItemId("crib")])[0]
    assert any(crib in shop().state(c).view.rows for c in shop().table.customers)


@given(CUSTOMERS, REQUESTS)
def test_g9_a_reason_cites_at_most_two_items_all_of_them_seen(
    customer: str, request: OfferRequest
) -> None:
    decision = decide(shop().index, shop().state(customer), request, AS_OF)
    seen = {
        shop().index.item_id(row)
        for row in (*decision.known.view.rows, *decision.known.context_rows)
    }
    explainer = Explainer(shop().index, decision, "full")
    for answer in decision.placements:
        for reason in (r for pick in answer.picks for r in explainer.reasons(pick)):
            assert len(reason.items) <= 2
            assert set(reason.items) <= seen


@given(CUSTOMERS, REQUESTS, st.integers(0, 10**6))
def test_g10_the_same_inputs_give_the_same_answer(
    customer: str, request: OfferRequest, seconds: int
) -> None:
    state, now = shop().state(customer), AS_OF + seconds
    one = decide(shop().index, state, request, now)
    other = decide(shop().index, state.without_factor(), request, now)
    assert told(shop(), one) == told(shop(), other)
