"""What counts as loosening is computed over customers' situations, for tiny catalogues by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.channel import Channel
from recommender.controls import AGE_VERIFICATION, HISTORY, Controls, Declaration, Term
from recommender.guard.change import Laid, PolicyChange, compare
from recommender.guard.containment import allowed
from recommender.guard.layout import GuardBits
from recommender.guard.policy import (
    UNMAPPED,
    GuardPolicy,
    GuardRules,
    LifeEventRule,
    Stance,
    Surface,
)
from recommender.guard.replenish import may_replenish
from recommender.guard.unlocks import rules_of_customer
from recommender.guard.view import visible
from recommender.types import SECONDS_A_DAY

NOW = 1_700_000_000.5
ENDS = date(2024, 6, 30)
EVERYWHERE = "site, app, email, sms, push, call, post, print"
OUTBOUND = "email, sms, push, call, post, print"


def rule(id_: str = "baby", stance: Stance = Stance.BLOCK, **more: Any) -> LifeEventRule:
    return LifeEventRule.model_validate({"id": id_, "stance": stance, **more})


def policy(*rules: LifeEventRule, **more: Any) -> GuardPolicy:
    return GuardPolicy(life_events=rules, **more)


def bits(
    evidence: list[int],
    target: list[int] | None = None,
    soft: list[int] | None = None,
    offers: list[int] | None = None,
    offer_soft: list[int] | None = None,
) -> GuardBits:
    """Offers are the items themselves unless they are given."""
    target = evidence if target is None else target
    soft = [0] * len(evidence) if soft is None else soft
    offers = target if offers is None else offers
    hinted = (
        ([0] * len(offers) if len(offers) != len(soft) else soft)
        if offer_soft is None
        else offer_soft
    )
    columns = (evidence, target, soft, offers, hinted)
    return GuardBits(*(np.array(column, dtype=np.uint64) for column in columns))


def change(old: Laid, new: Laid, now: float = NOW) -> PolicyChange:
    items = [f"i{n}" for n in range(len(old.bits.evidence))]
    offers = [f"o{n}" for n in range(len(old.bits.offer_target))]
    return compare(old, new, now=now, item_ids=items, offer_ids=offers)


ONE = bits([1, 1, 0])
"""Two items of the first life event, and one of none."""


def of_rules(old: LifeEventRule, new: LifeEventRule, found: GuardBits = ONE) -> PolicyChange:
    return change(Laid(policy(old), found), Laid(policy(new), found))


# ---- stances -----------------------------------------------------------------------------------

STRICT_TO_LOOSE = list(Stance)


@pytest.mark.parametrize(("one", "other"), [*product(STRICT_TO_LOOSE, STRICT_TO_LOOSE)])
def test_a_later_stance_loosens_and_an_earlier_one_does_not(one: Stance, other: Stance) -> None:
    """block, block_unless_declared, replenish_only with its slot, allow: each looser."""

    def of(stance: Stance) -> LifeEventRule:
        return rule(stance=stance, replenish=stance is Stance.REPLENISH_ONLY)

    found = of_rules(of(one), of(other))
    assert found.loosens == (STRICT_TO_LOOSE.index(other) > STRICT_TO_LOOSE.index(one))
    assert found.loosens == bool(found.reasons)


def test_declarable_is_looser_than_blocked_for_those_who_declare_and_consent() -> None:
    found = of_rules(rule(), rule(stance=Stance.BLOCK_UNLESS_DECLARED))
    declared = "customers who declared it"
    history = "consented to the use of their purchases"
    assert found.reasons == (
        f"2 items of `baby` may be used on site, app for {declared} and {history}",
        (
            f"2 items of `baby` may be used on {OUTBOUND} for {declared}, consented to the "
            f"channel and {history}"
        ),
        f"2 offers of `baby` may be shown on site, app to {declared}",
        f"2 offers of `baby` may be shown on {OUTBOUND} to {declared} and consented to the channel",
        "2 offers of `baby` may be shown on site, app to customers who asked for them",
        (
            f"2 offers of `baby` may be shown on {OUTBOUND} to customers who consented to the "
            "channel and asked for them"
        ),
    )
    [counted] = found.life_events.values()
    assert (counted.items_visible, counted.offers_offerable) == (2, 2)
    assert (counted.items_masked, counted.offers_held_back) == (0, 0)
    assert counted.examples == {"items_visible": ("i0", "i1"), "offers_offerable": ("o0", "o1")}


def test_allowed_is_looser_for_everybody_and_goes_without_saying_for_the_rest() -> None:
    found = of_rules(rule(), rule(stance=Stance.ALLOW))
    assert found.reasons == (
        "2 items of `baby` may be used for everybody",
        "2 offers of `baby` may be shown to everybody",
    )


def test_tightening_counts_what_is_held_back_from_everybody() -> None:
    found = of_rules(rule(stance=Stance.ALLOW), rule())
    assert not found.loosens
    [counted] = found.life_events.values()
    assert (counted.items_masked, counted.offers_held_back) == (2, 2)
    assert counted.examples["items_masked"] == ("i0", "i1")


def test_a_stance_that_hits_nothing_today_is_loosened_all_the_same() -> None:
    found = of_rules(rule(), rule(stance=Stance.ALLOW), bits([0, 0]))
    assert found.reasons == (
        "no item today, but what would be of `baby` may be used for everybody",
        "no offer today, but what would be of `baby` may be shown to everybody",
    )
    assert found.life_events == {}


def test_a_life_event_that_is_taken_out_is_loosened_and_one_that_is_added_is_not() -> None:
    with_, without = Laid(policy(rule()), ONE), Laid(policy(), bits([0, 0, 0]))
    assert change(with_, without).loosens
    assert not change(without, with_).loosens


def test_life_events_are_compared_by_their_ids_and_not_by_their_bits() -> None:
    rules = rule("age"), rule("baby")
    old = Laid(policy(*rules), bits([2, 0]))
    new = Laid(policy(rule("aaa"), *rules), bits([4, 0]))
    assert not change(old, new).loosens
    assert change(old, Laid(policy(rule("aaa", Stance.ALLOW), *rules), bits([1, 0]))).loosens


# ---- patterns ----------------------------------------------------------------------------------


def test_a_pattern_that_hits_less_is_loosening_and_one_that_hits_more_is_not() -> None:
    fewer = bits([1, 0, 0])
    found = change(Laid(policy(rule()), ONE), Laid(policy(rule()), fewer))
    assert found.reasons == (
        "1 item of `baby` may be used for everybody",
        "1 offer of `baby` may be shown to everybody",
    )
    assert not change(Laid(policy(rule()), fewer), Laid(policy(rule()), ONE)).loosens


def test_an_allowed_topic_that_hits_less_is_loosening_for_those_who_object() -> None:
    topic = policy(rule(stance=Stance.ALLOW))
    found = change(Laid(topic, ONE), Laid(topic, bits([1, 0, 0])))
    assert found.reasons == (
        "1 item of `baby` may be used for customers who object to it",
        "1 offer of `baby` may be shown to customers who object to it",
    )


def test_an_item_of_two_life_events_opens_only_when_both_can_let_go() -> None:
    both = bits([3, 0])
    old = policy(rule("a"), rule("b"))
    one, none = policy(rule("a"), rule("b", Stance.ALLOW)), bits([1, 0])
    loosened = change(Laid(old, both), Laid(one, both))
    assert loosened.loosens
    assert loosened.life_events == {}
    declared = policy(rule("a", Stance.BLOCK_UNLESS_DECLARED), rule("b", Stance.ALLOW))
    opened = change(Laid(one, both), Laid(declared, both))
    assert opened.life_events["a"].items_visible == 1
    assert change(Laid(old, both), Laid(old, none)).life_events == {}


def test_a_target_that_becomes_soft_is_free_on_private_channels() -> None:
    hard, soft = bits([0], target=[1]), bits([0], target=[0], soft=[1])
    found = change(Laid(policy(rule()), hard), Laid(policy(rule()), soft))
    assert "1 offer of `baby` may be shown on site, app to everybody" in found.reasons
    assert not change(Laid(policy(rule()), soft), Laid(policy(rule()), hard)).loosens


def test_a_soft_target_counts_on_outbound_channels() -> None:
    found = bits([0, 0], soft=[1, 0])
    loosened = of_rules(rule(), rule(stance=Stance.ALLOW), found)
    assert f"1 offer of `baby` may be shown on {OUTBOUND} to everybody" in loosened.reasons
    assert of_rules(rule(stance=Stance.ALLOW), rule(), found).life_events["baby"].offers_held_back


def test_an_item_that_no_offer_promotes_may_still_be_named() -> None:
    old = bits([0, 0], target=[1, 0], offers=[0])
    new = bits([0, 0], target=[0, 0], offers=[0])
    found = change(Laid(policy(rule()), old), Laid(policy(rule()), new))
    assert found.reasons == ("1 item of `baby` may be named to everybody",)


def test_what_could_not_be_matched_is_loosened_by_policy_or_by_a_title() -> None:
    unmapped = bits([UNMAPPED, 0])
    strict, lax = policy(rule()), policy(rule(), on_unmapped_item="allow")
    found = change(Laid(strict, unmapped), Laid(lax, unmapped))
    assert found.reasons == (
        "1 item without title and category may be used for everybody",
        "1 offer without title and category may be shown to everybody",
    )
    assert found.settings == {"on_unmapped_item": ("contextual_only", "allow")}
    assert found.life_events["unmapped"].items_visible == 1
    assert not change(Laid(lax, unmapped), Laid(strict, unmapped)).loosens
    assert change(Laid(strict, unmapped), Laid(strict, bits([0, 0]))).loosens


def test_what_hits_half_of_the_catalogue_is_named() -> None:
    found = of_rules(rule(), rule())
    assert not found.loosens
    assert found.whole_catalogue == ("baby",)
    assert of_rules(rule(), rule(), bits([1, 0, 0])).whole_catalogue == ()
    assert of_rules(rule(), rule(), bits([])).whole_catalogue == ()
    assert of_rules(rule(), rule(), bits([0, 0], soft=[1, 0])).whole_catalogue == ("baby",)


# ---- unlocks -----------------------------------------------------------------------------------

DECLARABLE = rule(stance=Stance.BLOCK_UNLESS_DECLARED)
OUTBOUND_SILENT = {"outbound_silence_days": 90}
LOOSER: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a channel that needed consent": (
        {},
        {"surfaces": {"email": "allow"}},
        "2 offers of `baby` may be shown on email to customers who declared it",
    ),
    "a channel that was closed": (
        {"surfaces": {"push": "never"}},
        {},
        (
            "2 offers of `baby` may be shown on push to customers who declared it and consented to "
            "the channel"
        ),
    ),
    "a longer declaration": (
        {"declaration_days": 300},
        {"declaration_days": 330},
        (
            "2 offers of `baby` may be shown on site, app to customers who declared it 300 days "
            "ago or longer"
        ),
    ),
    "a declaration without end": (
        {"declaration_days": 300},
        {},
        (
            "2 offers of `baby` may be shown on site, app to customers who declared it 300 days "
            "ago or longer"
        ),
    ),
    "another source": (
        {},
        {"declared_by": ["preference_centre", "registry"]},
        (
            "2 offers of `baby` may be shown on site, app to customers who declared it through "
            "registry"
        ),
    ),
    "no age needed": (
        {"age_verification": True},
        {},
        "2 offers of `baby` may be shown on site, app to customers who declared it",
    ),
    "shorter silence": (
        {"silence_days": 30, "declared_by": ["registry"]},
        {"silence_days": 10, "declared_by": ["registry"]},
        (
            "2 offers of `baby` may be shown to customers who took it back 10 days ago or longer "
            "and declared it again"
        ),
    ),
    "shorter outbound silence": (
        OUTBOUND_SILENT,
        {"outbound_silence_days": 30},
        (
            f"`baby`: customers who declared it 30 days ago or longer get offers on {OUTBOUND}, "
            "and did not before"
        ),
    ),
    "answered personally": (
        {"personal": False},
        {},
        "`baby`: customers who declared it are answered personally, and did not before",
    ),
}


@pytest.mark.parametrize("case", LOOSER)
def test_whatever_unlocks_more_loosens_and_its_opposite_does_not(case: str) -> None:
    strict, loose, sentence = LOOSER[case]
    before, after = (rule(stance=DECLARABLE.stance, **more) for more in (strict, loose))
    assert sentence in of_rules(before, after).reasons
    assert not of_rules(after, before).loosens


def test_a_withdrawal_that_silences_another_life_event_no_longer_is_loosening() -> None:
    loss = rule("loss", silence_days=30, silences=("school",))
    school = rule("school", Stance.ALLOW)
    alone = loss.model_copy(update={"silences": ()})
    found = bits([0, 2])
    old, new = Laid(policy(loss, school), found), Laid(policy(alone, school), found)
    assert change(old, new).reasons == (
        "1 item of `school` may be used for customers who took back loss",
        "1 offer of `school` may be shown to customers who took back loss",
    )
    assert not change(new, old).loosens


def test_a_life_event_that_silenced_another_and_is_gone_is_loosening() -> None:
    loss = rule("loss", silence_days=30, silences=("school",))
    school = rule("school", Stance.ALLOW)
    found = change(Laid(policy(loss, school), bits([2])), Laid(policy(school), bits([1])))
    assert "1 item of `school` may be used for customers who took back loss" in found.reasons


# ---- time --------------------------------------------------------------------------------------


def test_a_policy_that_ends_later_loosens_from_the_end_of_the_old_one_on() -> None:
    later = policy(DECLARABLE, valid_until=date(2025, 6, 30))
    found = change(Laid(policy(DECLARABLE, valid_until=ENDS), ONE), Laid(later, ONE))
    assert found.reasons == (
        (
            "from 2024-07-01 on, when the live policy has ended: 2 items may be used and 2 offers "
            "shown that it would hold back"
        ),
    )
    assert found.settings == {"valid_until": ("2024-06-30", "2025-06-30")}
    assert not change(Laid(later, ONE), Laid(policy(DECLARABLE, valid_until=ENDS), ONE)).loosens


def test_a_renewal_of_an_expired_policy_loosens_now() -> None:
    ended = policy(DECLARABLE, valid_until=date(2023, 1, 1))
    found = change(Laid(ended, ONE), Laid(policy(DECLARABLE, valid_until=ENDS), ONE))
    assert found.reasons == (
        (
            "the live policy has ended and holds everything back: 2 items may be used and 2 offers "
            "shown that it would hold back"
        ),
    )


def test_what_only_an_expired_policy_would_hold_back_is_looked_at_too() -> None:
    """A policy of nothing but blocks: once it ended, it holds soft targets back everywhere."""
    found = bits([0], soft=[1])
    old, new = (Laid(policy(rule(), valid_until=day), found) for day in (ENDS, None))
    assert change(old, new).loosens
    assert not change(new, old).loosens


# ---- amounts -----------------------------------------------------------------------------------

REPLENISHED = rule(stance=Stance.REPLENISH_ONLY, replenish=True)
AMOUNTS: dict[str, tuple[GuardPolicy, GuardPolicy, str]] = {
    "slots": (
        policy(rule(), discovery_slots=6),
        policy(rule(), discovery_slots=8),
        "discovery_slots rises from 6 to 8",
    ),
    "evidence": (
        policy(rule(), max_evidence=0),
        policy(rule(), max_evidence=2),
        "max_evidence rises from 0 to 2",
    ),
    "support": (
        policy(rule(), discovery_support=0.1),
        policy(rule(), discovery_support=0.05),
        "discovery_support falls from 0.1 to 0.05",
    ),
    "cells": (
        policy(rule(), min_audience_cell=50),
        policy(rule(), min_audience_cell=20),
        "min_audience_cell falls from 50 to 20",
    ),
    "purchases": (
        policy(REPLENISHED.model_copy(update={"min_purchases": 3})),
        policy(REPLENISHED.model_copy(update={"min_purchases": 1})),
        "`baby`: 1 purchase is enough for the slot replenish, where 3 were needed",
    ),
    "days": (
        policy(REPLENISHED.model_copy(update={"within_days": 90})),
        policy(REPLENISHED),
        "`baby`: purchases of 365 days count for the slot replenish, where 90 did",
    ),
    "chains": (
        policy(rule(stance=Stance.ALLOW), no_chaining=("baby",)),
        policy(rule(stance=Stance.ALLOW)),
        "`baby` may raise the score of what reveals other life events",
    ),
}


@pytest.mark.parametrize("case", AMOUNTS)
def test_an_amount_that_grows_loosens_and_one_that_shrinks_does_not(case: str) -> None:
    strict, loose, sentence = AMOUNTS[case]
    assert change(Laid(strict, ONE), Laid(loose, ONE)).reasons == (sentence,)
    assert not change(Laid(loose, ONE), Laid(strict, ONE)).loosens


def test_purchases_of_a_slot_that_was_closed_are_no_amount() -> None:
    strict = REPLENISHED.model_copy(update={"stance": Stance.ALLOW, "min_purchases": 3})
    assert not of_rules(strict, REPLENISHED).loosens


def test_a_life_event_out_of_no_chaining_that_is_blocked_now_raises_no_score() -> None:
    old = policy(rule(stance=Stance.ALLOW), no_chaining=("baby",))
    assert not change(Laid(old, ONE), Laid(policy(rule()), ONE)).loosens


def test_a_slot_that_opens_is_loosening() -> None:
    closed = REPLENISHED.model_copy(update={"replenish": False})
    assert of_rules(closed, REPLENISHED).reasons == (
        "2 items of `baby` may fill the slot replenish for everybody",
    )
    aged = REPLENISHED.model_copy(update={"age_verification": True})
    assert (
        "2 items of `baby` may fill the slot replenish for customers who are of verified age"
        in of_rules(closed, aged).reasons
    )


# ---- as a whole --------------------------------------------------------------------------------


def test_a_change_goes_out_as_json() -> None:
    found = of_rules(rule(), rule(stance=Stance.ALLOW))
    assert PolicyChange.model_validate(found.as_json()) == found
    assert found.note.reasons == found.reasons


@pytest.mark.slow
def test_a_hundred_thousand_items_of_forty_life_events_are_compared_in_two_seconds() -> None:
    chance = np.random.default_rng(1)
    rules = [rule(f"e{n:02d}", DECLARABLE.stance, declaration_days=300 + n) for n in range(40)]
    hits = chance.integers(0, 40, (2, 100_000), dtype=np.uint64)
    found = np.bitwise_or.reduce(np.uint64(1) << hits).tolist()
    old, laid = policy(*rules), bits(found)
    new = policy(*rules[1:-1], rule("e39", Stance.ALLOW), rule("e00", Stance.BLOCK))
    moved = np.array(found, dtype=np.uint64)
    moved = (moved >> np.uint64(1)) | ((moved & np.uint64(1)) << np.uint64(39))
    began = time.perf_counter()
    compared = change(Laid(old, laid), Laid(new, bits(moved.tolist())))
    assert time.perf_counter() - began < 2 * 2.5, "with room for a busy machine"
    assert set(compared.life_events) == {"e39"} | ({"e00"} & compared.life_events.keys())


# ---- against customers made up ------------------------------------------------------------------

IDS = ("a", "b", "c")
_DAYS = st.sampled_from([None, 1, 10])
_RULES = st.builds(
    rule,
    st.just("x"),
    st.sampled_from(list(Stance)),
    replenish=st.booleans(),
    declared_by=st.sampled_from(
        [("preference_centre",), ("registry",), ("preference_centre", "registry")]
    ),
    declaration_days=_DAYS,
    surfaces=st.dictionaries(
        st.sampled_from([Channel.SITE, Channel.EMAIL]), st.sampled_from(list(Surface)), max_size=2
    ),
    age_verification=st.booleans(),
    silence_days=st.sampled_from([0, 1, 10]),
    personal=st.sampled_from([True, True, False]),
    outbound_silence_days=st.sampled_from([0, 0, 1, 10]),
)


@st.composite
def policies(draw: st.DrawFn) -> GuardPolicy:
    ids = draw(st.lists(st.sampled_from(IDS), unique=True).map(sorted))
    rules = []
    for id_ in ids:
        others = st.lists(st.sampled_from(ids), unique=True, max_size=1)
        made = draw(_RULES)
        rules.append(made.model_copy(update={"id": id_, "silences": tuple(draw(others))}))
    until = draw(st.sampled_from([None, date(2023, 11, 1), date(2023, 11, 15)]))
    unmapped = draw(st.sampled_from(["allow", "contextual_only"]))
    return policy(*rules, valid_until=until, on_unmapped_item=unmapped)


@st.composite
def laid(draw: st.DrawFn) -> Laid:
    held = draw(policies())
    known = [*(1 << n for n in range(len(held.life_events))), UNMAPPED]
    some = st.lists(st.sampled_from(known), max_size=2).map(lambda given: sum(set(given)))
    columns = [draw(st.lists(some, min_size=3, max_size=3)) for _ in range(3)]
    return Laid(held, bits(*columns))


@st.composite
def told(draw: st.DrawFn) -> Controls:
    """What somebody may have told us; times around every boundary of the policies above."""
    at = st.sampled_from([0, 1, 86_399, 86_400, 863_999, 864_000]).map(lambda age: int(NOW) - age)
    some = st.lists(st.sampled_from(IDS), unique=True)
    forever = Term(at=0)
    purposes = st.lists(st.sampled_from([HISTORY, AGE_VERIFICATION, "site", "email"]), unique=True)
    return Controls(
        declarations={
            id_: Declaration(
                at=draw(at), source=draw(st.sampled_from(["preference_centre", "registry"]))
            )
            for id_ in draw(some)
        },
        consents={id_: dict.fromkeys(draw(purposes), forever) for id_ in draw(some)},
        objections=dict.fromkeys(draw(some), forever),
    )


def rules_of(given: Laid, controls: Controls, channel: Channel, now: float) -> GuardRules:
    return rules_of_customer(given.policy, given.policy.rules(now), controls, channel, now)


def free(given: Laid, controls: Controls, channel: Channel, now: float) -> set[tuple[str, int]]:
    """What a customer is known by, may be shown, and may be reminded of."""
    rules, found = rules_of(given, controls, channel, now), given.bits
    seen = visible(found.evidence, rules) & rules.personal
    shown = allowed(found.offer_target, found.offer_soft, rules) & (not rules.silent)
    filled = {n for n, has in enumerate(found.evidence.tolist()) if may_replenish(has, rules)}
    columns = {
        "seen": set(np.flatnonzero(seen).tolist()),
        "shown": set(np.flatnonzero(shown).tolist()),
        "filled": filled | set(np.flatnonzero(seen).tolist()) if channel.private else set(),
    }
    return {(what, n) for what, positions in columns.items() for n in positions}


@given(laid(), laid(), told(), st.sampled_from(list(Channel)), st.sampled_from([0, 1, 2, 30]))
def test_whoever_gets_more_than_before_was_foreseen(
    old: Laid, new: Laid, controls: Controls, channel: Channel, days: int
) -> None:
    now = NOW + days * SECONDS_A_DAY
    if free(new, controls, channel, now) - free(old, controls, channel, now):
        assert change(old, new).loosens


@given(laid(), laid(), st.lists(st.sampled_from(IDS), min_size=1, max_size=2), st.data())
def test_whoever_takes_something_back_and_gets_more_than_before_was_foreseen(
    old: Laid, new: Laid, taken: list[str], data: st.DataObject
) -> None:
    """Each policy treats the same acts in its own way."""
    before = data.draw(told())
    ages = [1, 86_399, 86_400, 863_999, 864_000]
    at = int(NOW) - data.draw(st.sampled_from(ages))
    channel = data.draw(st.sampled_from(list(Channel)))
    after = []
    for given_ in (old, new):
        known = {rule.id: rule for rule in given_.policy.life_events}
        controls = before
        for id_ in taken:
            controls = controls.withdrawn(known[id_], at) if id_ in known else controls
        after.append(free(given_, controls, channel, NOW))
    if after[1] - after[0]:
        assert change(old, new).loosens


@given(laid())
def test_the_same_policy_again_loosens_nothing(given_: Laid) -> None:
    found = change(given_, given_)
    assert found.reasons == ()
    assert found.life_events == {}


def situations(id_: str) -> Iterator[Controls]:
    """Everything that matters of a life event without terms."""
    forever = Term(at=0)
    purposes = [HISTORY, AGE_VERIFICATION, "email"]
    yield Controls(objections={id_: forever})
    for chosen in product([True, False], repeat=3):
        given_ = {p: forever for p, wanted in zip(purposes, chosen, strict=True) if wanted}
        yield Controls(consents={id_: given_})
        for source in ("preference_centre", "registry"):
            declared = {id_: Declaration(at=int(NOW), source=source)}
            yield Controls(declarations=declared, consents={id_: given_})


@given(_RULES, _RULES, _RULES, _RULES, st.lists(st.integers(0, 3), min_size=2, max_size=2))
def test_what_is_said_to_open_opens_for_somebody_and_nothing_else_does(
    a: LifeEventRule, b: LifeEventRule, new_a: LifeEventRule, new_b: LifeEventRule, has: list[int]
) -> None:
    """Every pair of situations of two life events is tried, on one channel of each kind."""
    plain: dict[str, Any] = {
        "personal": True,
        "silence_days": 0,
        "outbound_silence_days": 0,
        "declaration_days": None,
        "surfaces": {},
    }
    rules = [
        one.model_copy(update={**plain, "id": id_})
        for one, id_ in ((a, "a"), (b, "b"), (new_a, "a"), (new_b, "b"))
    ]
    old = Laid(policy(*rules[:2]), bits([has[0]]))
    new = Laid(policy(*rules[2:]), bits([has[1]]))
    opened: set[str] = set()
    for one, other, channel in product(situations("a"), situations("b"), ("site", "email")):
        both = Controls(
            declarations={**one.declarations, **other.declarations},
            consents={**one.consents, **other.consents},
            objections={**one.objections, **other.objections},
        )
        at = both, Channel(channel), NOW
        opened |= {what for what, _ in free(new, *at) - free(old, *at)}
    counts = change(old, new).life_events.values()
    assert any(c.items_visible for c in counts) == ("seen" in opened)
    assert any(c.offers_offerable for c in counts) == ("shown" in opened)


def test_a_moment_may_have_a_fraction() -> None:
    """Boundaries are whole seconds; a request comes at any time."""
    old = DECLARABLE.model_copy(update={"declaration_days": 10})
    new = replace(Laid(policy(old.model_copy(update={"declaration_days": 11})), ONE))
    assert change(Laid(policy(old), ONE), new, now=NOW + 0.25).loosens
