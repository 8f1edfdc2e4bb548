"""The view: a history without what the engine should not know."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.customer import View
from recommender.guard.policy import UNMAPPED, GuardRules
from recommender.guard.view import (
    ViewColumns,
    view_columns,
    view_of_customer,
    view_of_purchases,
    visible,
    visible_rows,
)
from recommender.interactions import Interactions
from recommender.types import SECONDS_A_DAY, SECONDS_A_WEEK, CustomerId

RULES = GuardRules(masked=0b011, contained=0b011, soft=0, replenish=0, expired=False)
EVIDENCE = np.array([0b000, 0b001, 0b010, 0b011, 0b100], dtype=np.uint64)
NOW = 100 * SECONDS_A_WEEK


def unlocked(bits: int) -> GuardRules:
    """The rules of a customer who has unlocked the history of some life events."""
    return replace(RULES, masked=RULES.masked & ~bits)


Line = tuple[int, int, int, int]


def purchases(*lines: Line, customers: int = 2) -> Interactions:
    """Lines of (customer, item, timestamp, basket)."""
    columns = np.array(lines, dtype=np.int64).reshape(len(lines), 4)
    return Interactions(
        customers=tuple(CustomerId(f"c{n}") for n in range(customers)),
        customer=columns[:, 0].astype(np.int32),
        item=columns[:, 1].astype(np.int32),
        timestamp=columns[:, 2],
        quantity=np.ones(len(lines), dtype=np.float32),
        basket=columns[:, 3],
    )


def columns_of(raw: Interactions, row_of_item: list[int]) -> ViewColumns:
    return view_columns(
        raw,
        np.array(row_of_item, dtype=np.int32),
        as_of=NOW,
        own_fast_half_life_weeks=1.0,
        own_slow_half_life_weeks=1.0,
        own_fast_share=0.5,
        confidence_half_life_weeks=2.0,
        confidence_floor=0.1,
    )


def test_locked_evidence_is_not_visible() -> None:
    assert visible(EVIDENCE, RULES).tolist() == [True, False, False, False, True]


def test_an_item_of_two_life_events_needs_both_unlocked() -> None:
    assert visible(EVIDENCE, unlocked(0b001)).tolist() == [True, True, False, False, True]
    assert visible(EVIDENCE, unlocked(0b010)).tolist() == [True, False, True, False, True]
    assert visible(EVIDENCE, unlocked(0b011)).tolist() == [True] * 5


def test_unmapped_items_are_masked_when_the_rules_say_so() -> None:
    held = GuardRules(UNMAPPED, UNMAPPED, 0, 0, expired=False)
    assert visible(np.array([UNMAPPED, 0], dtype=np.uint64), held).tolist() == [False, True]


def test_customers_with_nothing_visible_leave() -> None:
    """They will be answered like new customers."""
    raw = purchases((0, 1, 10, 1), (0, 3, 11, 1), (1, 0, 12, 2), (1, 2, 12, 2))
    seen = view_of_purchases(raw, EVIDENCE, RULES)
    assert seen.customers == (CustomerId("c1"),)
    assert seen.customer.tolist() == [0]
    assert seen.item.tolist() == [0]


def test_a_stored_view_is_seen_under_todays_rules() -> None:
    """Rows that have become locked disappear; nothing to hide gives the same object back."""
    two = np.array([0, 1], dtype=np.int32)
    view = View(two, two + 1, two, two.astype(np.float32), two.astype(np.float32))
    assert view_of_customer(view, EVIDENCE, RULES).rows.tolist() == [0]
    assert view_of_customer(view, EVIDENCE, unlocked(0b001)) is view


def test_rows_of_a_basket_are_masked_and_canonical() -> None:
    assert visible_rows([4, 0, 4, 1, 3], EVIDENCE, RULES) == [0, 4]
    assert visible_rows([4, 0, 4, 1, 3], EVIDENCE, unlocked(0b001)) == [0, 1, 4]


def test_columns_by_hand() -> None:
    """Two customers, three items of which the models know two, worked out on paper.

    c0 bought row 0 one and two weeks ago: own = 1/2 + 1/4 = .75, and c = .1 + sqrt(2^-.5 + 2^-1).
    The first of these baskets had two lines of it; they count once, at the later time.
    c1 bought row 1 now: own = 1, c = .1 + 1. Item 1 has no row.
    """
    week = SECONDS_A_WEEK
    raw = purchases(
        (0, 0, NOW - 2 * week - 50, 1),
        (0, 0, NOW - 2 * week, 1),
        (0, 1, NOW - 2 * week, 1),
        (0, 0, NOW - week, 2),
        (1, 2, NOW, 3),
    )
    columns = columns_of(raw, [0, -1, 1])
    assert columns.indptr.tolist() == [0, 1, 2]
    assert columns.rows.tolist() == [0, 1]
    assert columns.baskets.tolist() == [2, 1]
    assert columns.age_days.tolist() == [7, 0]
    assert columns.own.tolist() == [0.75, 1.0]
    np.testing.assert_allclose(columns.confidence, [0.1 + (2**-0.5 + 0.5) ** 0.5, 1.1], rtol=1e-6)


def test_a_purchase_after_the_cut_off_counts_as_one_made_then() -> None:
    columns = columns_of(purchases((0, 0, NOW + SECONDS_A_DAY, 1), customers=1), [0])
    assert columns.own.tolist() == [1.0]
    assert columns.age_days.tolist() == [0]


def test_no_purchases_give_empty_columns() -> None:
    columns = columns_of(purchases(customers=0), [0])
    assert columns.indptr.tolist() == [0]
    assert len(columns.rows) == len(columns.own) == len(columns.confidence) == 0


LINES = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 3), st.integers(NOW - 10**7, NOW), st.integers(1, 4)
    ),
    max_size=12,
)


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(lines: list[Line], random: Random) -> None:
    """The same purchases in any order give the same bytes."""
    shuffled = list(lines)
    random.shuffle(shuffled)
    one = columns_of(purchases(*lines, customers=3), [0, 1, -1, 2])
    two = columns_of(purchases(*shuffled, customers=3), [0, 1, -1, 2])
    for name in ("indptr", "rows", "baskets", "age_days", "own", "confidence"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


@given(LINES)
def test_columns_are_canonical(lines: list[Line]) -> None:
    """Rows ascend within a customer, each once, with at least one basket."""
    columns = columns_of(purchases(*lines, customers=3), [0, 1, -1, 2])
    for start, end in zip(columns.indptr[:-1], columns.indptr[1:], strict=True):
        rows = columns.rows[start:end].tolist()
        assert rows == sorted(set(rows))
    assert (columns.baskets > 0).all()
    assert columns.indptr[-1] == len(columns.rows)


@given(LINES, LINES)
def test_locked_lines_leave_no_trace(visible_lines: list[Line], locked: list[Line]) -> None:
    """The view of purchases with and without locked evidence is the same (G4, at its root)."""
    evidence = np.array([0, 0, 0, 0, 0b001], dtype=np.uint64)
    hidden = [(customer, 4, at, basket) for customer, _, at, basket in locked]
    seen = view_of_purchases(purchases(*visible_lines, customers=3), evidence, RULES)
    mixed = view_of_purchases(purchases(*visible_lines, *hidden, customers=3), evidence, RULES)
    assert seen.customers == mixed.customers
    assert seen.item.tolist() == mixed.item.tolist()
    one, two = columns_of(seen, [0, 1, -1, 2, 3]), columns_of(mixed, [0, 1, -1, 2, 3])
    assert one.own.tobytes() == two.own.tobytes()
    assert one.confidence.tobytes() == two.confidence.tobytes()


@given(st.lists(st.integers(0, 15), max_size=8), st.integers(0, 15), st.integers(0, 15))
def test_one_more_unlock_never_hides(evidence: list[int], some: int, more: int) -> None:
    """And withdrawing one never shows an item (G6)."""
    bits = np.array(evidence, dtype=np.uint64)
    before, after = visible(bits, unlocked(some)), visible(bits, unlocked(some | more))
    assert not (before & ~after).any()
