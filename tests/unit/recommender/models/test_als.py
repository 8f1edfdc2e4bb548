"""ALS: fitting is reproducible, folding in is exact and adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommender.guard.view import ViewColumns
from recommender.models import als
from recommender.types import Doubles, Floats
from tests.support.histories import some_customers, view

N_ROWS = 40
CONFIG = als.AlsConfig(factors=6, regularization=2.0, iterations=5)


def matrix(history: ViewColumns, n_rows: int = N_ROWS) -> csr_matrix:
    shape = (len(history.indptr) - 1, n_rows)
    return csr_matrix((history.confidence, history.rows, history.indptr), shape=shape)


@pytest.fixture(scope="module")
def history() -> ViewColumns:
    return some_customers(300, N_ROWS)


@pytest.fixture(scope="module")
def factors(history: ViewColumns) -> Floats:
    return als.fit(matrix(history), CONFIG)


@pytest.fixture(scope="module")
def gramian(factors: Floats) -> Doubles:
    return als.gramian(factors)


def test_fold_in_solves_equation_4_by_hand() -> None:
    """Y = [2], c = 3, lambda = 1: x = 3 * 2 / (4 + (3 - 1) * 4 + 1) = 6 / 13."""
    y = np.array([[2.0]], dtype=np.float32)
    x = als.fold_in(
        y, als.gramian(y), 1.0, np.array([0], dtype=np.int32), np.array([3.0], dtype=np.float32)
    )
    assert x == pytest.approx([6 / 13])


def test_fold_in_equals_implicit(history: ViewColumns) -> None:
    """Our normal equations give what implicit's own `recalculate_user` gives."""
    confidence = matrix(history)
    with threadpool_limits(limits=1, user_api="blas"):
        model = AlternatingLeastSquares(
            factors=6, regularization=2.0, alpha=1.0, iterations=5, random_state=0
        )
        model.fit(confidence, show_progress=False)
        theirs = model.recalculate_user(np.arange(confidence.shape[0]), confidence)
    y = model.item_factors
    ours = als.fold_in_all(
        y,
        als.gramian(y),
        2.0,
        indptr=history.indptr,
        rows=history.rows,
        confidence=history.confidence,
    )
    assert np.abs(ours - theirs).max() < 1e-4


def test_a_batch_equals_one_by_one(history: ViewColumns, factors: Floats, gramian: Doubles) -> None:
    """Bit for bit, across the borders of chunks; progress counts every customer."""
    told: list[int] = []
    together = als.fold_in_all(
        factors,
        gramian,
        2.0,
        indptr=history.indptr,
        rows=history.rows,
        confidence=history.confidence,
        progress=told.append,
    )
    for c in range(300):
        one = view(history, c)
        alone = als.fold_in(factors, gramian, 2.0, one.rows, one.confidence)
        assert alone.tobytes() == together[c].tobytes()
    assert sum(told) == 300


def test_nothing_bought_folds_in_to_zeros(factors: Floats, gramian: Doubles) -> None:
    none = np.empty(0, dtype=np.int32)
    x = als.fold_in(factors, gramian, 2.0, none, none.astype(np.float32))
    assert x.tolist() == [0.0] * 6


@given(c=st.integers(0, 299), confidence=st.floats(0.05, 50))
def test_explained_parts_add_up(
    history: ViewColumns, factors: Floats, gramian: Doubles, c: int, confidence: float
) -> None:
    """What each purchase adds to a score sums to the score, for confidences below one too."""
    one = view(history, c)
    weights = np.full(len(one.rows), confidence, dtype=np.float32)
    x = als.fold_in(factors, gramian, 2.0, one.rows, weights)
    parts = als.explain_parts(factors, gramian, 2.0, one.rows, weights, factors)
    assert parts.shape == (N_ROWS, len(one.rows))
    assert np.allclose(parts.sum(axis=1), factors @ x, atol=1e-5)


def test_equal_input_gives_equal_bits(history: ViewColumns, factors: Floats) -> None:
    """Whatever the number of threads; another seed gives another model."""
    for threads in (1, 2):
        config = CONFIG.model_copy(update={"threads": threads})
        assert als.fit(matrix(history), config).tobytes() == factors.tobytes()
    other = als.fit(matrix(history), CONFIG.model_copy(update={"seed": 1}))
    assert other.tobytes() != factors.tobytes()


def test_a_checkerboard_is_understood() -> None:
    """Even customers buy even items, odd ones odd items: the missing even item comes first."""
    cells = [(u, i) for u in range(20) for i in range(10) if u % 2 == i % 2 and (u, i) != (0, 8)]
    users, items = np.array(cells).T
    threes = np.full(len(cells), 3.0, dtype=np.float32)
    confidence = csr_matrix((threes, (users, items)), shape=(20, 10))
    y = als.fit(confidence, als.AlsConfig(factors=2, regularization=0.1))
    bought = confidence[0]
    x = als.fold_in(y, als.gramian(y), 0.1, bought.indices.astype(np.int32), bought.data)
    scores = y @ x
    assert scores[8] > 0.5
    assert np.abs(scores[1::2]).max() < 0.1


def test_each_iteration_is_told(history: ViewColumns) -> None:
    told: list[None] = []
    als.fit(matrix(history), CONFIG, progress=lambda: told.append(None))
    assert len(told) == 5


def test_nobody_bought_anything() -> None:
    """An empty matrix has a model without opinions."""
    y = als.fit(csr_matrix((0, 3), dtype=np.float32), CONFIG)
    assert y.shape == (3, 6)
    assert not y.any()
