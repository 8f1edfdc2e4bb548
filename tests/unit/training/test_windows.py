"""Windows lie one before the other, and each knows only what came before it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.interactions import Interactions
from recommender.types import SECONDS_A_WEEK, CustomerId
from training.windows import windows_of


def lines(weeks: list[float]) -> Interactions:
    """One customer who buys item 0 in these weeks."""
    return Interactions(
        customers=(CustomerId("a"),),
        customer=np.zeros(len(weeks), dtype=np.int32),
        item=np.zeros(len(weeks), dtype=np.int32),
        timestamp=np.array([int(w * SECONDS_A_WEEK) for w in sorted(weeks)], dtype=np.int64),
        quantity=np.ones(len(weeks), dtype=np.float32),
        basket=np.arange(len(weeks), dtype=np.int64),
    )


def test_each_window_begins_where_the_one_before_it_ends() -> None:
    """As of week 10, two weeks each: (8, 10], (6, 8], (4, 6]; nobody bought in week 7.5 to 8."""
    found = windows_of(lines([0, 5, 6.5, 7, 9, 10]), 2, 3)
    assert [split.cut / SECONDS_A_WEEK for split in found.splits] == [8, 6, 4]
    after = [(split.after.timestamp / SECONDS_A_WEEK).tolist() for split in found.splits]
    assert after == [[9, 10], [6.5, 7], [5]]
    assert found.short is None


def test_a_short_history_has_fewer_and_says_why() -> None:
    """Seven weeks: before the second window lie three weeks, before a third one."""
    found = windows_of(lines([0, 1, 2, 3, 4, 5, 6, 7]), 2, 3)
    assert len(found.splits) == 2
    assert found.short is not None
    assert "3.0 weeks of purchases are left, and 2 + 2 weeks are needed" in found.short.what


def test_nothing_before_a_window_without_a_purchase_is_looked_for() -> None:
    """Nobody bought in weeks 6 to 8, so that there is nothing to find there."""
    found = windows_of(lines([0, 1, 3, 5, 9, 10]), 2, 4)
    assert len(found.splits) == 1
    assert found.short is not None
    assert "no customer bought both" in found.short.what


@given(
    weeks=st.lists(st.floats(0, 40), min_size=1, max_size=60),
    length=st.integers(1, 6),
    most=st.integers(1, 6),
)
def test_every_line_is_before_a_window_in_it_or_after_it(
    weeks: list[float], length: int, most: int
) -> None:
    whole = lines(weeks)
    found = windows_of(whole, length, most)
    assert len(found.splits) + (found.short is not None) <= most + 1
    end = whole.window[1]
    for split in found.splits:
        assert split.cut == end - length * SECONDS_A_WEEK
        assert split.before.timestamp.tolist() == [t for t in whole.timestamp if t <= split.cut]
        assert split.after.timestamp.tolist() == [
            t for t in whole.timestamp if split.cut < t <= end
        ]
        end = split.cut
