"""What each life event of the policy meant for one request, and why, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recommender.channel import Channel
from recommender.controls import AGE_VERIFICATION, HISTORY, Controls
from recommender.customer import CustomerState
from recommender.guard.policy import GuardRules, LifeEventRule, Stance, Surface
from recommender.index import BundleIndex
from recommender.request import OfferRequest


@dataclass(frozen=True)
class Standing:
    """What one life event meant for one request.

    masked    its evidence was not seen
    held      its targets were not offered
    hinted    its soft targets were not offered
    why       what led to that, in words
    """

    life_event: str
    stance: str
    masked: bool
    held: bool
    hinted: bool
    why: tuple[str, ...]


def standings(
    index: BundleIndex, state: CustomerState, request: OfferRequest, rules: GuardRules, now: float
) -> tuple[Standing, ...]:
    """What each life event of the policy meant for a request.

    rules   of this customer on the request's channel, as in the decision
    """
    found = []
    for bit, rule in enumerate(index.policy.life_events):
        one = 1 << bit
        found.append(
            Standing(
                life_event=rule.id,
                stance=rule.stance.value,
                masked=bool(rules.masked & one),
                held=bool(rules.contained & one),
                hinted=bool(rules.soft & one),
                why=tuple(_reasons(rule, state, request, rules, now)),
            )
        )
    return tuple(found)


def _reasons(
    rule: LifeEventRule,
    state: CustomerState,
    request: OfferRequest,
    rules: GuardRules,
    now: float,
) -> Iterator[str]:
    if rules.expired:
        yield "the policy has expired"
    if state.closed:
        yield "what the customer told us could not be read"
    if request.gift:
        yield "a gift: nothing of the customer's own counts"
    controls = state.controls
    if controls.objects(rule.id, now):
        yield "the customer objects"
    if controls.silenced(rule, now):
        yield "silence after a withdrawal"
    if rule.stance is Stance.BLOCK:
        yield "the policy blocks it, declared or not"
    elif rule.stance is Stance.ALLOW:
        yield "the policy allows it"
        yield from _of_age(rule, controls, now)
    else:
        yield from _unlocking(rule, controls, request.channel, now)


def _of_age(rule: LifeEventRule, controls: Controls, now: float) -> Iterator[str]:
    if rule.age_verification:
        verified = controls.consented(rule.id, AGE_VERIFICATION, now)
        yield "the age is verified" if verified else "the age is not verified"


def _unlocking(
    rule: LifeEventRule, controls: Controls, channel: Channel, now: float
) -> Iterator[str]:
    """How far a life event is from being unlocked."""
    yield from _of_age(rule, controls, now)
    declared = controls.declared(rule, now)
    yield "declared" if declared else "not declared"
    if rule.id in controls.declarations and not declared:
        yield "the declaration has expired, or its source does not count"
    surface = rule.surface(channel)
    if surface is Surface.NEVER:
        yield f"never on {channel.value}"
    elif surface is Surface.CONSENT:
        given = controls.consented(rule.id, channel.value, now)
        yield f"{'consent' if given else 'no consent'} for {channel.value}"
    if declared:
        history = controls.consented(rule.id, HISTORY, now)
        yield f"{'consent' if history else 'no consent'} to use the history"
