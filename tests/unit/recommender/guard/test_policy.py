"""The compiled policy at one moment, as bits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recommender.guard.policy import UNMAPPED, GuardPolicy, LifeEventRule, Stance

ALL_STANCES = tuple(LifeEventRule(id=stance.value, stance=stance) for stance in Stance)


def at(when: str) -> float:
    return datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp()


def test_everything_but_allow_is_masked_and_contained() -> None:
    """Block, declared and replenish-only are guarded; allow is the fourth bit and is not."""
    rules = GuardPolicy(life_events=ALL_STANCES, on_unmapped_item="allow").rules(0.0)
    assert rules.masked == rules.contained == 0b0111
    assert rules.replenish == 0
    assert not rules.expired


def test_what_is_allowed_from_an_age_on_is_seen_and_not_offered() -> None:
    """Contained and not masked; of what is guarded anyway the age locks nothing more."""
    aged = tuple(rule.model_copy(update={"age_verification": True}) for rule in ALL_STANCES)
    rules = GuardPolicy(life_events=aged, on_unmapped_item="allow").rules(0.0)
    assert (rules.masked, rules.contained) == (0b0111, 0b1111)


@pytest.mark.parametrize(
    ("stance", "open_"),
    [
        (Stance.BLOCK, True),
        (Stance.BLOCK_UNLESS_DECLARED, True),
        (Stance.REPLENISH_ONLY, True),
        (Stance.ALLOW, False),
    ],
)
def test_the_replenish_slot_is_for_what_is_guarded(stance: Stance, open_: bool) -> None:
    """An allowed life event needs no slot; a blocked one may have it, as faith food does."""
    policy = GuardPolicy(life_events=(LifeEventRule(id="a", stance=stance, replenish=True),))
    assert bool(policy.rules(0.0).replenish) is open_


def test_replenish_only_without_leave_opens_no_slot() -> None:
    """Alcohol is like that: the age of the person at the screen is not known."""
    rule = LifeEventRule(id="alcohol", stance=Stance.REPLENISH_ONLY)
    assert GuardPolicy(life_events=(rule,)).rules(0.0).replenish == 0


def test_unmapped_items_are_held_while_there_is_something_to_hide() -> None:
    """Per policy; and with no life event at all nothing could hide in an unmapped item."""
    rules = GuardPolicy(life_events=ALL_STANCES).rules(0.0)
    assert rules.masked & UNMAPPED
    assert rules.contained & UNMAPPED
    assert not GuardPolicy(life_events=ALL_STANCES, on_unmapped_item="allow").rules(0.0).masked & (
        UNMAPPED
    )
    nothing = GuardPolicy().rules(0.0)
    assert (nothing.masked, nothing.contained) == (0, 0)


def test_the_last_day_belongs_to_the_policy() -> None:
    """Valid until 31 March means until midnight, UTC."""
    policy = GuardPolicy(valid_until=date(2027, 3, 31), life_events=ALL_STANCES)
    assert not policy.rules(at("2027-03-31 23:59:59")).expired
    assert policy.rules(at("2027-04-01")).expired


def test_an_expired_policy_fails_closed() -> None:
    """What was allowed is locked too, and nothing is replenished."""
    rules = tuple(rule.model_copy(update={"replenish": True}) for rule in ALL_STANCES)
    policy = GuardPolicy(valid_until=date(2020, 1, 1), life_events=rules)
    expired = policy.rules(at("2027-01-01"))
    assert expired.masked == expired.contained == 0b1111 | UNMAPPED
    assert expired.replenish == 0


def test_a_64th_life_event_has_no_bit() -> None:
    rule = LifeEventRule(id="a", stance=Stance.BLOCK)
    assert len(GuardPolicy(life_events=(rule,) * 63).life_events) == 63
    with pytest.raises(ValidationError):
        GuardPolicy(life_events=(rule,) * 64)


STANCES = st.lists(st.tuples(st.sampled_from(Stance), st.booleans()), max_size=6)


def policy_of(stances: list[tuple[Stance, bool]], until: date | None = None) -> GuardPolicy:
    return GuardPolicy(
        valid_until=until,
        life_events=tuple(
            LifeEventRule(id=f"e{n}", stance=stance, replenish=replenish)
            for n, (stance, replenish) in enumerate(stances)
        ),
    )


@given(STANCES)
def test_expiry_only_ever_adds(stances: list[tuple[Stance, bool]]) -> None:
    """The rules of an expired policy are a superset of its rules in force (G7)."""
    in_force = policy_of(stances).rules(0.0)
    expired = policy_of(stances, date(1960, 1, 1)).rules(0.0)
    assert in_force.masked & ~expired.masked == 0
    assert in_force.contained & ~expired.contained == 0
    assert expired.replenish == 0


@given(STANCES)
def test_only_what_is_guarded_is_replenished(stances: list[tuple[Stance, bool]]) -> None:
    """The slot `replenish` never concerns a life event that is not masked."""
    rules = policy_of(stances).rules(0.0)
    assert rules.replenish & ~rules.masked == 0


@given(STANCES, st.data())
def test_tightening_only_ever_adds(stances: list[tuple[Stance, bool]], data: st.DataObject) -> None:
    """Blocking one more life event unmasks and releases nothing (G6)."""
    if not stances:
        return
    n = data.draw(st.integers(0, len(stances) - 1))
    tighter = [*stances[:n], (Stance.BLOCK, False), *stances[n + 1 :]]
    before, after = policy_of(stances).rules(0.0), policy_of(tighter).rules(0.0)
    assert before.masked & ~after.masked == 0
    assert before.contained & ~after.contained == 0
    assert after.replenish & ~before.replenish == 0
