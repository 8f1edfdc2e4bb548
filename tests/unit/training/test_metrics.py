"""NDCG, recall, MRR, hits and intervals: worked by hand, and against trec_eval."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import estimate, estimates, hit, mrr, ndcg, precision, recall


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


def test_mrr_hit_and_precision_by_hand() -> None:
    """First hits at ranks 1, 3 and nowhere; two, one and none of three places."""
    found = hits("x.x", "..x", "...")
    assert precision(found).tolist() == pytest.approx([2 / 3, 1 / 3, 0.0])
    assert mrr(found).tolist() == [1.0, pytest.approx(1 / 3), 0.0]
    assert hit(found).tolist() == [1.0, 1.0, 0.0]


@st.composite
def ranked(draw: st.DrawFn) -> tuple[list[list[int]], list[set[int]], int]:
    """Lists of at most n different offers, what each customer took, and n."""
    n = draw(st.integers(1, 12))
    offers = st.lists(st.integers(0, 19), unique=True, max_size=n)
    taken = st.sets(st.integers(0, 19), min_size=1, max_size=16)
    customers = draw(st.lists(st.tuples(offers, taken), min_size=1, max_size=6))
    return [line for line, _ in customers], [bought for _, bought in customers], n


@given(ranked())
def test_they_equal_trec_eval(case: tuple[list[list[int]], list[set[int]], int]) -> None:
    """To 1e-9, as written by NIST's trec_eval (through pytrec_eval).

    trec_eval divides recall by everything that was taken, ours by what n places can hold; and it
    looks for the first hit in the whole list, which is the same since ours end after n.
    """
    lists, truths, n = case
    marked = np.array(
        [
            [i < len(line) and line[i] in took for i in range(n)]
            for line, took in zip(lists, truths, strict=True)
        ],
        dtype=np.bool_,
    )
    taken = np.array([len(took) for took in truths])
    judged = {str(c): {str(o): 1 for o in took} for c, took in enumerate(truths)}
    run = {
        str(c): {str(o): float(n - place) for place, o in enumerate(line)}
        for c, line in enumerate(lists)
    }
    measures = {f"ndcg_cut.{n}", f"recall.{n}", "recip_rank", f"success.{n}", f"P.{n}"}
    judge = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate(run)
    # A customer with an empty list is left out there, and found nothing here.
    names = (f"ndcg_cut_{n}", f"recall_{n}", "recip_rank", f"success_{n}", f"P_{n}")
    nothing = dict.fromkeys(names, 0.0)
    theirs = [judge.get(str(c), nothing) for c in range(len(lists))]
    of_all = np.array([row[f"recall_{n}"] for row in theirs])
    for ours, expected in (
        (ndcg(marked, taken), [row[f"ndcg_cut_{n}"] for row in theirs]),
        (recall(marked, taken), of_all * taken / np.minimum(taken, n)),
        (mrr(marked), [row["recip_rank"] for row in theirs]),
        (hit(marked), [row[f"success_{n}"] for row in theirs]),
        (precision(marked), [row[f"P_{n}"] for row in theirs]),
    ):
        assert ours == pytest.approx(np.array(expected), abs=1e-9)


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 20))
def test_a_perfect_list_scores_one_and_none_scores_more(line: list[bool], more: int) -> None:
    marked = np.array([line])
    taken = np.array([max(sum(line), 1) + more])
    best = np.arange(len(line))[None, :] < taken[:, None]
    assert ndcg(best, taken) == pytest.approx([1.0])
    assert recall(best, taken) == pytest.approx([1.0])
    assert mrr(best) == pytest.approx([1.0])
    assert 0 <= ndcg(marked, taken)[0] <= 1 + 1e-12
    assert 0 <= recall(marked, taken)[0] <= hit(marked)[0]
    assert recall(marked, taken)[0] <= len(line) * mrr(marked)[0]


def test_the_interval_holds_the_mean_and_is_reproducible() -> None:
    """A tenth of 400 customers: the standard error is .015, so about .1 +- .03."""
    values = np.repeat([0.0, 1.0], [360, 40])
    found = estimate(values, resamples=2000, seed=1)
    assert found == estimate(values, resamples=2000, seed=1)
    assert found.mean == 0.1
    assert found.low == pytest.approx(0.0706, abs=0.005)
    assert found.high == pytest.approx(0.1294, abs=0.005)


def test_several_columns_are_estimated_as_each_alone() -> None:
    columns = np.random.default_rng(2).random((50, 3))
    together = estimates(columns, resamples=200, seed=4)
    alone = tuple(estimate(column, resamples=200, seed=4) for column in columns.T)
    assert together == alone


def test_there_is_no_mean_of_nobody() -> None:
    with pytest.raises(ValueError, match="at least one customer"):
        estimate(np.empty(0), resamples=10, seed=0)
