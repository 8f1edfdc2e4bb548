"""Everything that is wrong or odd about a policy, found before it is live."""

from __future__ import annotations

from collections.abc import Iterator

from recommender.catalogue import Catalogue, Offers
from recommender.errors import PolicyError
from recommender.guard.document import CompiledGuard, Override, PolicyDocument
from recommender.guard.finding import Finding, of_error
from recommender.guard.life_event import LifeEvent
from recommender.guard.policy import Stance
from recommender.guard.reach import reach
from recommender.guard.source import PolicySource
from recommender.types import SECONDS_A_DAY

__all__ = ["Finding", "lint"]

_SOON_DAYS = 30
# Keys of an entry, by the field that they set, that do nothing under a stance.
_IDLE = {
    Stance.ALLOW: {
        "declared_by": "declared_by",
        "declaration_days": "declaration_expires",
        "surfaces": "surfaces",
        "replenish": "replenish",
    },
    Stance.BLOCK: {"surfaces": "surfaces"},
}
_WHY_IDLE = {
    Stance.ALLOW: "an allowed life event is held back from nobody who has not objected",
    Stance.BLOCK: "a blocked life event is unlocked by nothing, so no channel shows it",
}


def lint(
    source: PolicySource,
    *,
    now: float,
    catalogue: Catalogue | None = None,
    offers: Offers | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with a policy, errors first; nothing when all is well.

    now         seconds since 1970, for policies that end
    catalogue   what the shop sells: finds patterns that match nothing, or nearly everything
    offers      compiled to the catalogue: finds offers that do not exist

    A policy that cannot be read or compiled gives one finding, the first error.
    """
    try:
        document, guard = source.document(), source.compile()
        found = [
            *_of_time(document, guard, now),
            *_of_people(document),
            *_of_files(source, document),
            *_without_effect(document, guard),
            *_inherited(document, guard),
            *_lifted(document, guard, source.packs_alone()),
        ]
        if catalogue is not None:
            found += reach(source, guard, catalogue, offers)
    except PolicyError as error:
        return (of_error(error),)
    return tuple(sorted(found, key=lambda finding: finding.level != "error"))


def _of_time(document: PolicyDocument, guard: CompiledGuard, now: float) -> Iterator[Finding]:
    where = document.source.place_of(("guard", "valid_until"))
    days = (guard.policy.ends - now) / SECONDS_A_DAY
    if days <= 0:
        yield Finding(
            "error",
            f"the policy ended on {document.valid_until}: everything is locked",
            "have it approved again, and set a later valid_until",
            where,
        )
    elif days <= _SOON_DAYS:
        yield Finding(
            "warning",
            f"the policy ends on {document.valid_until}, after which everything is locked",
            "have it approved again, and set a later valid_until",
            where,
        )


def _of_people(document: PolicyDocument) -> Iterator[Finding]:
    for key, person in (("owner", document.owner), ("approved_by", document.approved_by)):
        if not person:
            yield Finding(
                "warning",
                f"the policy has no {key}",
                f"name a person: guard: {{{key}: anna@shop}}",
                document.source.place_of(("guard",)),
            )


def _of_files(source: PolicySource, document: PolicyDocument) -> Iterator[Finding]:
    for event in document.life_events:
        if event.proxies is not None and not event.proxies.approved:
            yield Finding(
                "warning",
                f"the proxies of {event.id} are pending: they do nothing",
                "have them reviewed, and set status: approved, or take them out",
                document.source.place_of(("life_events", event.id, "proxies", "status")),
            )
    for file in source.unused():
        yield Finding(
            "error", f"{file} is handed in, and the policy does not use it", "leave it out"
        )


def _without_effect(document: PolicyDocument, guard: CompiledGuard) -> Iterator[Finding]:
    stances = {rule.id: rule.stance for rule in guard.policy.life_events}
    for event in document.life_events:
        stance = stances[event.id]
        for field, key in _IDLE.get(stance, {}).items():
            if field in event.given:
                yield Finding(
                    "warning",
                    f"{key} of {event.id} has no effect: {_WHY_IDLE[stance]}",
                    "take it out, or change the policy of the life event",
                    document.source.place_of(("life_events", event.id, key)),
                )


def _inherited(document: PolicyDocument, guard: CompiledGuard) -> Iterator[Finding]:
    """What the packs say of a life event, and the policy undoes without a word by allowing it."""
    compiled = {event.id: event for event in guard.life_events}
    for event in document.life_events:
        if event.given.get("stance") is not Stance.ALLOW:
            continue
        idle = _idle(event, compiled[event.id])
        if idle:
            keys = " and ".join(", ".join(idle).rsplit(", ", 1))
            yield Finding(
                "warning",
                f"{keys} of {event.id}, which the packs give, "
                f"{'has' if len(idle) == 1 else 'have'} no effect any longer: "
                f"{_WHY_IDLE[Stance.ALLOW]}",
                "keep a policy that holds back, if what the packs say should go on holding",
                document.source.place_of(("life_events", event.id, "policy")),
            )


def _until(event: LifeEvent) -> str:
    """To whom an allowed life event is offered."""
    return "once an age is verified" if event.age_verification else "unless a customer objects"


def _idle(event: Override, compiled: LifeEvent) -> list[str]:
    """Keys that only the packs give, and that do nothing for an allowed life event."""
    return [
        key
        for field, key in _IDLE[Stance.ALLOW].items()
        if field not in event.given and getattr(compiled, field)
    ]


def _lifted(
    document: PolicyDocument, guard: CompiledGuard, packs: CompiledGuard
) -> Iterator[Finding]:
    """What the packs hold back or keep apart, and the policy lets go in a word or two."""
    compiled = {event.id: event for event in guard.life_events}
    held = {event.id: event.stance for event in packs.life_events}
    for event in document.life_events:
        stance = held.get(event.id, Stance.ALLOW)
        lifted = stance is not Stance.ALLOW and event.given.get("stance") is Stance.ALLOW
        if lifted and not _idle(event, compiled[event.id]):  # else `_inherited` tells it
            yield Finding(
                "warning",
                f"{event.id} is allowed, where the packs say {stance}: its signs are used, and its "
                f"targets offered {_until(compiled[event.id])}",
                "take the policy out, unless it is meant",
                document.source.place_of(("life_events", event.id, "policy")),
            )
    if document.no_chaining == () and packs.policy.no_chaining:
        yield Finding(
            "warning",
            "no_chaining is empty, where the packs name "
            f"{', '.join(packs.policy.no_chaining)}: signs of these raise the scores of what "
            "other life events sell",
            "take no_chaining out, so that the packs' word holds, unless it is meant",
            document.source.place_of(("no_chaining",)),
        )
