"""The marketer's policy: which packs hold, and what the shop changes about them.

    guard: {version: 1, owner: anna@shop, approved_by: dpo@shop, valid_until: 2027-12-31}
    defaults: {on_unmapped_item: contextual_only, discovery_slots: 10}
    packs: [grocery@1]
    life_events:
      infant: {policy: block}
    no_chaining: [moving]

What a life event says here replaces what its pack says, value by value and list by list: giving
`evidence.keyword` keeps the pack's `evidence.category`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from recommender.errors import PolicyError
from recommender.guard import marked
from recommender.guard.entries import id_of, patterns_of, replenish_of, stance_of
from recommender.guard.life_event import LifeEvent, Pack, Patterns, Replenish
from recommender.guard.marked import Marked, Section
from recommender.guard.policy import (
    MAX_EVIDENCE,
    MIN_AUDIENCE_CELL,
    MOST_LIFE_EVENTS,
    GuardPolicy,
    LifeEventRule,
    Stance,
)
from recommender.guard.proxies import Proxies, approved_items, proxies_of
from recommender.guard.taxonomy import known_packs, read_yaml

NEVER_CHAINED = ("graduation", "marriage", "moving")
"""Life events that are allowed, and that never raise the score of a target of another.

No score of this release does: targets of a life event that is not `allow` are contained, whatever
ranks them.
"""

_TOP = ("guard", "defaults", "packs", "life_events", "no_chaining")
_GUARD = ("version", "owner", "approved_by", "valid_until")
_DEFAULTS = (
    "on_unmapped_item",
    "min_audience_cell",
    "max_evidence",
    "discovery_slots",
    "discovery_support",
)
# Accepted as statements of what this release does; another number would be a promise not kept.
_HELD = {"min_audience_cell": MIN_AUDIENCE_CELL, "max_evidence": MAX_EVIDENCE}
_ENTRY = ("title", "policy", "evidence", "targets", "replenish", "proxies")
_ENTRY_LATER = ("declared_by", "declaration_expires", "surfaces", "on_withdrawal")
_TARGETS_LATER = ("offer", "soft")


class Override(BaseModel):
    """What a policy says of one life event; None and {} leave the pack's word.

    place   "guard.yaml, line 12", for errors found when packs are known
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    place: str
    title: str | None = None
    stance: Stance | None = None
    evidence: dict[str, tuple[str, ...]] = {}
    targets: dict[str, tuple[str, ...]] = {}
    replenish: Replenish | None = None
    proxies: Proxies | None = None


class PolicyDocument(BaseModel):
    """A marketer's policy as written. Unset settings keep the defaults of `GuardPolicy`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int = 0
    owner: str = ""
    approved_by: str = ""
    valid_until: date | None = None
    settings: dict[str, Any] = {}
    packs: tuple[str, ...] = ()
    life_events: tuple[Override, ...] = ()
    no_chaining: tuple[str, ...] = ()

    @property
    def proxy_lists(self) -> tuple[str, ...]:
        """Files of approved proxies, whose texts `compile_policy` needs."""
        given = (event.proxies for event in self.life_events)
        return tuple(sorted({p.list for p in given if p and p.approved and p.list}))


@dataclass(frozen=True)
class CompiledGuard:
    """A policy ready for use; bit `b` belongs to `life_events[b]` and `policy.life_events[b]`."""

    policy: GuardPolicy
    life_events: tuple[LifeEvent, ...]


def parse_policy(text: str, name: str) -> PolicyDocument:
    """Reads a policy; `name` is what errors call the text. PolicyError says where and why."""
    top = Section(read_yaml(text, name), "the policy", _TOP)
    given: dict[str, Any] = {"name": name}
    if (head := top.get("guard")) is not None:
        given |= _head(Section(head, "guard", _GUARD))
    if (defaults := top.get("defaults")) is not None:
        given["settings"] = _settings(Section(defaults, "defaults", _DEFAULTS))
    if (packs := top.get("packs")) is not None:
        marked.texts_of(packs, "packs")
        known = known_packs()
        given["packs"] = tuple(marked.choice_of(p, "packs", known) for p in packs.items)
    if (events := top.get("life_events")) is not None:
        pairs = marked.pairs_of(events, "life_events")
        given["life_events"] = tuple(_override(key, value) for key, value in pairs)
    if packs is None and events is None:
        raise top.value.error(
            "the policy guards nothing: it has neither `packs` nor `life_events`",
            f"name packs: [{', '.join(known_packs())}], or write packs: [] if you mean it",
        )
    if (chains := top.get("no_chaining")) is not None:
        given["no_chaining"] = marked.texts_of(chains, "no_chaining")
    return PolicyDocument(**given)


def compile_policy(
    document: PolicyDocument | None,
    packs: Sequence[Pack],
    proxy_lists: Mapping[str, str] | None = None,
) -> CompiledGuard:
    """The policy that a bundle carries: packs in order, then the document's own word.

    packs         those that the document names, read; a later pack replaces life events of an
                  earlier one
    proxy_lists   texts of the files in `document.proxy_lists`, by the name written there

    Bits follow the ids in alphabetical order. Raises PolicyError.
    """
    events = {event.id: event for pack in packs for event in pack.life_events}
    if document is None:
        return _compiled(GuardPolicy(), events.values())
    for override in document.life_events:
        events[override.id] = _overridden(
            events.get(override.id), override, events, proxy_lists or {}
        )
    _check_chains(document, events)
    policy = GuardPolicy(
        version=document.version,
        owner=document.owner,
        approved_by=document.approved_by,
        valid_until=document.valid_until,
        **document.settings,
    )
    return _compiled(policy, events.values())


def _compiled(policy: GuardPolicy, events: Iterable[LifeEvent]) -> CompiledGuard:
    ordered = tuple(sorted(events, key=lambda event: event.id))
    if len(ordered) > MOST_LIFE_EVENTS:
        raise PolicyError(
            f"the policy knows {len(ordered)} life events, more than {MOST_LIFE_EVENTS}",
            hint="name fewer packs, or join life events that are treated alike",
        )
    rules = tuple(_rule(event) for event in ordered)
    return CompiledGuard(policy.model_copy(update={"life_events": rules}), ordered)


def _rule(event: LifeEvent) -> LifeEventRule:
    if event.replenish is None:
        return LifeEventRule(id=event.id, stance=event.stance)
    return LifeEventRule(
        id=event.id,
        stance=event.stance,
        replenish=True,
        min_purchases=event.replenish.min_purchases,
        within_days=event.replenish.within_days,
    )


def _overridden(
    base: LifeEvent | None,
    override: Override,
    known: Mapping[str, LifeEvent],
    proxy_lists: Mapping[str, str],
) -> LifeEvent:
    if base is None:
        base = _own(override, known)
    changed: dict[str, Any] = {
        "evidence": base.evidence.model_copy(update=override.evidence),
        "targets": base.targets.model_copy(update=override.targets),
    }
    if override.title is not None:
        changed["title"] = override.title
    if override.stance is not None:
        changed["stance"] = override.stance
        # A stricter policy must not leave the slot open that its pack had opened.
        if override.stance is not Stance.REPLENISH_ONLY:
            changed["replenish"] = None
    if override.replenish is not None:
        changed["replenish"] = override.replenish
    if override.proxies is not None:
        changed["proxies"] = approved_items(override.proxies, override.place, proxy_lists)
    return base.model_copy(update=changed)


def _own(override: Override, known: Mapping[str, LifeEvent]) -> LifeEvent:
    """A life event that no pack has: it must say everything itself."""
    nearest = marked.suggestion(override.id, known, "life events")
    if override.stance is None:
        raise PolicyError(
            f"{override.place}: life event {override.id!r} is in no pack and has no `policy`",
            hint=f"{nearest}. A life event of your own needs a policy and patterns",
        )
    if Patterns(**override.evidence).empty and Patterns(**override.targets).empty:
        raise PolicyError(
            f"{override.place}: life event {override.id!r} is in no pack and matches nothing",
            hint=f"{nearest}. A life event of your own needs evidence or targets",
        )
    return LifeEvent(id=override.id, stance=override.stance)


def _check_chains(document: PolicyDocument, known: Mapping[str, LifeEvent]) -> None:
    for name in document.no_chaining:
        if name not in known and name not in NEVER_CHAINED:
            hint = marked.suggestion(name, {*known, *NEVER_CHAINED}, "life events")
            raise PolicyError(
                f"{document.name}: unknown life event {name!r} in no_chaining", hint=hint
            )


def _head(head: Section) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if (version := head.get("version")) is not None:
        given["version"] = marked.integer_of(version, "guard.version", 0, 999_999_999)
    for key in ("owner", "approved_by"):
        if (person := head.get(key)) is not None:
            given[key] = marked.text_of(person, head.at(key))
    if (until := head.get("valid_until")) is not None:
        given["valid_until"] = marked.date_of(until, "guard.valid_until")
    return given


def _settings(defaults: Section) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if (unmapped := defaults.get("on_unmapped_item")) is not None:
        known = ("allow", "contextual_only")
        given["on_unmapped_item"] = marked.choice_of(
            unmapped, defaults.at("on_unmapped_item"), known
        )
    if (slots := defaults.get("discovery_slots")) is not None:
        given["discovery_slots"] = marked.integer_of(slots, defaults.at("discovery_slots"), 1, 100)
    if (support := defaults.get("discovery_support")) is not None:
        given["discovery_support"] = marked.share_of(support, defaults.at("discovery_support"))
    for key, held in _HELD.items():
        if (number := defaults.get(key)) is not None:
            marked.integer_of(number, defaults.at(key), held, held)
    return given


def _override(key: Marked, value: Marked) -> Override:
    where = f"life_events.{key.text}"
    section = Section(value, where, _ENTRY, _ENTRY_LATER)
    given: dict[str, Any] = {"id": id_of(key), "place": f"{key.name}, line {key.line}"}
    if (title := section.get("title")) is not None:
        given["title"] = marked.text_of(title, section.at("title"))
    if (policy := section.get("policy")) is not None:
        given["stance"] = stance_of(policy, section.at("policy"))
    if (evidence := section.get("evidence")) is not None:
        given["evidence"] = patterns_of(evidence, section.at("evidence"))
    if (targets := section.get("targets")) is not None:
        given["targets"] = patterns_of(targets, section.at("targets"), _TARGETS_LATER)
    if (replenish := section.get("replenish")) is not None:
        given["replenish"] = replenish_of(replenish, section.at("replenish"))
    if (proxies := section.get("proxies")) is not None:
        given["proxies"] = proxies_of(proxies, section.at("proxies"))
    return Override(**given)
