"""No offer that reveals a life event leaves, whatever ranked it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import ContainmentBreach
from recommender.guard.containment import allowed, release, release_replenish
from recommender.guard.policy import UNMAPPED, GuardRules

RULES = GuardRules(masked=0b011, contained=0b011, soft=0, replenish=0b001, expired=False)
TARGETS = np.array([0b000, 0b001, 0b010, 0b011, 0b100], dtype=np.uint64)
NOTHING = np.zeros(5, dtype=np.uint64)


def declared(bits: int) -> GuardRules:
    """The rules of a customer who has unlocked the targets of some life events."""
    return replace(RULES, contained=RULES.contained & ~bits)


def test_targets_of_contained_life_events_are_not_allowed() -> None:
    assert allowed(TARGETS, NOTHING, RULES).tolist() == [True, False, False, False, True]


def test_an_offer_of_two_life_events_needs_both_declared() -> None:
    assert allowed(TARGETS, NOTHING, declared(0b001)).tolist() == [True, True, False, False, True]
    assert allowed(TARGETS, NOTHING, declared(0b011)).tolist() == [True] * 5


def test_soft_targets_are_held_where_the_rules_hold_soft_ones_and_nowhere_else() -> None:
    outbound = replace(RULES, soft=0b011)
    assert allowed(NOTHING, TARGETS, RULES).tolist() == [True] * 5
    assert allowed(NOTHING, TARGETS, outbound).tolist() == [True, False, False, False, True]
    release(range(5), NOTHING, TARGETS, RULES)
    with pytest.raises(ContainmentBreach):
        release([1], NOTHING, TARGETS, outbound)


def test_unmapped_offers_are_held_when_the_rules_say_so() -> None:
    targets, none = np.array([UNMAPPED, 0], dtype=np.uint64), NOTHING[:2]
    held = GuardRules(UNMAPPED, UNMAPPED, 0, 0, expired=False)
    assert allowed(targets, none, held).tolist() == [False, True]
    assert allowed(targets, none, RULES).tolist() == [True, True]


def test_the_last_lock_stops_what_the_first_forgot() -> None:
    """A breach raises, and its message names neither offer nor life event."""
    release([0, 4], TARGETS, NOTHING, RULES)
    release([0, 1, 4], TARGETS, NOTHING, declared(0b001))
    with pytest.raises(ContainmentBreach) as caught:
        release([0, 2], TARGETS, NOTHING, declared(0b001))
    assert not any(character.isdigit() for character in str(caught.value))


def test_the_replenish_lock_lets_only_its_own_life_events_pass() -> None:
    """An item of a second, locked life event does not come back either."""
    release_replenish([0, 1, 4], TARGETS, NOTHING, RULES)
    for item in (2, 3):
        with pytest.raises(ContainmentBreach):
            release_replenish([item], TARGETS, NOTHING, RULES)


BITS = st.integers(0, 2**63 - 1)
OFFERS = st.lists(st.tuples(BITS, BITS), min_size=1, max_size=8)


def columns(offers: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Target and soft bits of the offers."""
    both = np.array(offers, dtype=np.uint64)
    return both[:, 0], both[:, 1]


@given(OFFERS, BITS, BITS, BITS, BITS)
def test_one_more_unlock_never_shrinks_what_is_allowed(
    offers: list[tuple[int, int]], contained: int, soft: int, unlocked: int, more: int
) -> None:
    """And withdrawing one never adds an offer (G6)."""
    target, hinted = columns(offers)

    def rules(bits: int) -> GuardRules:
        return GuardRules(contained, contained & ~bits, soft & ~bits, 0, expired=False)

    before = allowed(target, hinted, rules(unlocked))
    after = allowed(target, hinted, rules(unlocked | more))
    assert not (before & ~after).any()


@given(OFFERS, BITS, BITS)
def test_the_two_locks_agree(offers: list[tuple[int, int]], contained: int, soft: int) -> None:
    """What the search allows is exactly what the last lock lets pass."""
    target, hinted = columns(offers)
    rules = GuardRules(contained, contained, soft, 0, expired=False)
    for offer, free in enumerate(allowed(target, hinted, rules)):
        if free:
            release([offer], target, hinted, rules)
        else:
            with pytest.raises(ContainmentBreach):
                release([offer], target, hinted, rules)
