"""The heaviest edges of a matrix: what keeps an item-to-item head small."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from recommender.types import Ints


def heaviest(matrix: csr_matrix, keep: int) -> csr_matrix:
    """The `keep` largest positive elements a row, ties by column, float32, columns ascending.

    Zero and negative elements go. Weights are compared as float32, so that ties do not hang on
    the order of a sum. `matrix` stays as it is, and need not be sorted.
    """
    data = matrix.data.astype(np.float32, copy=False)
    kept = data > 0
    indptr, columns = matrix.indptr, matrix.indices
    for row in np.flatnonzero(np.diff(indptr) > keep).tolist():
        at = slice(int(indptr[row]), int(indptr[row + 1]))
        weights = data[at]
        least = -np.partition(-weights, keep - 1)[keep - 1]
        if least > 0:
            kept[at] = weights >= least
            surplus = int(np.count_nonzero(kept[at])) - keep
            if surplus:
                kept[at.start + _last_ties(weights, columns[at], least, surplus)] = False
    counted = np.concatenate([[0], np.cumsum(kept)])
    best = csr_matrix((data[kept], columns[kept], counted[indptr]), shape=matrix.shape)
    best.sort_indices()
    return best


def _last_ties(weights: np.ndarray, columns: Ints, least: np.float32, surplus: int) -> np.ndarray:
    """Where the elements of weight `least` are that have the `surplus` largest columns."""
    ties = np.flatnonzero(weights == least)
    return ties[np.argsort(columns[ties])[len(ties) - surplus :]]
