"""Two separate unlocks, and locks above both, worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.channel import Channel
from recommender.controls import NOTHING_TOLD, Controls, Declaration, Term
from recommender.guard.policy import GuardPolicy, GuardRules, LifeEventRule, Stance, Surface
from recommender.guard.unlocks import (
    Unlocks,
    rules_of_customer,
    rules_of_needs,
    stored_rules,
    unlocks,
)

DAY = 86_400
NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
AT = int(NOW)
SITE, EMAIL, PUSH = Channel.SITE, Channel.EMAIL, Channel.PUSH
UNMAPPED = 1 << 63

PREGNANCY, INFANT, ALCOHOL, TOBACCO, SCHOOL, MINOR, LOSS = (1 << bit for bit in range(7))
EVERYTHING = (1 << 7) - 1
GUARDED = (EVERYTHING & ~SCHOOL) | UNMAPPED
POLICY = GuardPolicy(
    valid_until=datetime(2027, 1, 1, tzinfo=UTC).date(),
    life_events=(
        LifeEventRule(
            id="pregnancy",
            stance=Stance.BLOCK_UNLESS_DECLARED,
            surfaces={Channel.PUSH: Surface.NEVER},
            silence_days=30,
        ),
        LifeEventRule(id="infant", stance=Stance.REPLENISH_ONLY, replenish=True),
        LifeEventRule(
            id="alcohol", stance=Stance.REPLENISH_ONLY, replenish=True, age_verification=True
        ),
        LifeEventRule(id="tobacco", stance=Stance.BLOCK),
        LifeEventRule(id="school", stance=Stance.ALLOW),
        LifeEventRule(id="minor", stance=Stance.BLOCK, personal=False),
        LifeEventRule(id="loss", stance=Stance.BLOCK, outbound_silence_days=90),
    ),
)
RULES = POLICY.rules(NOW)


def told(
    *declared: str,
    consents: tuple[tuple[str, str], ...] = (),
    objections: tuple[str, ...] = (),
    withdrawn: tuple[str, ...] = (),
) -> Controls:
    """Controls of somebody who said all this just now."""
    term = Term(at=AT)
    given: dict[str, dict[str, Term]] = {}
    for life_event, purpose in consents:
        given.setdefault(life_event, {})[purpose] = term
    return Controls(
        declarations={e: Declaration(at=AT, source="preference_centre") for e in declared},
        consents=given,
        objections=dict.fromkeys(objections, term),
        withdrawals={e: Term(at=AT, until=AT + 30 * DAY) for e in withdrawn},
    )


def found(controls: Controls, channel: Channel = SITE, now: float = NOW) -> Unlocks:
    return unlocks(POLICY, controls, channel, now)


def rules(controls: Controls, channel: Channel = SITE, now: float = NOW) -> GuardRules:
    return rules_of_customer(POLICY, POLICY.rules(now), controls, channel, now)


def test_who_has_told_us_nothing_has_the_rules_of_everybody() -> None:
    assert rules(NOTHING_TOLD) == RULES
    assert rules(NOTHING_TOLD, EMAIL) == RULES.on(EMAIL)
    assert RULES.masked == RULES.contained == GUARDED
    assert RULES.replenish == INFANT


def test_a_declaration_unlocks_targets_and_never_the_history() -> None:
    assert found(told("pregnancy")).targets == PREGNANCY
    assert found(told("pregnancy")).history == 0
    own = rules(told("pregnancy"))
    assert own.contained == GUARDED & ~PREGNANCY
    assert own.masked == GUARDED


def test_leave_to_use_the_history_unlocks_nothing_without_a_declaration() -> None:
    leave = (("pregnancy", "history"),)
    assert found(told(consents=leave)).history == 0
    assert found(told("pregnancy", consents=leave)).history == PREGNANCY
    assert rules(told("pregnancy", consents=leave)).masked == GUARDED & ~PREGNANCY


@pytest.mark.parametrize(
    ("channel", "consents", "shown"),
    [
        (SITE, (), True),
        (Channel.APP, (), True),
        (EMAIL, (), False),
        (EMAIL, (("pregnancy", "email"),), True),
        (EMAIL, (("pregnancy", "sms"),), False),
        (PUSH, (("pregnancy", "push"),), False),  # the policy says never
    ],
)
def test_a_channel_shows_what_the_policy_and_the_customer_let_it(
    channel: Channel, consents: tuple[tuple[str, str], ...], shown: bool
) -> None:
    own = found(told("pregnancy", consents=consents), channel)
    assert own.targets == (PREGNANCY if shown else 0)


@pytest.mark.parametrize("life_event", ["tobacco", "school"])
def test_what_is_blocked_or_allowed_anyway_is_not_unlocked(life_event: str) -> None:
    leave = ((life_event, "history"),)
    assert rules(told(life_event, consents=leave)) == RULES


def test_an_objection_wins_over_everything() -> None:
    leave = (("pregnancy", "history"), ("pregnancy", "email"))
    own = rules(told("pregnancy", consents=leave, objections=("pregnancy", "school")))
    assert own.masked == own.contained == GUARDED | SCHOOL
    assert own.soft == PREGNANCY | SCHOOL


def test_silence_after_a_withdrawal_is_a_lock_too() -> None:
    controls = told(withdrawn=("infant",), consents=(("infant", "history"),))
    assert found(controls).locked == INFANT
    assert rules(controls).replenish == 0
    assert rules(controls, now=NOW + 30 * DAY).replenish == INFANT


def test_nothing_of_it_comes_back_before_the_age_is_verified() -> None:
    assert RULES.replenish & ALCOHOL == 0
    assert found(told("alcohol")).targets == 0
    verified = told("alcohol", consents=(("alcohol", "age_verification"),))
    assert found(verified).verified == found(verified).targets == ALCOHOL
    assert rules(verified).replenish == INFANT | ALCOHOL
    objecting = told(consents=(("alcohol", "age_verification"),), objections=("alcohol",))
    assert rules(objecting).replenish == INFANT


@pytest.mark.parametrize("channel", [SITE, EMAIL])
def test_what_is_allowed_from_an_age_on_is_offered_once_the_age_is_verified(
    channel: Channel,
) -> None:
    """On every channel, without a declaration; the purchases count before, too."""
    wine = LifeEventRule(id="wine", stance=Stance.ALLOW, age_verification=True)
    policy = POLICY.model_copy(update={"life_events": (*POLICY.life_events, wine)})
    bit = policy.bit("wine")

    def own(*declared: str, objections: tuple[str, ...] = (), now: float = NOW) -> GuardRules:
        verified = (("wine", "age_verification"),)
        controls = told(*declared, consents=verified, objections=objections)
        return rules_of_customer(policy, policy.rules(now), controls, channel, now)

    nobody = rules_of_customer(policy, policy.rules(NOW), told("wine"), channel, NOW)
    assert not nobody.masked & bit
    assert nobody.contained & bit
    assert not (own().masked | own().contained | own().soft) & bit
    assert own("minor").contained & bit
    assert own(objections=("wine",)).masked & own(objections=("wine",)).contained & bit
    assert own(now=policy.ends).contained & bit
    needs = rules_of_needs(policy, nobody, told("wine"), channel, NOW)
    assert needs.contained & bit


def test_who_declares_to_be_a_minor_is_answered_like_a_visitor() -> None:
    own = rules(told("minor", "pregnancy", consents=(("pregnancy", "history"),)))
    assert not own.personal
    assert (own.masked, own.contained, own.replenish) == (GUARDED, GUARDED, 0)
    assert rules(told("minor", objections=("school",))).contained == GUARDED | SCHOOL


def test_nothing_goes_out_for_a_while_after_a_loss() -> None:
    assert rules(told("loss"), EMAIL).silent
    assert not rules(told("loss"), SITE).silent
    assert not rules(told("loss"), EMAIL, NOW + 90 * DAY).silent
    assert not rules(told("tobacco"), EMAIL).silent


def test_an_expired_policy_unlocks_nothing() -> None:
    late = POLICY.ends
    controls = told("pregnancy", consents=(("pregnancy", "history"),))
    own = rules(controls, now=late)
    assert own.expired
    assert own.masked == own.contained == EVERYTHING | UNMAPPED
    assert own.replenish == 0
    assert rules_of_needs(POLICY, own, controls, SITE, late) == own


def test_soft_targets_are_held_back_where_others_may_look_on() -> None:
    controls = told("pregnancy", consents=(("pregnancy", "email"),))
    assert rules(controls).soft == 0
    assert rules(controls, EMAIL).soft == GUARDED & ~PREGNANCY
    assert rules(controls, PUSH).soft == GUARDED


def test_what_any_channel_may_use_may_be_stored() -> None:
    """Leave for the history on one channel only is leave to store; no leave is none."""
    policy = POLICY.model_copy(
        update={
            "life_events": (
                POLICY.life_events[0].model_copy(update={"surfaces": {SITE: Surface.NEVER}}),
                *POLICY.life_events[1:],
            )
        }
    )
    leave = told("pregnancy", consents=(("pregnancy", "history"),))
    assert rules_of_customer(policy, RULES, leave, SITE, NOW).masked == GUARDED
    assert stored_rules(policy, RULES, leave, NOW).masked == GUARDED & ~PREGNANCY
    assert stored_rules(policy, RULES, told("pregnancy"), NOW).masked == GUARDED
    assert stored_rules(policy, RULES, NOTHING_TOLD, NOW).masked == GUARDED
    assert not stored_rules(policy, RULES, told("minor"), NOW).personal


@pytest.mark.parametrize(
    ("controls", "channel", "needed"),
    [
        (told(), SITE, PREGNANCY | INFANT),
        (told(), EMAIL, 0),
        (told(consents=(("infant", "email"),)), EMAIL, INFANT),
        (told(objections=("infant",)), SITE, PREGNANCY),
        (told(withdrawn=("pregnancy",)), SITE, INFANT),
        (told(consents=(("alcohol", "age_verification"),)), SITE, PREGNANCY | INFANT | ALCOHOL),
    ],
)
def test_a_need_may_name_what_could_be_declared(
    controls: Controls, channel: Channel, needed: int
) -> None:
    assert found(controls, channel).needed == needed
    own = rules(controls, channel)
    theirs = rules_of_needs(POLICY, own, controls, channel, NOW)
    assert theirs.contained == own.contained & ~needed
    assert theirs.soft == own.soft & ~needed
    assert theirs.masked == own.masked


def test_a_need_of_somebody_who_is_answered_like_a_visitor_opens_nothing() -> None:
    own = rules(told("minor"))
    assert rules_of_needs(POLICY, own, told("minor"), SITE, NOW) == own


# ---- invariants -------------------------------------------------------------------------------

_EVENTS = st.sampled_from([rule.id for rule in POLICY.life_events])
_PURPOSES = st.sampled_from(["history", "age_verification", *(c.value for c in Channel)])
_CHANNELS = st.sampled_from(list(Channel))
_TERMS = st.builds(
    Term,
    at=st.integers(AT - 99 * DAY, AT),
    until=st.none() | st.integers(AT - 9 * DAY, AT + 9 * DAY),
)
CUSTOMERS = st.builds(
    Controls,
    declarations=st.dictionaries(
        _EVENTS,
        st.builds(
            Declaration,
            at=st.integers(AT - 99 * DAY, AT),
            until=st.none() | st.integers(AT - 9 * DAY, AT + 9 * DAY),
            source=st.sampled_from(["preference_centre", "a_friend"]),
        ),
    ),
    withdrawals=st.dictionaries(_EVENTS, _TERMS),
    consents=st.dictionaries(_EVENTS, st.dictionaries(_PURPOSES, _TERMS, min_size=1)),
    objections=st.dictionaries(_EVENTS, _TERMS),
)


@given(CUSTOMERS, _CHANNELS)
def test_the_history_is_a_part_of_the_targets_and_both_avoid_what_is_locked(
    controls: Controls, channel: Channel
) -> None:
    own = found(controls, channel)
    assert own.history & ~own.targets == 0
    assert own.targets & ~own.needed == 0
    assert own.targets & own.locked == 0


@given(CUSTOMERS, _CHANNELS, _EVENTS)
def test_an_objection_only_ever_locks(
    controls: Controls, channel: Channel, life_event: str
) -> None:
    """Guard G6: whatever else a customer has said."""
    before = rules(controls, channel)
    after = rules(controls.with_entry("objections", life_event, Term(at=AT)), channel)
    _at_most(after, before)


@given(CUSTOMERS, _CHANNELS, _EVENTS)
def test_withdrawing_only_ever_locks(controls: Controls, channel: Channel, life_event: str) -> None:
    """Guard G6; declarations that make others silent are about more than one life event."""
    rule = next(r for r in POLICY.life_events if r.id == life_event)
    if not rule.personal or rule.outbound_silence_days:
        return
    _at_most(rules(controls.withdrawn(rule, AT), channel), rules(controls, channel))


@given(CUSTOMERS, _CHANNELS)
def test_nobody_unlocks_what_could_not_be_matched_or_is_blocked(
    controls: Controls, channel: Channel
) -> None:
    own = rules(controls, channel)
    never = UNMAPPED | TOBACCO | MINOR | LOSS
    assert own.masked & never == own.contained & never == never


def _at_most(after: GuardRules, before: GuardRules) -> None:
    """`after` lets nothing through that `before` holds."""
    assert before.masked & ~after.masked == 0
    assert before.contained & ~after.contained == 0
    assert before.soft & ~after.soft == 0
    assert after.replenish & ~before.replenish == 0
