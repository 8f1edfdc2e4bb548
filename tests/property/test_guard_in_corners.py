"""Corners in which a broken guard could hide: policies that came later, needs, lists, soft targets.

The shop here was trained without a guard, by customers who all bought what is locked, and is then
put under the policy: its records, lists and offers hold everything that must not be seen.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bundle import Neighbours, Promotions
from recommender.catalogue import Offers
from recommender.channel import Channel
from recommender.controls import Controls, Declaration, Need, Term
from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.errors import ContainmentBreach
from recommender.explain import Explainer
from recommender.guard.layout import GuardBits
from recommender.guard.policy import LifeEventRule, Stance
from recommender.index import BundleIndex
from recommender.related import item_picks
from recommender.request import (
    BUILT_IN,
    Basis,
    Context,
    Decision,
    OfferRequest,
    Placement,
    Source,
)
from recommender.types import CustomerId, ItemId, OfferId
from tests.property.strategies import REQUESTS
from tests.support.policies import under
from tests.support.shop import (
    AS_OF,
    DAY,
    LIFE_EVENTS,
    LOCKED,
    Shop,
    interactions,
    policy,
    population,
    train,
)
from tests.support.shop import catalogue as full_catalogue
from training.batch import batch

CUSTOMERS = st.sampled_from([f"c{i:02d}" for i in range(40)])
TODAY = int(AS_OF)
INFANT = Controls(declarations={"infant": Declaration(at=TODAY, source="preference_centre")})
"""A customer who declared an infant, and let nobody search the past for it."""


@cache
def open_shop() -> Shop:
    """Trained without a guard: everybody bought nappies, a test and what nobody describes."""
    intimate = [
        (f"c{c:02d}", item, 5 + c % 7)
        for c in range(40)
        for item in ("diaper-1", "test-1", "both", "unlisted", "bread-0", "tea-1")
    ]
    return train([*population(), *intimate], policy(life_events=()))


@cache
def index() -> BundleIndex:
    """The open shop under the policy."""
    return under(open_shop(), *LIFE_EVENTS, no_chaining=("school",))


def state(customer: str, controls: Controls) -> CustomerState:
    return replace(open_shop().state(customer), controls=controls)


def told(decision: Decision) -> list[object]:
    """Everything that could leave."""
    explainer = Explainer(index(), decision, "full")
    return [
        (a.name, a.fallback, [(p, explainer.reasons(p)) for p in a.picks])
        for a in decision.placements
    ]


def related(items: tuple[str, ...], *, similar: bool) -> tuple[list[str], bool]:
    bundle = index().bundle
    edges = bundle.similar if similar else bundle.complements
    picks, fallback = item_picks(index(), edges, tuple(map(ItemId, items)), 10, AS_OF)
    return [index().offer_id(pick.offer) for pick in picks], fallback


def test_the_shop_knows_what_it_must_not_show() -> None:
    """Else nothing below would prove anything."""
    bundle, rows = index().bundle, index().rows([ItemId("diaper-1"), ItemId("test-1")])
    assert len(rows) == 2
    for edges in (bundle.similar, bundle.complements):
        assert all(edges.indptr[row + 1] > edges.indptr[row] for row in rows)


@given(
    CUSTOMERS,
    REQUESTS,
    st.lists(st.sampled_from(LOCKED).map(ItemId), min_size=1, max_size=5),
    st.sampled_from([Controls(), INFANT]),
)
def test_g1_a_context_of_locked_items_changes_nothing_even_where_models_know_them(
    customer: str, request: OfferRequest, locked: list[ItemId], controls: Controls
) -> None:
    """Who declared an infant may be offered nappies; what lies in the basket stays unseen."""
    context = request.context
    more = Context((*locked, *context.basket), context.page, (*context.session, *locked))
    known = state(customer, controls)
    before = decide(index(), known, request, AS_OF)
    after = decide(index(), known, replace(request, context=more), AS_OF)
    assert told(after) == told(before)


def test_what_was_declared_is_offered_though_it_lies_in_the_basket_unseen() -> None:
    """Were it left out, the list would tell of it."""
    wide = OfferRequest((Placement("home", Source.HOME, 60),))
    looking = replace(wide, context=Context(basket=(ItemId("diaper-1"),)))
    for request in (wide, looking):
        decision = decide(index(), state("c00", INFANT), request, AS_OF)
        shown = {index().offer_id(pick.offer) for pick in decision.placements[0].picks}
        assert "diaper-1" in shown


@pytest.mark.parametrize("similar", [True, False])
@pytest.mark.parametrize("item", ["diaper-1", "test-1", "both"])
def test_g1_beside_a_locked_item_stands_what_is_popular(item: str, similar: bool) -> None:
    """Its supported neighbours are not shown: the answer is that of a rare item."""
    assert related((item,), similar=similar)[1]
    plain = related(("bread-0",), similar=similar)
    assert plain == related(("bread-0", item), similar=similar)


def test_g7_what_could_not_be_matched_stays_so_under_a_later_policy() -> None:
    """The later policy cannot match what has left the catalogue, so it must not call it free."""
    bundle = open_shop().bundle
    items = np.zeros(len(bundle.catalogue), dtype=np.uint64)
    offers = np.zeros(len(bundle.offers), dtype=np.uint64)
    later = open_shop().index.under(policy(), GuardBits(items, items, items, offers, offers))
    allowed = later.allowed(later.rules(AS_OF), AS_OF)
    assert not allowed[later.offer_index["unlisted"]]
    assert allowed[later.offer_index["bread-0"]]


def test_g2_the_last_lock_lets_a_need_free_only_what_it_names() -> None:
    """With the first lock open for the crib, a need for tea does not carry it out."""
    found = under(open_shop(), *LIFE_EVENTS)
    rules = found.rules(AS_OF)
    mask = found.allowed(rules, AS_OF).copy()
    mask[found.offer_index["crib"]] = True
    found._masks[rules.contained, rules.soft] = mask
    tea = Controls(needs={"n1": Need(at=TODAY, offer_id="tea-2")})
    request = OfferRequest((Placement("home", Source.HOME, 60),))
    with pytest.raises(ContainmentBreach):
        decide(found, state("c00", tea), request, AS_OF)


def softly() -> BundleIndex:
    """The same with the crib as a soft target of pregnancy."""
    found = index()
    bundle, crib = found.bundle, found.offer_index["crib"]
    target, offer_target = bundle.target.copy(), bundle.offer_target.copy()
    soft, offer_soft = bundle.soft.copy(), bundle.offer_soft.copy()
    at = found.item_index[ItemId("crib")]
    soft[at] = offer_soft[crib] = found.policy.bit("pregnancy")
    target[at] = offer_target[crib] = 0
    bits = GuardBits(bundle.evidence, target, soft, offer_target, offer_soft)
    return found.under(found.policy, bits)


def test_an_objection_holds_back_what_only_hints_at_it_on_the_site_too() -> None:
    """Soft targets stand on the site until somebody says no."""
    request = OfferRequest((Placement("home", Source.HOME, 60),))
    no = Controls(objections={"pregnancy": Term(at=TODAY)})
    found = softly()
    for controls, expected in ((Controls(), True), (no, False)):
        decision = decide(found, state("c00", controls), request, AS_OF)
        shown = {found.offer_id(pick.offer) for pick in decision.placements[0].picks}
        assert ("crib" in shown) is expected


def test_no_chaining_holds_beside_items_too() -> None:
    """School pens may lead to bread, never to what hints at a pregnancy; bread may."""
    found = softly()
    pens, bread, tea, crib = (
        found.rows([ItemId(item)])[0] for item in ("school-1", "bread-0", "tea-1", "crib")
    )
    lists = {pens: (crib, tea), bread: (crib, tea)}
    rows = [row for number in range(len(found.evidence_of_row)) for row in lists.get(number, ())]
    sizes = [len(lists.get(number, ())) for number in range(len(found.evidence_of_row))]
    edges = Neighbours(
        indptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        rows=np.array(rows, dtype=np.int32),
        weights=np.ones(len(rows), dtype=np.float32),
    )

    def beside(item: str) -> set[str]:
        picks, _ = item_picks(found, edges, (ItemId(item),), 5, AS_OF)
        return {found.offer_id(pick.offer) for pick in picks}

    assert beside("bread-0") == {"crib", "tea-1"}
    assert beside("school-1") == {"tea-1"}


def test_g11_training_keeps_the_audience_that_the_policy_asks_for() -> None:
    """Forty customers share bread and tea: enough for twenty, and not for fifty."""
    lines = [(f"c{c:02d}", item, 3) for c in range(40) for item in ("bread-0", "tea-1")]
    usual = train([*population(), *lines], policy())
    strict = train([*population(), *lines], policy(min_audience_cell=50))
    for name in ("similar", "complements"):
        assert len(getattr(usual.bundle, name).rows)
        assert not len(getattr(strict.bundle, name).rows)


def test_the_slot_replenish_is_no_placement_of_outbound() -> None:
    """Asked for or not, it stays empty where others may look on."""
    request = OfferRequest((BUILT_IN["replenish"],), Channel.PRINT)
    assert not decide(index(), state("c00", INFANT), request, AS_OF).placements[0].picks


@pytest.mark.parametrize("item", ["test-1", "both"])
def test_an_item_of_two_life_events_needs_both_unlocked(item: str) -> None:
    """The test is of pregnancy alone; the other item tells of recovery as well."""
    leave = {"pregnancy": {"history": Term(at=TODAY)}}
    said = {"pregnancy": Declaration(at=TODAY, source="preference_centre")}
    known = state("c00", Controls(declarations=said, consents=leave))
    request = OfferRequest((BUILT_IN["home"],))
    rows = decide(index(), known, request, AS_OF).known.view.rows
    assert (index().rows([ItemId(item)])[0] in rows) is (item == "test-1")


def test_what_was_held_outbound_is_not_freed_by_an_answer_on_the_site() -> None:
    """Both may be asked of the same policy, one after the other, in either order."""
    for channels in ((Channel.SITE, Channel.EMAIL), (Channel.EMAIL, Channel.SITE)):
        found = softly()
        rules = found.rules(AS_OF)
        for channel in channels:
            open_ = found.allowed(rules.on(channel), AS_OF)[found.offer_index["crib"]]
            assert bool(open_) is channel.private


def test_g1_batch_files_are_blind_to_what_the_models_know() -> None:
    catalogue = index().bundle.catalogue
    seen = [("c00", "bread-1", 4), ("c01", "tea-2", 3)]
    locked = [(c, item, 2) for c in ("c00", "c01", "c02") for item in ("diaper-1", "both")]
    files = [
        batch(
            index(),
            interactions(purchases, full_catalogue()),
            full_catalogue().ids,
            now=AS_OF,
            customers=[CustomerId(c) for c in ("c00", "c01", "c02")],
            n=8,
        ).rows()
        for purchases in (seen, seen + locked)
    ]
    assert files[0] == files[1]
    assert {offer for _, _, offer, _ in files[0]} <= set(catalogue.ids)


def test_g9_an_offer_of_many_own_items_names_two_of_them() -> None:
    """Bread, tea and cheese in one offer, all of them bought."""
    bundle = index().bundle
    rows = [int(r) for r in open_shop().state("c00").view.rows]
    visible = [r for r in rows if not int(index().evidence_of_row[r])][:4]
    items = np.sort(bundle.item_of_row[visible]).astype(np.int32)
    whole = Promotions(indptr=np.array([0, len(items)], dtype=np.int32), items=items)
    nothing = np.zeros(1, dtype=np.uint64)
    offers = Offers(
        ids=(OfferId("hamper"),),
        titles=("A hamper",),
        indptr=whole.indptr,
        items=items,
        valid_from=np.array([-np.inf]),
        valid_until=np.array([np.inf]),
    )
    hampers = BundleIndex(
        replace(bundle, offers=offers, promotions=whole, offer_target=nothing, offer_soft=nothing)
    )
    request = OfferRequest((BUILT_IN["usuals"],))
    decision = decide(hampers, open_shop().state("c00"), request, AS_OF)
    [pick] = decision.placements[0].picks
    [own] = [r for r in Explainer(hampers, decision, "full").reasons(pick) if r.kind == "own"]
    assert own.text == "You have bought 4 of the items in this offer"
    assert len(own.items) == index().policy.max_evidence == 2


@pytest.mark.parametrize("channel", [Channel.SITE, Channel.EMAIL, Channel.PRINT])
def test_g9_what_goes_with_a_basket_is_named_only_in_private(channel: Channel) -> None:
    context = Context(basket=(ItemId("bread-0"),))
    request = OfferRequest((BUILT_IN["basket"],), channel, context)
    decision = decide(index(), state("c00", Controls()), request, AS_OF)
    picks = [p for p in decision.placements[0].picks if p.basis is Basis.TOGETHER]
    assert picks
    explainer = Explainer(index(), decision, "full")
    reasons = [reason for pick in picks for reason in explainer.reasons(pick)]
    assert reasons
    assert all(bool(reason.items) is channel.private for reason in reasons)


def test_a_policy_whose_term_became_shorter_ends_what_was_declared_without_an_end() -> None:
    rule = LifeEventRule(id="pregnancy", stance=Stance.BLOCK_UNLESS_DECLARED, declaration_days=300)
    said = Declaration(at=TODAY, source="preference_centre")
    controls = Controls(declarations={"pregnancy": said})
    assert controls.declared(rule, TODAY + 300 * DAY - 1)
    assert not controls.declared(rule, TODAY + 300 * DAY)
