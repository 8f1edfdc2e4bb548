"""The scan is exact: always what a full float64 product, rounded and sorted, gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.scan import BLOCK, DECIMALS, Scanner, rank
from recommender.types import Bools, Floats


def literal(
    matrix: Floats, query: Floats, k: int, allowed: Bools | None
) -> list[tuple[int, float]]:
    """The slow literal twin: every product, every comparison."""
    scores = [
        round(float((row.astype(np.float64) * query.astype(np.float64)).sum()), DECIMALS)
        for row in matrix
    ]
    open_ = [i for i in range(len(matrix)) if allowed is None or allowed[i]]
    return [(i, scores[i]) for i in sorted(open_, key=lambda i: (-scores[i], i))[:k]]


def check(matrix: Floats, query: Floats, k: int, allowed: Bools | None = None) -> None:
    offers, scores = Scanner.of(matrix).best(query, k, allowed)
    expected = literal(matrix, query, k, allowed)
    assert offers.tolist() == [offer for offer, _ in expected]
    np.testing.assert_allclose(scores, [score for _, score in expected], atol=2 * 10.0**-DECIMALS)


@given(st.data())
def test_equals_its_literal_twin_on_any_small_matrix(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 40))
    values = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.0, 3.0, 1e-6, 100.0])
    flat = data.draw(st.lists(values, min_size=rows * 3, max_size=rows * 3))
    matrix = np.array(flat, dtype=np.float32).reshape(rows, 3)
    query = np.array(data.draw(st.lists(values, min_size=3, max_size=3)), dtype=np.float32)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    check(matrix, query, data.draw(st.integers(1, 12)), allowed)


@pytest.mark.parametrize(
    "shape", ["gaussian", "equal norms", "one huge row", "duplicates", "zeros"]
)
def test_equals_its_literal_twin_over_several_blocks(shape: str) -> None:
    random = np.random.default_rng(7)
    matrix = random.normal(size=(3 * BLOCK + 5, 8)).astype(np.float32)
    if shape == "equal norms":
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    elif shape == "one huge row":
        matrix[1234] *= 1e4
    elif shape == "duplicates":
        matrix[:] = matrix[random.integers(0, 50, len(matrix))]
    elif shape == "zeros":
        matrix[random.random(len(matrix)) < 0.9] = 0
    for seed in range(5):
        query = np.random.default_rng(seed).normal(size=8).astype(np.float32)
        check(matrix, query, 10)
        check(matrix, query, 10, np.random.default_rng(seed).random(len(matrix)) < 0.01)


def test_gives_fewer_when_fewer_are_allowed_and_none_when_none_are() -> None:
    scanner = Scanner.of(np.eye(4, dtype=np.float32))
    query = np.ones(4, dtype=np.float32)
    assert scanner.best(query, 3, np.array([False, True, False, False]))[0].tolist() == [1]
    assert scanner.best(query, 3, np.zeros(4, dtype=np.bool_))[0].tolist() == []
    assert Scanner.of(np.empty((0, 4), dtype=np.float32)).best(query, 3)[0].tolist() == []


def test_ties_break_by_position() -> None:
    matrix = np.ones((5, 2), dtype=np.float32)
    offers, _ = Scanner.of(matrix).best(np.ones(2, dtype=np.float32), 3)
    assert offers.tolist() == [0, 1, 2]


def test_an_offer_scores_the_same_alone_and_among_others() -> None:
    random = np.random.default_rng(3)
    scanner = Scanner.of(random.normal(size=(300, 65)).astype(np.float32))
    query = random.normal(size=65).astype(np.float32)
    together = scanner.score(np.arange(300, dtype=np.int32), query)
    alone = [scanner.score(np.array([i], dtype=np.int32), query)[0] for i in range(300)]
    assert together.tolist() == alone


def test_rank_rounds_before_it_compares() -> None:
    offers = np.array([4, 2], dtype=np.int32)
    best, scores = rank(offers, np.array([1.0 + 1e-12, 1.0]), 2)
    assert best.tolist() == [2, 4]
    assert scores.tolist() == [1.0, 1.0]


@given(st.data())
def test_the_best_of_a_few_with_a_bonus_equals_its_literal_twin(data: st.DataObject) -> None:
    values = st.sampled_from([-2.0, -0.5, 0.0, 0.5, 1.0, 3.0, 1e-6, 100.0])
    matrix = np.array(
        data.draw(st.lists(st.tuples(values, values), min_size=60, max_size=60)), dtype=np.float32
    )
    query = np.array(data.draw(st.tuples(values, values)), dtype=np.float32)
    offers = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=60, max_size=60)))
    bonus = np.array(data.draw(st.lists(values, min_size=len(offers), max_size=len(offers))))
    k = data.draw(st.integers(1, 12))
    scanner = Scanner.of(matrix)
    best, sums, products = scanner.best_of(query, k, offers.astype(np.int32), bonus)
    exact = scanner.score(offers.astype(np.int32), query)
    expected, expected_sums = rank(np.arange(len(offers), dtype=np.int32), bonus + exact, k)
    assert best.tolist() == expected.tolist()
    assert sums.tolist() == expected_sums.tolist()
    assert products.tolist() == exact[best].tolist()
