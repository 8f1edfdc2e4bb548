"""Evidence from item to item: how the edges of a head become a score, and heads become one.

    e_ui = sum_j c_uj W_ji / sum_j c_uj          c_uj the confidence, j over the history of u

Each purchase adds its own part, so that a score explains itself, and a masked purchase is one
that was never there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from recommender.bundle import Neighbours
from recommender.customer import View
from recommender.evidence import LEAST_UNSEEN, Evidence
from recommender.models.heaviest import heaviest
from recommender.models.neighbours import nothing
from recommender.models.protocol import History
from recommender.types import Doubles, Floats, Ints

_CUSTOMERS = 2_000
"""Customers whose best evidence makes the scale of a head: plenty for a median."""

_CELLS = 1 << 22
"""Cells of evidence held at once, about 50 MiB."""


@dataclass(frozen=True, eq=False)
class Edges:
    """A fitted item-to-item head: a purchase of j speaks for the rows that its edges lead to."""

    evidence: Evidence

    def score(self, view: View) -> Floats:
        """e_ui of every row, (n_rows,) float32; zeros for an empty view."""
        return self.evidence.summed(view.rows, view.confidence).astype(np.float32)

    def contributions(self, view: View, rows: Ints) -> Doubles:
        """c_uj W_ji / sum_j c_uj of each row i and each element j of the view."""
        parts = np.zeros((len(rows), len(view)))
        for i, row in enumerate(rows.tolist()):
            parts[i] = self.evidence.parts(view.rows, view.confidence, [row])
        return parts


def as_neighbours(edges: csr_matrix) -> Neighbours:
    """The same edges as a bundle keeps them, the columns of each row ascending."""
    edges.sort_indices()
    return Neighbours(
        indptr=edges.indptr.astype(np.int64),
        rows=edges.indices.astype(np.int32),
        weights=edges.data.astype(np.float32),
    )


def scaled(edges: csr_matrix, history: History) -> csr_matrix:
    """The edges times one number, so that the weights of several heads compare.

    With it, the median over customers of the best evidence for something that they have not
    bought is 1. At most 2,000 customers are asked, evenly spaced, and those whom the head tells
    of nothing new do not count. Edges that tell nobody of anything new stay as they are. At least
    a hundredth of what the head says at best is taken for new: where all that somebody lacks is
    all but dead, everything else would explode.
    """
    best = np.concatenate([np.empty(0), *_best_unseen(edges, history)])
    best = best[best > 0]
    if not len(best):
        return edges
    return csr_matrix(edges * np.float32(1.0 / np.median(best)))


def combine(
    heads: Mapping[str, csr_matrix],
    weights: Mapping[str, float],
    trend_scale: Floats,
    keep: int,
) -> Neighbours:
    """One head for serving: sum over heads k of weight_k W_k, times the trend of the target.

    trend_scale   (n_rows,) tau_i ^ cross_trend_exponent
    keep          edges a row: the heaviest, ties by row; columns ascending

    A head without a weight counts for nothing, and so does the weight of a head that the shop
    does not have: one parameter set serves shops with and without categories.
    """
    n_rows = len(trend_scale)
    together = csr_matrix((n_rows, n_rows), dtype=np.float64)
    for name in sorted(heads):  # sums keep their order, whatever the order of the mapping
        if weights.get(name, 0.0) > 0:
            together = together + heads[name].astype(np.float64) * weights[name]
    if not together.nnz:
        return nothing(n_rows)
    trended = csr_matrix(together @ diags_array(trend_scale.astype(np.float64)))
    return as_neighbours(heaviest(trended, keep))


def _best_unseen(edges: csr_matrix, history: History) -> Iterator[Doubles]:
    """The largest e_ui among what the customers did not buy, some customers at a time."""
    shape = (len(history.indptr) - 1, edges.shape[0])
    has = csr_matrix((history.confidence, history.rows, history.indptr), shape=shape)
    asked = has[np.unique(np.linspace(0, shape[0] - 1, min(shape[0], _CUSTOMERS)).astype(np.int64))]
    step = max(1, _CELLS // max(shape[1], 1))
    for lo in range(0, asked.shape[0], step):
        some = asked[lo : lo + step]
        evidence = (some @ edges).toarray()
        overall = evidence.max(axis=1, initial=0.0)
        evidence[some.nonzero()] = 0.0
        unseen = evidence.max(axis=1, initial=0.0)
        best = np.where(unseen > 0, np.maximum(unseen, LEAST_UNSEEN * overall), 0.0)
        totals = np.asarray(some.sum(axis=1)).ravel()
        yield best / np.maximum(totals, 1e-12)
