"""What one customer has unlocked and locked: two separate unlocks, and locks above both.

    targets   U(c, channel) = declared, in force, allowed by the policy on that channel, and
              neither objected to nor silenced
    history   U_H(c) = events in U for which the customer also consented to `history`
    age       an allowed life event that requires a verified age is offered once it is verified
    locks     objections, and the silence after a withdrawal: they win over everything

Telling us a need is not leave to search the past, so neither unlock implies the other: U_H is a
part of U.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from recommender.channel import Channel
from recommender.controls import AGE_VERIFICATION, HISTORY, Controls
from recommender.guard.policy import GuardPolicy, GuardRules, LifeEventRule, Surface
from recommender.types import SECONDS_A_DAY


@dataclass(frozen=True)
class Unlocks:
    """What a customer's controls mean on one channel at one moment, as bits.

    targets    U(c, channel)
    history    U_H(c), a part of `targets`
    locked     objected to or silenced: masked and contained whatever the policy allows
    needed     life events whose targets a stated need may name
    verified   life events for which the customer's age was verified
    """

    targets: int = 0
    history: int = 0
    locked: int = 0
    needed: int = 0
    verified: int = 0
    personal: bool = True
    silent: bool = False


def unlocks(policy: GuardPolicy, controls: Controls, channel: Channel, now: float) -> Unlocks:
    """The customer's unlocks on a channel; `now` in seconds since 1970."""
    targets = history = locked = needed = verified = 0
    personal, silent = True, False
    for bit, rule in enumerate(policy.life_events):
        one = 1 << bit
        declared = controls.declared(rule, now)
        personal &= rule.personal or not declared
        silent |= declared and _in_outbound_silence(rule, controls, channel, now)
        if controls.objects(rule.id, now) or controls.silenced(rule, now):
            locked |= one
            continue
        if rule.age_verification:
            if not controls.consented(rule.id, AGE_VERIFICATION, now):
                continue
            verified |= one
        if not rule.stance.declarable or not _shown_on(rule, controls, channel, now):
            continue
        needed |= one
        if declared:
            targets |= one
            history |= one if controls.consented(rule.id, HISTORY, now) else 0
    return Unlocks(targets, history, locked, needed, verified, personal, silent)


def rules_of_customer(
    policy: GuardPolicy, rules: GuardRules, controls: Controls, channel: Channel, now: float
) -> GuardRules:
    """The rules of one customer on one channel.

    rules   `policy.rules(now)`

    An expired policy unlocks nothing. A customer who is answered like a visitor unlocks nothing
    either; objections hold all the same.
    """
    here = rules.on(channel)
    if not controls:
        return here
    found = unlocks(policy, controls, channel, now)
    closed = rules.expired or not found.personal
    targets, history = (0, 0) if closed else (found.targets, found.history)
    # Allowed from an age on: offered, on every channel, as soon as that is verified.
    targets |= 0 if closed else found.verified & ~policy.sensitive
    own = policy.replenishable & (rules.replenish | found.verified)
    return GuardRules(
        masked=rules.masked & ~history | found.locked,
        contained=rules.contained & ~targets | found.locked,
        soft=here.soft & ~targets | found.locked,
        replenish=0 if closed else own & ~found.locked,
        expired=rules.expired,
        personal=found.personal,
        silent=found.silent,
    )


def stored_rules(
    policy: GuardPolicy, rules: GuardRules, controls: Controls, now: float
) -> GuardRules:
    """What may be stored of a customer: masked is what no channel at all may use."""
    everywhere = [rules_of_customer(policy, rules, controls, c, now) for c in Channel]
    masked, replenish = everywhere[0].masked, everywhere[0].replenish
    for found in everywhere[1:]:
        masked &= found.masked
    return replace(everywhere[0], masked=masked, replenish=replenish)


def rules_of_needs(
    policy: GuardPolicy, rules: GuardRules, controls: Controls, channel: Channel, now: float
) -> GuardRules:
    """The rules for what a stated need names: targets it may name are free, the history is not.

    rules   those of the customer on the channel, `rules_of_customer`
    """
    if rules.expired or not rules.personal:
        return rules
    needed = unlocks(policy, controls, channel, now).needed
    return replace(rules, contained=rules.contained & ~needed, soft=rules.soft & ~needed)


def _shown_on(rule: LifeEventRule, controls: Controls, channel: Channel, now: float) -> bool:
    surface = rule.surface(channel)
    if surface is Surface.CONSENT:
        return controls.consented(rule.id, channel.value, now)
    return surface is Surface.ALLOW


def _in_outbound_silence(
    rule: LifeEventRule, controls: Controls, channel: Channel, now: float
) -> bool:
    if channel.private or not rule.outbound_silence_days:
        return False
    return now < controls.declarations[rule.id].at + rule.outbound_silence_days * SECONDS_A_DAY
