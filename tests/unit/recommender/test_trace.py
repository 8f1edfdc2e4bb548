"""What a trace says of every candidate, and of every life event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bundle import Neighbours
from recommender.channel import Channel
from recommender.controls import Controls, Declaration, Need, Term
from recommender.customer import (
    CustomerState,
    ReplenishPurchase,
    closed_customer,
    new_customer,
)
from recommender.decide import decide, rules_for
from recommender.guard.policy import GuardPolicy, LifeEventRule, Stance, Surface
from recommender.index import BundleIndex
from recommender.needs import Needs
from recommender.request import BUILT_IN, Context, Decision, Filters, OfferRequest, Placement
from recommender.standing import standings
from recommender.trace import Candidate, Hold, RuleKind, Stage, Verdict, candidates, held_back
from recommender.types import ItemId, OfferId
from tests.support.shop import AS_OF, PLAIN, Shop, population, train

NOW = float(AS_OF)
HOME = OfferRequest((BUILT_IN["home"],))


@pytest.fixture(scope="module")
def shop() -> Shop:
    return train(population())


def deciding(state: CustomerState) -> Callable[[BundleIndex, OfferRequest], Decision]:
    return lambda index, request: decide(index, state, request, NOW)


def traced(shop: Shop, state: CustomerState, request: OfferRequest) -> tuple[Candidate, ...]:
    return candidates(shop.index, state, request, NOW, deciding(state))


def of(found: tuple[Candidate, ...], verdict: Verdict, shop: Shop) -> dict[str, Candidate]:
    index = shop.index
    return {index.offer_id(c.pick.offer): c for c in found if c.verdict is verdict}


def most_popular(shop: Shop) -> int:
    """The offer that leads the answer of everybody new."""
    return decide(shop.index, new_customer(), HOME, NOW).placements[0].picks[0].offer


def test_what_was_shown_comes_first_in_its_order(shop: Shop) -> None:
    state = shop.state("c02")
    request = OfferRequest((BUILT_IN["usuals"], BUILT_IN["discovery"]))
    found = traced(shop, state, request)
    decision = decide(shop.index, state, request, NOW)
    for answer in decision.placements:
        shown = [c.pick for c in found if c.placement == answer.name][: len(answer.picks)]
        assert tuple(shown) == answer.picks


def test_an_offer_that_would_have_been_shown_is_held_back_with_its_life_event(shop: Shop) -> None:
    """Customer c00 buys it again and again."""
    held = of(traced(shop, shop.state("c00"), HOME), Verdict.HELD_BACK, shop)
    assert held["crib"].holds == (Hold("pregnancy", "block_unless_declared", RuleKind.TARGET),)
    assert held["crib"].stage is Stage.OWN


def test_without_a_guard_nothing_is_held_back(shop: Shop) -> None:
    index = shop.index.uncontained()
    state = shop.state("c00")
    found = candidates(index, state, HOME, NOW, deciding(state))
    assert {c.verdict for c in found} == {Verdict.SHOWN}
    shown = {index.offer_id(c.pick.offer) for c in found}
    assert {"crib", "sober-book"} & shown


def test_opening_changes_no_score_and_not_the_index_it_was_made_from(shop: Shop) -> None:
    before = decide(shop.index, shop.state("c00"), HOME, NOW)
    opened = decide(shop.index.uncontained(), shop.state("c00"), HOME, NOW)
    scores = {p.offer: p for a in opened.placements for p in a.picks}
    same = [p for a in before.placements for p in a.picks if p.offer in scores]
    assert same
    assert all(scores[p.offer] == p for p in same)
    assert opened.placements != before.placements
    assert decide(shop.index, shop.state("c00"), HOME, NOW).placements == before.placements


def test_an_offer_is_filtered_or_taken_where_it_would_have_stood_otherwise(shop: Shop) -> None:
    state = shop.state("c02")
    usuals = decide(
        shop.index, state, OfferRequest((Placement("usuals", BUILT_IN["usuals"].source, 2),)), NOW
    )
    first, second = (shop.index.offer_id(p.offer) for p in usuals.placements[0].picks)
    request = OfferRequest(
        (Placement("usuals", BUILT_IN["usuals"].source, 1), BUILT_IN["home"]),
        filters=Filters(exclude=frozenset([OfferId(first)])),
    )
    found = traced(shop, state, request)
    assert first in of(found, Verdict.FILTERED, shop)
    taken = of(found, Verdict.TAKEN, shop)
    assert set(taken) == {second}
    assert taken[second].placement == "home"


def test_stages_name_where_an_offer_came_from(shop: Shop) -> None:
    request = OfferRequest(
        tuple(replace(BUILT_IN[name], n=3) for name in ("usuals", "basket", "discovery")),
        context=Context(page=ItemId("tea-1")),
    )
    shown = of(traced(shop, shop.state("c02"), request), Verdict.SHOWN, shop)
    stages = {c.placement: c.stage for c in shown.values()}
    assert stages["usuals"] is Stage.OWN
    assert stages["basket"] in {Stage.TOGETHER, Stage.SIMILAR}
    assert stages["discovery"] in {Stage.SIMILAR, Stage.POPULAR}
    popular = of(traced(shop, new_customer(), HOME), Verdict.SHOWN, shop)
    assert {c.stage for c in popular.values()} == {Stage.POPULAR}


def test_what_goes_with_the_basket_is_of_the_stage_together(shop: Shop) -> None:
    """One edge: from the tea in the basket to soap."""
    tea, soap = shop.index.rows([ItemId("tea-1"), ItemId("soap-1")])
    ends = np.zeros(len(shop.bundle.item_of_row) + 1, dtype=np.int64)
    ends[tea + 1 :] = 1
    edge = Neighbours(ends, np.array([soap], dtype=np.int32), np.ones(1, dtype=np.float32))
    index = BundleIndex(replace(shop.bundle, complements=edge))
    request = OfferRequest((BUILT_IN["basket"],), context=Context(basket=(ItemId("tea-1"),)))
    first = candidates(index, new_customer(), request, NOW, deciding(new_customer()))[0]
    assert (index.offer_id(first.pick.offer), first.stage) == ("soap-1", Stage.TOGETHER)


def test_the_slot_replenish_is_a_stage_of_its_own(shop: Shop) -> None:
    bought = tuple(
        ReplenishPurchase(bytes([day] * 8), ItemId("diaper-1"), AS_OF - day * 86_400)
        for day in (3, 9)
    )
    state = replace(shop.state("c00"), replenish=bought)
    request = OfferRequest((BUILT_IN["replenish"], BUILT_IN["home"]))
    first = traced(shop, state, request)[0]
    assert (shop.index.offer_id(first.pick.offer), first.stage) == ("diaper-1", Stage.REPLENISH)


def test_what_only_a_stated_need_let_through_says_so(shop: Shop) -> None:
    need = Need(at=AS_OF - 9, offer_id="crib")
    state = replace(shop.state("c00"), controls=Controls(needs={"1": need}))
    found = traced(shop, state, HOME)
    assert of(found, Verdict.SHOWN, shop)["crib"].stage is Stage.NEED
    assert "crib" not in of(found, Verdict.HELD_BACK, shop)


def test_soft_targets_are_held_back_where_others_look_on(shop: Shop) -> None:
    best = most_popular(shop)
    soft = shop.bundle.offer_soft.copy()
    soft[best] = shop.index.policy.bit("pregnancy")
    index = BundleIndex(replace(shop.bundle, offer_soft=soft))
    state = new_customer()
    holds = {}
    for channel in (Channel.SITE, Channel.EMAIL):
        request = OfferRequest((BUILT_IN["discovery"],), channel=channel)
        found = candidates(index, state, request, NOW, deciding(state))
        holds[channel] = {c.pick.offer: c.holds for c in found}[best]
    assert holds == {
        Channel.SITE: (),
        Channel.EMAIL: (Hold("pregnancy", "block_unless_declared", RuleKind.SOFT),),
    }


def test_what_could_not_be_matched_is_held_back_as_such(shop: Shop) -> None:
    bundle, best = shop.bundle, most_popular(shop)
    target = bundle.offer_target.copy()
    target[best] = np.uint64(1 << 63)
    index = BundleIndex(replace(bundle, offer_target=target))
    state = new_customer()
    found = candidates(index, state, HOME, NOW, deciding(state))
    holds = {c.pick.offer: c.holds for c in found if c.holds}
    assert holds[best] == (Hold("unmapped", "contextual_only", RuleKind.UNMAPPED),)


@given(
    st.sampled_from(["c00", "c02", "c17", "nobody"]),
    st.lists(st.sampled_from(list(BUILT_IN)), min_size=1, max_size=4, unique=True),
    st.integers(1, 8),
    st.lists(st.sampled_from(PLAIN), max_size=3),
    st.sampled_from([Channel.SITE, Channel.APP]),
)
def test_the_candidates_hold_the_answer_and_name_each_offer_once_a_placement(
    customer: str, names: list[str], n: int, excluded: list[str], channel: Channel
) -> None:
    shop = _trained()
    state = new_customer() if customer == "nobody" else shop.state(customer)
    request = OfferRequest(
        tuple(replace(BUILT_IN[name], n=n) for name in names),
        channel=channel,
        filters=Filters(exclude=frozenset(map(OfferId, excluded))),
    )
    found = traced(shop, state, request)
    decision = decide(shop.index, state, request, NOW)
    shown = [(c.placement, c.pick) for c in found if c.verdict is Verdict.SHOWN]
    assert shown == [(a.name, p) for a in decision.placements for p in a.picks]
    keys = [(c.placement, c.pick.offer) for c in found]
    assert len(keys) == len(set(keys))
    assert all(bool(c.holds) == (c.verdict is Verdict.HELD_BACK) for c in found)
    opened = decide(shop.index.uncontained(), state, request, NOW)
    needs = Needs.of(shop.index, state, request, decision.rules, NOW)
    for placement, pick, holds in held_back(shop.index, needs, decision, opened):
        assert holds
        assert (placement, pick.offer) in keys


_SHOPS: list[Shop] = []


def _trained() -> Shop:
    if not _SHOPS:
        _SHOPS.append(train(population()))
    return _SHOPS[0]


def why(
    shop: Shop,
    rule: LifeEventRule,
    controls: Controls,
    request: OfferRequest = HOME,
    *,
    closed: bool = False,
    **policy: object,
) -> tuple[str, ...]:
    """The reasons of the one life event of a policy."""
    changed = GuardPolicy.model_validate({"life_events": (rule,), **policy})
    manifest = shop.bundle.manifest.model_copy(update={"policy": changed})
    index = BundleIndex(replace(shop.bundle, manifest=manifest))
    state = closed_customer() if closed else replace(new_customer(), controls=controls)
    rules = rules_for(index, state, request, NOW)
    found = standings(index, state, request, rules, NOW)
    assert [standing.life_event for standing in found] == [rule.id]
    return found[0].why


BEFORE = AS_OF - 1_000
DECLARABLE = LifeEventRule(
    id="pregnancy",
    stance=Stance.BLOCK_UNLESS_DECLARED,
    declaration_days=30,
    surfaces={Channel.PUSH: Surface.NEVER},
    silence_days=10,
)
DECLARED = Controls(declarations={"pregnancy": Declaration(at=BEFORE, source="preference_centre")})
EMAIL = OfferRequest((BUILT_IN["discovery"],), channel=Channel.EMAIL)


def test_a_life_event_says_what_unlocks_it(shop: Shop) -> None:
    assert why(shop, DECLARABLE, Controls()) == ("not declared",)
    assert why(shop, DECLARABLE, DECLARED) == ("declared", "no consent to use the history")
    both = DECLARED.with_consent("pregnancy", "history", Term(at=BEFORE))
    assert why(shop, DECLARABLE, both) == ("declared", "consent to use the history")


def test_a_declaration_that_does_not_count_says_so(shop: Shop) -> None:
    late = Declaration(at=AS_OF - 40 * 86_400, source="preference_centre")
    foreign = Declaration(at=BEFORE, source="hearsay")
    for declaration in (late, foreign):
        told = why(shop, DECLARABLE, Controls(declarations={"pregnancy": declaration}))
        assert told == (
            "not declared",
            "the declaration has expired, or its source does not count",
        )


def test_channels_say_what_they_need(shop: Shop) -> None:
    assert "no consent for email" in why(shop, DECLARABLE, DECLARED, EMAIL)
    consented = DECLARED.with_consent("pregnancy", "email", Term(at=BEFORE))
    assert "consent for email" in why(shop, DECLARABLE, consented, EMAIL)
    push = replace(EMAIL, channel=Channel.PUSH)
    assert "never on push" in why(shop, DECLARABLE, consented, push)


def test_locks_are_named_first(shop: Shop) -> None:
    objecting = DECLARED.with_entry("objections", "pregnancy", Term(at=BEFORE))
    assert why(shop, DECLARABLE, objecting)[0] == "the customer objects"
    withdrawn = DECLARED.withdrawn(DECLARABLE, AS_OF - 5)
    assert why(shop, DECLARABLE, withdrawn) == ("silence after a withdrawal", "not declared")


def test_policies_that_nothing_unlocks_say_so(shop: Shop) -> None:
    blocked = LifeEventRule(id="pregnancy", stance=Stance.BLOCK)
    allowed = LifeEventRule(id="pregnancy", stance=Stance.ALLOW)
    assert why(shop, blocked, DECLARED) == ("the policy blocks it, declared or not",)
    assert why(shop, allowed, Controls()) == ("the policy allows it",)


def test_an_age_is_verified_or_not(shop: Shop) -> None:
    aged = DECLARABLE.model_copy(update={"age_verification": True})
    verified = DECLARED.with_consent("pregnancy", "age_verification", Term(at=BEFORE))
    assert why(shop, aged, DECLARED)[0] == "the age is not verified"
    assert why(shop, aged, verified)[0] == "the age is verified"
    allowed = aged.model_copy(update={"stance": Stance.ALLOW})
    assert why(shop, allowed, DECLARED) == ("the policy allows it", "the age is not verified")


def test_what_holds_for_everything_is_said_of_each(shop: Shop) -> None:
    assert why(shop, DECLARABLE, DECLARED, valid_until="1999-12-31")[0] == "the policy has expired"
    assert why(shop, DECLARABLE, DECLARED, closed=True)[0] == (
        "what the customer told us could not be read"
    )
    gift = replace(HOME, gift=True)
    assert why(shop, DECLARABLE, DECLARED, gift)[0] == (
        "a gift: nothing of the customer's own counts"
    )
