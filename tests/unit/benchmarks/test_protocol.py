"""What the quality benchmarks learn from and look for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import journey
import numpy as np
import polars as pl
import pytest
import retail
from protocol import LEAST, Problem, problem

DAY = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def line(customer: str, item: str, day: int, order: str) -> dict[str, object]:
    return {
        "customer_id": customer,
        "item_id": item,
        "timestamp": DAY + timedelta(days=day),
        "quantity": 1,
        "order_id": order,
        "moment": day,
    }


@pytest.fixture
def found() -> Problem:
    """Ten customers buy bread on day 0, nine of them rare, all milk on day 5; truth to day 11."""
    lines = [line(f"c{n}", "bread", 0, f"o{n}") for n in range(LEAST)]
    lines += [line(f"c{n}", "rare", 0, f"o{n}") for n in range(LEAST - 1)]
    lines += [line(f"c{n}", "milk", 5, f"p{n}") for n in range(LEAST)]
    lines += [line("c0", "bread", 5, "p0"), line("c0", "bread", 5, "p0")]
    lines += [line("only rare", "rare too", 1, "q")]
    lines += [
        line("c0", "milk", 10, "r"),
        line("c0", "rare", 10, "r"),
        line("new", "milk", 10, "s"),
    ]
    lines += [line("only rare", "bread", 11, "t"), line("c1", "bread", 12, "u")]
    return problem(pl.DataFrame(lines), 10, 12)


def test_items_that_too_few_bought_are_unknown(found: Problem) -> None:
    assert sorted(found.items) == ["bread", "milk"]


def test_items_are_numbered_by_their_popularity_of_late(found: Problem) -> None:
    assert found.items.tolist() == ["milk", "bread"]


def test_a_customer_item_and_basket_count_once_the_oldest_basket_first(found: Problem) -> None:
    mine = found.customer == found.customers.tolist().index("c0")
    rows = zip(found.basket[mine], found.items[found.item[mine]], found.age_days[mine], strict=True)
    assert list(rows) == [(0, "bread", 5.0), (1, "milk", 0.0), (1, "bread", 0.0)]


def test_truth_is_of_the_window_known_customers_and_known_items(found: Problem) -> None:
    truth = [(found.customers[c], found.items[i]) for c, i in found.truth]
    assert truth == [("c0", "milk"), ("only rare", "bread")]


def test_a_problem_survives_its_file(found: Problem, tmp_path: Path) -> None:
    found.save(tmp_path / "problem.npz")
    again = Problem.load(tmp_path / "problem.npz")
    assert again.items.tolist() == found.items.tolist()
    assert np.array_equal(again.truth, found.truth)


@pytest.mark.parametrize("windows", [journey.EARLIER, retail.EARLIER])
def test_earlier_windows_do_not_overlap_and_validate_on_as_long_a_stretch(windows: tuple) -> None:
    for window in windows:
        assert window.truth_from - window.validation_from == window.truth_until - window.truth_from
    ordered = sorted(windows, key=lambda window: window.truth_from)
    for before, after in pairwise(ordered):
        assert before.truth_until == after.truth_from


def test_no_earlier_window_reaches_into_the_test_window() -> None:
    assert max(w.truth_until for w in journey.EARLIER) <= journey.TEST.truth_from
    assert max(w.truth_until for w in retail.EARLIER) <= retail.TEST.truth_from
