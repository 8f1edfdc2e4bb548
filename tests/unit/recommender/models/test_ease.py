"""EASE against its closed form, on tables worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.guard.view import ViewColumns
from recommender.models.ease import EaseConfig, fit
from tests.support.histories import columns, some_customers

TOGETHER = columns([{0: (1, 0), 1: (1, 0)}, {0: (1, 0), 1: (1, 0)}, {2: (1, 0)}])
"""Each confidence is 1.1; rows 0 and 1 always come together, row 2 alone."""


def closed_form(history: ViewColumns, n_rows: int, config: EaseConfig) -> np.ndarray:
    """max(B, 0) of equation 8, over all rows, nothing pruned."""
    x = np.zeros((len(history.indptr) - 1, n_rows))
    for c in range(len(x)):
        at = slice(history.indptr[c], history.indptr[c + 1])
        x[c, history.rows[at]] = history.confidence[at]
    g = x.T @ x
    p = np.linalg.inv(g + config.regularization * g.diagonal().mean() * np.eye(n_rows))
    b = -p / p.diagonal()[None, :]
    np.fill_diagonal(b, 0.0)
    return np.maximum(b, 0.0)


def test_what_always_comes_together_speaks_for_each_other() -> None:
    """G = 1.21 [[2, 2], [2, 2]] and 1.21; lambda = 1.21 * 5/3, so B_01 = 2 / (2 + 5/3) = 6/11."""
    edges = fit(TOGETHER, 3, EaseConfig(regularization=1.0))
    expected = [[0, 6 / 11, 0], [6 / 11, 0, 0], [0, 0, 0]]
    assert edges.toarray() == pytest.approx(np.array(expected), rel=1e-6)
    assert edges.dtype == np.float32


def test_a_larger_shop_of_the_same_habits_has_the_same_edges() -> None:
    """Lambda is a multiple of the mean diagonal, so that no shop needs its own."""
    tenfold = columns([{0: (1, 0), 1: (1, 0)}, {0: (1, 0), 1: (1, 0)}, {2: (1, 0)}] * 10)
    small, large = fit(TOGETHER, 3, EaseConfig()), fit(tenfold, 3, EaseConfig())
    assert large.toarray() == pytest.approx(small.toarray(), rel=1e-6)


@given(seed=st.integers(0, 50), regularization=st.floats(0.1, 10.0))
def test_it_equals_the_closed_form(seed: int, regularization: float) -> None:
    history = some_customers(25, 12, seed)
    config = EaseConfig(regularization=regularization)
    support = np.bincount(history.rows, minlength=12)
    if not support.all():
        return
    assert fit(history, 12, config).toarray() == pytest.approx(
        closed_form(history, 12, config), abs=1e-6
    )


def test_more_rows_than_are_worked_on_at_once() -> None:
    """300 rows go in two parts; the parts fit together."""
    history = some_customers(400, 300, 3)
    assert np.bincount(history.rows, minlength=300).all()
    config = EaseConfig(keep=300)
    assert fit(history, 300, config).toarray() == pytest.approx(
        closed_form(history, 300, config), abs=1e-6
    )


def test_only_the_most_frequent_items_take_part() -> None:
    """Ties fall by row: rows 0 and 1 of three that two customers have each."""
    history = columns([{0: (1, 0), 1: (1, 0), 2: (1, 0)}] * 2 + [{3: (1, 0)}])
    edges = fit(history, 4, EaseConfig(items=2))
    assert np.argwhere(edges.toarray()).tolist() == [[0, 1], [1, 0]]


def test_each_row_keeps_its_heaviest_edges() -> None:
    history = some_customers(60, 20, 5)
    full, pruned = fit(history, 20, EaseConfig()), fit(history, 20, EaseConfig(keep=2))
    for row in range(20):
        weights = full[row].data
        assert sorted(pruned[row].data) == sorted(weights)[-2:]
    assert pruned.has_sorted_indices


def test_nobody_bought_anything() -> None:
    assert fit(columns([]), 3, EaseConfig()).nnz == 0


def test_each_step_is_reported() -> None:
    """G, its inverse, the edges."""
    steps: list[None] = []
    fit(TOGETHER, 3, EaseConfig(), progress=lambda: steps.append(None))
    assert len(steps) == 3


def test_what_has_no_inverse_is_said() -> None:
    """Confidences of nothing make a G of zeros, and lambda with it; no view holds such."""
    empty = replace(TOGETHER, confidence=np.zeros_like(TOGETHER.confidence))
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        fit(empty, 3, EaseConfig())
