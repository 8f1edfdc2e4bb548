"""The heaviest edges against sorting."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recommender.models.heaviest import heaviest

WEIGHTS = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0, 1.0 + 1e-12])


def test_the_largest_stay_and_ties_fall_by_column() -> None:
    table = np.array([[0.5, 1.0, 0.5, 0.5], [-1.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    best = heaviest(csr_matrix(table), 2)
    assert best.toarray().tolist() == [[0.5, 1.0, 0, 0], [0, 0, 2.0, 0], [0, 0, 0, 0]]
    assert best.dtype == np.float32
    assert best.nnz == 3


@given(
    table=st.lists(st.lists(WEIGHTS, min_size=6, max_size=6), min_size=1, max_size=5),
    keep=st.integers(1, 7),
    backwards=st.booleans(),
)
def test_it_equals_sorting_each_row(
    table: list[list[float]], keep: int, *, backwards: bool
) -> None:
    """In whatever order the elements of a row stand; what differs less than float32 is equal."""
    rows, columns = np.indices((len(table), 6)).reshape(2, -1)
    order = np.lexsort((-columns if backwards else columns, rows))
    data = np.array(table).ravel()[order]
    indptr = np.arange(len(table) + 1) * 6
    matrix = csr_matrix((data, columns[order], indptr), shape=(len(table), 6))
    best = heaviest(matrix, keep)
    for row, weights in enumerate(table):
        positive = [i for i, w in enumerate(weights) if w > 0]
        kept = sorted(sorted(positive, key=lambda i: (-np.float32(weights[i]), i))[:keep])
        at = slice(best.indptr[row], best.indptr[row + 1])
        assert best.indices[at].tolist() == kept
    assert matrix.nnz == len(table) * 6
