"""What tuning scores: per sampled customer, the few items that can reach the top ten.

Scoring every item under every setting would cost minutes. A customer's list is decided among
their own items and among the best unseen ones, so these are gathered once, with everything the
formula needs, in two rectangles:

    own       the `OWN` items of the view with the largest decayed count, averaged over the
              half-lives that are tried
    unseen    the `BEST` by every head, the same with the trend in, and by recent buyers at every
              half-life that is tried

N_u, the best unseen cross part, is taken over all unseen items, also those that no offer may
promote: a few of these are gathered beside, and take no place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.guard.view import view_columns
from recommender.types import Bools, CustomerId, Doubles, Floats, Ints, Longs
from training.evidence import Evidence, Fitted
from training.split import Truth

OWN, BEST, BARRED = 200, 60, 3
_CELLS = 1 << 21


@dataclass(frozen=True, eq=False)
class Block:
    """One rectangle; every array is (n_customers, width). Padding is where `known` is False.

    rows       model rows, ascending
    known      True where there is a row
    open       True where there is one that may be offered
    evidence   head -> what it says of the row: x_u . y_i / s_u, or e_ui of `ModelParameters`
    taken      True where the truth has the row
    """

    rows: Ints
    known: Bools
    open: Bools
    evidence: dict[str, Floats]
    taken: Bools


@dataclass(frozen=True, eq=False)
class Candidates:
    """All that tuning looks at.

    own_counts     half-life -> (n_customers, width of `own`) decayed baskets
    rate, tau      (n_rows,) repeat rate and trend
    share          half-life -> (n_rows,) recent buyers, 1 for the most popular row
    n_all, n_new   (n_customers,) rows in the truth, and those of them that are unseen
    people         (n_customers,) who each is: of pooled windows, one person may come in several
    """

    own: Block
    unseen: Block
    own_counts: dict[float, Floats]
    rate: Doubles
    tau: Doubles
    share: dict[float, Doubles]
    n_all: Longs
    n_new: Longs
    people: tuple[CustomerId, ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the heads, ALS first, the others in order of their names."""
        return tuple(self.unseen.evidence)

    def digest(self) -> str:
        """BLAKE2b-128 in hex of everything here: equal digests, equal results of any setting."""
        found = blake2b(digest_size=16)
        for array in self._arrays():
            found.update(str((array.dtype.str, array.shape)).encode())
            found.update(np.ascontiguousarray(array).data)
        for name in (*self.heads, *self.own_counts, *self.share, *self.people):
            found.update(str(name).encode())
        return found.hexdigest()

    def _arrays(self) -> Iterator[NDArray[Any]]:
        for block in (self.own, self.unseen):
            yield from (block.rows, block.known, block.open, block.taken)
            yield from block.evidence.values()
        yield from self.own_counts.values()
        yield from self.share.values()
        yield from (self.rate, self.tau, self.n_all, self.n_new)


def gather(
    heads: Fitted,
    truth: Truth,
    customers: Longs,
    offerable: Bools,
    half_lives: tuple[float, ...],
) -> Candidates:
    """Candidates of the customers with these numbers, ascending.

    offerable    (n_rows,) False for what no offer may promote; it is neither candidate nor truth
    half_lives   of own baskets, in weeks; each once
    """
    seen, counts = _histories(heads, customers, half_lives)
    own_rows, own_real, own_counts = _own(seen, counts, offerable)
    keys, n_all, n_new = _truths(heads, truth, customers, seen, offerable)
    share = {weeks: _share(buyers) for weeks, buyers in sorted(heads.recent.items())}
    evidence = Evidence(heads, customers)
    gathered = _unseen(evidence, tuple(share.values()), seen, offerable, own_rows)
    rows, known, of_own, of_unseen = gathered
    return Candidates(
        own=_block(heads, own_rows, own_real, offerable, of_own, keys),
        unseen=_block(heads, rows, known, offerable, of_unseen, keys),
        own_counts=dict(zip(half_lives, own_counts, strict=True)),
        rate=heads.rate,
        tau=heads.tau,
        share=share,
        n_all=n_all,
        n_new=n_new,
        people=tuple(heads.customers[c] for c in customers),
    )


def _share(buyers: Doubles) -> Doubles:
    most = buyers.max(initial=0.0)
    return buyers / most if most > 0 else buyers


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


def _histories(
    heads: Fitted, customers: Longs, half_lives: tuple[float, ...]
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
            own_fast_half_life_weeks=half_life,
            own_slow_half_life_weeks=half_life,
            own_fast_share=1.0,
            confidence_half_life_weeks=half_life,
            confidence_floor=0.0,
        )
        for half_life in half_lives
    ]
    owner = np.repeat(np.arange(len(customers)), np.diff(columns[0].indptr))
    return _Seen(len(customers), owner, columns[0].rows), [c.own for c in columns]


def _truths(
    heads: Fitted, truth: Truth, customers: Longs, seen: _Seen, offerable: Bools
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


_Gathered = tuple[Ints, Bools, dict[str, Floats], dict[str, Floats]]


def _unseen(
    evidence: Evidence, shares: tuple[Doubles, ...], seen: _Seen, offerable: Bools, own_rows: Ints
) -> _Gathered:
    """Rows of the unseen candidates, where they are real, and evidence of own and unseen rows."""
    n = evidence.n_rows
    popular = [_leaders(share, offerable) for share in shares]
    barred = np.flatnonzero(~offerable)
    parts: list[_Gathered] = []
    step = max(1, _CELLS // n)
    for lo in range(0, seen.n, step):
        hi = min(lo + step, seen.n)
        said = {name: evidence.of(name, lo, hi) for name in evidence.names}
        history = seen.mask(lo, hi, n)
        chosen = np.zeros_like(history)
        for value in said.values():
            for scores in (value.copy(), value * evidence.tau):
                scores[history] = -np.inf
                _choose(chosen, barred, scores[:, barred], BARRED)
                scores[:, barred] = -np.inf
                _choose(chosen, None, scores, BEST)
        for leaders in popular:
            fresh = ~history[:, leaders]
            chosen[:, leaders] |= fresh & (np.cumsum(fresh, axis=1) <= BEST)
        rows, real = _packed(chosen)
        at = np.arange(hi - lo)[:, None]
        of_own = {name: value[at, own_rows[lo:hi]] for name, value in said.items()}
        parts.append((rows, real, of_own, {name: value[at, rows] for name, value in said.items()}))
    return _joined(parts, evidence.names)


def _leaders(share: Doubles, offerable: Bools) -> Longs:
    """The rows that sell best, best first: enough of them for whoever has some already."""
    order = np.argsort(-share, kind="stable")
    return order[offerable[order]][: BEST + OWN]


def _choose(chosen: Bools, columns: Longs | None, scores: Floats, best: int) -> None:
    """Marks the best of each customer in these columns (None: all); 0 and -inf are never marked.

    Of a sparse head most scores are 0, which tells nothing apart: to partition these ties is slow.
    """
    for c, row in enumerate(scores):
        top = np.flatnonzero((row != 0) & (row > -np.inf))
        if len(top) > best:
            top = top[np.argpartition(row[top], len(top) - best)[-best:]]
        chosen[c, top if columns is None else columns[top]] = True


def _packed(chosen: Bools) -> tuple[Ints, Bools]:
    """The marked rows of each customer, ascending, and where they are real."""
    owner, row = np.nonzero(chosen)
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    shape = (len(chosen), int(place.max(initial=-1)) + 1)
    rows, real = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.bool_)
    rows[owner, place], real[owner, place] = row, True
    return rows, real


def _joined(parts: list[_Gathered], names: tuple[str, ...]) -> _Gathered:
    width = max(part[0].shape[1] for part in parts)

    def wide(array: NDArray[Any]) -> NDArray[Any]:
        return np.pad(array, ((0, 0), (0, width - array.shape[1])))

    return (
        np.vstack([wide(part[0]) for part in parts]),
        np.vstack([wide(part[1]) for part in parts]),
        {name: np.vstack([part[2][name] for part in parts]) for name in names},
        {name: np.vstack([wide(part[3][name]) for part in parts]) for name in names},
    )


def _block(  # noqa: PLR0917 - one rectangle's arrays
    heads: Fitted,
    rows: Ints,
    known: Bools,
    offerable: Bools,
    evidence: dict[str, Floats],
    truth_keys: Longs,
) -> Block:
    keys = np.arange(len(rows))[:, None] * heads.n_rows + rows
    is_open = known & offerable[rows]
    return Block(rows, known, is_open, evidence, np.isin(keys, truth_keys) & is_open)
