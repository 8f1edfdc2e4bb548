"""The marketer's policy: which packs hold, and what the shop changes about them.

    guard: {version: 1, owner: anna@shop, approved_by: dpo@shop, valid_until: 2027-12-31}
    defaults: {on_unmapped_item: contextual_only, discovery_slots: 10}
    packs: [grocery@1]
    life_events:
      infant: {policy: block}
    no_chaining: [moving]

Packs are joined, never replaced: an item matches a life event where it matches any pack's entry,
and of every other word the strictest counts. What a life event says here then replaces what the
packs say, value by value and list by list: giving `evidence.keyword` keeps every pack's
`evidence.category`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

from pydantic import BaseModel, ConfigDict

from recommender.errors import PolicyError
from recommender.guard import marked
from recommender.guard.entries import ENTRY, Shape, entry_of, id_of
from recommender.guard.heads import DEFAULTS, GUARD, check_schema, head_of, settings_of
from recommender.guard.joining import joined
from recommender.guard.life_event import LifeEvent, Pack, Patterns, Replenish
from recommender.guard.marked import Marked, Section
from recommender.guard.policy import MOST_LIFE_EVENTS, GuardPolicy, Stance
from recommender.guard.proxies import KEYS, Proxies, approved_items, proxies_of
from recommender.guard.taxonomy import known_packs, read_yaml

NEVER_CHAINED = ("graduation", "marriage", "moving")
"""Life events that `no_chaining` may name even where no pack in use knows them."""

POLICY: Shape = {
    "guard": dict.fromkeys(GUARD),
    "defaults": dict.fromkeys(DEFAULTS),
    "packs": None,
    "life_events": {"*": {**ENTRY, "proxies": dict.fromkeys(KEYS)}},
    "no_chaining": None,
}
"""Every key of a policy."""

_REFERENCE = re.compile(r"[a-z][a-z0-9-]{0,62}@[1-9][0-9]{0,3}")


class Override(BaseModel):
    """What a policy says of one life event; what it leaves out is the packs' word.

    given   by the names of the fields of `LifeEvent`; patterns, `replenish` and `surfaces` as
            mappings of what was given
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    given: dict[str, Any] = {}
    proxies: Proxies | None = None


class PolicyDocument(BaseModel):
    """A marketer's policy as written. Unset settings keep the defaults of `GuardPolicy`.

    source        the text's values with their places
    no_chaining   None: what the packs say
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: Marked
    version: int = 0
    owner: str = ""
    approved_by: str = ""
    valid_until: date | None = None
    settings: dict[str, Any] = {}
    packs: tuple[str, ...] = ()
    life_events: tuple[Override, ...] = ()
    no_chaining: tuple[str, ...] | None = None

    @property
    def proxy_lists(self) -> tuple[str, ...]:
        """Files of approved proxies, whose texts `compile_policy` needs."""
        given = (event.proxies for event in self.life_events)
        return tuple(sorted({p.list for p in given if p and p.approved and p.list}))

    def unknown(self, path: tuple[str, ...], name: str, known: Collection[str]) -> PolicyError:
        """The error of a list that names a life event nobody knows."""
        return PolicyError(
            f"{self.source.place_of(path, name)}: unknown life event {name!r} in {'.'.join(path)}",
            hint=marked.suggestion(name, known, "life events"),
        )


@dataclass(frozen=True)
class CompiledGuard:
    """A policy ready for use; bit `b` belongs to `life_events[b]` and `policy.life_events[b]`.

    life_events   joined over packs and policy, for display
    layers        what to match: the same life events, once a pack, each with the patterns of that
                  pack or, where the policy replaced a list, of the policy
    """

    policy: GuardPolicy
    life_events: tuple[LifeEvent, ...]
    layers: tuple[tuple[LifeEvent, ...], ...]

    @property
    def digest(self) -> str:
        """BLAKE2b-128, in hex, of all that the policy says and matches, packs included."""
        said = {
            "policy": self.policy.model_dump(mode="json", exclude={"version", "owner"}),
            "layers": [[event.model_dump(mode="json") for event in layer] for layer in self.layers],
        }
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def parse_policy(text: str, name: str) -> PolicyDocument:
    """Reads a policy; `name` is what errors call the text. PolicyError says where and why."""
    written = read_yaml(text, name)
    check_schema(written)
    top = Section(written, "the policy", tuple(POLICY))
    given: dict[str, Any] = {"name": name, "source": top.value}
    if (head := top.get("guard")) is not None:
        given |= head_of(Section(head, "guard", GUARD))
    if (defaults := top.get("defaults")) is not None:
        given["settings"] = settings_of(Section(defaults, "defaults", DEFAULTS))
    if (packs := top.get("packs")) is not None:
        given["packs"] = _references(packs)
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
    """The policy that a bundle carries: packs joined, then the document's own word.

    packs         those that the document names, read
    proxy_lists   texts of the files in `document.proxy_lists`, by the name written there

    Bits follow the ids in alphabetical order. Raises PolicyError.
    """
    document = _SILENT if document is None else document
    overrides = {override.id: override for override in document.life_events}
    known = [{event.id: event for event in pack.life_events} for pack in packs]
    in_packs = {id_ for pack in known for id_ in pack}
    own = {o.id: _own(document, o, in_packs) for o in document.life_events if o.id not in in_packs}
    known += [own] if own else []
    ids = sorted(in_packs | own.keys())
    if len(ids) > MOST_LIFE_EVENTS:
        raise PolicyError(
            f"the policy knows {len(ids)} life events, more than {MOST_LIFE_EVENTS}",
            hint="name fewer packs, or join life events that are treated alike",
        )
    approved = {o.id: _approved(document, o, proxy_lists or {}) for o in document.life_events}

    def said(event: LifeEvent) -> LifeEvent:
        override = overrides.get(event.id)
        return _overridden(event, override, approved[event.id]) if override else event

    events = {id_: said(joined([pack[id_] for pack in known if id_ in pack])) for id_ in ids}
    layers = tuple(
        tuple(said(pack[id_]) if id_ in pack else _blank(events[id_]) for id_ in ids)
        for pack in known
    )
    _check_silences(document, events)
    return CompiledGuard(_policy(document, packs, events), tuple(events.values()), layers)


def _policy(
    document: PolicyDocument, packs: Sequence[Pack], events: Mapping[str, LifeEvent]
) -> GuardPolicy:
    return GuardPolicy(
        version=document.version,
        owner=document.owner,
        approved_by=document.approved_by,
        valid_until=document.valid_until,
        no_chaining=_no_chaining(document, packs, events),
        life_events=tuple(event.rule for event in events.values()),
        **document.settings,
    )


def _overridden(base: LifeEvent, override: Override, proxies: tuple[str, ...]) -> LifeEvent:
    given = override.given
    changed: dict[str, Any] = {
        **given,
        "evidence": base.evidence.model_copy(update=given.get("evidence", {})),
        "targets": base.targets.model_copy(update=given.get("targets", {})),
        "surfaces": {**base.surfaces, **given.get("surfaces", {})},
        "proxies": proxies,
    }
    if "replenish" in given:
        changed["replenish"] = (base.replenish or Replenish()).model_copy(update=given["replenish"])
    elif given.get("stance", Stance.REPLENISH_ONLY) is not Stance.REPLENISH_ONLY:
        # A stricter policy must not leave the slot open that its pack had opened.
        changed["replenish"] = None
    return base.model_copy(update=changed)


def _approved(
    document: PolicyDocument, override: Override, lists: Mapping[str, str]
) -> tuple[str, ...]:
    if override.proxies is None:
        return ()
    place = document.source.place_of(("life_events", override.id, "proxies", "list"))
    return approved_items(override.proxies, place, lists)


def _blank(event: LifeEvent) -> LifeEvent:
    """Holds the bit of a life event that a layer does not know."""
    return LifeEvent(id=event.id, stance=event.stance)


def _own(document: PolicyDocument, override: Override, known: Collection[str]) -> LifeEvent:
    """A life event that no pack has: it must say everything itself."""
    given = override.given
    missing = ""
    if "stance" not in given:
        missing = "has no `policy`"
    elif all(Patterns(**given.get(side, {})).empty for side in ("evidence", "targets")):
        missing = "matches nothing"
    if missing:
        nearest = marked.suggestion(override.id, known, "life events")
        raise PolicyError(
            f"{document.source.place_of(('life_events', override.id))}: life event "
            f"{override.id!r} is in no pack and {missing}",
            hint=f"{nearest}. A life event of your own needs a policy, and evidence or targets",
        )
    return LifeEvent(id=override.id, stance=given["stance"])


def _check_silences(document: PolicyDocument, known: Collection[str]) -> None:
    for override in document.life_events:
        for name in override.given.get("silences", ()):
            if name not in known:
                path = ("life_events", override.id, "on_withdrawal", "also")
                raise document.unknown(path, name, known)


def _no_chaining(
    document: PolicyDocument, packs: Sequence[Pack], events: Mapping[str, LifeEvent]
) -> tuple[str, ...]:
    allowed = {event.id for event in events.values() if event.stance is Stance.ALLOW}
    if document.no_chaining is None:
        chained = {name for pack in packs for name in pack.no_chaining}
        return tuple(sorted(allowed & chained))
    for name in document.no_chaining:
        if name not in events and name not in NEVER_CHAINED:
            raise document.unknown(("no_chaining",), name, {*events, *NEVER_CHAINED})
        if name in events and name not in allowed:
            raise PolicyError(
                f"{document.source.place_of(('no_chaining',), name)}: {name!r} in no_chaining is "
                f"{events[name].stance}, not allow",
                hint="take it out: what is not allowed is masked, and raises no score anyway",
            )
    return tuple(sorted(allowed.intersection(document.no_chaining)))


def _references(value: Marked) -> tuple[str, ...]:
    """Packs by name and version, each once; those that ship with a version that ships."""
    shipped = known_packs()
    names = [reference.partition("@")[0] for reference in shipped]
    references = marked.texts_of(value, "packs")
    seen: set[str] = set()
    for item, reference in zip(value.items, references, strict=True):
        if reference in seen:
            raise item.error(f"packs has {item.shown} twice", "keep one")
        seen.add(reference)
        if reference in shipped:
            continue
        if not _REFERENCE.fullmatch(reference) or reference.partition("@")[0] in names:
            raise item.error(
                f"packs has {item.shown}",
                marked.suggestion(reference, shipped, "packs")
                + ". A pack of your own is named NAME@VERSION",
            )
    return references


def _override(key: Marked, value: Marked) -> Override:
    section = Section(value, f"life_events.{key.text}", (*ENTRY, "proxies"))
    given: dict[str, Any] = {"id": id_of(key), "given": entry_of(section)}
    if (proxies := section.get("proxies")) is not None:
        given["proxies"] = proxies_of(proxies, section.at("proxies"))
    return Override(**given)


_SILENT = PolicyDocument(name="no policy", source=Marked("mapping", "no policy", 1, 1))
