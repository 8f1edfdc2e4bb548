"""Several windows as one contest: more customers to learn from, and less of one month's luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.types import Longs
from training.candidates import Block, Candidates


def pooled(windows: Sequence[Candidates]) -> Candidates:
    """The candidates of all windows, of one after the other; a customer counts once a window.

    Rows of a later window are numbered after those of the ones before it: each has repeat rates,
    trends and popularity as they were then. A head that a window lacks says nothing there.
    """
    return reduce(_both, windows)


def whose(candidates: Candidates, sizes: Longs) -> Longs:
    """(m,) the number of the person, for each customer and window with a size above 0.

    What holds for somebody in one window is likely to hold in the next: equal numbers are one.
    """
    numbers = np.unique(np.array(candidates.people, dtype=np.str_), return_inverse=True)[1]
    return numbers.astype(np.int64)[sizes > 0]


def people_with(candidates: Candidates, sizes: Longs) -> int:
    """How many people have a size above 0 in any window."""
    return len(np.unique(whose(candidates, sizes)))


def _both(a: Candidates, b: Candidates) -> Candidates:
    own = _blocks(a.own, b.own, len(a.rate))
    width = own.rows.shape[1]
    return replace(
        a,
        own=own,
        unseen=_blocks(a.unseen, b.unseen, len(a.rate)),
        own_counts={h: _stacked(a.own_counts[h], b.own_counts[h], width) for h in a.own_counts},
        rate=np.concatenate([a.rate, b.rate]),
        tau=np.concatenate([a.tau, b.tau]),
        share={h: np.concatenate([a.share[h], b.share[h]]) for h in a.share},
        n_all=np.concatenate([a.n_all, b.n_all]),
        n_new=np.concatenate([a.n_new, b.n_new]),
        people=(*a.people, *b.people),
    )


def _blocks(a: Block, b: Block, offset: int) -> Block:
    width = max(a.rows.shape[1], b.rows.shape[1])
    # The later of two windows may know more heads; the order of names is that of `Candidates`.
    names = list(dict.fromkeys([*a.evidence, *b.evidence]))
    names = [*names[:1], *sorted(names[1:])]
    return Block(
        rows=_stacked(a.rows, b.rows + offset, width).astype(np.int32),
        known=_stacked(a.known, b.known, width),
        open=_stacked(a.open, b.open, width),
        evidence={name: _stacked(_said(a, name), _said(b, name), width) for name in names},
        taken=_stacked(a.taken, b.taken, width),
    )


def _said(block: Block, name: str) -> NDArray[Any]:
    return block.evidence.get(name, np.zeros(block.rows.shape, dtype=np.float32))


def _stacked(a: NDArray[Any], b: NDArray[Any], width: int) -> NDArray[Any]:
    return np.vstack([np.pad(x, ((0, 0), (0, width - x.shape[1]))) for x in (a, b)])
