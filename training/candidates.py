"""What tuning scores: per sampled customer, the few items that can reach the top ten.

Scoring every item under every setting would cost minutes. A customer's list is decided among
their own items and among the best unseen ones, so these are gathered once, with everything the
formula needs, in two rectangles:

    own       the `OWN` items of the view with the largest decayed count, averaged over the
              half-lives that are tried
    unseen    the `CROSS` best by x_u . y_i * tau_i and the `POPULAR` best by recent buyers
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.guard.view import view_columns
from recommender.models.blend import cross_scale
from recommender.types import Bools, Floats, Ints, Longs
from training.fit import Heads
from training.split import Truth

OWN, CROSS, POPULAR = 200, 150, 50
_CELLS = 1 << 22


@dataclass(frozen=True, eq=False)
class Block:
    """One rectangle; every array is (n_customers, width). Padding is where `real` is False.

    rows    model rows
    cross   x_u . y_i / s_u
    taken   True where the truth has the row
    """

    rows: Ints
    real: Bools
    cross: Floats
    taken: Bools


@dataclass(frozen=True, eq=False)
class Candidates:
    """All that tuning looks at.

    own_counts   half-life -> (n_customers, width of `own`) decayed baskets
    n_all, n_new (n_customers,) rows in the truth, and those of them that are unseen
    """

    own: Block
    unseen: Block
    own_counts: dict[float, Floats]
    n_all: Longs
    n_new: Longs


def gather(
    heads: Heads, truth: Truth, customers: Longs, offerable: Bools, half_lives: tuple[float, ...]
) -> Candidates:
    """Candidates of the customers with these numbers.

    offerable   (n_rows,) False for what no offer may promote; it is neither candidate nor truth
    """
    x = _directions(heads, customers)
    seen, counts = _histories(heads, customers, half_lives)
    own_rows, own_real, own_counts = _own(seen, counts, offerable)
    unseen_rows, unseen_real = _unseen(heads, x, seen, offerable)
    keys, n_all, n_new = _truths(heads, truth, customers, seen, offerable)
    return Candidates(
        own=_block(heads, x, own_rows, own_real, keys),
        unseen=_block(heads, x, unseen_rows, unseen_real, keys),
        own_counts=dict(zip(half_lives, own_counts, strict=True)),
        n_all=n_all,
        n_new=n_new,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """The sampled customers' histories: `owner` numbers them from 0, rows ascend within one."""

    n: int
    owner: Longs
    rows: Ints

    def mask(self, lo: int, hi: int, n_rows: int) -> Bools:
        """(hi - lo, n_rows) True where a customer has the row."""
        mask = np.zeros((hi - lo, n_rows), dtype=np.bool_)
        at = slice(*np.searchsorted(self.owner, [lo, hi]))
        mask[self.owner[at] - lo, self.rows[at]] = True
        return mask


def _directions(heads: Heads, customers: Longs) -> Floats:
    """x_u / s_u."""
    x = heads.customer_factors[customers].astype(np.float64)
    s = cross_scale(x, heads.gramian, heads.n_rows)[:, None]
    return np.divide(x, s, out=np.zeros_like(x), where=s > 0).astype(np.float32)


def _histories(
    heads: Heads, customers: Longs, half_lives: tuple[float, ...]
) -> tuple[_Seen, list[Floats]]:
    """The customers' rows, and beside them their decayed baskets at each half-life."""
    wanted = np.zeros(len(heads.customers), dtype=np.bool_)
    wanted[customers] = True
    lines = heads.lines.where(wanted[heads.lines.customer])
    columns = [
        view_columns(
            lines,
            heads.row_of_item,
            as_of=heads.as_of,
            own_half_life_weeks=half_life,
            confidence_half_life_weeks=half_life,
            confidence_floor=0.0,
        )
        for half_life in half_lives
    ]
    owner = np.repeat(np.arange(len(customers)), np.diff(columns[0].indptr))
    return _Seen(len(customers), owner, columns[0].rows), [c.own for c in columns]


def _truths(
    heads: Heads, truth: Truth, customers: Longs, seen: _Seen, offerable: Bools
) -> tuple[Longs, Longs, Longs]:
    """Sorted keys `customer * n_rows + row` of the truth, and its sizes: all, and unseen."""
    lists = [truth.of(int(c)) for c in customers]
    owner = np.repeat(np.arange(len(customers)), [len(rows) for rows in lists])
    rows = np.concatenate([*lists, np.empty(0, dtype=np.int32)])
    owner, rows = owner[offerable[rows]], rows[offerable[rows]]
    keys = owner * heads.n_rows + rows
    new = ~np.isin(keys, seen.owner * heads.n_rows + seen.rows)
    n = len(customers)
    return keys, np.bincount(owner, minlength=n), np.bincount(owner[new], minlength=n)


def _own(seen: _Seen, counts: list[Floats], offerable: Bools) -> tuple[Ints, Bools, list[Floats]]:
    """The `OWN` items of each customer that ever rank high, rows ascending."""
    usual = np.mean(counts, axis=0)
    best = np.lexsort((seen.rows, -usual, seen.owner))
    best = best[offerable[seen.rows[best]]]
    owner = seen.owner[best]
    rank = np.arange(len(best)) - np.searchsorted(owner, owner)
    kept = np.sort(best[rank < OWN])
    owner = seen.owner[kept]
    place = np.arange(len(kept)) - np.searchsorted(owner, owner)
    shape = (seen.n, int(place.max(initial=-1)) + 1)
    rows, real = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.bool_)
    rows[owner, place], real[owner, place] = seen.rows[kept], True
    placed = []
    for values in counts:
        block = np.zeros(shape, dtype=np.float32)
        block[owner, place] = values[kept]
        placed.append(block)
    return rows, real, placed


def _unseen(heads: Heads, x: Floats, seen: _Seen, offerable: Bools) -> tuple[Ints, Bools]:
    """The best unseen items by trend-weighted cross part and by popularity, rows ascending."""
    n = heads.n_rows
    scaled = heads.factors * heads.tau.astype(np.float32)[:, None]
    cross, popular = min(CROSS, n), min(POPULAR, n)
    rows = np.zeros((seen.n, cross + popular), dtype=np.int32)
    step = max(1, _CELLS // n)
    for lo in range(0, seen.n, step):
        hi = min(lo + step, seen.n)
        closed = seen.mask(lo, hi, n) | ~offerable
        scores = np.where(closed, -np.inf, x[lo:hi] @ scaled.T)
        rows[lo:hi, :cross] = np.argpartition(-scores, cross - 1, axis=1)[:, :cross]
        np.put_along_axis(closed, rows[lo:hi, :cross], values=True, axis=1)
        recent = np.where(closed, -np.inf, heads.popularity)
        rows[lo:hi, cross:] = np.argpartition(-recent, popular - 1, axis=1)[:, :popular]
    rows = np.sort(rows, axis=1)
    owner = np.repeat(np.arange(seen.n), rows.shape[1])
    history = seen.owner * n + seen.rows
    real = ~np.isin(owner * n + rows.ravel(), history).reshape(rows.shape) & offerable[rows]
    real[:, 1:] &= rows[:, 1:] != rows[:, :-1]
    return rows, real


def _block(heads: Heads, x: Floats, rows: Ints, real: Bools, truth_keys: Longs) -> Block:
    cross = np.empty(rows.shape, dtype=np.float32)
    step = max(1, _CELLS // max(rows.shape[1] * x.shape[1], 1))
    for lo in range(0, len(rows), step):
        at = slice(lo, lo + step)
        cross[at] = np.einsum("uck,uk->uc", heads.factors[rows[at]], x[at])
    keys = np.arange(len(rows))[:, None] * heads.n_rows + rows
    return Block(rows, real, cross, np.isin(keys, truth_keys) & real)
