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
no_chaining: [moving]

`sources` is a pack's own; every other key of an entry means what it means in a policy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
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
from ruamel.yaml.reader import ReaderError

from recommender.errors import PolicyError
from recommender.guard import marked
from recommender.guard.entries import ENTRY, entry_of, id_of
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
_SHIPPED = re.compile(r"^pack: \{name: ([a-z][a-z-]*), version: (\d+)\}$", re.MULTILINE)
_TOP = ("pack", "sources", "life_events", "no_chaining")


def parse_pack(text: str, name: str) -> Pack:
    """Reads a pack; `name` is what errors call the text. PolicyError says where and why."""
    top = Section(read_yaml(text, name), "the pack", _TOP)
    head = Section(_required(top, "pack"), "pack", ("name", "version"))
    known_sources = _sources(top)
    pairs = marked.pairs_of(_required(top, "life_events"), "life_events")
    events = {key.text: _life_event(key, value, known_sources) for key, value in pairs}
    for event in events.values():
        path = ("life_events", event.id, "on_withdrawal", "also")
        for other in event.silences:
            if other not in events:
                raise PolicyError(
                    f"{top.value.place_of(path, other)}: unknown life event {other!r} in "
                    f"{'.'.join(path)}",
                    hint=marked.suggestion(other, events, "life events of the pack"),
                )
    return Pack(
        name=marked.text_of(_required(head, "name"), "pack.name"),
        version=marked.integer_of(_required(head, "version"), "pack.version", 1, 9999),
        sources=known_sources,
        life_events=tuple(events.values()),
        no_chaining=_no_chaining(top, events),
    )


def known_packs() -> tuple[str, ...]:
    """References of the packs that ship with Tactful."""
    return tuple(_texts())


def builtin_pack(reference: str) -> Pack:
    """A pack that ships with Tactful, such as `grocery@1`; PolicyError when there is none."""
    if reference not in known_packs():
        raise PolicyError(
            f"unknown pack {reference!r}",
            hint=marked.suggestion(reference, known_packs(), "packs"),
        )
    return _builtin(reference)


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
    except ReaderError as error:
        before = text[: text.find(chr(error.character))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise PolicyError(
            f"{name}, line {line}, column {column}: not YAML: it holds the character "
            f"U+{error.character:04X}, which no text needs",
            hint="take the character out; an editor may not show it",
        ) from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise PolicyError(
            f"{name}{where}: not YAML: {problem}",
            hint="look at the indentation, the colons and the brackets of this line",
        ) from error


def _life_event(key: Marked, value: Marked, sources: dict[str, str]) -> LifeEvent:
    section = Section(value, f"life_events.{key.text}", (*ENTRY, "sources"))
    _required(section, "policy")
    given = {"id": id_of(key), **entry_of(section)}
    if (cited := section.get("sources")) is not None:
        marked.texts_of(cited, section.at("sources"))
        given["sources"] = tuple(
            marked.choice_of(item, section.at("sources"), sources) for item in cited.items
        )
    return LifeEvent.model_validate(given)


def _no_chaining(top: Section, events: dict[str, LifeEvent]) -> tuple[str, ...]:
    value = top.get("no_chaining")
    if value is None:
        return ()
    names = marked.texts_of(value, "no_chaining")
    allowed = [event.id for event in events.values() if event.stance is Stance.ALLOW]
    for item, name in zip(value.items, names, strict=True):
        if name not in allowed:
            raise item.error(
                f"no_chaining has {item.shown}, which is no allowed life event of the pack",
                marked.suggestion(name, allowed, "allowed life events"),
            )
    return names


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


# What ships does not change while a process runs.
@lru_cache(maxsize=1)
def _texts() -> Mapping[str, str]:
    """Texts of the packs that ship, by reference."""
    folder = resources.files("recommender.guard.packs")
    files = (file for file in folder.iterdir() if file.name.endswith(".yaml"))
    texts = {}
    for text in (file.read_text(encoding="utf-8") for file in files):
        head = _SHIPPED.search(text)
        assert head is not None
        texts[f"{head[1]}@{head[2]}"] = text
    return dict(sorted(texts.items()))


@lru_cache(maxsize=16)
def _builtin(reference: str) -> Pack:
    return parse_pack(_texts()[reference], f"pack {reference.partition('@')[0]}")


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
