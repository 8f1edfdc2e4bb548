"""Returns undo earlier purchases of the same customer and item, and touch nothing else."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.interactions import Interactions
from recommender.types import SECONDS_A_DAY, CustomerId
from training.reading.netting import NO_ORDER, Lines, Netted, net

DAY = SECONDS_A_DAY
Line = tuple[int, int, int, float, int]
"""Customer, item, timestamp, quantity, order."""


def netted(table: list[Line]) -> Netted:
    customer, item, timestamp, quantity, order = zip(*table, strict=True) if table else ([],) * 5
    n = 1 + max(customer, default=0)
    return net(
        Lines(
            customers=tuple(CustomerId(f"c{i:03}") for i in range(n)),
            customer=np.array(customer, dtype=np.int32),
            item=np.array(item, dtype=np.int32),
            timestamp=np.array(timestamp, dtype=np.int64),
            quantity=np.array(quantity, dtype=np.float64),
            order=np.array(order, dtype=np.int64),
            gift=np.zeros(len(table), dtype=np.bool_),
        )
    )


def left(table: list[tuple[int, float, int]]) -> tuple[list[tuple[int, float]], int]:
    """What remains of (day, quantity, order) lines of one customer and item; unmatched returns."""
    result = netted([(0, 0, day * DAY, quantity, order) for day, quantity, order in table])
    found = result.interactions
    days = (found.timestamp // DAY).tolist()
    return list(zip(days, found.quantity.tolist(), strict=True)), result.unmatched


@pytest.mark.parametrize(
    ("table", "remains", "unmatched"),
    [
        # (day, quantity, order) ...                                  what remains, unmatched
        ([(1, 3, -1)], [(1, 3)], 0),
        ([(1, 3, -1), (2, -1, -1)], [(1, 2)], 0),
        ([(1, 3, -1), (2, -3, -1)], [], 0),
        ([(1, 3, -1), (2, -4, -1)], [], 1),
        # the latest earlier purchase first
        ([(1, 3, -1), (2, 3, -1), (3, -1, -1)], [(1, 3), (2, 2)], 0),
        ([(1, 3, -1), (2, 3, -1), (3, -4, -1)], [(1, 2)], 0),
        # a return undoes nothing that comes later
        ([(1, -1, -1), (2, 3, -1)], [(2, 3)], 1),
        ([(1, 3, -1), (2, -1, -1), (3, 3, -1)], [(1, 2), (3, 3)], 0),
        # of the same moment: the purchase was first
        ([(1, -1, -1), (1, 3, -1)], [(1, 2)], 0),
        # its own order first, then the latest
        ([(1, 3, 7), (2, 3, 8), (3, -1, 7)], [(1, 2), (2, 3)], 0),
        ([(1, 3, 7), (2, 3, 8), (3, -5, 7)], [(2, 1)], 0),
        ([(1, 3, 7), (2, 3, 8), (3, -1, 9)], [(1, 3), (2, 2)], 0),
        # two returns
        ([(1, 2, -1), (2, 2, -1), (3, -1, -1), (4, -2, -1)], [(1, 1)], 0),
        # what is left by rounding is nothing
        ([(1, 0.3, -1), (2, -0.1, -1), (3, -0.2, -1)], [], 0),
        ([(1, -2, -1)], [], 1),
    ],
)
def test_returns_are_netted_as_worked_out_by_hand(
    table: list[tuple[int, float, int]], remains: list[tuple[int, float]], unmatched: int
) -> None:
    assert left(table) == (remains, unmatched)
    assert left(table[::-1]) == (remains, unmatched)


def test_a_return_of_another_customer_or_item_undoes_nothing() -> None:
    result = netted([(0, 0, DAY, 1.0, -1), (0, 1, DAY, -1.0, -1), (1, 0, DAY, -1.0, -1)])
    assert len(result.interactions) == 1
    assert result.unmatched == 2


def test_a_customer_who_returned_everything_is_gone() -> None:
    result = netted([(0, 0, DAY, 1.0, -1), (0, 0, DAY, -1.0, -1), (1, 0, DAY, 1.0, -1)])
    assert result.interactions.customers == ("c001",)
    assert result.interactions.customer.tolist() == [0]
    assert (result.returns, result.cancelled) == (1, 1)


def test_without_an_order_a_utc_day_is_a_basket() -> None:
    found = netted(
        [(0, 0, DAY, 1.0, -1), (0, 1, DAY + 5, 1.0, -1), (0, 0, 2 * DAY - 1, 2.0, -1),
         (0, 0, 2 * DAY, 1.0, -1), (1, 0, DAY, 1.0, -1)]
    ).interactions  # fmt: skip
    # Item 0 of the first day is one line: quantities added, the latest timestamp.
    assert found.timestamp.tolist() == [DAY + 5, 2 * DAY - 1, 2 * DAY, DAY]
    assert found.quantity.tolist() == [1.0, 3.0, 1.0, 1.0]
    first, same, second, other = found.basket.tolist()
    assert first == same
    assert len({first, second, other}) == 3


def test_an_order_is_a_basket_of_its_customer_over_days() -> None:
    found = netted(
        [(0, 0, DAY, 1.0, 4), (0, 1, 3 * DAY, 1.0, 4), (0, 2, DAY, 1.0, 5), (0, 3, DAY, 1.0, -1),
         (1, 0, DAY, 1.0, 4)]
    ).interactions  # fmt: skip
    basket = dict(zip(zip(found.customer, found.item, strict=True), found.basket, strict=True))
    assert basket[0, 0] == basket[0, 1]
    assert len({basket[0, 0], basket[0, 2], basket[0, 3], basket[1, 0]}) == 4


def test_no_line_gives_no_interaction() -> None:
    assert len(netted([]).interactions) == 0


any_line = st.tuples(
    st.integers(0, 2),
    st.integers(0, 3),
    st.integers(0, 12).map(lambda quarter: quarter * DAY // 4),
    st.sampled_from([-2.0, -1.0, -0.1, 0.1, 0.7, 1.0, 3.0]),
    st.sampled_from([NO_ORDER, 0, 1, 2]),
)
tables = st.lists(any_line, max_size=40)


def of_item(found: Interactions, item: int) -> list[tuple[str, int, float]]:
    return [
        (found.customers[c], int(t), float(q))
        for c, i, t, q in zip(
            found.customer, found.item, found.timestamp, found.quantity, strict=True
        )
        if i == item
    ]


def baskets_of_item(found: Interactions, item: int) -> Counter[frozenset[int]]:
    """Which lines of the item, by position among them, share a basket."""
    at = np.flatnonzero(found.item == item)
    groups: dict[int, set[int]] = {}
    for position, line in enumerate(at):
        groups.setdefault(int(found.basket[line]), set()).add(position)
    return Counter(map(frozenset, groups.values()))


@given(tables)
def test_the_lines_of_an_item_do_not_depend_on_other_items(table: list[Line]) -> None:
    """Rows of other items, inserted anywhere, change nothing of an item: the guard rests on it."""
    together = netted(table).interactions
    for item in range(4):
        alone = netted([line for line in table if line[1] == item]).interactions
        assert of_item(together, item) == of_item(alone, item)
        assert baskets_of_item(together, item) == baskets_of_item(alone, item)


@given(st.permutations(range(12)), st.lists(any_line, min_size=12, max_size=12))
def test_the_order_of_reading_does_not_matter(order: list[int], table: list[Line]) -> None:
    one, other = netted(table), netted([table[i] for i in order])
    for name in ("customer", "item", "timestamp", "quantity", "basket"):
        first, second = getattr(one.interactions, name), getattr(other.interactions, name)
        assert first.tobytes() == second.tobytes()
    assert one.unmatched == other.unmatched


@given(tables)
def test_every_line_is_accounted_for_and_the_result_is_canonical(table: list[Line]) -> None:
    result = netted(table)
    found = result.interactions
    assert len(found) + result.returns + result.cancelled + result.merged == len(table)
    assert (found.quantity > 0).all()
    assert sorted(set(found.customer.tolist())) == list(range(len(found.customers)))
    keys = list(zip(found.customer, found.timestamp, found.item, found.basket, strict=True))
    assert keys == sorted(keys)
    assert len({(c, i, b) for c, _, i, b in keys}) == len(found)


@given(tables)
def test_units_are_bought_minus_returned_when_every_return_is_matched(table: list[Line]) -> None:
    result = netted(table)
    if result.unmatched == 0:
        expected = sum(line[3] for line in table)
        assert float(result.interactions.quantity.sum()) == pytest.approx(expected, abs=1e-3)
