"""Item-to-item evidence, laid out for answers: what a history says of every row at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.bundle import Neighbours
from recommender.types import Doubles, Floats, Ints

LEAST_UNSEEN = 0.01
"""Of the best that is known, at least so much is taken to be of something new."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """The edges of a bundle as rectangles, so that a history's edges are one look-up.

    rows, weights   (n_rows, width) the edges of each row; padding has row 0 and weight 0
    """

    rows: Ints
    weights: Floats

    @classmethod
    def of(cls, edges: Neighbours) -> Evidence:
        """Lays the edges out; as wide as the row with the most."""
        sizes = np.diff(edges.indptr)
        shape = (len(sizes), int(sizes.max(initial=0)))
        owner = np.repeat(np.arange(len(sizes)), sizes)
        place = np.arange(len(edges.rows)) - np.repeat(edges.indptr[:-1], sizes)
        rows, weights = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
        rows[owner, place], weights[owner, place] = edges.rows, edges.weights
        return cls(rows, weights)

    def summed(self, rows: Ints, confidence: Floats) -> Doubles:
        """e_ui of every row, (n_rows,): sum_j c_uj W_ji / sum_j c_uj over the history.

        rows, confidence   (m,) the history, ascending, and c_uj > 0

        Summed in one order, so that the same history gives the same bits.
        """
        total = float(confidence.sum(dtype=np.float64))
        if not total or not self.rows.shape[1]:
            return np.zeros(len(self.rows))
        weights = self.weights[rows] * confidence[:, None]
        found = np.bincount(self.rows[rows].ravel(), weights.ravel(), minlength=len(self.rows))
        return np.asarray(found / total)

    def parts(self, rows: Ints, confidence: Floats, promoted: list[int]) -> Doubles:
        """What each bought row adds to the mean e_ui of the `promoted` rows, (m,)."""
        total = float(confidence.sum(dtype=np.float64))
        if not total:
            return np.zeros(len(rows))
        # Padding has weight 0, so that it adds nothing to row 0.
        towards = np.isin(self.rows[rows], promoted) * self.weights[rows].astype(np.float64)
        return np.asarray(towards.sum(axis=1) * confidence / (total * len(promoted)))
