"""How the quality benchmarks rank and measure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from judge import NOTHING, answer, judge, top
from protocol import K, Problem

LOG3 = 1 / np.log2(3)


def problem(lines: list[tuple[int, int]], truth: list[tuple[int, int]], n_items: int) -> Problem:
    """Two customers; each line is a basket of its own."""
    table = np.array(sorted(lines), dtype=np.int32)
    baskets = [
        sum(c == other for other in table[:i, 0].tolist())
        for i, c in enumerate(table[:, 0].tolist())
    ]
    return Problem(
        customers=np.array(["a", "b"]),
        items=np.array([str(i) for i in range(n_items)]),
        customer=table[:, 0],
        item=table[:, 1],
        basket=np.array(baskets, dtype=np.int32),
        age_days=np.zeros(len(table), dtype=np.float32),
        truth=np.array(truth, dtype=np.int32).reshape(-1, 2),
    )


def test_a_tie_goes_to_the_lower_column() -> None:
    scores = np.zeros((1, 12), dtype=np.float32)
    scores[0, 11] = 1.0
    assert top(scores)[0].tolist() == [11, *range(9)]


def test_a_column_of_minus_infinity_is_no_item() -> None:
    scores = np.array([[1.0, -np.inf, 2.0]], dtype=np.float32)
    assert top(scores)[0].tolist() == [2, 0, *[NOTHING] * 8]


@given(hnp.arrays(np.float32, (3, 25), elements=st.sampled_from([-np.inf, 0.0, 1.0, 2.0])))
def test_lists_are_those_of_a_stable_sort(scores: np.ndarray) -> None:
    for row, found in zip(scores, top(scores), strict=True):
        order = [i for i in np.argsort(-row, kind="stable") if row[i] > -np.inf][:K]
        assert found.tolist() == order + [NOTHING] * (K - len(order))


def test_the_ideal_is_cut_at_what_was_bought() -> None:
    lists = np.full((1, K), NOTHING, dtype=np.int32)
    lists[0, :3] = [5, 1, 7]
    found = answer(lists, np.array([[0, 1], [0, 2]]))
    assert found.ndcg == pytest.approx([LOG3 / (1 + LOG3)])
    assert found.recall == pytest.approx([0.5])


def test_new_leaves_what_was_bought_out_of_lists_and_truth() -> None:
    # Customer a bought 0, then 0 and 1; customer b bought 1, then 1 again: no new truth.
    case = problem([(0, 0), (1, 1)], [(0, 0), (0, 1), (1, 1)], n_items=3)
    found = judge(case, lambda rows: np.tile(np.float32([3, 2, 1]), (len(rows), 1)))
    assert found.all.ndcg == pytest.approx([1.0, LOG3])
    assert found.new.ndcg == pytest.approx([1.0])
