"""Items that go with an item: alike in taste (`similar`), or in one basket (`complements`).

Both are counted on views, and an edge exists only if at least `support` customers (guard G11)
stand behind it, so that no list tells of a few people. Work goes in chunks whose size does not
grow with the data; ties fall by row, never by the order in which purchases were read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_matrix

from recommender.bundle import Neighbours
from recommender.models.protocol import History
from recommender.types import Doubles, Floats, Ints, Longs


class NeighboursConfig(BaseModel):
    """How many neighbours an item keeps, and how many customers must support each.

    cells   cells or pairs held at once, 16 to 100 MiB; the result does not depend on it
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep: int = Field(default=20, ge=1, le=200)
    support: int = Field(default=20, ge=1)
    cells: int = Field(default=1 << 22, ge=1)


def similar(
    history: History,
    factors: Floats,
    config: NeighboursConfig,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Neighbours:
    """The nearest items by cosine of ALS factors; support = customers whose view has both.

    factors    (n_rows, k)
    progress   is told how many rows are done
    """
    n = len(factors)
    customers = csr_matrix(
        (np.ones(len(history.rows), dtype=np.int32), history.rows, history.indptr),
        shape=(len(history.indptr) - 1, n),
    )
    known = np.flatnonzero(np.bincount(history.rows, minlength=n) >= config.support)
    shared = customers[:, known]
    by_item = shared.T.tocsr()
    unit = _unit(factors[known])
    edges = []
    for lo, hi in _slices(len(known), max(1, config.cells // max(len(known), 1))):
        both = (by_item[lo:hi] @ shared).tocoo()
        enough = both.data >= config.support
        left, right = both.row[enough], both.col[enough]
        cosine = (unit[lo:hi] @ unit.T)[left, right]
        good = (left + lo != right) & (cosine > 0)
        edges.append((known[left[good] + lo], known[right[good]], cosine[good]))
        progress(hi - lo)
    return _best(n, edges, config.keep)


def complements(
    n_rows: int,
    *,
    row: Ints,
    customer: Ints,
    basket: Longs,
    config: NeighboursConfig,
    progress: Callable[[int], None] = lambda _: None,
) -> Neighbours:
    """What is bought together more often than chance, by cosine over baskets.

    With n_i baskets of i, n_ij with both, and N in all: edges have n_ij N > n_i n_j, and weigh
    n_ij / sqrt(n_i n_j); support = customers who had both in one basket.

    row, customer, basket   (n,) the visible lines; repeated lines of a basket count once
    progress                is told how many lines are done
    """
    lines = _Lines(n_rows, row, customer, basket)
    edges = []
    for left, right, baskets, supporters, done in _pairs(lines, config.cells):
        size = lines.baskets_of_row[left] * lines.baskets_of_row[right]
        good = (supporters >= config.support) & (baskets * lines.n_baskets > size)
        weight = (baskets[good] / np.sqrt(size[good])).astype(np.float32)
        edges += [(left[good], right[good], weight), (right[good], left[good], weight)]
        progress(done)
    return _best(n_rows, edges, config.keep)


def nothing(n_rows: int) -> Neighbours:
    """No row has a neighbour."""
    return Neighbours(
        indptr=np.zeros(n_rows + 1, dtype=np.int64),
        rows=np.empty(0, dtype=np.int32),
        weights=np.empty(0, dtype=np.float32),
    )


class _Lines:
    """Distinct (row, customer, basket), once by basket and once by row."""

    def __init__(self, n_rows: int, row: Ints, customer: Ints, basket: Longs) -> None:
        number = np.unique(basket, return_inverse=True)[1].astype(np.int64)
        distinct = np.unique(number * n_rows + row, return_index=True)[1]
        number, self.n_rows = number[distinct], n_rows
        # By basket, then row: the partners of a line that have a larger row come after it.
        self.in_basket = row[distinct].astype(np.int64)
        self.n_baskets = int(number.max(initial=-1)) + 1
        ends = np.cumsum(np.bincount(number, minlength=self.n_baskets))
        self.baskets_of_row = np.bincount(self.in_basket, minlength=n_rows).astype(np.float64)
        # By row, then customer: each line, where its partners start, and how many there are.
        owner = customer[distinct].astype(np.int64)
        order = np.lexsort((number, owner, self.in_basket))
        self.row, self.owner = self.in_basket[order], owner[order]
        self.after = order.astype(np.int64) + 1
        self.partners = ends[number[order]] - self.after


_Pairs = tuple[Longs, Longs, Doubles, Doubles, int]


def _pairs(lines: _Lines, cells: int) -> Iterator[_Pairs]:
    """(left, right, baskets with both, customers who had both in a basket, lines done).

    Every pair with left < right comes once. A chunk ends where the customer or the row changes,
    so that nobody is counted twice; counts of a row that a chunk cuts are carried to the next.
    """
    n = lines.n_rows
    carried = np.empty((0, 3))
    for lo, hi in _cuts(lines, cells):
        part = _merged(np.concatenate([carried, _count(lines, lo, hi)]))
        following = lines.row[hi] if hi < len(lines.row) else n
        whole = part[:, 0] < following * n
        carried, ready = part[~whole], part[whole]
        key = ready[:, 0].astype(np.int64)
        yield key // n, key % n, ready[:, 1], ready[:, 2], hi - lo


def _count(lines: _Lines, lo: int, hi: int) -> Doubles:
    """Columns: pair key `left * n_rows + right` of lines lo to hi, baskets, customers behind it."""
    row, partners = lines.row[lo:hi], lines.partners[lo:hi]
    new_row = np.r_[True, row[1:] != row[:-1]]
    new_owner = new_row | np.r_[True, lines.owner[lo + 1 : hi] != lines.owner[lo : hi - 1]]
    nth_owner = np.cumsum(new_owner)
    nth_owner -= nth_owner[new_row][np.cumsum(new_row) - 1]
    # Small numbers that sort like (row, right, owner) and never overflow, whatever the ids.
    nth_row, owners = np.cumsum(new_row) - 1, int(nth_owner.max()) + 1
    line = np.repeat(np.arange(hi - lo), partners)
    step = np.arange(len(line)) - np.repeat(np.cumsum(partners) - partners, partners)
    right = lines.in_basket[lines.after[lo:hi][line] + step]
    key = np.sort((nth_row[line] * lines.n_rows + right) * owners + nth_owner[line])
    if not len(key):
        return np.empty((0, 3))
    pair = key // owners
    new_pair = np.r_[True, pair[1:] != pair[:-1]]
    new_supporter = np.r_[True, key[1:] != key[:-1]]
    at = np.flatnonzero(new_pair)
    baskets = np.diff(np.r_[at, len(pair)])
    supporters = np.add.reduceat(new_supporter.astype(np.int64), at)
    left = row[new_row][pair[at] // lines.n_rows]
    key_of_pair = left * lines.n_rows + pair[at] % lines.n_rows
    return np.column_stack([key_of_pair, baskets, supporters]).astype(np.float64)


def _cuts(lines: _Lines, cells: int) -> Iterator[tuple[int, int]]:
    """Chunks of lines of about `cells` pairs that never divide a (row, customer)."""
    n = len(lines.row)
    cost = np.cumsum(lines.partners)
    lo = 0
    while lo < n:
        spent = cost[lo - 1] if lo else 0
        hi = max(int(np.searchsorted(cost, spent + cells, side="right")), lo + 1)
        while hi < n and (lines.row[hi], lines.owner[hi]) == (
            lines.row[hi - 1],
            lines.owner[hi - 1],
        ):
            hi += 1
        yield lo, hi
        lo = hi


def _merged(part: Doubles) -> Doubles:
    """Adds the counts of equal keys; keys ascending. Counts are whole numbers below 2^53."""
    if not len(part):
        return part
    keys, inverse = np.unique(part[:, 0], return_inverse=True)
    sums = [np.bincount(inverse, weights=part[:, column]) for column in (1, 2)]
    return np.column_stack([keys, *sums])


def _best(n: int, edges: list[tuple[Longs, Longs, Floats]], keep: int) -> Neighbours:
    """The `keep` heaviest edges of every row, ties by the neighbour's row."""
    if not edges:
        return nothing(n)
    left, right, weight = (np.concatenate([edge[i] for edge in edges]) for i in range(3))
    order = np.lexsort((right, -weight, left))
    left = left[order]
    rank = np.arange(len(left)) - np.searchsorted(left, left, side="left")
    order, left = order[rank < keep], left[rank < keep]
    return Neighbours(
        indptr=np.concatenate([[0], np.cumsum(np.bincount(left, minlength=n))]).astype(np.int64),
        rows=right[order].astype(np.int32),
        weights=weight[order].astype(np.float32),
    )


def _unit(factors: Floats) -> Floats:
    norm = np.linalg.norm(factors, axis=1, keepdims=True)
    unit: Floats = np.divide(factors, norm, out=np.zeros_like(factors), where=norm > 0)
    return unit


def _slices(n: int, size: int) -> Iterator[tuple[int, int]]:
    for lo in range(0, n, size):
        yield lo, min(lo + size, n)
