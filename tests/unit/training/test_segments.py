"""New, light and heavy follow from the shop's own customers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bundle import CustomerTable
from recommender.types import CustomerId
from training.segments import HEAVY, LIGHT, NEW, SEGMENTS, Thresholds, visible_baskets


def table(*views: list[tuple[int, int]]) -> CustomerTable:
    """Customers as (age in days of the latest purchase, number of baskets) of each item."""
    elements = [element for view in views for element in view]
    sizes = [len(view) for view in views]
    worth = np.ones(len(elements), dtype=np.float32)
    return CustomerTable(
        customers=tuple(CustomerId(f"c{i}") for i in range(len(views))),
        indptr=np.cumsum([0, *sizes]).astype(np.int64),
        rows=np.concatenate([np.arange(n) for n in sizes] or [[]]).astype(np.int32),
        baskets=np.array([n for _, n in elements], dtype=np.int32),
        age_days=np.array([age for age, _ in elements], dtype=np.int32),
        own=worth,
        confidence=worth,
        factors=np.zeros((len(views), 2), dtype=np.float32),
    )


def test_baskets_are_counted_by_days_and_by_repeats() -> None:
    """Three items of one day: 1; two different days: 2; one item in five baskets: 5."""
    found = visible_baskets(table([(3, 1), (3, 1), (3, 1)], [(0, 1), (40, 1)], [(2, 5), (9, 1)]))
    assert found.tolist() == [1, 2, 5]
    assert visible_baskets(table()).tolist() == []


def test_the_thresholds_are_the_fifths_of_the_shop() -> None:
    """Ten customers with 1 to 10 baskets: two new, six light and two heavy ones."""
    baskets = np.arange(1, 11)
    thresholds = Thresholds.of(baskets)
    assert thresholds == Thresholds(few=2, many=8)
    names = [thresholds.segment(b) for b in baskets.tolist()]
    assert names == [NEW] * 2 + [LIGHT] * 6 + [HEAVY] * 2


@pytest.mark.parametrize(
    ("baskets", "expected"),
    [
        ([1] * 9, {NEW}),
        ([50] * 9, {LIGHT}),
        ([1] * 9 + [4], {NEW, HEAVY}),
        ([7], {LIGHT}),
    ],
)
def test_where_all_have_equally_many_they_are_one_segment(
    baskets: list[int], expected: set[str]
) -> None:
    """One basket is new, fifty are usual."""
    thresholds = Thresholds.of(np.array(baskets))
    assert {thresholds.segment(b) for b in baskets} == expected


@given(st.lists(st.integers(1, 300), max_size=60))
def test_more_baskets_never_mean_a_lesser_segment(baskets: list[int]) -> None:
    thresholds = Thresholds.of(np.array(baskets, dtype=np.int64))
    places = [SEGMENTS.index(thresholds.segment(b)) for b in sorted(baskets)]
    assert places == sorted(places)
    assert thresholds.segment(1) == NEW
