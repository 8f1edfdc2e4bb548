"""A compiled guard laid over a catalogue: the bits of every item and of every offer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, reduce

import numpy as np

from recommender.catalogue import Catalogue, Offers
from recommender.guard.document import CompiledGuard
from recommender.guard.matching import Matcher
from recommender.guard.words import words
from recommender.types import Bits


@dataclass(frozen=True, eq=False)
class GuardBits:
    """Bits of life events; bit `b` belongs to the policy's `life_events[b]`.

    evidence       (n_items,) buying the item is a sign of these
    target         (n_items,) offering the item would reveal these
    soft           (n_items,) offering it would, where others may look on
    offer_target   (n_offers,) what the offer reveals: all it promotes, its title, its id
    offer_soft     (n_offers,) the same of soft targets

    Evidence is a target too, approved proxies are evidence only, and an item that could not be
    matched carries `UNMAPPED` in `evidence`, `target` and `offer_target`.
    """

    evidence: Bits
    target: Bits
    soft: Bits
    offer_target: Bits
    offer_soft: Bits


def lay(guard: CompiledGuard, catalogue: Catalogue, offers: Offers) -> GuardBits:
    """The bits of every item and offer: what any layer of the guard finds.

    offers   compiled to positions of `catalogue`
    """
    read = cache(words)
    # Without a layer there is still what could not be matched.
    matchers = (Matcher(layer, read) for layer in guard.layers or ((),))
    return reduce(_either, (_laid(matcher, catalogue, offers) for matcher in matchers))


def _laid(matcher: Matcher, catalogue: Catalogue, offers: Offers) -> GuardBits:
    masks, said = matcher.masks(catalogue), matcher.said(offers)
    return GuardBits(
        evidence=masks.evidence,
        target=masks.target,
        soft=masks.soft,
        offer_target=_promoted(masks.target, offers) | said.target,
        offer_soft=_promoted(masks.soft, offers) | said.soft,
    )


def _promoted(bits: Bits, offers: Offers) -> Bits:
    """(n_offers,) OR over the items that each offer promotes."""
    found = np.zeros(len(offers), dtype=np.uint64)
    filled = np.flatnonzero(np.diff(offers.indptr))
    if len(filled):
        found[filled] = np.bitwise_or.reduceat(bits[offers.items], offers.indptr[filled])
    return found


def _either(one: GuardBits, other: GuardBits) -> GuardBits:
    return GuardBits(
        evidence=one.evidence | other.evidence,
        target=one.target | other.target,
        soft=one.soft | other.soft,
        offer_target=one.offer_target | other.offer_target,
        offer_soft=one.offer_soft | other.offer_soft,
    )
