"""Offers that go with given items, from lists that many customers' views support (guard G11)."""

from __future__ import annotations

import numpy as np

from recommender.bundle import Neighbours
from recommender.errors import NotFound
from recommender.guard.containment import release
from recommender.guard.view import visible_rows
from recommender.index import BundleIndex
from recommender.request import Basis, Pick
from recommender.scan import DECIMALS, rank
from recommender.types import Bools, Doubles, Ints, ItemId


def related_picks(
    index: BundleIndex, neighbours: Neighbours, rows: Ints, allowed: Bools, n: int
) -> list[Pick]:
    """The `n` best allowed offers by the summed weight of the edges from `rows`.

    Offers that promote one of `rows` are left out.
    """
    found, weights = edges(neighbours, rows)
    if not len(found):
        return []
    merged, inverse = np.unique(found, return_inverse=True)
    summed: Doubles = np.bincount(inverse, weights).astype(np.float64)
    fresh = ~np.isin(merged, rows)
    offers, scores = index.owned(merged[fresh], summed[fresh])
    open_ = allowed[offers]
    best, scores = rank(offers[open_].astype(np.int32), scores[open_], n)
    return [
        Pick(int(offer), float(score), 0.0, float(score), 0.0, Basis.TOGETHER)
        for offer, score in zip(best, scores, strict=True)
    ]


def merged_picks(parts: list[list[Pick]], n: int) -> list[Pick]:
    """The `n` best of several lists without a common offer."""
    if len(parts) == 1:
        return parts[0]
    return sorted((p for part in parts for p in part), key=lambda p: (-p.score, p.offer))[:n]


def popular_picks(index: BundleIndex, allowed: Bools, n: int) -> list[Pick]:
    """The `n` most popular allowed offers: what anybody gets of whom nothing is known."""
    order = index.by_popularity
    offers = order[allowed[order]][:n]
    scores = np.round(index.popularity[offers], DECIMALS).tolist()
    return [
        Pick(offer, score, 0.0, 0.0, score, Basis.POPULAR)
        for offer, score in zip(offers.tolist(), scores, strict=True)
    ]


def edges(neighbours: Neighbours, rows: Ints) -> tuple[Ints, Doubles]:
    """All neighbours of `rows` and the edge weights, one after the other."""
    spans = [np.arange(neighbours.indptr[r], neighbours.indptr[r + 1]) for r in rows]
    if not spans:
        return np.empty(0, dtype=np.int32), np.empty(0)
    at = np.concatenate(spans)
    return neighbours.rows[at], neighbours.weights[at].astype(np.float64)


def item_picks(
    index: BundleIndex,
    neighbours: Neighbours,
    items: tuple[ItemId, ...],
    n: int,
    now: float,
) -> tuple[list[Pick], bool]:
    """What to show beside `items` to anybody, and True when that is only what is popular.

    An item of the catalogue without supported neighbours (new, rare, or protected: the answer
    does not tell) gets popular offers. Raises NotFound when the catalogue has none of `items`.
    """
    if not any(item in index.item_index for item in items):
        raise NotFound(
            "none of these items is in the catalogue of the live bundle",
            hint="check the item ids; new items are known after the next training",
        )
    rules = index.rules(now)
    rows = visible_rows(index.rows(items), index.evidence_of_row, rules)
    allowed = index.allowed(rules, now)
    picks = _unchained_picks(index, neighbours, np.array(rows, dtype=np.int32), allowed, n)
    fallback = not picks
    if fallback:
        own = index.owned(np.array(rows, dtype=np.int32), np.zeros(len(rows)))[0]
        allowed = allowed.copy()
        allowed[own] = False
        picks = popular_picks(index, allowed, n)
    bundle = index.bundle
    release([p.offer for p in picks], bundle.offer_target, bundle.offer_soft, rules)
    return picks, fallback


def _unchained_picks(
    index: BundleIndex, neighbours: Neighbours, rows: Ints, allowed: Bools, n: int
) -> list[Pick]:
    """`related_picks` where no never-chained life event leads to another's target."""
    free = rows[(index.evidence_of_row[rows] & index.unchained) == 0]
    if len(free) == len(rows):
        return related_picks(index, neighbours, rows, allowed, n)
    parts = [(rows, allowed & ~index.chainable), (free, allowed & index.chainable)]
    return merged_picks([related_picks(index, neighbours, r, a, n) for r, a in parts], n)
