"""What differs between two policies, said per life event in words that a marketer uses.

This is what the texts say, packs included. What it does to customers is another question, which
`recommender.guard.change` answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from recommender.channel import Channel
from recommender.guard.document import CompiledGuard
from recommender.guard.life_event import PATTERNS, LifeEvent, Patterns
from recommender.guard.policy import GuardPolicy, LifeEventRule

OF_POLICY = "the policy"
"""Stands where a life event's id stands, for what concerns all of them."""

_PLURALS = {
    "category": "categories",
    "keyword": "keywords",
    "not_keyword": "negative keywords",
    "item": "items",
    "tag": "tags",
    "offer": "offers",
    "soft": "soft phrases",
}
_SETTINGS = {
    "valid_until": "holds until",
    "owner": "owner",
    "approved_by": "approved by",
    "on_unmapped_item": "items that cannot be matched",
    "discovery_slots": "most offers of discovery in one answer",
    "discovery_support": "share of customers who must buy what discovery offers",
    "min_audience_cell": "customers that a shared list or a count needs",
    "max_evidence": "most purchases that a reason names",
}


def differences(old: CompiledGuard, new: CompiledGuard) -> dict[str, tuple[str, ...]]:
    """Life event -> what is said otherwise now, in sentences; nothing where nothing is."""
    found = of_rules(old.policy, new.policy)
    before = {event.id: event for event in old.life_events}
    for event in new.life_events:
        if event.id in before:
            found[event.id] = (*found.get(event.id, ()), *_of_matching(before[event.id], event))
    order = [OF_POLICY, *sorted({*before, *(event.id for event in new.life_events)})]
    return {id_: found[id_] for id_ in order if found.get(id_)}


def of_rules(old: GuardPolicy, new: GuardPolicy) -> dict[str, tuple[str, ...]]:
    """`differences` without the patterns, which a bundle's own policy does not keep."""
    before = {rule.id: rule for rule in old.life_events}
    after = {rule.id: rule for rule in new.life_events}
    found = {OF_POLICY: tuple(_of_settings(old, new))}
    for id_ in sorted(before | after):
        if id_ not in before:
            found[id_] = (f"is new: {after[id_].stance.value}",)
        elif id_ not in after:
            found[id_] = ("is gone: nothing is held back for it any more",)
        else:
            found[id_] = tuple(_of_rule(before[id_], after[id_]))
    return {id_: said for id_, said in found.items() if said}


def _of_settings(old: GuardPolicy, new: GuardPolicy) -> Iterator[str]:
    for name, words in _SETTINGS.items():
        yield from _changed(words, _word(getattr(old, name)), _word(getattr(new, name)))
    yield from _lists("no_chaining", old.no_chaining, new.no_chaining)


def _of_rule(old: LifeEventRule, new: LifeEventRule) -> Iterator[str]:
    yield from _changed("policy", old.stance.value, new.stance.value)
    yield from _changed("own purchases in the slot replenish", _slot(old), _slot(new))
    yield from _lists("sources of declarations", old.declared_by, new.declared_by)
    forever = "until they are taken back"
    yield from _changed(
        "declarations hold",
        _days(old.declaration_days, forever),
        _days(new.declaration_days, forever),
    )
    for channel in Channel:
        yield from _changed(channel.value, old.surface(channel).value, new.surface(channel).value)
    yield from _changed(
        "verified age", _needed(old.age_verification), _needed(new.age_verification)
    )
    yield from _changed(
        "silence after a withdrawal", _days(old.silence_days), _days(new.silence_days)
    )
    yield from _lists("silenced with it", old.silences, new.silences)
    yield from _changed("who declares it is answered", _answered(old), _answered(new))
    yield from _changed(
        "outbound silence after a declaration",
        _days(old.outbound_silence_days),
        _days(new.outbound_silence_days),
    )


def _of_matching(old: LifeEvent, new: LifeEvent) -> Iterator[str]:
    for side in ("evidence", "targets"):
        before: Patterns = getattr(old, side)
        after: Patterns = getattr(new, side)
        for name in PATTERNS:
            words = f"{side}, {_PLURALS[name]}"
            yield from _lists(words, getattr(before, name), getattr(after, name))
    yield from _lists("approved proxies", old.proxies, new.proxies)


def _changed(what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{what}: {old} -> {new}"


def _lists(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    before, after = dict.fromkeys(old), dict.fromkeys(new)
    for done, names in (("added", _without(after, before)), ("removed", _without(before, after))):
        if names:
            yield f"{what} {done}: {', '.join(names)}"


def _without(names: Mapping[str, None], others: Mapping[str, None]) -> list[str]:
    return [name for name in names if name not in others]


def _word(value: object) -> str:
    return "nothing" if value in (None, "") else str(value)


def _days(days: int | None, none: str = "none") -> str:
    return f"{days} days" if days else none


def _slot(rule: LifeEventRule) -> str:
    if not rule.replenish:
        return "never"
    return f"from {rule.min_purchases} purchases within {rule.within_days} days"


def _needed(flag: bool) -> str:
    return "needed" if flag else "not needed"


def _answered(rule: LifeEventRule) -> str:
    return "personally" if rule.personal else "like a visitor"
