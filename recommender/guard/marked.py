"""Values of a YAML text with the place where each stands, and checks that name that place.

grocery.yaml, line 12, column 5: unknown key 'evidense' in life_events.infant
  how to mend it: did you mean `evidence`? Known keys: evidence, policy, ...
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Literal

from recommender.errors import PolicyError

_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off"})
_NOTHING = frozenset({"", "~", "null"})
_DAYS = {"day": 1.0, "week": 7.0, "month": 365 / 12, "year": 365.0}
_DURATION = re.compile(r"(\d{1,5})\s+(day|week|month|year)s?")
_SHOWN = 60


@dataclass(frozen=True)
class Marked:
    """One value: a scalar (`text`), a list (`items`) or a mapping (`pairs`), and its place.

    plain          a scalar without quotes, where YAML would guess a type
    line, column   counted from 1
    """

    kind: Literal["scalar", "list", "mapping"]
    name: str
    line: int
    column: int
    text: str = ""
    plain: bool = False
    items: tuple[Marked, ...] = ()
    pairs: tuple[tuple[Marked, Marked], ...] = ()

    def error(self, what: str, hint: str) -> PolicyError:
        """An error at this value's place."""
        return PolicyError(f"{self.place}: {what}", hint=hint)

    @property
    def place(self) -> str:
        """Where the value stands, as errors name it."""
        return f"{self.name}, line {self.line}, column {self.column}"

    def under(self, *path: str) -> Marked | None:
        """The value under a path of keys, None where there is none."""
        here: Marked | None = self
        for key in path:
            if here is None:
                return None
            here = next((value for name, value in here.pairs if name.text == key), None)
        return here

    def place_of(self, path: Iterable[str], text: str | None = None) -> str:
        """The place of a text in the list under a path of keys; without a text, of the last key.

        What is not there stands where the nearest thing does that is.
        """
        nearest = key = self
        for name in path:
            found = next((pair for pair in nearest.pairs if pair[0].text == name), None)
            if found is None:
                break
            key, nearest = found
        items = (item for item in nearest.items if item.text.strip() == text)
        return next(items, key).place

    def same(self, other: Marked) -> bool:
        """True where both say the same, wherever they stand and however they are quoted."""
        return _content(self) == _content(other)

    @property
    def shown(self) -> str:
        """The value as an error message quotes it."""
        if self.kind == "list":
            return "a list"
        if self.kind == "mapping":
            return "a mapping"
        return repr(self.text if len(self.text) <= _SHOWN else self.text[:_SHOWN] + "...")


class Section:
    """A mapping whose keys have been checked; every key is read by name."""

    def __init__(self, value: Marked, where: str, known: Collection[str]) -> None:
        self.value = value
        self.where = where
        self._values: dict[str, Marked] = {}
        for key, item in pairs_of(value, where):
            if key.text not in known:
                raise key.error(
                    f"unknown key {key.shown} in {where}", suggestion(key.text, known, "keys")
                )
            self._values[key.text] = item

    def get(self, key: str) -> Marked | None:
        """The value of a key, None when it is absent."""
        return self._values.get(key)

    def at(self, key: str) -> str:
        """The dotted path of a key, for messages."""
        return f"{self.where}.{key}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)


def pairs_of(value: Marked, where: str) -> tuple[tuple[Marked, Marked], ...]:
    """Keys and values of a mapping, in order; an error when a key comes twice."""
    if value.kind != "mapping":
        raise value.error(f"{where} is {value.shown}, not a mapping", "write `key: value` lines")
    seen: dict[str, Marked] = {}
    for key, _ in value.pairs:
        if key.kind != "scalar":
            raise key.error(f"a key of {where} is {key.shown}", "a key is one word")
        if key.text in seen:
            first = seen[key.text]
            raise key.error(
                f"{key.shown} stands twice in {where} (first on line {first.line})", "keep one"
            )
        seen[key.text] = key
    return value.pairs


def text_of(value: Marked, where: str) -> str:
    """A text; a bare yes, no, on, off, true, false or null is refused."""
    if value.kind != "scalar":
        raise value.error(f"{where} is {value.shown}, not a text", "write one value")
    if value.plain and value.text.casefold() in _SWITCHES:
        raise value.error(
            f"{where} is {value.text}: words, not yes/no",
            "say what you mean in a word of its own; put it in quotes if it is really the text",
        )
    if not value.text.strip() or (value.plain and value.text.casefold() in _NOTHING):
        raise value.error(f"{where} has no value", "give one, or take the key out")
    return value.text.strip()


def texts_of(value: Marked, where: str) -> tuple[str, ...]:
    """A list of texts."""
    if value.kind != "list":
        raise value.error(
            f"{where} is {value.shown}, not a list", "put it in brackets: [first, second]"
        )
    return tuple(text_of(item, where) for item in value.items)


def choice_of(value: Marked, where: str, known: Collection[str]) -> str:
    """One of a few words."""
    if value.plain and value.text.casefold() in _SWITCHES:
        what = f"{where} is {value.text}: words, not yes/no"
        raise value.error(what, f"write one of these words: {', '.join(sorted(known))}")
    text = text_of(value, where)
    if text not in known:
        raise value.error(f"{where} is {value.shown}", suggestion(text, known, "values"))
    return text


def integer_of(value: Marked, where: str, low: int, high: int) -> int:
    """A whole number within bounds, both included."""
    text = text_of(value, where)
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise value.error(f"{where} is {value.shown}", f"write a whole number from {low} to {high}")
    return int(text)


def share_of(value: Marked, where: str) -> float:
    """A share from 0 to 1."""
    text = text_of(value, where)
    if not re.fullmatch(r"[0-9]*\.?[0-9]+", text) or not 0 <= float(text) <= 1:
        raise value.error(f"{where} is {value.shown}", "write a share from 0 to 1, such as 0.1")
    return float(text)


def days_of(value: Marked, where: str, *or_else: str) -> int:
    """A duration in words, as days; a month has 365/12 of them.

    or_else   words that the caller takes too, for the hint
    """
    text = text_of(value, where)
    found = _DURATION.fullmatch(text)
    if found is None or int(found[1]) == 0:
        others = "".join(f"; or: {word}" for word in or_else)
        raise value.error(
            f"{where} is {value.shown}",
            f"write a duration in words: 365 days, 6 weeks, 10 months{others}",
        )
    return round(int(found[1]) * _DAYS[found[2]])


def date_of(value: Marked, where: str) -> date:
    """A calendar day."""
    text = text_of(value, where)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise value.error(f"{where} is {value.shown}", "write a day as 2027-03-31") from error


def suggestion(word: str, known: Collection[str], what: str) -> str:
    """The nearest known word, and all of them."""
    folded = {name.casefold(): name for name in sorted(known, reverse=True)}
    near = get_close_matches(word.casefold().replace("-", "_"), folded, n=1, cutoff=0.5)
    if not near:
        near = get_close_matches(word.casefold(), folded, n=1, cutoff=0.5)
    guess = f"did you mean `{folded[near[0]]}`? " if near else ""
    return f"{guess}Known {what}: {listed(known)}"


def listed(names: Collection[str] | Mapping[str, object]) -> str:
    """Names in order, for a message."""
    return ", ".join(sorted(names)) or "none"


def _content(value: Marked) -> tuple[object, ...]:
    items = tuple(_content(item) for item in value.items)
    pairs = tuple((_content(key), _content(item)) for key, item in value.pairs)
    return value.kind, value.text, items, pairs
