"""The parts of a life event's entry, the same in a pack and in a marketer's policy."""

from __future__ import annotations

import re

from recommender.guard import marked
from recommender.guard.life_event import Patterns, Replenish
from recommender.guard.marked import Marked, Section
from recommender.guard.policy import Stance
from recommender.guard.words import words

_STANCES = tuple(stance.value for stance in Stance)
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")


def id_of(key: Marked) -> str:
    """The id of a life event, from the key that names it."""
    if not _ID.fullmatch(key.text):
        raise key.error(
            f"{key.shown} cannot be the id of a life event",
            "use small letters, digits and underscores, starting with a letter",
        )
    return key.text


def stance_of(value: Marked, where: str) -> Stance:
    """The stance that `policy` names."""
    return Stance(marked.choice_of(value, where, _STANCES))


def patterns_of(
    value: Marked, where: str, later: tuple[str, ...] = ()
) -> dict[str, tuple[str, ...]]:
    """The pattern lists that a mapping gives, by name."""
    section = Section(value, where, tuple(Patterns.model_fields), later)
    lists: dict[str, tuple[str, ...]] = {}
    for key in section:
        given = section.get(key)
        assert given is not None
        lists[key] = marked.texts_of(given, section.at(key))
        for item, text in zip(given.items, lists[key], strict=True):
            if key != "item" and not words(text):
                raise item.error(
                    f"{section.at(key)} has {item.shown}, which holds no word",
                    "a pattern needs at least one letter or digit",
                )
    return lists


def replenish_of(value: Marked, where: str) -> Replenish:
    """When own items may be offered again. The slot is always `replenish`."""
    section = Section(value, where, ("slot", "min_purchases", "within"))
    given: dict[str, int] = {}
    if (slot := section.get("slot")) is not None:
        marked.choice_of(slot, section.at("slot"), ("replenish",))
    if (least := section.get("min_purchases")) is not None:
        given["min_purchases"] = marked.integer_of(least, section.at("min_purchases"), 1, 1000)
    if (within := section.get("within")) is not None:
        given["within_days"] = marked.days_of(within, section.at("within"))
    return Replenish(**given)
