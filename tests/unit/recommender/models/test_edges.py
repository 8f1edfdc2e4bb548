"""Evidence from item to item, on tables whose answers are worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recommender.customer import View, empty_view
from recommender.evidence import Evidence
from recommender.models.edges import Edges, as_neighbours, combine, scaled
from tests.support.histories import columns, some_customers, view

EVEN = np.ones(3, dtype=np.float32)


def matrix(table: list[list[float]]) -> csr_matrix:
    return csr_matrix(np.array(table, dtype=np.float32))


def history_of(confidence: dict[int, float]) -> View:
    n = len(confidence)
    return View(
        rows=np.array(list(confidence), dtype=np.int32),
        baskets=np.ones(n, dtype=np.int32),
        age_days=np.zeros(n, dtype=np.int32),
        own=np.ones(n, dtype=np.float32),
        confidence=np.array(list(confidence.values()), dtype=np.float32),
    )


W = matrix([[0, 4, 0], [2, 0, 0], [0, 8, 1]])
HEAD = Edges(Evidence.of(as_neighbours(W)))


def test_evidence_is_the_confidence_weighted_mean_of_what_purchases_speak_for() -> None:
    """Row 0 with confidence 3, row 2 with 1: (3 * 4 + 1 * 8) / 4 = 5 for row 1."""
    asked = history_of({0: 3.0, 2: 1.0})
    assert HEAD.score(asked).tolist() == pytest.approx([0, 5, 0.25])
    parts = HEAD.contributions(asked, np.array([1, 2], dtype=np.int32))
    assert parts.tolist() == [[3, 2], [0, 0.25]]


def test_rows_are_explained_in_the_order_in_which_they_are_asked() -> None:
    """Twice, if they are asked twice."""
    parts = HEAD.contributions(history_of({0: 1.0, 1: 1.0}), np.array([1, 0, 1], dtype=np.int32))
    assert parts.tolist() == [[2, 0], [0, 1], [2, 0]]


def test_nothing_bought_is_no_evidence() -> None:
    assert HEAD.score(empty_view()).tolist() == [0, 0, 0]
    assert HEAD.contributions(empty_view(), np.array([1], dtype=np.int32)).shape == (1, 0)
    assert HEAD.contributions(history_of({0: 0.0}), np.array([1], dtype=np.int32)) == [[0.0]]


@given(seed=st.integers(0, 50))
def test_it_equals_the_product_of_matrices(seed: int) -> None:
    generator = np.random.default_rng(seed)
    edges = csr_matrix(
        np.where(generator.random((10, 10)) < 0.4, generator.random((10, 10)), 0.0),
        dtype=np.float32,
    )
    one = view(some_customers(1, 20, seed), 0)
    one = one.where(one.rows < 10)
    c = np.zeros(10)
    c[one.rows] = one.confidence
    expected = c @ edges.toarray() / max(c.sum(), 1e-12)
    head, asked = (
        Edges(Evidence.of(as_neighbours(edges))),
        generator.permutation(10)[:6].astype(np.int32),
    )
    assert head.score(one) == pytest.approx(expected, rel=1e-5)
    parts = head.contributions(one, asked)
    assert parts.sum(axis=1) == pytest.approx(expected[asked], rel=1e-5)


def test_a_scaled_head_tells_the_median_customer_of_something_new_with_strength_one() -> None:
    """Each has one item, so the best evidence is its heaviest edge to another: 4, 2 and 8.

    What the last one buys tells of nothing new, and does not count.
    """
    edges = csr_matrix(
        np.array([[9, 4, 0, 0], [2, 0, 0, 0], [0, 8, 1, 0], [0, 0, 0, 5]], np.float32)
    )
    bought = columns([{0: (1, 0)}, {1: (1, 0)}, {2: (3, 9)}, {3: (1, 0)}])
    assert scaled(edges, bought).toarray().tolist() == (edges.toarray() / 4).tolist()
    assert edges[0, 1] == 4


@given(factor=st.floats(1e-3, 1e3))
def test_scaling_forgets_the_unit_of_a_head(factor: float) -> None:
    edges, bought = W.copy(), columns([{0: (1, 0)}, {1: (1, 0), 2: (1, 40)}, {2: (2, 3)}])
    times = csr_matrix(edges * np.float32(factor))
    assert scaled(times, bought).toarray() == pytest.approx(
        scaled(edges, bought).toarray(), rel=1e-5
    )


def test_edges_that_tell_nobody_of_anything_new_stay_as_they_are() -> None:
    own = matrix([[3, 0, 0], [0, 0, 0], [0, 0, 0]])
    assert scaled(own, columns([{0: (1, 0)}])) is own
    assert scaled(own, columns([])) is own


def test_thousands_of_customers_are_asked_evenly() -> None:
    """Every other one of 4,000 has row 0, with evidence 4; all others have row 1, with 2."""
    bought = columns([{c % 2: (1, 0)} for c in range(4_001)])
    found = scaled(W, bought)[0, 1]
    assert found in (pytest.approx(1.0), pytest.approx(2.0), pytest.approx(4 / 3))


def test_heads_add_up_by_weight_and_trend() -> None:
    """Row 2 stops selling: its column halves."""
    heads = {
        "a": matrix([[0, 1, 2], [0, 0, 0], [0, 0, 0]]),
        "b": matrix([[0, 1, 0], [4, 0, 0], [0, 0, 0]]),
    }
    trend = np.array([1.0, 1.0, 0.5], dtype=np.float32)
    found = combine(heads, {"a": 0.5, "b": 0.25, "not here": 1.0}, trend, keep=9)
    assert found.indptr.tolist() == [0, 2, 3, 3]
    assert found.rows.tolist() == [1, 2, 0]
    assert found.weights.tolist() == [0.75, 0.5, 1.0]
    assert combine(heads, {"a": 0.5, "b": 0.25}, trend, keep=1).rows.tolist() == [1, 0]


def test_the_order_in_which_heads_are_named_changes_no_bit() -> None:
    generator = np.random.default_rng(1)
    heads = {name: csr_matrix(generator.random((5, 5)), dtype=np.float32) for name in "abc"}
    weights = {"a": 0.1, "b": 0.2, "c": 0.7}
    backwards = dict(reversed(list(heads.items())))
    one = combine(heads, weights, np.ones(5, dtype=np.float32), 3)
    other = combine(backwards, weights, np.ones(5, dtype=np.float32), 3)
    assert one.weights.tobytes() == other.weights.tobytes()
    assert one.rows.tolist() == other.rows.tolist()


def test_no_head_with_a_weight_gives_no_edges() -> None:
    for heads, weights in (({}, {}), ({"a": W}, {}), ({"a": W}, {"a": 0.0})):
        found = combine(heads, weights, EVEN, 9)
        assert found.indptr.tolist() == [0, 0, 0, 0]
        assert len(found.rows) == len(found.weights) == 0
