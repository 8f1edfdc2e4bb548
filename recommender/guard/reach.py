"""How far the patterns of a policy reach into a catalogue: too far, nowhere, or into each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from itertools import combinations
from operator import or_
from typing import NamedTuple

import numpy as np

from recommender.catalogue import Catalogue, Offers, own_offers
from recommender.guard.counting import counts
from recommender.guard.document import CompiledGuard, PolicyDocument
from recommender.guard.finding import Finding
from recommender.guard.layout import GuardBits, lay
from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.marked import Marked, listed
from recommender.guard.matching import Matcher
from recommender.guard.proxies import listed_items
from recommender.guard.source import PolicySource
from recommender.guard.words import words
from recommender.types import Bits

_MOST = 0.5
"""A pattern that matches so much of a catalogue is probably a mistake."""
_MOST_PROXIES = 0.03
_FEW = 3
MOST_ALIKE = 100
"""Findings of one sort that are told one by one."""
_BY_ID = ("item", "offer")
_POSITIVE = ("category", "keyword", "item", "tag")


_Phrases = frozenset[tuple[str, ...]]


class _Pattern(NamedTuple):
    """One pattern of the marketer's own: `path` are the keys under which it stands."""

    path: tuple[str, str, str, str]
    text: str
    written: Marked

    @property
    def kind(self) -> str:
        return self.path[-1]

    def __str__(self) -> str:
        return f"{self.text!r} in {'.'.join(self.path)}"


@dataclass(frozen=True, eq=False)
class _Laid:
    """A policy over a shop.

    own    the marketer's patterns
    read   words of a text, remembered
    """

    document: PolicyDocument
    guard: CompiledGuard
    catalogue: Catalogue
    bits: GuardBits
    own: tuple[_Pattern, ...]
    read: Callable[[str], tuple[str, ...]]

    def titles(self, items: Iterable[int]) -> str:
        named = (self.catalogue.titles[i] or self.catalogue.ids[i] for i in items)
        return ", ".join(repr(title) for title in list(dict.fromkeys(named))[:_FEW])


def reach(
    source: PolicySource, guard: CompiledGuard, catalogue: Catalogue, offers: Offers | None
) -> Iterator[Finding]:
    """Findings about patterns, life events and proxies, in a catalogue that has items.

    guard    what `source` compiles to
    offers   None: whether offers exist is not looked at

    Raises PolicyError on a proxy list that cannot be read.
    """
    document = source.document()
    if not len(catalogue):
        return
    shown = own_offers(catalogue) if offers is None else offers
    own = tuple(_own_patterns(document))
    laid = _Laid(document, guard, catalogue, lay(guard, catalogue, shown), own, cache(words))
    yield from _proxies(source, laid)
    yield from _by_id(laid, offers)
    yield from _by_words(laid)
    yield from _life_events(laid)
    yield from _taken_back(laid)
    yield from _collisions(laid)


def _own_patterns(document: PolicyDocument) -> Iterator[_Pattern]:
    for event in document.life_events:
        for side in ("evidence", "targets"):
            for kind, texts in event.given.get(side, {}).items():
                path = "life_events", event.id, side, kind
                written = document.source.under(*path)
                assert written is not None
                both = zip(reversed(texts), reversed(written.items), strict=True)
                first = dict(both)  # a text that stands twice stands where it does first
                yield from (_Pattern(path, text, first[text]) for text in dict.fromkeys(texts))


def _dead(patterns: Sequence[_Pattern]) -> Iterator[Finding]:
    hint = "check the spelling against the catalogue, or take it out"
    for pattern in patterns[:MOST_ALIKE]:
        yield Finding("warning", f"{pattern} matches nothing", hint, pattern.written.place)
    if left := patterns[MOST_ALIKE:]:
        what = f"and {len(left):,} more patterns match nothing, from {left[0]} on"
        yield Finding("warning", what, hint, left[0].written.place)


def _by_id(laid: _Laid, offers: Offers | None) -> Iterator[Finding]:
    items = set(laid.catalogue.ids)
    known = {"item": items, "offer": items if offers is None else set(offers.ids)}
    kinds = {"item"} if offers is None else {"item", "offer"}
    looked_at = (pattern for pattern in laid.own if pattern.kind in kinds)
    yield from _dead([p for p in looked_at if p.text not in known[p.kind]])


def _by_words(laid: _Laid) -> Iterator[Finding]:
    spoken = [pattern for pattern in laid.own if pattern.kind not in _BY_ID]
    n = len(laid.catalogue)
    found = counts([(p.kind, p.text) for p in spoken], laid.catalogue, laid.read)
    yield from _dead([p for p, count in zip(spoken, found, strict=True) if not count])
    for pattern, count in zip(spoken, found, strict=True):
        if count >= _MOST * n:
            yield Finding(
                "warning",
                f"{pattern} matches {count:,} of {n:,} items",
                "use a narrower word or category; publishing it as it is needs a reason",
                pattern.written.place,
                needs_reason=True,
            )


def _life_events(laid: _Laid) -> Iterator[Finding]:
    items = laid.bits.target | laid.bits.evidence | laid.bits.soft
    offered = laid.bits.offer_target | laid.bits.offer_soft
    n, idle = len(laid.catalogue), []
    mine = {pattern.path[1] for pattern in laid.own}
    for bit, event in enumerate(laid.guard.life_events):
        count = _count(items, 1 << bit)
        if count >= _MOST * n:
            yield Finding(
                "warning",
                f"the life event {event.id} matches {count:,} of {n:,} items",
                "look at its patterns; publishing it as it is needs a reason",
                laid.document.source.place_of(("life_events", event.id)),
                needs_reason=True,
            )
        elif not count and not _count(offered, 1 << bit) and event.id not in mine:
            idle.append(event.id)
    if idle:
        yield Finding(
            "warning",
            f"{len(idle)} life events of the packs match nothing here: {listed(idle)}",
            "nothing is wrong where the shop does not sell such things; otherwise add patterns",
            laid.document.source.place_of(("packs",)),
        )


def _taken_back(laid: _Laid) -> Iterator[Finding]:
    bit = {event.id: bit for bit, event in enumerate(laid.guard.life_events)}

    @cache
    def of_layers(event: str, side: str, kind: str) -> list[tuple[frozenset[str], _Phrases]]:
        """What each layer holds of a list, and what takes it back there."""
        found = [getattr(layer[bit[event]], side) for layer in laid.guard.layers]
        return [
            (frozenset(getattr(patterns, kind)), frozenset(map(laid.read, patterns.not_keyword)))
            for patterns in found
        ]

    lost = [
        pattern
        for pattern in laid.own
        if pattern.kind in ("keyword", "soft")
        and all(
            _says_any(laid.read(pattern.text), negatives)
            for held, negatives in of_layers(*pattern.path[1:])
            if pattern.text in held
        )
    ]
    hint = "take one of the two out"
    for pattern in lost[:MOST_ALIKE]:
        _, event, side, _ = pattern.path
        what = f"{pattern} never counts: a not_keyword of {event}.{side} takes it back"
        yield Finding("warning", what, hint, pattern.written.place)
    if left := lost[MOST_ALIKE:]:
        what = f"and {len(left):,} more patterns never count, from {left[0]} on"
        yield Finding("warning", what, hint, left[0].written.place)


def _says_any(said: tuple[str, ...], phrases: _Phrases) -> bool:
    """Whether any phrase stands in a text, both as words."""
    ends = range(1, len(said) + 1)
    return bool(phrases) and any(said[start:end] in phrases for end in ends for start in range(end))


def _collisions(laid: _Laid) -> Iterator[Finding]:
    """Items that the marketer's own evidence makes a sign of two life events of another stance."""
    own, evidence, events = _own_evidence(laid), laid.bits.evidence, laid.guard.life_events
    found = int(np.bitwise_or.reduce(own))
    for one, other in combinations(range(len(events)), 2):
        pair = 1 << one | 1 << other
        if not found & pair or events[one].stance is events[other].stance:
            continue
        both = np.uint64(pair)
        hits = np.flatnonzero(((evidence & both) == both) & ((own & both) != 0))
        if len(hits):
            mine = events[one if _count(own[hits], 1 << one) else other].id
            yield Finding(
                "warning",
                f"{len(hits):,} items are evidence of {events[one].id} ({events[one].stance}) and "
                f"of {events[other].id} ({events[other].stance}): {laid.titles(hits)}",
                "the stricter one holds; take the item out with not_keyword where that is wrong",
                laid.document.source.place_of(("life_events", mine, "evidence")),
            )


def _own_evidence(laid: _Laid) -> Bits:
    """(n_items,) what the marketer's patterns find, under the negatives of each layer."""
    given = {event.id: event.given.get("evidence", {}) for event in laid.document.life_events}

    def own(event: LifeEvent) -> LifeEvent:
        kept = {kind: given.get(event.id, {}).get(kind, ()) for kind in _POSITIVE}
        only = Patterns(**kept, not_keyword=event.evidence.not_keyword)
        return LifeEvent(id=event.id, stance=event.stance, evidence=only)

    matchers = (Matcher([own(event) for event in layer], laid.read) for layer in laid.guard.layers)
    nothing = np.zeros(len(laid.catalogue), dtype=np.uint64)
    return reduce(or_, (m.masks(laid.catalogue).evidence for m in matchers), nothing)


def _proxies(source: PolicySource, laid: _Laid) -> Iterator[Finding]:
    known = set(laid.catalogue.ids)
    for event in laid.document.life_events:
        proxies = event.proxies
        if proxies is None or not proxies.approved:
            continue
        path = "life_events", event.id, "proxies"
        where = laid.document.source.place_of(path)
        written = laid.document.source.under(*path, "items")
        marks = () if written is None else written.items
        items = [(mark.place, i) for mark, i in zip(marks, proxies.items, strict=True)]
        if proxies.list:
            lines = listed_items(source.proxy_lists[proxies.list], proxies.list)
            items += [(f"{proxies.list}, line {line}", item) for line, item in lines]
        strange = [f"{item!r} ({place})" for place, item in items if item not in known]
        if strange:
            yield Finding(
                "error",
                f"{len(strange):,} proxies of {event.id} are not in the catalogue: "
                f"{', '.join(strange[:_FEW])}",
                "take out what is not sold any more; an id must be written as the catalogue does",
                where,
            )
        share = len({item for _, item in items}) / len(known)
        if share > _MOST_PROXIES:
            yield Finding(
                "warning",
                f"the proxies of {event.id} are {share:.0%} of the catalogue",
                f"so many hide more than they protect; {_MOST_PROXIES:.0%} is a sound limit",
                where,
            )


def _count(bits: Bits, wanted: int) -> int:
    return int(np.count_nonzero(bits & np.uint64(wanted)))
