"""NDCG, recall, intervals and coverage, worked by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import coverage, estimate, ndcg, recall


def hits(*lists: str) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """`"x.x"` is a hit at ranks 1 and 3."""
    return np.array([[mark == "x" for mark in line] for line in lists], dtype=np.bool_)


def test_ndcg_by_hand() -> None:
    """Hits at ranks 1 and 3 of three, with two, five and one taken."""
    taken = np.array([2, 5, 1])
    gain = 1 + 1 / log2(4)
    ideal_2, ideal_3 = 1 + 1 / log2(3), 1 + 1 / log2(3) + 1 / log2(4)
    found = ndcg(hits("x.x", "x.x", ".x."), taken)
    assert found.tolist() == pytest.approx([gain / ideal_2, gain / ideal_3, 1 / log2(3)])


def test_recall_by_hand() -> None:
    """Two of two, two of at most three, none of one."""
    found = recall(hits("x.x", "x.x", "..."), np.array([2, 5, 1]))
    assert found.tolist() == pytest.approx([1.0, 2 / 3, 0.0])


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 20))
def test_a_perfect_list_scores_one_and_none_scores_more(line: list[bool], more: int) -> None:
    marked = np.array([line])
    taken = np.array([max(sum(line), 1) + more])
    best = np.arange(len(line))[None, :] < taken[:, None]
    assert ndcg(best, taken) == pytest.approx([1.0])
    assert recall(best, taken) == pytest.approx([1.0])
    assert 0 <= ndcg(marked, taken)[0] <= 1 + 1e-12
    assert 0 <= recall(marked, taken)[0] <= 1


def test_the_interval_holds_the_mean_and_is_reproducible() -> None:
    """A tenth of 400 customers: the standard error is .015, so about .1 +- .03."""
    values = np.repeat([0.0, 1.0], [360, 40])
    found = estimate(values, resamples=2000, seed=1)
    assert found == estimate(values, resamples=2000, seed=1)
    assert found.mean == 0.1
    assert found.low == pytest.approx(0.0706, abs=0.005)
    assert found.high == pytest.approx(0.1294, abs=0.005)


def test_there_is_no_mean_of_nobody() -> None:
    with pytest.raises(ValueError, match="at least one customer"):
        estimate(np.empty(0), resamples=10, seed=0)


def test_coverage_counts_distinct_offers() -> None:
    assert coverage(np.array([3, 3, 1]), 8) == 0.25
    assert coverage(np.empty(0, dtype=np.int64), 0) == 0.0
