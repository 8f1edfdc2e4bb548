"""The parts of a life event's entry, the same in a pack and in a marketer's policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from recommender.channel import Channel
from recommender.guard import marked
from recommender.guard.life_event import ONLY_OF_TARGETS, PATTERNS
from recommender.guard.marked import Marked, Section
from recommender.guard.policy import Stance, Surface
from recommender.guard.words import words

Shape = Mapping[str, "Shape | None"]
"""Known keys of a mapping; None: the value is no mapping. The key `*` stands for any."""

ENTRY: Shape = {
    "title": None,
    "policy": None,
    "evidence": dict.fromkeys(name for name in PATTERNS if name not in ONLY_OF_TARGETS),
    "targets": dict.fromkeys(PATTERNS),
    "replenish": dict.fromkeys(("slot", "min_purchases", "within")),
    "declared_by": None,
    "declaration_expires": None,
    "requires": None,
    "surfaces": dict.fromkeys(channel.value for channel in Channel),
    "on_withdrawal": dict.fromkeys(("silence", "ask_reason", "also")),
    "when_declared": dict.fromkeys(("personal", "outbound_silence")),
}
"""Keys that packs and policies share."""

_NEVER = ("never",)
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PHRASES = ("keyword", "not_keyword", "soft")
# A sign that no name of goods carries, a repeated group, an anchored end, an optional letter.
# "A+D ointment", "BREAD (FRESH)", "18+", "$5 off" and "who is it?" are words.
_REGULAR = re.compile(r"[\\^|*\[\]{}]|\(\?|\)[+?]|\.[+?]|[\w+)]\$$|\w\?\w")


def id_of(key: Marked) -> str:
    """The id of a life event, from the key that names it."""
    if not _ID.fullmatch(key.text):
        raise key.error(
            f"{key.shown} cannot be the id of a life event",
            "use small letters, digits and underscores, starting with a letter",
        )
    return key.text


def entry_of(section: Section) -> dict[str, Any]:
    """What an entry says of its life event, by the names of the fields of `LifeEvent`.

    Only what was written is in it. Patterns, `replenish` and `surfaces` are mappings, so that a
    policy can replace one of their values and leave the others.
    """
    given: dict[str, Any] = {}
    for key, read in _READERS.items():
        if (value := section.get(key)) is not None:
            given |= read(value, section.at(key))
    return given


def _title(value: Marked, where: str) -> dict[str, Any]:
    return {"title": marked.text_of(value, where)}


def _policy(value: Marked, where: str) -> dict[str, Any]:
    return {"stance": Stance(marked.choice_of(value, where, tuple(Stance)))}


def _evidence(value: Marked, where: str) -> dict[str, Any]:
    return {"evidence": _patterns(value, where, "evidence")}


def _targets(value: Marked, where: str) -> dict[str, Any]:
    return {"targets": _patterns(value, where, "targets")}


def _patterns(value: Marked, where: str, key: str) -> dict[str, tuple[str, ...]]:
    section = _section(value, where, key)
    lists: dict[str, tuple[str, ...]] = {}
    for name in section:
        given = section.get(name)
        assert given is not None
        lists[name] = marked.texts_of(given, section.at(name))
        for item, text in zip(given.items, lists[name], strict=True):
            _check_pattern(item, text, name, section.at(name))
    return lists


def _check_pattern(item: Marked, text: str, name: str, where: str) -> None:
    if name in ("item", "offer"):
        return
    if name in _PHRASES and (found := _REGULAR.search(text)):
        raise item.error(
            f"{where} has {item.shown}, which looks like a regular expression ({found[0]!r})",
            "patterns are words: write each word or phrase out; case, plural and punctuation make "
            "no difference",
        )
    if not words(text):
        raise item.error(
            f"{where} has {item.shown}, which holds no word",
            "a pattern needs at least one letter or digit",
        )


def _replenish(value: Marked, where: str) -> dict[str, Any]:
    section = _section(value, where, "replenish")
    given: dict[str, int] = {}
    if (slot := section.get("slot")) is not None:
        marked.choice_of(slot, section.at("slot"), ("replenish",))
    if (least := section.get("min_purchases")) is not None:
        given["min_purchases"] = marked.integer_of(least, section.at("min_purchases"), 1, 1000)
    if (within := section.get("within")) is not None:
        given["within_days"] = marked.days_of(within, section.at("within"))
    return {"replenish": given}


def _declared_by(value: Marked, where: str) -> dict[str, Any]:
    sources = marked.texts_of(value, where)
    if not sources:
        raise value.error(f"{where} is empty", "name a source, or write policy: block")
    for item, source in zip(value.items, sources, strict=True):
        if not _ID.fullmatch(source):
            raise item.error(
                f"{where} has {item.shown}, which is no name of a source",
                "use small letters, digits and underscores: preference_centre",
            )
    return {"declared_by": tuple(dict.fromkeys(sources))}


def _declaration_expires(value: Marked, where: str) -> dict[str, Any]:
    if value.kind == "scalar" and value.text.strip() in _NEVER:
        return {"declaration_days": None}
    return {"declaration_days": marked.days_of(value, where, *_NEVER)}


def _requires(value: Marked, where: str) -> dict[str, Any]:
    marked.choice_of(value, where, ("age_verification",))
    return {"age_verification": True}


def _surfaces(value: Marked, where: str) -> dict[str, Any]:
    section = _section(value, where, "surfaces")
    given: dict[Channel, Surface] = {}
    for name in section:
        needs = section.get(name)
        assert needs is not None
        word = marked.choice_of(needs, section.at(name), tuple(Surface))
        given[Channel(name)] = Surface(word)
    return {"surfaces": given}


def _on_withdrawal(value: Marked, where: str) -> dict[str, Any]:
    section = _section(value, where, "on_withdrawal")
    given: dict[str, Any] = {}
    if (silence := section.get("silence")) is not None:
        given["silence_days"] = marked.days_of(silence, section.at("silence"))
    if (asks := section.get("ask_reason")) is not None:
        marked.choice_of(asks, section.at("ask_reason"), _NEVER)
    if (also := section.get("also")) is not None:
        given["silences"] = tuple(dict.fromkeys(marked.texts_of(also, section.at("also"))))
    return given


def _when_declared(value: Marked, where: str) -> dict[str, Any]:
    section = _section(value, where, "when_declared")
    given: dict[str, Any] = {}
    if (personal := section.get("personal")) is not None:
        marked.choice_of(personal, section.at("personal"), _NEVER)
        given["personal"] = False
    if (silence := section.get("outbound_silence")) is not None:
        given["outbound_silence_days"] = marked.days_of(silence, section.at("outbound_silence"))
    return given


def _section(value: Marked, where: str, key: str) -> Section:
    known = ENTRY[key]
    assert known is not None
    return Section(value, where, tuple(known))


_READERS: Mapping[str, Callable[[Marked, str], dict[str, Any]]] = {
    "title": _title,
    "policy": _policy,
    "evidence": _evidence,
    "targets": _targets,
    "replenish": _replenish,
    "declared_by": _declared_by,
    "declaration_expires": _declaration_expires,
    "requires": _requires,
    "surfaces": _surfaces,
    "on_withdrawal": _on_withdrawal,
    "when_declared": _when_declared,
}
