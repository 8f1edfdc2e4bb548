"""What lists say of the shop: whose offers are shown, how well known and how different they are.

A list is a row of offer numbers, best first, filled up with -1. What is a mean over customers is
the mean over the places of a list first.

    coverage     share of the offers that are in at least one list
    Gini         of how often each offer is shown, never shown ones included: 0 all equally often,
                 near 1 a few take all places (Sun et al. 2019, section 4.2)
    novelty      mean of -log2(share of the customers who have the item), in bits: 0 when everybody
                 has it, 10 when one in 1,024 has (self-information; Zhou et al. 2010)
    popularity   mean share of the customers who have the item (ARP; Yin et al. 2012). What the
                 customers took has the same number; shown above taken is popularity bias
    diversity    1 - mean over all pairs of a list of the similarity of their categories
                 (Ziegler et al. 2005), which is twice the number of levels that two category paths
                 have in common, from the widest down, over the levels of both (Wu, Palmer 1994)

"Have" is counted on the views that the bundle was fitted with. An offer of several items has the
mean of their numbers, and as category the levels that all of them share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.catalogue import category_name
from recommender.index import BundleIndex
from recommender.models.blend import mean_over_offers
from recommender.types import Bools, Doubles, Floats, Ints, Longs
from training.evaluation import BANDS

_PAIRS = 1 << 22
"""Pairs of places that are compared at once."""


@dataclass(frozen=True, eq=False)
class Shelves:
    """What is known of every offer of a shop, (n_offers,) each.

    share      share of the customers who have it, 0 to 1
    surprise   -log2 of the share; an item that nobody has counts as if one customer had it
    levels     (n_offers, depth) number of the category path down to each level, -1 beyond its end
    place      0 for the most popular
    """

    share: Doubles
    surprise: Doubles
    levels: Ints
    place: Longs

    @classmethod
    def of(cls, index: BundleIndex) -> Shelves:
        """Those of a bundle's offers."""
        customers = max(index.bundle.manifest.n_customers, 1)
        share = index.bundle.support.astype(np.float64) / customers
        surprise = -np.log2(np.clip(share, 1 / customers, 1.0))
        place = np.empty(len(index.by_popularity), dtype=np.int64)
        place[index.by_popularity] = np.arange(len(place))
        columns = np.stack([share, surprise], axis=1).astype(np.float32)
        by_offer = _by_offer(index, columns)
        return cls(by_offer[:, 0], by_offer[:, 1], category_levels(index), place)


def _by_offer(index: BundleIndex, columns: Floats) -> Doubles:
    return mean_over_offers(columns, index.bundle.offers, index.offer_rows).astype(np.float64)


def category_levels(index: BundleIndex) -> Ints:
    """`Shelves.levels`: paths are equal down to a level where their numbers there are equal."""
    catalogue, offers = index.bundle.catalogue, index.bundle.offers
    numbers: dict[tuple[str, ...], int] = {}
    paths = [tuple(map(category_name, path)) for path in catalogue.paths]
    depth = max(map(len, paths), default=0)
    levels = np.full((len(paths), depth), -1, dtype=np.int32)
    for item, path in enumerate(paths):
        for level in range(len(path)):
            levels[item, level] = numbers.setdefault(path[: level + 1], len(numbers))
    if not len(offers):
        return levels[:0]
    least, most = (
        how.reduceat(levels[offers.items], offers.indptr[:-1].astype(np.intp), axis=0)
        for how in (np.minimum, np.maximum)
    )
    return np.where(least == most, least, -1).astype(np.int32)


def coverage(shown: Ints | Longs, n_offers: int) -> float:
    """Share of the offers that appear in at least one list.

    shown   offer numbers of all lists, in any order
    """
    return round(len(np.unique(shown)) / n_offers, 6) if n_offers else 0.0


def gini(shown: Ints | Longs, n_offers: int) -> float:
    """Gini coefficient of how often each of the offers is shown; `shown` as in `coverage`.

    With counts x ascending: sum over i = 1 .. n of (2 i - n - 1) x_i, over n times their sum.
    """
    if not len(shown):
        return 0.0
    counts = np.sort(np.bincount(shown, minlength=n_offers)).astype(np.float64)
    n = len(counts)
    order = 2.0 * np.arange(1, n + 1) - n - 1
    return round(float(order @ counts / (n * counts.sum())), 6)


def bands(shown: Ints | Longs, place: Longs) -> tuple[float, ...]:
    """Share of the shown places in each of `evaluation.BANDS`; `place` as in `Shelves`."""
    edges = np.ceil(np.array(BANDS) * len(place))
    band = np.searchsorted(edges, place[shown], side="right")
    counts = np.bincount(band, minlength=len(BANDS))
    return tuple(round(float(c), 6) for c in counts / max(len(shown), 1))


def mean_in_list(lists: Ints, values: Doubles) -> Doubles:
    """Mean of `values` (n_offers,) over the places of each list (m, n), (m,); NaN when empty."""
    shown = lists >= 0
    places = shown.sum(axis=1)
    sums = np.where(shown, values[lists], 0.0).sum(axis=1)
    return np.asarray(np.divide(sums, places, out=np.full(len(lists), np.nan), where=places > 0))


def diversity(lists: Ints, levels: Ints) -> Doubles:
    """Intra-list diversity of each list (m, n) over category paths, (m,).

    levels   as in `Shelves`

    Offers without a category are left out; NaN where fewer than two of a list have one.
    """
    found = np.full(len(lists), np.nan)
    if not levels.size or not lists.size:
        return found
    step = max(1, _PAIRS // (lists.shape[1] ** 2 * levels.shape[1]))
    for at in range(0, len(lists), step):
        part = lists[at : at + step]
        paths = np.where((part >= 0)[:, :, None], levels[part], -1)
        found[at : at + step] = _diversity(paths, (paths >= 0).sum(axis=2))
    return found


def _diversity(paths: Ints, depth: Longs) -> Doubles:
    """Of lists given as paths (m, n, levels) with so many levels each (m, n)."""
    n = paths.shape[1]
    one, other = np.triu_indices(n, k=1)
    known: Bools = (depth[:, one] > 0) & (depth[:, other] > 0)
    common = ((paths[:, one] == paths[:, other]) & (paths[:, one] >= 0)).sum(axis=2)
    of_both = np.maximum(depth[:, one] + depth[:, other], 1)
    pairs = known.sum(axis=1)
    similar = np.where(known, 2.0 * common / of_both, 0.0).sum(axis=1)
    mean = np.divide(similar, pairs, out=np.full(len(paths), np.nan), where=pairs > 0)
    return np.asarray(1.0 - mean)
