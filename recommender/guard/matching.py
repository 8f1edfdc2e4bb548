"""Which items and texts match which life events: category first, keywords, negative patterns.

Patterns and texts meet as words (`recommender.guard.words`). Each distinct title, path and set
of tags is matched once, by an index of the patterns' first words; items then only combine the
results, so that a catalogue of a hundred thousand items takes about a second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import or_
from typing import NamedTuple, TypeVar

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
    soft       (n_items,) offering it would, where others may look on
    """

    evidence: Bits
    target: Bits
    soft: Bits


@dataclass(frozen=True, eq=False)
class OfferMasks:
    """Life-event bits of what every offer says, whatever it promotes.

    target   (n_offers,) its title, its id, or the policy that names it, reveals these
    soft     (n_offers,) its title or id reveals these, where others may look on
    """

    target: Bits
    soft: Bits


class _Hits(NamedTuple):
    """Bits that one text hits, as evidence and as target.

    evidence, target         by words: a negative pattern takes them back
    soft                     by phrases held back on outbound: a negative target takes them back
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
    soft: int = 0


def _both(one: _Hits, other: _Hits) -> _Hits:
    return _Hits(*map(or_, one, other))


_NONE = _Hits()
_Words = tuple[str, ...]
T = TypeVar("T", bound=Hashable)


class Matcher:
    """Life events compiled for matching; bit `b` belongs to `life_events[b]`."""

    def __init__(
        self, life_events: Sequence[LifeEvent], read: Callable[[str], _Words] = words
    ) -> None:
        """`read` gives the words of a text; several matchers can share one that remembers."""
        self._read = read
        self._equal: dict[tuple[str, _Words], _Hits] = defaultdict(_Hits)
        self._items: dict[str, _Hits] = defaultdict(_Hits)
        self._proxies: dict[str, int] = defaultdict(int)
        self._offers: dict[str, int] = defaultdict(int)
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
            for phrase in event.targets.soft:
                self._keywords.add(words(phrase), _Hits(soft=bit))
                self._spoken.add(words(phrase), _Hits(soft=bit))
            for offer in event.targets.offer:
                self._offers[offer] |= bit

    def _add(self, patterns: Patterns, hit: _Hits, negative: _Hits, sure: _Hits) -> None:
        for field in ("category", "tag"):
            for pattern in getattr(patterns, field):
                key = field, words(pattern)
                self._equal[key] = _both(self._equal[key], sure)
                self._spoken.add(words(pattern), hit)
        for pattern in patterns.keyword:
            self._keywords.add(words(pattern), hit)
            self._spoken.add(words(pattern), hit)
        for pattern in patterns.not_keyword:
            self._keywords.add(words(pattern), negative)
            self._spoken.add(words(pattern), negative)
        for item in patterns.item:
            self._items[item] = _both(self._items[item], sure)

    def masks(self, catalogue: Catalogue) -> ItemMasks:
        """The bits of every item, in the catalogue's order.

        Evidence is a target too: an item that would say it must not be offered either. That goes
        for an allowed life event as well, whose targets are held back once the policy has
        expired. Approved proxies are evidence only: offering one says nothing. An item with
        neither title nor category gets `UNMAPPED` in both.
        """
        hits = [
            _spread(catalogue.titles, self._title),
            _spread(catalogue.paths, self._path),
            _spread(catalogue.tags, self._tags),
            _spread(catalogue.ids, lambda item: self._items.get(item, _NONE)),
        ]
        columns = np.bitwise_or.reduce(hits)
        evidence, no_evidence, sure_evidence, target, no_target, sure_target, soft = columns
        evidence = (evidence & ~no_evidence) | sure_evidence
        target = (target & ~no_target) | sure_target | evidence
        evidence |= np.array([self._proxies.get(i, 0) for i in catalogue.ids], dtype=np.uint64)
        unmapped = np.where(catalogue.unmapped, np.uint64(UNMAPPED), np.uint64(0))
        return ItemMasks(evidence | unmapped, target | unmapped, soft & ~no_target)

    def said(self, offers: Offers) -> OfferMasks:
        """The bits of every offer's own words, in the offers' order.

        The id leaves with the offer, so it is read like the title. A text has no category of its
        own, so the names of categories and tags count as words in it. Evidence counts too: what
        would say it must not be offered either.
        """
        of_title, of_id = self._speech(offers.titles), self._speech(offers.ids)
        named = np.array([self._offers.get(i, 0) for i in offers.ids], dtype=np.uint64)
        return OfferMasks(of_title.target | of_id.target | named, of_title.soft | of_id.soft)

    def _speech(self, texts: Sequence[str]) -> OfferMasks:
        hits = _spread(texts, lambda text: self._spoken.hits(self._read(text)))
        evidence, no_evidence, _, target, no_target, _, soft = hits
        return OfferMasks((target & ~no_target) | (evidence & ~no_evidence), soft & ~no_target)

    def _title(self, title: str) -> _Hits:
        return self._keywords.hits(self._read(title))

    def _path(self, path: tuple[str, ...]) -> _Hits:
        return self._elements("category", path)

    def _tags(self, tags: tuple[str, ...]) -> _Hits:
        return self._elements("tag", tags)

    def _elements(self, field: str, texts: Iterable[str]) -> _Hits:
        hits = _NONE
        for text in texts:
            said = self._read(text)
            for found in (self._equal.get((field, said), _NONE), self._keywords.hits(said)):
                if found is not _NONE:
                    hits = _both(hits, found)
        return hits


class _Sequences:
    """Word sequences by their first word."""

    def __init__(self) -> None:
        self._by_first: dict[str, dict[_Words, _Hits]] = defaultdict(dict)

    def add(self, sequence: _Words, hit: _Hits) -> None:
        """Makes a text with this sequence of words hit."""
        known = self._by_first[sequence[0]]
        known[sequence] = _both(known.get(sequence, _NONE), hit)

    def hits(self, said: _Words) -> _Hits:
        """Everything that a text hits."""
        hits = _NONE
        # Most texts hit nothing, and this look says so without a loop of our own.
        if self._by_first.keys().isdisjoint(said):
            return hits
        for at, word in enumerate(said):
            for sequence, hit in self._by_first.get(word, {}).items():
                if said[at : at + len(sequence)] == sequence:
                    hits = _both(hits, hit)
        return hits


def _spread(values: Sequence[T], hits: Callable[[T], _Hits]) -> Bits:
    """(7, n) hits of each value; each distinct value is matched once."""
    number: dict[T, int] = {}
    at = np.fromiter((number.setdefault(v, len(number)) for v in values), np.int64, len(values))
    columns: Bits = np.zeros((len(number), len(_NONE)), dtype=np.uint64)
    for row, value in enumerate(number):
        found = hits(value)
        if found is not _NONE:
            columns[row] = found
    return columns[at].T
