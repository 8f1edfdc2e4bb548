"""The scan is exact: always what a full float64 product, rounded and sorted, gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.scan import DECIMALS, LANE, Scanner, rank
from recommender.types import Bools, Doubles, Floats, Ints


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


def found(
    matrix: Floats, query: Floats, k: int, allowed: Bools | None = None
) -> tuple[Ints, Doubles]:
    """What the scanner says of a matrix, without a bonus."""
    scanner = Scanner.of(matrix)
    nearly = scanner.products(query)
    open_ = nearly if allowed is None else np.where(allowed, nearly, -np.inf)
    return scanner.best(query, k, open_, np.zeros(len(matrix)))


def check(matrix: Floats, query: Floats, k: int, allowed: Bools | None = None) -> None:
    offers, scores = found(matrix, query, k, allowed)
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
def test_equals_its_literal_twin_over_many_lanes(shape: str) -> None:
    random = np.random.default_rng(7)
    matrix = random.normal(size=(30 * LANE + 5, 8)).astype(np.float32)
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
    matrix, query = np.eye(4, dtype=np.float32), np.ones(4, dtype=np.float32)
    assert found(matrix, query, 3, np.array([False, True, False, False]))[0].tolist() == [1]
    assert found(matrix, query, 3, np.zeros(4, dtype=np.bool_))[0].tolist() == []
    assert found(np.empty((0, 4), dtype=np.float32), query, 3)[0].tolist() == []


def test_ties_break_by_position() -> None:
    matrix = np.ones((5, 2), dtype=np.float32)
    offers, _ = found(matrix, np.ones(2, dtype=np.float32), 3)
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
    few = offers.astype(np.int32)
    nearly = bonus + scanner.products(query)[offers]
    best, sums = scanner.best(query, k, nearly, bonus, few)
    expected, expected_sums = rank(
        np.arange(len(offers), dtype=np.int32), bonus + scanner.score(few, query), k
    )
    assert best.tolist() == expected.tolist()
    assert sums.tolist() == expected_sums.tolist()


@given(scale=st.floats(1e-6, 1e6), seed=st.integers(0, 50))
def test_products_may_be_taken_before_the_query_is_scaled(scale: float, seed: int) -> None:
    """The margin covers a query that was rounded afterwards."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(700, 5)).astype(np.float32)
    query = random.normal(size=5).astype(np.float32)
    scanner = Scanner.of(matrix)
    scaled = (query.astype(np.float64) * scale).astype(np.float32)
    nearly = scanner.products(query) * scale
    best, sums = scanner.best(scaled, 10, nearly, np.zeros(700))
    every = np.arange(700, dtype=np.int32)
    expected, expected_sums = rank(every, scanner.score(every, scaled), 10)
    assert best.tolist() == expected.tolist()
    assert sums.tolist() == expected_sums.tolist()
