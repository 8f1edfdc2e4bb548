"""What customers control: unlocks that are narrow, locks that win, and no trace of either."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.channel import Channel
from recommender.controls import (
    NOTHING_TOLD,
    Controls,
    Declaration,
    Need,
    Term,
    dump_controls,
    parse_controls,
)
from recommender.customer import CustomerState, View, closed_customer, new_customer
from recommender.decide import decide, rules_for
from recommender.explain import Explainer
from recommender.guard.document import CompiledGuard
from recommender.guard.layout import GuardBits, lay
from recommender.guard.policy import GuardPolicy, LifeEventRule, Stance
from recommender.guard.unlocks import rules_of_customer, stored_rules
from recommender.index import BundleIndex
from recommender.request import (
    BUILT_IN,
    Context,
    Decision,
    Filters,
    OfferRequest,
    Placement,
    Source,
)
from recommender.types import ItemId
from tests.property.controls import CONTROLS, LIFE_EVENTS, may_offer, may_use
from tests.property.strategies import EVERYTHING, REQUESTS
from tests.support import shop as corner
from tests.support.policies import open_shop
from tests.support.shop import AS_OF, CONTAINED, DAY, Shop, policy, population, train

CUSTOMERS = st.sampled_from([f"c{i:02d}" for i in range(40)])
CHANNELS = st.sampled_from(list(Channel))


def rich_policy(**changes: object) -> GuardPolicy:
    """The corner shop's policy with everything that a policy can say of unlocks."""
    rules = {rule.id: rule for rule in policy().life_events}
    rules["infant"] = rules["infant"].model_copy(update={"silence_days": 60})
    rules["pregnancy"] = LifeEventRule(
        id="pregnancy",
        stance=Stance.BLOCK_UNLESS_DECLARED,
        declared_by=("preference_centre", "baby_registry"),
        declaration_days=300,
        surfaces={"push": "never", "email": "consent", "print": "never"},
        silence_days=700,
        silences=("infant",),
    )
    return policy(
        life_events=tuple(rules[name] for name in LIFE_EVENTS), no_chaining=("school",), **changes
    )


@cache
def guarded() -> Shop:
    """The same records under the policy: a bundle whose policy became stricter afterwards."""
    return under(rich_policy())


def under(rules: GuardPolicy) -> Shop:
    """The open shop's bundle under another policy."""
    found = open_shop()
    life_events = corner.LIFE_EVENTS if rules.life_events else ()
    guard = CompiledGuard(rules, life_events, (life_events,))
    bits = lay(guard, found.bundle.catalogue, found.bundle.guarded_offers)
    return Shop(found.index.under(rules, bits), found.table)


def state_of(customer: str, controls: Controls) -> CustomerState:
    return replace(guarded().state(customer), controls=controls)


def told(found: Shop, decision: Decision) -> list[object]:
    """Everything that could leave: offers, exact scores, reasons, flags."""
    explainer = Explainer(found.index, decision, "full")
    return [
        (a.name, a.fallback, [(p, explainer.reasons(p)) for p in a.picks])
        for a in decision.placements
    ]


def shown(found: Shop, decision: Decision) -> set[str]:
    """Offers of a decision, the slot `replenish` aside."""
    return {
        found.index.offer_id(pick.offer)
        for answer in decision.placements
        if answer.name != Source.REPLENISH
        for pick in answer.picks
    }


def life_events_of(found: Shop, bits: int) -> list[LifeEventRule]:
    return [rule for bit, rule in enumerate(found.index.policy.life_events) if bits >> bit & 1]


def on(request: OfferRequest, channel: Channel) -> OfferRequest:
    """The request on a channel, with the placements that may go out there."""
    kept = tuple(p for p in request.placements if channel.private or not p.source.private)
    return replace(request, channel=channel, placements=kept or (BUILT_IN["discovery"],))


@given(CUSTOMERS, CONTROLS, REQUESTS, CHANNELS)
def test_g2_only_declared_or_needed_targets_leave(
    customer: str, controls: Controls, request: OfferRequest, channel: Channel
) -> None:
    """Whatever customers told us: every life event that an offer reveals is in U, or needed."""
    asked = on(request, channel)
    found = guarded()
    decision = decide(found.index, state_of(customer, controls), asked, AS_OF)
    needs = controls.open_needs(AS_OF)
    for offer in shown(found, decision):
        position = found.index.offer_index[offer]
        needed = any(need.offer_id == offer for need in needs)
        bits = int(found.bundle.offer_target[position])
        assert not bits >> 63
        for rule in life_events_of(found, bits):
            assert may_offer(rule, controls, channel, AS_OF, needed=needed), (offer, rule.id)
        if not channel.private:
            for rule in life_events_of(found, int(found.bundle.offer_soft[position])):
                assert may_offer(rule, controls, channel, AS_OF, needed=needed), (offer, rule.id)


def test_g2_would_notice_an_open_door() -> None:
    """The properties here can fail: with no containment all that is sensitive is offered."""
    found, request = guarded(), OfferRequest((Placement("home", Source.HOME, 60),))
    decision = decide(found.index.uncontained(), new_customer(), request, AS_OF)
    assert {*CONTAINED, "school-1"} <= shown(found, decision)
    told_everything = Controls(
        declarations={
            name: Declaration(at=AS_OF - DAY, source="preference_centre") for name in LIFE_EVENTS
        }
    )
    decision = decide(found.index, state_of("c02", told_everything), request, AS_OF)
    unlocked = {"diaper-1", "diaper-2", "food-1", "test-1", "crib", "school-1"}
    assert unlocked <= shown(found, decision)
    assert not (set(CONTAINED) - unlocked) & shown(found, decision)


@cache
def aged() -> Shop:
    """Pregnancy, and school, which is allowed, need a verified age."""
    rules = tuple(
        rule.model_copy(update={"age_verification": rule.id in ("pregnancy", "school")})
        for rule in rich_policy().life_events
    )
    return under(rich_policy().model_copy(update={"life_events": rules}))


@given(CONTROLS, CHANNELS)
def test_g2_exactly_what_is_unlocked_may_be_offered_and_an_age_is_waited_for(
    controls: Controls, channel: Channel
) -> None:
    """Offer for offer, as the second opinion has it; a need is asked for, so it counts apart."""
    state = CustomerState(new_customer().view, controls=controls)
    for found in (guarded(), aged()):
        rules = rules_for(found.index, state, OfferRequest((), channel), AS_OF)
        allowed = found.index.allowed(rules, AS_OF)
        for offer in ("diaper-1", "food-1", "test-1", "both", "beer-0", "crib", "school-1"):
            position = found.index.offer_index[offer]
            revealed = life_events_of(found, int(found.bundle.offer_target[position]))
            free = all(may_offer(rule, controls, channel, AS_OF) for rule in revealed)
            assert revealed
            assert bool(allowed[position]) is free, offer
        school = found.index.policy.life_events[3]
        assert bool(rules.masked >> 3 & 1) is not may_use(school, controls, channel, AS_OF)


@given(CUSTOMERS, CONTROLS, REQUESTS, CHANNELS)
def test_g1_the_view_holds_only_what_was_unlocked_for_history(
    customer: str, controls: Controls, request: OfferRequest, channel: Channel
) -> None:
    found = guarded()
    state = state_of(customer, controls)
    decision = decide(found.index, state, on(request, channel), AS_OF)
    for row in (*decision.known.view.rows.tolist(), *decision.known.context_rows.tolist()):
        bits = int(found.index.evidence_of_row[row])
        assert not bits >> 63
        for rule in life_events_of(found, bits):
            assert may_use(rule, controls, channel, AS_OF), (found.index.item_id(row), rule.id)
        item = found.index.item_id(row)
        assert not controls.hides(item, AS_OF)
        path = found.bundle.catalogue.paths[found.index.item_index[item]]
        assert not controls.muted_categories(AS_OF) & {name.casefold() for name in path}


@given(CUSTOMERS, CONTROLS, REQUESTS, CHANNELS)
def test_g1_locked_rows_of_a_record_change_nothing(
    customer: str, controls: Controls, request: OfferRequest, channel: Channel
) -> None:
    """A record with rows that this customer's rules lock, and the same without them."""
    found, asked = guarded(), on(request, channel)
    state = state_of(customer, controls)
    masked = np.uint64(rules_for(found.index, state, asked, AS_OF).masked)
    keep = (found.index.evidence_of_row[state.view.rows] & masked) == 0
    without = replace(state, view=state.view.where(keep), factor=None)
    with_them = replace(state, factor=None)
    before = decide(found.index, without, asked, AS_OF)
    after = decide(found.index, with_them, asked, AS_OF)
    assert told(found, after) == told(found, before)
    assert after.fallback == before.fallback


def test_g1_would_notice_an_unlocked_row() -> None:
    """The property above can fail: with leave to use the history, the rows do count."""
    term = Term(at=AS_OF - DAY)
    controls = Controls(
        declarations={"pregnancy": Declaration(at=AS_OF - DAY, source="preference_centre")},
        consents={"pregnancy": {"history": term}},
    )
    found = guarded()
    row = found.index.row_of_item[found.index.item_index[ItemId("test-1")]]
    plain = decide(found.index, state_of("c03", NOTHING_TOLD), EVERYTHING, AS_OF)
    asked = decide(found.index, state_of("c03", controls), EVERYTHING, AS_OF)
    assert row not in plain.known.view.rows
    assert row in asked.known.view.rows
    assert told(found, asked) != told(found, plain)


@given(CUSTOMERS, CONTROLS, CHANNELS)
def test_declaring_never_unlocks_the_history(
    customer: str, controls: Controls, channel: Channel
) -> None:
    """Without a consent to `history` the rules mask what they mask for everybody."""
    silent = controls.model_copy(
        update={
            "consents": {
                name: {p: t for p, t in given.items() if p != "history"}
                for name, given in controls.consents.items()
            }
        }
    )
    index = guarded().index
    rules = rules_for(index, state_of(customer, silent), OfferRequest((), channel), AS_OF)
    assert rules.masked & index.rules(AS_OF).masked == index.rules(AS_OF).masked


@given(CONTROLS, CHANNELS, st.sampled_from(LIFE_EVENTS), st.integers(0, 3))
def test_g6_more_locks_and_fewer_unlocks_never_open_anything(
    controls: Controls, channel: Channel, life_event: str, kind: int
) -> None:
    """An objection, a withdrawal, a consent taken back: nothing becomes visible or offerable."""
    found = guarded()
    rule = next(r for r in found.index.policy.life_events if r.id == life_event)
    if kind == 0:
        after = controls.with_entry("objections", life_event, Term(at=AS_OF))
    elif kind == 1:
        after = controls.withdrawn(rule, AS_OF)
    elif kind == 2:
        after = controls.without_entry("consents", life_event)
    else:
        after = controls.without_entry("declarations", life_event)
        # The declaration may have been the customer's own word that ends a silence.
    request = OfferRequest((), channel)
    old, new = (
        rules_for(found.index, CustomerState(new_customer().view, controls=c), request, AS_OF)
        for c in (controls, after)
    )
    assert new.masked & old.masked == old.masked
    assert new.contained & old.contained == old.contained
    assert new.soft & old.soft == old.soft
    assert new.replenish & ~old.replenish == 0


@given(CONTROLS, CHANNELS)
def test_g6_what_leaves_a_record_by_its_end_opens_nothing(
    controls: Controls, channel: Channel
) -> None:
    """Any other change drops what is over; no lock goes with it."""
    index = guarded().index
    asked = OfferRequest((), channel)
    old, new = (
        rules_for(index, CustomerState(new_customer().view, controls=c), asked, AS_OF)
        for c in (controls, controls.pruned(AS_OF))
    )
    assert new.masked & old.masked == old.masked
    assert new.contained & old.contained == old.contained
    assert new.soft & old.soft == old.soft
    assert new.replenish & ~old.replenish == 0
    assert (new.personal, new.silent) == (old.personal, old.silent)


@given(CUSTOMERS, CONTROLS, REQUESTS, st.sampled_from(LIFE_EVENTS))
def test_g6_an_objection_never_adds_a_sensitive_offer(
    customer: str, controls: Controls, request: OfferRequest, life_event: str
) -> None:
    found = guarded()
    after = controls.with_entry("objections", life_event, Term(at=AS_OF))
    could = found.index.allowed(
        rules_for(found.index, state_of(customer, controls), request, AS_OF), AS_OF
    )
    decision = decide(found.index, state_of(customer, after), request, AS_OF)
    bit = np.uint64(found.index.policy.bit(life_event))
    needs = bool(controls.open_needs(AS_OF))
    for offer in shown(found, decision):
        position = found.index.offer_index[offer]
        assert not int(found.bundle.offer_target[position]) & int(bit)
        sensitive = int(found.bundle.offer_target[position]) & found.index.policy.sensitive
        assert not sensitive or needs or could[position]


@given(CUSTOMERS, REQUESTS, CHANNELS)
def test_g7_unreadable_controls_lock_everything_and_the_rest_is_served(
    customer: str, request: OfferRequest, channel: Channel
) -> None:
    found, asked = guarded(), on(request, channel)
    decision = decide(found.index, closed_customer(), asked, AS_OF)
    assert decision.fallback or request.context.items
    everything = np.uint64(found.index.policy.everything)
    for offer in shown(found, decision):
        position = found.index.offer_index[offer]
        assert not found.bundle.offer_target[position] & everything
    assert not any(a.picks for a in decision.placements if a.name == Source.REPLENISH)
    plain = replace(asked, filters=Filters(), placements=(BUILT_IN["discovery"],))
    assert decide(found.index, closed_customer(), plain, AS_OF).placements[0].picks


@given(CUSTOMERS, CONTROLS, REQUESTS, st.sampled_from([0, 3, 30]))
def test_no_chaining_an_allowed_life_event_never_raises_anothers_target(
    customer: str, controls: Controls, request: OfferRequest, baskets: int
) -> None:
    """Score and place among targets stay as they are, however often school pens were bought."""
    found = guarded()
    state = state_of(customer, controls)
    row = int(found.index.row_of_item[found.index.item_index[ItemId("school-1")]])
    scores = []
    for n in (0, baskets):
        held = replace(state, view=with_row(state.view, row, n), factor=None)
        many = tuple(Placement(p.name, p.source, 40) for p in request.placements if p.n)
        many = tuple(p for p in many if p.source is not Source.DISCOVERY) or (BUILT_IN["home"],)
        decision = decide(found.index, held, replace(request, placements=many), AS_OF)
        scores.append(
            {
                (a.name, p.offer): p.score
                for a in decision.placements
                for p in a.picks
                if a.name != Source.REPLENISH and not a.fallback and found.index.chainable[p.offer]
            }
        )
    for chained in scores[0].keys() & scores[1].keys():
        assert scores[0][chained] == scores[1][chained]


def test_no_chaining_would_notice_a_chain() -> None:
    """The property above can fail: without the rule the purchases do move the score."""
    controls = Controls(
        declarations={"pregnancy": Declaration(at=AS_OF - DAY, source="preference_centre")}
    )
    request = OfferRequest((Placement("home", Source.HOME, 40),))
    moved = []
    for chains in (("school",), ()):
        found = under(rich_policy().model_copy(update={"no_chaining": chains}))
        row = int(found.index.row_of_item[found.index.item_index[ItemId("school-1")]])
        crib = found.index.offer_index["crib"]
        scores = []
        for n in (0, 30):
            state = replace(found.state("c01"), controls=controls, factor=None)
            held = replace(state, view=with_row(state.view, row, n))
            decision = decide(found.index, held, request, AS_OF)
            scores += [p.score for a in decision.placements for p in a.picks if p.offer == crib]
        assert len(scores) == 2
        moved.append(scores[0] != scores[1])
    assert moved == [False, True]


def with_row(view: View, row: int, baskets: int) -> View:
    """A view in which a row was bought so many times lately, or never."""
    rest = view.where(view.rows != row)
    if not baskets:
        return rest
    at = int(np.searchsorted(rest.rows, row))
    return View(
        rows=np.insert(rest.rows, at, row),
        baskets=np.insert(rest.baskets, at, baskets),
        age_days=np.insert(rest.age_days, at, 1),
        own=np.insert(rest.own, at, np.float32(baskets)),
        confidence=np.insert(rest.confidence, at, np.float32(1 + baskets)),
    )


@pytest.mark.parametrize("weight", [0.05, 0.37, 3.3])
def test_no_chaining_leaves_offers_that_only_popularity_speaks_for(weight: float) -> None:
    """The whole history is such evidence: reasons and contributions of the rest are popularity."""
    shop = guarded()
    parameters = shop.bundle.parameters.model_copy(update={"popularity_weight": weight})
    manifest = shop.bundle.manifest.model_copy(update={"parameters": parameters})
    index = BundleIndex(replace(shop.bundle, manifest=manifest))
    row = index.rows([ItemId("school-1")])
    view = View(
        rows=np.array(row, dtype=np.int32),
        baskets=np.ones(1, dtype=np.int32),
        age_days=np.array([3], dtype=np.int32),
        own=np.ones(1, dtype=np.float32),
        confidence=np.array([1.1], dtype=np.float32),
    )
    declared = Declaration(at=AS_OF - DAY, source="preference_centre")
    state = CustomerState(view, None, controls=Controls(declarations={"pregnancy": declared}))
    request = OfferRequest((Placement("home", Source.HOME, 60),))
    decision = decide(index, state, request, AS_OF)
    assert decision.unchained.factor is None
    explainer = Explainer(index, decision, "full")
    picks = decision.placements[0].picks
    apart = [pick for pick in picks if decision.knowledge_of(pick.offer) is decision.unchained]
    assert apart
    for pick in apart:
        assert [part.kind for part in explainer.contributions(pick)] == ["popular"]
        assert [reason.kind for reason in explainer.reasons(pick)] == ["popular"]


@given(CUSTOMERS, CONTROLS, REQUESTS)
def test_a_gift_is_chosen_without_anything_of_the_customers_own(
    customer: str, controls: Controls, request: OfferRequest
) -> None:
    """Gift mode answers a customer like a newcomer who objects to the same things."""
    found = guarded()
    gift = replace(request, gift=True)
    locks = Controls(
        objections=controls.objections,
        withdrawals=controls.withdrawals,
        declarations=controls.declarations,
        too_personal=controls.too_personal,
        gifts=controls.gifts,
    )
    newcomer = CustomerState(new_customer().view, controls=locks)
    given_away = decide(found.index, state_of(customer, controls), gift, AS_OF)
    assert told(found, given_away) == told(found, decide(found.index, newcomer, gift, AS_OF))
    for offer in shown(found, given_away):
        bits = int(found.bundle.offer_target[found.index.offer_index[offer]])
        assert not bits & found.index.rules(AS_OF).contained


@given(CUSTOMERS, CONTROLS, REQUESTS, CHANNELS)
def test_reasons_add_up_and_cite_only_what_may_be_known(
    customer: str, controls: Controls, request: OfferRequest, channel: Channel
) -> None:
    """G9, also where two knowledges score one answer."""
    found = guarded()
    decision = decide(found.index, state_of(customer, controls), on(request, channel), AS_OF)
    explainer = Explainer(found.index, decision, "full")
    for answer in decision.placements:
        for pick in answer.picks:
            total = sum(c.value for c in explainer.contributions(pick))
            assert total == pytest.approx(pick.score, rel=1e-4, abs=1e-5)
            cited = [i for r in explainer.reasons(pick) for i in r.items if r.kind != "replenish"]
            known = (
                decision.knowledge_of(pick.offer) if answer.name != "replenish" else decision.known
            )
            rows = {*known.view.rows.tolist(), *known.context_rows.tolist()}
            for item in cited:
                assert found.index.rows([item])[0] in rows
            for reason in explainer.reasons(pick):
                assert len(reason.items) <= found.index.policy.max_evidence


@given(CUSTOMERS, CONTROLS, REQUESTS, CHANNELS)
def test_g10_the_same_inputs_give_the_same_answer(
    customer: str, controls: Controls, request: OfferRequest, channel: Channel
) -> None:
    """Also after the controls went through the bytes that Redis holds."""
    found, asked = guarded(), on(request, channel)
    again = parse_controls(dump_controls(controls))
    first = decide(found.index, state_of(customer, controls), asked, AS_OF)
    second = decide(found.index, state_of(customer, again), asked, AS_OF)
    assert told(found, first) == told(found, second)


@given(CUSTOMERS, REQUESTS, CHANNELS)
def test_the_same_policy_laid_once_more_changes_nothing(
    customer: str, request: OfferRequest, channel: Channel
) -> None:
    """Publishing the policy that a bundle was trained with gives the same answers."""
    own = train_guarded()
    guard = CompiledGuard(own.index.policy, corner.LIFE_EVENTS, (corner.LIFE_EVENTS,))
    bits = lay(guard, own.bundle.catalogue, own.bundle.guarded_offers)
    laid = Shop(own.index.under(own.index.policy, bits), own.table)
    asked = on(request, channel)
    before = decide(own.index, own.state(customer), asked, AS_OF)
    after = decide(laid.index, laid.state(customer), asked, AS_OF)
    assert told(laid, after) == told(own, before)


@cache
def train_guarded() -> Shop:
    """The corner shop trained under its own policy."""
    return train(population())


@given(CONTROLS)
def test_what_may_be_stored_is_what_some_channel_may_use(controls: Controls) -> None:
    index = guarded().index
    rules = index.rules(AS_OF)
    stored = stored_rules(index.policy, rules, controls, AS_OF).masked
    used = [
        rules_of_customer(index.policy, rules, controls, channel, AS_OF).masked
        for channel in Channel
    ]
    assert all(stored & masked == stored for masked in used)
    for bit in range(len(index.policy.life_events)):
        assert bool(stored >> bit & 1) == all(masked >> bit & 1 for masked in used)


def test_a_stated_need_unlocks_what_it_names_and_nothing_else() -> None:
    """A crib is asked for: the crib may be offered, nappies may not, no purchase is searched."""
    found = guarded()
    need = Need(at=AS_OF - DAY, text="a crib for my sister", offer_id="crib")
    state = state_of("c03", Controls(needs={"n": need}))
    request = OfferRequest((Placement("home", Source.HOME, 60),))
    answer = shown(found, decide(found.index, state, request, AS_OF))
    plain = shown(found, decide(found.index, state_of("c03", NOTHING_TOLD), request, AS_OF))
    assert answer - plain == {"crib"}
    outbound = on(replace(request, placements=(BUILT_IN["discovery"],)), Channel.EMAIL)
    assert "crib" not in shown(found, decide(found.index, state, outbound, AS_OF))


def test_a_need_never_unlocks_what_is_blocked() -> None:
    found = guarded()
    state = state_of("c03", Controls(needs={"n": Need(at=AS_OF, offer_id="sober-book")}))
    request = OfferRequest((Placement("home", Source.HOME, 60),))
    assert "sober-book" not in shown(found, decide(found.index, state, request, AS_OF))


def test_an_objection_to_an_allowed_topic_masks_and_suppresses() -> None:
    found = guarded()
    request = OfferRequest((Placement("home", Source.HOME, 60),))
    plain = decide(found.index, state_of("c00", NOTHING_TOLD), request, AS_OF)
    assert "school-1" in shown(found, plain)
    objecting = Controls(objections={"school": Term(at=AS_OF)})
    decision = decide(found.index, state_of("c00", objecting), request, AS_OF)
    row = found.index.row_of_item[found.index.item_index[ItemId("school-1")]]
    assert "school-1" not in shown(found, decision)
    assert row not in decision.known.view.rows


def test_a_category_that_is_too_personal_is_neither_used_nor_offered() -> None:
    found = guarded()
    request = OfferRequest(
        (Placement("home", Source.HOME, 60),), context=Context(page=ItemId("tea-1"))
    )
    muted = Controls(too_personal={"tea": Term(at=AS_OF, until=AS_OF + 365 * DAY)})
    decision = decide(found.index, state_of("c00", muted), request, AS_OF)
    assert not {o for o in shown(found, decision) if o.startswith("tea")}
    rows = [*decision.known.view.rows.tolist(), *decision.known.context_rows.tolist()]
    assert not {found.index.item_id(r) for r in rows if found.index.item_id(r).startswith("tea")}
    later = decide(found.index, state_of("c00", muted), request, AS_OF + 366 * DAY)
    assert {o for o in shown(found, later) if o.startswith("tea")}


def test_policies_that_share_a_bundle_do_not_share_masks() -> None:
    """Two policies over one bundle at the same time: each answers by its own."""
    open_, closed = under(policy(life_events=())), guarded()
    request = OfferRequest((Placement("home", Source.HOME, 60),))
    for _ in range(2):
        assert "crib" in shown(open_, decide(open_.index, open_.state("c00"), request, AS_OF))
        assert "crib" not in shown(
            closed, decide(closed.index, closed.state("c00"), request, AS_OF)
        )


def test_soft_targets_are_offered_at_home_and_held_back_outbound() -> None:
    """The crib as a soft target: on the site like any offer, never in an e-mail."""
    own = train_guarded()
    bundle = own.bundle
    crib, soft = own.index.offer_index["crib"], bundle.offer_soft.copy()
    pregnancy = own.index.policy.bit("pregnancy")
    target, offer_target = bundle.target.copy(), bundle.offer_target.copy()
    target[own.index.item_index[ItemId("crib")]] = 0
    offer_target[crib], soft[crib] = 0, pregnancy
    bits = GuardBits(bundle.evidence, target, bundle.soft, offer_target, soft)
    softly = Shop(own.index.under(own.index.policy, bits), own.table)
    wide = Placement("basket", Source.BASKET, 40)
    context = Context(page=ItemId("bread-0"))
    for channel, expected in ((Channel.SITE, True), (Channel.EMAIL, False)):
        placements = (wide,) if not channel.private else (Placement("home", Source.HOME, 60),)
        request = OfferRequest(placements, channel, context)
        decision = decide(softly.index, softly.state("c00"), request, AS_OF)
        assert ("crib" in shown(softly, decision)) is expected
