"""Which items and texts match which life events: category first, keywords, negative patterns.

Patterns and texts meet as words (`recommender.guard.words`). Each distinct title, path and set
of tags is matched once, by an index of the patterns' first words; items then only combine the
results, so that a catalogue of a hundred thousand items takes about a second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from recommender.catalogue import Catalogue, Offers
from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.policy import UNMAPPED
from recommender.guard.words import words
from recommender.types import Bits


@dataclass(frozen=True, eq=False)
class ItemMasks:
    """Life-event bits of every item of a catalogue.

    evidence   (n_items,) buying the item is a sign of these
    target     (n_items,) offering the item would reveal these
    """

    evidence: Bits
    target: Bits


@dataclass(frozen=True)
class _Hits:
    """Bits that one text hits, as evidence and as target.

    evidence, target         by words: a negative pattern takes them back
    no_evidence, no_target   by negative patterns
    sure_evidence, sure_target   by a category, a tag or an id as a whole: the shop itself says so,
                             and no word of the title takes that back
    """

    evidence: int = 0
    no_evidence: int = 0
    sure_evidence: int = 0
    target: int = 0
    no_target: int = 0
    sure_target: int = 0

    @property
    def columns(self) -> tuple[int, ...]:
        """The fields in their order."""
        return (
            self.evidence,
            self.no_evidence,
            self.sure_evidence,
            self.target,
            self.no_target,
            self.sure_target,
        )

    def __or__(self, other: _Hits) -> _Hits:
        return _Hits(
            self.evidence | other.evidence,
            self.no_evidence | other.no_evidence,
            self.sure_evidence | other.sure_evidence,
            self.target | other.target,
            self.no_target | other.no_target,
            self.sure_target | other.sure_target,
        )


_NONE = _Hits()
_Words = tuple[str, ...]
T = TypeVar("T", bound=Hashable)


class Matcher:
    """Life events compiled for matching; bit `b` belongs to `life_events[b]`."""

    def __init__(self, life_events: Sequence[LifeEvent]) -> None:
        self._equal: dict[tuple[str, _Words], _Hits] = defaultdict(_Hits)
        self._items: dict[str, _Hits] = defaultdict(_Hits)
        self._proxies: dict[str, int] = defaultdict(int)
        self._keywords = _Sequences()
        self._spoken = _Sequences()
        for number, event in enumerate(life_events):
            bit = 1 << number
            for proxy in event.proxies:
                self._proxies[proxy] |= bit
            evidence = _Hits(evidence=bit), _Hits(no_evidence=bit), _Hits(sure_evidence=bit)
            targets = _Hits(target=bit), _Hits(no_target=bit), _Hits(sure_target=bit)
            self._add(event.evidence, *evidence)
            self._add(event.targets, *targets)

    def _add(self, patterns: Patterns, hit: _Hits, negative: _Hits, sure: _Hits) -> None:
        for field in ("category", "tag"):
            for pattern in getattr(patterns, field):
                self._equal[field, words(pattern)] |= sure
                self._spoken.add(words(pattern), hit)
        for pattern in patterns.keyword:
            self._keywords.add(words(pattern), hit)
            self._spoken.add(words(pattern), hit)
        for pattern in patterns.not_keyword:
            self._keywords.add(words(pattern), negative)
            self._spoken.add(words(pattern), negative)
        for item in patterns.item:
            self._items[item] |= sure

    def masks(self, catalogue: Catalogue) -> ItemMasks:
        """The bits of every item, in the catalogue's order."""
        hits = [
            _spread(catalogue.titles, self._title),
            _spread(catalogue.paths, self._path),
            _spread(catalogue.tags, self._tags),
            _spread(catalogue.ids, lambda item: self._items.get(item, _NONE)),
        ]
        columns = np.bitwise_or.reduce(hits)
        evidence, no_evidence, sure_evidence, target, no_target, sure_target = columns
        evidence = (evidence & ~no_evidence) | sure_evidence
        target = (target & ~no_target) | sure_target | evidence
        evidence |= np.array([self._proxies.get(i, 0) for i in catalogue.ids], dtype=np.uint64)
        unmapped = np.where(catalogue.unmapped, np.uint64(UNMAPPED), np.uint64(0))
        return ItemMasks(evidence | unmapped, target | unmapped)

    def target_bits_of_text(self, text: str) -> int:
        """What a text would reveal, such as an offer's own title.

        A text has no category of its own, so the names of categories and tags count as words
        in it. Evidence counts too: an item that would say it must not be offered either.
        """
        hits = self._spoken.hits(words(text))
        return (hits.target & ~hits.no_target) | (hits.evidence & ~hits.no_evidence)

    def offer_bits(self, offers: Offers, target: Bits) -> Bits:
        """(n_offers,) what each offer reveals: anything that it promotes, and its own title.

        target   (n_items,) as `masks` gives it for the catalogue of the offers
        """
        # The id leaves with the offer, so it is read like the title.
        bits = np.zeros(len(offers), dtype=np.uint64)
        filled = np.flatnonzero(np.diff(offers.indptr))
        if len(filled):
            bits[filled] = np.bitwise_or.reduceat(target[offers.items], offers.indptr[filled])
        texts = {*offers.titles, *offers.ids}
        spoken = {text: self.target_bits_of_text(text) for text in texts}
        said = [spoken[t] | spoken[i] for t, i in zip(offers.titles, offers.ids, strict=True)]
        return bits | np.array(said, dtype=np.uint64)

    def _title(self, title: str) -> _Hits:
        return self._keywords.hits(words(title))

    def _path(self, path: tuple[str, ...]) -> _Hits:
        return self._elements("category", path)

    def _tags(self, tags: tuple[str, ...]) -> _Hits:
        return self._elements("tag", tags)

    def _elements(self, field: str, texts: Iterable[str]) -> _Hits:
        hits = _NONE
        for text in texts:
            said = words(text)
            hits |= self._equal.get((field, said), _NONE) | self._keywords.hits(said)
        return hits


class _Sequences:
    """Word sequences by their first word."""

    def __init__(self) -> None:
        self._by_first: dict[str, dict[_Words, _Hits]] = defaultdict(dict)

    def add(self, sequence: _Words, hit: _Hits) -> None:
        """Makes a text with this sequence of words hit."""
        known = self._by_first[sequence[0]]
        known[sequence] = known.get(sequence, _NONE) | hit

    def hits(self, said: _Words) -> _Hits:
        """Everything that a text hits."""
        hits = _NONE
        for at, word in enumerate(said):
            for sequence, hit in self._by_first.get(word, {}).items():
                if said[at : at + len(sequence)] == sequence:
                    hits |= hit
        return hits


def _spread(values: Sequence[T], hits: Callable[[T], _Hits]) -> Bits:
    """(6, n) hits of each value; each distinct value is matched once."""
    number: dict[T, int] = {}
    at = np.fromiter((number.setdefault(v, len(number)) for v in values), np.int64, len(values))
    found = [hits(value).columns for value in number]
    columns: Bits = np.array(found, dtype=np.uint64).reshape(len(found), 6)
    return columns[at].T


def compile_masks(life_events: Sequence[LifeEvent], catalogue: Catalogue) -> ItemMasks:
    """The bits of every item, bit `b` for `life_events[b]`.

    Evidence is a target too: an item that would say it must not be offered either. That goes for
    an allowed life event as well, whose targets are held back once the policy has expired.
    Approved proxies are evidence only: offering one says nothing. An item with neither title nor
    category gets `UNMAPPED` in both.
    """
    return Matcher(life_events).masks(catalogue)


def target_bits_of_text(life_events: Sequence[LifeEvent], text: str) -> int:
    """`Matcher.target_bits_of_text`, for one text."""
    return Matcher(life_events).target_bits_of_text(text)


def offer_bits(life_events: Sequence[LifeEvent], offers: Offers, target: Bits) -> Bits:
    """`Matcher.offer_bits`: OR over the items that an offer promotes, and its own title."""
    return Matcher(life_events).offer_bits(offers, target)
