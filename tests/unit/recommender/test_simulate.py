"""What a changed policy does to customers is counted exactly, and told in cells."""

from __future__ import annotations

import math
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.cells import Cell, unit_of
from recommender.channel import Channel
from recommender.controls import HISTORY, Controls, Declaration, Need, Term
from recommender.customer import CustomerState, ReplenishPurchase
from recommender.decide import decide, rules_for
from recommender.guard.life_event import LifeEvent, Patterns, Replenish
from recommender.guard.policy import PREFERENCE_CENTRE, GuardRules, Stance, Surface
from recommender.guard.view import visible
from recommender.index import BundleIndex
from recommender.request import BUILT_IN, OfferRequest
from recommender.simulate import Simulation, alike, simulate
from recommender.tally import Tally, states_of, tally
from recommender.types import ItemId
from tests.property.strategies import REQUESTS
from tests.support.policies import under as bundle_under
from tests.support.shop import AS_OF, DAY, LIFE_EVENTS, PLAIN, Shop, population, train

NOW = float(AS_OF + DAY)
ALL = {event.id: event for event in LIFE_EVENTS}
HOME = OfferRequest((BUILT_IN["home"],))
TEA = ALL["pregnancy"].model_copy(
    update={"targets": Patterns(category=("Tea",), keyword=("crib", "nursery loan"))}
)


@cache
def shop() -> Shop:
    return train(population())


def under(*events: LifeEvent, **changes: object) -> BundleIndex:
    """The shop's bundle under a policy of these life events."""
    return bundle_under(shop(), *events, **changes)


def told(
    old: BundleIndex,
    new: BundleIndex,
    customers: list[CustomerState] | None = None,
    secret: bytes = b"a secret",
) -> Simulation:
    """What people read; `customers` None: all of the shop."""
    crowd = people() if customers is None else customers
    return simulate(old, new, crowd, HOME, now=NOW, secret=secret)


def people() -> list[CustomerState]:
    return list(states_of(shop().table, {}))


# ---- the shortcut is exact -----------------------------------------------------------------------


def by_deciding_twice(
    old: BundleIndex, new: BundleIndex, customers: list[CustomerState], request: OfferRequest
) -> Tally:
    """The slow twin of `tally`: no shortcut, every list from `decide`."""
    total = Tally()
    for state in customers:
        lists, views = [], []
        for index in (old, new):
            decision = decide(index, state, request, NOW)
            lists.append([[pick.offer for pick in a.picks] for a in decision.placements])
            rules = decision.rules
            gone = request.gift or not rules.personal
            keep = visible(index.evidence_of_row[state.view.rows], rules)
            views.append([] if gone else state.view.rows[keep].tolist())
        count(total, old, new, lists, rules_for(new, state, request, NOW))
        total.other_view += views[0] != views[1]
        total.hidden.update(
            {
                rule.id
                for bit, rule in enumerate(new.policy.life_events)
                for row in set(views[0]) - set(views[1])
                if int(new.evidence_of_row[row]) & decision.rules.masked & 1 << bit
            }
        )
    return total


def count(
    total: Tally,
    old: BundleIndex,
    new: BundleIndex,
    lists: list[list[list[int]]],
    rules: GuardRules,
) -> None:
    before, after = ([o for picks in found for o in picks] for found in lists)
    total.customers += 1
    total.changed += lists[0] != lists[1]
    total.shorter += any(len(b) > len(a) for b, a in zip(*lists, strict=True))
    for name, offers in (("before", before), ("after", after)):
        prices = [old.price(o) for o in offers]
        setattr(total, name, getattr(total, name) + sum(p for p in prices if not math.isnan(p)))
    total.shown.update(set(after) - set(before))
    reached = set()
    for offer in set(before) - set(after):
        n = len(new.bundle.offers)
        for bit, rule in enumerate(new.policy.life_events):
            if offer < n:
                held = int(new.bundle.offer_target[offer]) & rules.contained
                held |= int(new.bundle.offer_soft[offer]) & rules.soft
            else:
                held = int(new.bundle.evidence[offer - n]) & rules.contained & ~rules.replenish
            if held & 1 << bit:
                total.held[rule.id, offer] += 1
                reached.add(rule.id)
    total.reached.update(reached)


NAMED_ITEMS = st.lists(
    st.sampled_from([*PLAIN, "crib", "corn", "school-1"]), max_size=4, unique=True
).map(tuple)
EVENTS = st.builds(
    LifeEvent,
    id=st.sampled_from(["pregnancy", "infant", "moving", "other"]),
    stance=st.sampled_from(Stance),
    evidence=st.builds(Patterns, item=NAMED_ITEMS, category=st.sampled_from([(), ("Tea",)])),
    targets=st.builds(
        Patterns,
        item=NAMED_ITEMS,
        category=st.sampled_from([(), ("Soap",)]),
        soft=st.sampled_from([(), ("bread",)]),
    ),
    replenish=st.sampled_from([None, Replenish(min_purchases=1)]),
    surfaces=st.sampled_from([{}, {Channel.SITE: Surface.NEVER}, {Channel.EMAIL: Surface.ALLOW}]),
    personal=st.booleans(),
    outbound_silence_days=st.sampled_from([0, 30]),
)


@st.composite
def indexes(draw: st.DrawFn) -> BundleIndex:
    events = draw(st.lists(EVENTS, max_size=3, unique_by=lambda event: event.id))
    allowed = [event.id for event in events if event.stance is Stance.ALLOW]
    return under(
        *events,
        *([ALL["infant"]] if "infant" not in {e.id for e in events} else []),
        no_chaining=tuple(allowed) if draw(st.booleans()) else (),
        discovery_slots=draw(st.sampled_from([2, 10])),
        discovery_support=draw(st.sampled_from([0.0, 0.3])),
        on_unmapped_item=draw(st.sampled_from(["allow", "contextual_only"])),
    )


LIFE_EVENT_IDS = st.sampled_from(["pregnancy", "infant", "moving", "other"])
CONTROLS = st.builds(
    Controls,
    declarations=st.dictionaries(
        LIFE_EVENT_IDS, st.just(Declaration(at=AS_OF, source=PREFERENCE_CENTRE)), max_size=2
    ),
    consents=st.dictionaries(
        LIFE_EVENT_IDS, st.just({HISTORY: Term(at=AS_OF), "email": Term(at=AS_OF)}), max_size=2
    ),
    objections=st.dictionaries(LIFE_EVENT_IDS, st.just(Term(at=AS_OF)), max_size=1),
    needs=st.dictionaries(
        st.just("1"), st.sampled_from([Need(at=AS_OF, category="Soap"), Need(at=AS_OF)]), max_size=1
    ),
    gifts=st.dictionaries(st.sampled_from(PLAIN), st.just(Term(at=AS_OF)), max_size=1),
    too_personal=st.dictionaries(st.just("bread"), st.just(Term(at=AS_OF)), max_size=1),
)
NAPPIES = tuple(
    ReplenishPurchase(bytes(8), ItemId("diaper-1"), AS_OF - day * DAY) for day in (3, 40)
)


@given(
    old=indexes(),
    new=indexes(),
    request=st.one_of(st.just(HOME), REQUESTS),
    gift=st.booleans(),
    channel=st.sampled_from([Channel.SITE, Channel.EMAIL]),
    told=st.dictionaries(st.integers(0, 39), CONTROLS, max_size=12),
)
def test_the_shortcut_gives_what_deciding_twice_for_everybody_gives(  # noqa: PLR0917  # drawn
    old: BundleIndex,
    new: BundleIndex,
    request: OfferRequest,
    gift: bool,
    channel: Channel,
    told: dict[int, Controls],
) -> None:
    names = shop().table.customers
    customers = list(
        states_of(
            shop().table,
            {names[c]: controls for c, controls in told.items()},
            {names[c]: NAPPIES for c in range(0, 40, 3)},
        )
    )
    placements = tuple(
        p for p in request.placements if channel.private or not p.source.private
    ) or (BUILT_IN["discovery"],)
    asked = OfferRequest(placements, channel, request.context, request.filters, gift)
    quick = tally(old, new, customers, asked, now=NOW)
    slow = by_deciding_twice(old, new, customers, asked)
    for name in ("customers", "changed", "shorter", "other_view", "held", "shown"):
        assert getattr(quick, name) == getattr(slow, name), name
    assert quick.before == pytest.approx(slow.before)
    assert quick.after == pytest.approx(slow.after)
    assert quick.reached == slow.reached
    assert quick.hidden == slow.hidden


def test_nobody_is_decided_for_twice_whom_a_change_cannot_touch() -> None:
    old, new = under(*LIFE_EVENTS), under(*(e for e in LIFE_EVENTS if e.id != "pregnancy"), TEA)
    found = tally(old, new, people(), HOME, now=NOW)
    tea = {i for i, offer in enumerate(old.bundle.offers.ids) if offer.startswith("tea")}
    shown = [
        {pick.offer for pick in decide(old, state, HOME, NOW).placements[0].picks}
        for state in people()
    ]
    assert found.decided == sum(bool(tea & offers) for offers in shown)
    assert 0 < found.decided < 40
    assert found.changed == found.decided
    assert found.other_view == 0


# ---- what is told --------------------------------------------------------------------------------


def test_counts_keep_to_the_larger_of_both_policies_cells() -> None:
    found = told(under(*LIFE_EVENTS), under(TEA, min_audience_cell=30))
    assert (found.customers, found.cell) == (40, 30)
    assert found.changed in (Cell(0, 60), Cell(30, 90))


def broad() -> tuple[BundleIndex, BundleIndex]:
    """A policy, and one that holds most shelves back."""
    wide = LifeEvent(
        id="pregnancy",
        stance=Stance.BLOCK_UNLESS_DECLARED,
        targets=Patterns(category=("Tea", "Soap", "Paper", "Bread"), keyword=("crib",)),
    )
    others = [event for event in LIFE_EVENTS if event.id != "pregnancy"]
    return under(*others, ALL["pregnancy"]), under(*others, wide)


def test_a_blocked_shelf_is_told_with_its_life_event_and_its_offers() -> None:
    old, new = broad()
    many = people() * 4
    exact = tally(old, new, many, HOME, now=NOW)
    found = told(old, new, many)
    assert exact.changed == 160
    assert found.changed in (Cell(140, 180), Cell(160, 200))
    assert [event.id for event in found.life_events] == ["pregnancy"]
    counts = {old.bundle.offers.ids[offer]: n for (_, offer), n in exact.held.items()}
    assert {offer for offer, n in counts.items() if n >= 40} <= {e.offer for e in found.held}
    for effect in found.held:
        assert effect.customers.at_least <= counts[effect.offer] < effect.customers.below
    assert len(found.held) > 3
    order = [(-effect.customers.at_least, effect.offer) for effect in found.held]
    assert order == sorted(order)
    assert all(effect.life_event == "pregnancy" for effect in found.held)
    assert found.forgone is not None
    unit = unit_of(exact.before / 160 * 20)
    assert abs(found.forgone - (exact.before - exact.after)) <= unit


def test_the_same_question_is_answered_alike_and_another_secret_otherwise() -> None:
    old, new = broad()
    many = people() * 4
    assert told(old, new, many) == told(old, new, many)
    assert len({told(old, new, many, secret=bytes([n])).held for n in range(4)}) > 1


def test_another_way_to_say_a_policy_is_no_other_question() -> None:
    """Else the mean over many ways would be the exact count."""
    old, new = broad()
    policy = new.policy.model_copy(update={"version": 9, "owner": "ben@shop"})
    said = new.under(policy, new.bundle)  # type: ignore[arg-type]  # its bits are what is read
    many = people() * 4
    assert told(old, said, many) == told(old, new, many)


def test_whose_lists_get_shorter_is_told_like_every_other_count() -> None:
    old, new = broad()
    assert told(old, new).shorter == Cell(0, 40)


def test_few_changes_are_told_as_few_and_their_value_is_not() -> None:
    old, new = under(*LIFE_EVENTS), under(*(e for e in LIFE_EVENTS if e.id != "pregnancy"), TEA)
    few = people()[:19]
    found = told(old, new, few)
    assert tally(old, new, few, HOME, now=NOW).changed > 0
    assert found.changed.text == "fewer than 40"
    assert (found.forgone, found.held, found.shown, found.life_events) == (None, (), (), ())


def test_the_price_of_one_customers_list_is_never_told() -> None:
    old, new = broad()
    assert told(old, new, people()[:1]).value is None
    assert told(old, new, people()[:19]).value is None
    assert told(old, new, people() * 3).value


def test_policies_that_do_the_same_change_nothing_and_say_so() -> None:
    old = under(*LIFE_EVENTS)
    new = under(*LIFE_EVENTS, version=8, owner="anna@shop", max_evidence=1)
    found = told(old, new)
    assert alike(old, new)
    assert found.same
    assert [c.text for c in (found.changed, found.other_view, found.shorter)] == ["none"] * 3


def test_masking_more_takes_items_from_views_by_life_event() -> None:
    every = ALL["recovery"].model_copy(
        update={"evidence": Patterns(category=("Bread", "Fruit", "Cheese"))}
    )
    others = [event for event in LIFE_EVENTS if event.id != "recovery"]
    found = told(under(*LIFE_EVENTS), under(*others, every), people() * 2)
    assert found.other_view in (Cell(60, 100), Cell(80, 120))
    [event] = found.life_events
    assert event.id == "recovery"
    assert event.hidden in (Cell(60, 100), Cell(80, 120))


def test_a_program_reads_counts_as_their_bounds() -> None:
    read = told(under(*LIFE_EVENTS), under(TEA)).as_json()
    assert set(read["changed"]) == {"at_least", "below"}  # type: ignore[call-overload]
    assert isinstance(read["held"], list)


def test_progress_is_told_customer_by_customer() -> None:
    steps: list[int] = []
    index = under(*LIFE_EVENTS)
    tally(index, index, people(), HOME, now=NOW, progress=steps.append)
    assert steps == [1] * 40


def test_tallies_of_parts_add_up_to_the_tally_of_all() -> None:
    old, new = under(*LIFE_EVENTS), under(TEA)
    parts = [tally(old, new, part, HOME, now=NOW) for part in (people()[:13], people()[13:], [])]
    whole = tally(old, new, people(), HOME, now=NOW)
    assert parts[0] + parts[1] + parts[2] == whole


def test_letting_go_is_decided_for_no_more_customers_than_holding_back() -> None:
    tight, free = under(*LIFE_EVENTS, TEA.model_copy(update={"id": "tea"})), under(*LIFE_EVENTS)
    back, let = (tally(*pair, people(), HOME, now=NOW) for pair in ((free, tight), (tight, free)))
    assert 0 < back.decided == let.decided < 40
    assert back.changed == let.changed
    assert (let.before, let.after) == (back.after, back.before)
    assert sum(let.shown.values()) > 0
