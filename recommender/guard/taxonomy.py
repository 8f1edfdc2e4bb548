"""Packs: taxonomies of life events, read from YAML.

pack: {name: grocery, version: 1}
sources: {G: Google Ads personalised-advertising policy}
life_events:
  infant:
    title: baby of 0 to 3 years
    sources: [G]
    policy: replenish_only
    evidence: {category: [BABY FOODS], keyword: [diaper], not_keyword: [adult diaper]}
    targets: {category: [BABY FOODS]}
    replenish: {min_purchases: 2, within: 365 days}
"""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from recommender.errors import PolicyError
from recommender.guard import marked
from recommender.guard.entries import id_of, patterns_of, replenish_of, stance_of
from recommender.guard.life_event import LifeEvent, Pack, Patterns, Replenish
from recommender.guard.marked import Marked, Section
from recommender.guard.policy import Stance

__all__ = [
    "LifeEvent",
    "Pack",
    "Patterns",
    "Replenish",
    "builtin_pack",
    "known_packs",
    "parse_pack",
    "read_yaml",
]

MOST_BYTES = 1_000_000
"""Longest text that is read as a pack or as a policy."""

_DEEPEST = 12
_ENTRY = ("title", "sources", "policy", "evidence", "targets", "replenish")


def parse_pack(text: str, name: str) -> Pack:
    """Reads a pack; `name` is what errors call the text. PolicyError says where and why."""
    top = Section(read_yaml(text, name), "the pack", ("pack", "sources", "life_events"))
    head = Section(_required(top, "pack"), "pack", ("name", "version"))
    known_sources = _sources(top)
    events = marked.pairs_of(_required(top, "life_events"), "life_events")
    return Pack(
        name=marked.text_of(_required(head, "name"), "pack.name"),
        version=marked.integer_of(_required(head, "version"), "pack.version", 1, 9999),
        sources=known_sources,
        life_events=tuple(_life_event(key, value, known_sources) for key, value in events),
    )


def known_packs() -> tuple[str, ...]:
    """References of the packs that ship with Tactful."""
    return tuple(f"{name}@{_builtin(name).version}" for name in _names())


def builtin_pack(reference: str) -> Pack:
    """A pack that ships with Tactful, such as `grocery@1`; PolicyError when there is none."""
    name, _, _ = reference.partition("@")
    if name in _names():
        pack = _builtin(name)
        if pack.reference == reference:
            return pack
    raise PolicyError(
        f"unknown pack {reference!r}", hint=marked.suggestion(reference, known_packs(), "packs")
    )


def read_yaml(text: str, name: str) -> Marked:
    """A YAML text as marked values; PolicyError on anything but plain data.

    Anchors, aliases, tags, several documents, more than 1 MB and deep nesting are refused: a
    policy needs none of them, and each can be used to hide or to swell one.
    """
    if len(text) > MOST_BYTES or len(text.encode(errors="replace")) > MOST_BYTES:
        raise PolicyError(
            f"{name} is longer than {MOST_BYTES:,} bytes",
            hint="move lists of items into a proxy list, and name it under `proxies`",
        )
    try:
        return _compose(text, name)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise PolicyError(
            f"{name}{where}: not YAML: {problem}",
            hint="look at the indentation, the colons and the brackets of this line",
        ) from error


def _life_event(key: Marked, value: Marked, sources: dict[str, str]) -> LifeEvent:
    where = f"life_events.{key.text}"
    section = Section(value, where, _ENTRY)
    given: dict[str, Any] = {"id": id_of(key), "stance": Stance.BLOCK}
    given["stance"] = stance_of(_required(section, "policy"), section.at("policy"))
    if (title := section.get("title")) is not None:
        given["title"] = marked.text_of(title, section.at("title"))
    if (cited := section.get("sources")) is not None:
        marked.texts_of(cited, section.at("sources"))
        given["sources"] = tuple(
            marked.choice_of(item, section.at("sources"), sources) for item in cited.items
        )
    for patterns in ("evidence", "targets"):
        if (lists := section.get(patterns)) is not None:
            given[patterns] = Patterns(**patterns_of(lists, section.at(patterns)))
    if (replenish := section.get("replenish")) is not None:
        given["replenish"] = replenish_of(replenish, section.at("replenish"))
    return LifeEvent(**given)


def _sources(top: Section) -> dict[str, str]:
    value = top.get("sources")
    if value is None:
        return {}
    return {
        key.text: marked.text_of(text, f"sources.{key.text}")
        for key, text in marked.pairs_of(value, "sources")
    }


def _required(section: Section, key: str) -> Marked:
    value = section.get(key)
    if value is None:
        raise section.value.error(f"{section.where} has no `{key}`", f"add `{key}:`")
    return value


def _names() -> tuple[str, ...]:
    folder = resources.files("recommender.guard.packs")
    return tuple(
        sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))
    )


def _builtin(name: str) -> Pack:
    file = resources.files("recommender.guard.packs") / f"{name}.yaml"
    return parse_pack(file.read_text(encoding="utf-8"), f"pack {name}")


def _compose(text: str, name: str) -> Marked:
    """Builds values without recursion, so that no nesting can exhaust the stack."""
    open_: list[tuple[Event, list[Marked]]] = []
    top: list[Marked] = []
    documents = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        documents += isinstance(event, DocumentStartEvent)
        if isinstance(event, NodeEvent):
            _refuse_cunning(event, name, len(open_), documents)
        if isinstance(event, ScalarEvent):
            (open_[-1][1] if open_ else top).append(
                _marked(event, name, text=event.value, plain=event.style is None)
            )
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            open_.append((event, []))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            start, children = open_.pop()
            (open_[-1][1] if open_ else top).append(_marked(start, name, children=children))
    if not top or (top[0].plain and not top[0].text):
        raise PolicyError(
            f"{name} is empty", hint="start from configs/guard.yaml, or name no policy at all"
        )
    return top[0]


def _marked(
    event: Event, name: str, *, text: str = "", plain: bool = False, children: Any = ()
) -> Marked:
    at = {"name": name, "line": event.start_mark.line + 1, "column": event.start_mark.column + 1}
    if isinstance(event, MappingStartEvent):
        both = zip(children[::2], children[1::2], strict=True)
        return Marked("mapping", pairs=tuple((k, _beside(k, v)) for k, v in both), **at)
    if isinstance(event, SequenceStartEvent):
        return Marked("list", items=tuple(children), **at)
    return Marked("scalar", text=text, plain=plain, **at)


def _beside(key: Marked, value: Marked) -> Marked:
    """A value that was left out stands where its key does, not where the next line starts."""
    if value.kind == "scalar" and value.plain and not value.text:
        return replace(value, line=key.line, column=key.column)
    return value


def _refuse_cunning(event: NodeEvent, name: str, depth: int, documents: int) -> None:
    """Refuses what a policy never needs."""
    if isinstance(event, AliasEvent) or event.anchor is not None:
        what = "an anchor or alias (& or *)"
    elif (tag := getattr(event, "tag", None)) is not None:
        what = f"a tag ({tag})"
    elif depth >= _DEEPEST:
        what = f"more than {_DEEPEST} levels"
    elif documents > 1:
        what = "a second document (---)"
    else:
        return
    raise _marked(event, name).error(f"{what} is refused", "write the values out, plainly")
