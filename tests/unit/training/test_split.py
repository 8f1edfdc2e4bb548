"""Windows end with the latest visible purchase; truth is what training could have known."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import InputError
from recommender.interactions import Interactions
from recommender.types import SECONDS_A_WEEK, CustomerId
from training.split import TooShortError, sample, split_off, truth_of

Line = tuple[str, int, float]
"""Customer, item, week."""


def lines(*bought: Line) -> Interactions:
    ordered = sorted(bought, key=lambda line: (line[0], line[2], line[1]))
    customers = tuple(sorted({CustomerId(c) for c, _, _ in bought}))
    return Interactions(
        customers=customers,
        customer=np.array([customers.index(CustomerId(c)) for c, _, _ in ordered], dtype=np.int32),
        item=np.array([i for _, i, _ in ordered], dtype=np.int32),
        timestamp=np.array([int(w * SECONDS_A_WEEK) for _, _, w in ordered], dtype=np.int64),
        quantity=np.ones(len(ordered), dtype=np.float32),
        basket=np.arange(len(ordered), dtype=np.int64),
    )


def test_the_cut_itself_belongs_to_the_past() -> None:
    """As of week 10 with a window of 2: (8, 10]. Newcomers leave the training part."""
    found = split_off(lines(("a", 0, 0), ("a", 1, 8), ("a", 2, 8.1), ("b", 3, 10)), 2, name="test")
    assert found.cut == 8 * SECONDS_A_WEEK
    assert found.before.customers == ("a",)
    assert found.before.item.tolist() == [0, 1]
    assert found.after.customers == ("a", "b")
    assert found.after.item.tolist() == [2, 3]


def test_fewer_than_two_windows_are_too_short() -> None:
    """The message says how long the history is and what would be enough."""
    with pytest.raises(TooShortError, match=r"no test window: 3\.9 weeks .* 2 \+ 2 weeks"):
        split_off(lines(("a", 0, 0), ("a", 0, 3.9)), 2, name="test")
    assert issubclass(TooShortError, InputError)


def test_a_history_just_too_short_does_not_read_as_long_enough() -> None:
    with pytest.raises(TooShortError, match=r"1\.9 weeks .* 1 \+ 1 weeks"):
        split_off(lines(("a", 0, 0), ("a", 0, 1.99)), 1, name="test")


def test_a_window_of_strangers_is_no_window() -> None:
    with pytest.raises(TooShortError, match="no customer bought both"):
        split_off(lines(("a", 0, 0), ("b", 0, 10)), 2, name="validation")


def test_truth_is_distinct_and_known() -> None:
    """Item 5 has no row, customer c was not seen in training, twice is once."""
    after = lines(("a", 3, 1), ("a", 3, 2), ("a", 1, 1), ("a", 5, 1), ("c", 1, 1))
    row_of_item = np.array([-1, 0, -1, 1, -1, -1], dtype=np.int32)
    truth = truth_of(after, (CustomerId("a"), CustomerId("b")), row_of_item)
    assert truth.of(0).tolist() == [0, 1]
    assert truth.of(1).tolist() == []
    assert truth.customers.tolist() == [0]


def test_truth_of_nothing_known_is_empty() -> None:
    truth = truth_of(lines(("a", 0, 1)), (CustomerId("b"),), np.array([-1], dtype=np.int32))
    assert truth.customers.tolist() == []


def test_a_sample_is_seeded_ascending_and_without_repeats() -> None:
    numbers = np.arange(100, 200)
    drawn = sample(numbers, 10, seed=3)
    assert drawn.tolist() == sample(numbers, 10, seed=3).tolist() == sorted(set(drawn.tolist()))
    assert len(drawn) == 10
    assert sample(numbers, 100, seed=3) is numbers
