"""The recency path against a table worked by hand and a slow literal twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.guard.view import ViewColumns
from recommender.models.path import PathConfig, fit
from tests.support.histories import columns, some_customers


def slow(history: ViewColumns, n_rows: int, config: PathConfig) -> np.ndarray:
    """The sum over customers, one at a time."""
    walks, sources, targets = np.zeros((n_rows, n_rows)), np.zeros(n_rows), np.zeros(n_rows)
    for c in range(len(history.indptr) - 1):
        at = slice(history.indptr[c], history.indptr[c + 1])
        rows, confidence = history.rows[at], history.confidence[at].astype(np.float64)
        half_lives = history.age_days[at] / (7.0 * config.half_life_weeks)
        recent = np.where(half_lives > 7, 0.0, 0.5**half_lives)
        walks[np.ix_(rows, rows)] += np.outer(confidence, recent) / confidence.sum()
        sources[rows] += confidence
        targets[rows] += recent
    sources[sources == 0] = 1.0
    targets = np.maximum(targets, config.target_floor)
    return np.asarray(
        walks / sources[:, None] ** config.source_exponent / targets**config.target_exponent
    )


def test_a_walk_goes_to_what_others_buy_now() -> None:
    """Exponents 0: customer A has rows 0 and 1 today, L = 2.2, so each pair weighs 1.1 / 2.2.

    B bought row 0 today and row 2 seven weeks ago, which is seven half-lives: c of row 2 is
    .1 + sqrt(2^-(49/56)), r is 2^-7.
    """
    plain = PathConfig(half_life_weeks=1.0, source_exponent=0.0, target_exponent=0.0)
    edges = fit(columns([{0: (1, 0), 1: (1, 0)}, {0: (1, 0), 2: (1, 49)}]), 3, plain).toarray()
    old = 0.1 + 2 ** (-49 / 112)
    both = 1.1 + old
    expected = [
        [0.5 + 1.1 / both, 0.5, 1.1 / both / 128],
        [0.5, 0.5, 0],
        [old / both, 0, old / both / 128],
    ]
    assert edges == pytest.approx(np.array(expected), rel=1e-6)


def test_what_nobody_buys_any_more_is_no_target() -> None:
    """Fifty days are more than seven half-lives of a week."""
    edges = fit(columns([{0: (1, 0), 1: (1, 50)}]), 2, PathConfig(half_life_weeks=1.0))
    assert np.argwhere(edges.toarray()).tolist() == [[0, 0], [1, 0]]


@given(
    seed=st.integers(0, 30),
    half_life=st.sampled_from([0.75, 1.0, 4.0, 20.0]),
    cells=st.integers(1, 200),
)
def test_it_equals_the_slow_twin_whatever_the_chunks(
    seed: int, half_life: float, cells: int
) -> None:
    history = some_customers(20, 15, seed)
    config = PathConfig(half_life_weeks=half_life, cells=cells)
    assert fit(history, 15, config).toarray() == pytest.approx(
        slow(history, 15, config), rel=1e-5, abs=1e-9
    )


def test_chunks_change_no_bit_and_rows_are_counted() -> None:
    history = some_customers(60, 20, 5)
    done: list[int] = []
    whole = fit(history, 20, PathConfig(keep=3))
    parts = fit(history, 20, PathConfig(keep=3, cells=50), progress=done.append)
    assert parts.data.tobytes() == whole.data.tobytes()
    assert parts.indices.tolist() == whole.indices.tolist()
    assert sum(done) == 20
    assert len(done) > 1
    assert np.diff(whole.indptr).max() == 3
    assert whole.has_sorted_indices


def test_nobody_bought_anything() -> None:
    edges = fit(columns([]), 3, PathConfig())
    assert edges.shape == (3, 3)
    assert edges.nnz == 0


def test_no_row_is_known() -> None:
    assert fit(columns([]), 0, PathConfig()).shape == (0, 0)
