"""No offer that reveals a life event leaves, whatever ranked it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import ContainmentBreach
from recommender.guard.containment import allowed, release, release_replenish
from recommender.guard.policy import UNMAPPED, GuardRules

RULES = GuardRules(masked=0b011, contained=0b011, replenish=0b001, expired=False)
TARGETS = np.array([0b000, 0b001, 0b010, 0b011, 0b100], dtype=np.uint64)


def test_targets_of_contained_life_events_are_not_allowed() -> None:
    assert allowed(TARGETS, RULES).tolist() == [True, False, False, False, True]


def test_an_offer_of_two_life_events_needs_both_declared() -> None:
    assert allowed(TARGETS, RULES, 0b001).tolist() == [True, True, False, False, True]
    assert allowed(TARGETS, RULES, 0b011).tolist() == [True] * 5


def test_unmapped_offers_are_held_when_the_rules_say_so() -> None:
    targets = np.array([UNMAPPED, 0], dtype=np.uint64)
    held = GuardRules(UNMAPPED, UNMAPPED, 0, expired=False)
    assert allowed(targets, held).tolist() == [False, True]
    assert allowed(targets, RULES).tolist() == [True, True]


def test_the_last_lock_stops_what_the_first_forgot() -> None:
    """A breach raises, and its message names neither offer nor life event."""
    release([0, 4], TARGETS, RULES)
    release([0, 1, 4], TARGETS, RULES, unlocked_targets=0b001)
    with pytest.raises(ContainmentBreach) as caught:
        release([0, 2], TARGETS, RULES, unlocked_targets=0b001)
    assert not any(character.isdigit() for character in str(caught.value))


def test_the_replenish_lock_lets_only_its_own_life_events_pass() -> None:
    """An item of a second, locked life event does not come back either."""
    release_replenish([0, 1, 4], TARGETS, RULES)
    for item in (2, 3):
        with pytest.raises(ContainmentBreach):
            release_replenish([item], TARGETS, RULES)


BITS = st.integers(0, 2**63 - 1)


@given(st.lists(BITS, min_size=1, max_size=8), BITS, BITS, BITS)
def test_one_more_unlock_never_shrinks_what_is_allowed(
    targets: list[int], contained: int, unlocked: int, more: int
) -> None:
    """And withdrawing one never adds an offer (G6)."""
    offers = np.array(targets, dtype=np.uint64)
    rules = GuardRules(contained, contained, 0, expired=False)
    before, after = allowed(offers, rules, unlocked), allowed(offers, rules, unlocked | more)
    assert not (before & ~after).any()


@given(st.lists(BITS, min_size=1, max_size=8), BITS, BITS)
def test_the_two_locks_agree(targets: list[int], contained: int, unlocked: int) -> None:
    """What the search allows is exactly what the last lock lets pass."""
    offers = np.array(targets, dtype=np.uint64)
    rules = GuardRules(contained, contained, 0, expired=False)
    for offer, free in enumerate(allowed(offers, rules, unlocked)):
        if free:
            release([offer], offers, rules, unlocked)
        else:
            with pytest.raises(ContainmentBreach):
                release([offer], offers, rules, unlocked)
