"""Similar items and complements against a slow literal twin."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bundle import Neighbours
from recommender.models.neighbours import NeighboursConfig, complements, nothing, similar
from tests.support.histories import columns

Line = tuple[int, int, int]
"""Row, customer, basket of that customer."""

Edges = dict[int, list[tuple[int, Any]]]


def edges(found: Neighbours) -> Edges:
    return {
        row: [
            (int(r), pytest.approx(float(w), rel=1e-5))
            for r, w in zip(found.rows[a:b], found.weights[a:b], strict=True)
        ]
        for row, (a, b) in enumerate(zip(found.indptr, found.indptr[1:], strict=False))
        if b > a
    }


def best(
    n: int, weight: Callable[[int, int], float | None], keep: int
) -> dict[int, list[tuple[int, float]]]:
    found: Edges = {}
    for left in range(n):
        near = [(r, weight(left, r)) for r in range(n) if r != left]
        known = [(r, w) for r, w in near if w is not None]
        if known:
            found[left] = sorted(known, key=lambda e: (-round(e[1], 6), e[0]))[:keep]
    return found


def complements_of(lines: list[Line], n: int, config: NeighboursConfig) -> Neighbours:
    row, customer, basket = (np.array(c) for c in zip(*lines, strict=True))
    return complements(
        n,
        row=row.astype(np.int32),
        customer=customer.astype(np.int32),
        basket=(customer * 1000 + basket).astype(np.int64),
        config=config,
    )


def slow_complements(lines: list[Line], n: int, config: NeighboursConfig) -> Edges:
    baskets: dict[tuple[int, int], set[int]] = {}
    for row, customer, basket in lines:
        baskets.setdefault((customer, basket), set()).add(row)
    count = [sum(row in rows for rows in baskets.values()) for row in range(n)]
    both: dict[tuple[int, int], list[int]] = {}
    for (customer, _), rows in baskets.items():
        for pair in combinations(sorted(rows), 2):
            both.setdefault(pair, []).append(customer)

    def weight(left: int, right: int) -> float | None:
        owners = both.get((min(left, right), max(left, right)), [])
        size = count[left] * count[right]
        if len(set(owners)) < config.support or len(owners) * len(baskets) <= size:
            return None
        return float(np.float32(len(owners) / size**0.5))

    return best(n, weight, config.keep)


@given(
    lines=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=60
    ),
    support=st.integers(1, 3),
    cells=st.integers(1, 50),
)
def test_complements_equal_the_slow_twin(lines: list[Line], support: int, cells: int) -> None:
    """Whatever the chunks and the order of the lines."""
    config = NeighboursConfig(keep=3, support=support, cells=cells)
    expected = slow_complements(lines, 6, config)
    assert edges(complements_of(lines, 6, config)) == expected
    assert edges(complements_of(lines[::-1], 6, config)) == expected


def test_too_few_customers_make_no_edge() -> None:
    """One customer's hundred baskets are one supporter (guard G11)."""
    lines = [(row, 0, basket) for basket in range(100) for row in (0, 1)]
    lines += [(2, customer, 0) for customer in range(1, 60)]
    assert edges(complements_of(lines, 3, NeighboursConfig())) == {}
    lines += [(row, customer, 1) for customer in range(1, 20) for row in (0, 1)]
    assert set(edges(complements_of(lines, 3, NeighboursConfig()))) == {0, 1}


def test_what_is_in_every_basket_goes_with_nothing() -> None:
    """Bags are bought with bread no more often than chance."""
    lines = [(0, customer, 0) for customer in range(40)]
    lines += [(1, customer, 0) for customer in range(0, 40, 2)]
    assert edges(complements_of(lines, 2, NeighboursConfig(support=2))) == {}


@given(
    owned=st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=12),
    seed=st.integers(0, 5),
    cells=st.integers(1, 50),
)
def test_similar_equals_the_slow_twin(owned: list[set[int]], seed: int, cells: int) -> None:
    """Cosine of factors, among pairs that enough views have."""
    factors = np.random.default_rng(seed).normal(size=(6, 4)).astype(np.float32)
    history = columns([dict.fromkeys(rows, (1, 0)) for rows in owned])
    config = NeighboursConfig(keep=3, support=2, cells=cells)

    def weight(left: int, right: int) -> float | None:
        y, z = factors[left].astype(np.float64), factors[right].astype(np.float64)
        cosine = float(y @ z / np.sqrt((y @ y) * (z @ z)))
        shared = sum(left in rows and right in rows for rows in owned)
        return cosine if shared >= config.support and cosine > 0 else None

    assert edges(similar(history, factors, config)) == best(6, weight, config.keep)


def test_ties_fall_by_row_and_zero_factors_have_no_neighbours() -> None:
    """Rows 1 and 2 are equally near to row 0; row 3 has no direction."""
    factors = np.array([[1, 0], [1, 0], [1, 0], [0, 0]], dtype=np.float32)
    history = columns([dict.fromkeys(range(4), (1, 0))] * 3)
    found = similar(history, factors, NeighboursConfig(support=2))
    assert edges(found)[0] == [(1, 1.0), (2, 1.0)]
    assert 3 not in edges(found)


def test_no_lines_give_no_edges() -> None:
    none = np.empty(0, dtype=np.int32)
    found = complements(
        2, row=none, customer=none, basket=none.astype(np.int64), config=NeighboursConfig()
    )
    assert found.indptr.tolist() == nothing(2).indptr.tolist() == [0, 0, 0]
    assert edges(similar(columns([]), np.ones((2, 1), dtype=np.float32), NeighboursConfig())) == {}
