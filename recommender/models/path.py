"""The recency path: from what a customer has, over all who have it too, to what they buy now.

With c_vj the confidence of customer v in item j, and v's latest purchase of i a_vi weeks ago:

    W_ji = sum over customers v of  c_vj r_vi / L_v  / (J_j^source_exponent R_i^target_exponent)

    r_vi = 2^(-a_vi / H)      L_v = sum_j c_vj      J_j = sum_v c_vj      R_i = sum_v r_vi

A random walk of two steps, as in RP3beta (Christoffel, Paudel, Newell, Bernstein, "Blockbusters
and Wallflowers: Accurate, Diverse, and Scalable Recommendations with Random Walks", RecSys
2015), whose second step goes to recent purchases only. It ends at i = j too: what a customer has
and others buy now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_matrix, diags_array, vstack

from recommender.models.heaviest import heaviest
from recommender.models.protocol import History
from recommender.types import Doubles, Longs

_OLDEST = 7.0
"""Half-lives after which a purchase is no longer recent: it would count less than 2^-7."""


class PathConfig(BaseModel):
    """How quickly purchases stop being recent, and how much frequent items are held back.

    half_life_weeks   H: 1 follows what sells this week, 4 the season
    target_floor      R_i is at least this: an item with next to no recent buyer does not jump
    cells             cells of the product held at once, about 50 MiB; the result does not
                      depend on it
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life_weeks: float = Field(default=1.0, gt=0)
    source_exponent: float = Field(default=0.5, ge=0, le=1)
    target_exponent: float = Field(default=0.3, ge=0, le=1)
    target_floor: float = Field(default=0.1, gt=0)
    keep: int = Field(default=100, ge=1)
    cells: int = Field(default=1 << 22, ge=1)


def fit(
    history: History,
    n_rows: int,
    config: PathConfig,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> csr_matrix:
    """Edges W (n_rows, n_rows) float32, at most `keep` a row, columns ascending.

    `progress` is told how many rows are done. Work grows with the sum over customers of their
    items times their recent items; memory does not grow with the number of customers beyond
    their histories.
    """
    has, recent = _has(history, n_rows), _recent(history, n_rows, config)
    totals = np.asarray(has.sum(axis=1)).ravel()
    sources = np.asarray(has.sum(axis=0)).ravel()
    targets = np.asarray(recent.sum(axis=0)).ravel()
    by_target = diags_array(np.maximum(targets, config.target_floor) ** -config.target_exponent)
    recent = (diags_array(1.0 / np.maximum(totals, 1e-12)) @ recent @ by_target).tocsr()
    by_source = diags_array(np.maximum(sources, 1e-12) ** -config.source_exponent)
    # Sums in float64 are done; products in float32 halve the memory that the walk touches.
    step = (by_source @ has.T).tocsr().astype(np.float32)
    recent = recent.astype(np.float32)
    edges = []
    for lo, hi in _chunks(step, recent, config.cells):
        edges.append(heaviest(step[lo:hi] @ recent, config.keep))
        progress(hi - lo)
    whole: csr_matrix = vstack(edges or [step @ recent], format="csr")
    return whole


def _has(history: History, n_rows: int) -> csr_matrix:
    return _customers(history, n_rows, history.confidence.astype(np.float64))


def _recent(history: History, n_rows: int, config: PathConfig) -> csr_matrix:
    """r_vi, without what is so old that it would only fill memory."""
    half_lives = history.age_days.astype(np.float64) / (7.0 * config.half_life_weeks)
    recent = _customers(history, n_rows, np.where(half_lives > _OLDEST, 0.0, np.exp2(-half_lives)))
    recent.eliminate_zeros()
    return recent


def _customers(history: History, n_rows: int, values: Doubles) -> csr_matrix:
    """One row a customer. The columns are copied, so that nothing here changes the history."""
    return csr_matrix(
        (values, history.rows.copy(), history.indptr.copy()),
        shape=(len(history.indptr) - 1, n_rows),
    )


def _chunks(step: csr_matrix, recent: csr_matrix, cells: int) -> Iterator[tuple[int, int]]:
    """Source rows whose products have about `cells` cells together, at least one row each."""
    n_rows, n_columns = step.shape[0], recent.shape[1]
    reached = np.concatenate([[0], np.cumsum(np.diff(recent.indptr)[step.indices])])
    most: Longs = np.diff(reached[step.indptr])
    spent = np.cumsum(np.minimum(most, n_columns))
    lo = 0
    while lo < n_rows:
        before = spent[lo - 1] if lo else 0
        hi = max(int(np.searchsorted(spent, before + cells, side="right")), lo + 1)
        yield lo, hi
        lo = hi
