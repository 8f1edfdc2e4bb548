"""What a purchase or a return since the cut-off does to a view, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.customer import SINCE_TRAINING as SINCE
from recommender.customer import UNDATED, EventKind, View, apply_events, empty_view

BUY, BACK = EventKind.PURCHASE, EventKind.RETURN
FLOOR = 0.1


def view() -> View:
    """Row 2 bought in four baskets (decayed to 1.0 each way), row 5 in one."""
    return View(
        rows=np.array([2, 5], dtype=np.int32),
        baskets=np.array([4, 1], dtype=np.int32),
        age_days=np.array([30, 9], dtype=np.int32),
        own=np.array([1.0, 0.5], dtype=np.float32),
        confidence=np.array([FLOOR + 1.0, FLOOR + 0.5], dtype=np.float32),
    )


def after(*events: tuple[EventKind, int, int, float]) -> dict[int, tuple[int, int, float, float]]:
    found = apply_events(view(), list(events), confidence_floor=FLOOR)
    columns = (found.baskets, found.age_days, found.own, found.confidence)
    return {
        int(row): (int(b), int(a), round(float(o), 4), round(float(c), 4))
        for row, b, a, o, c in zip(found.rows, *columns, strict=True)
    }


BEFORE = {2: (4, 30, 1.0, 1.1), 5: (1, 9, 0.5, 0.6)}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], BEFORE),
        # a new item: one basket, since training, weight one
        ([(BUY, 3, 7, 1)], BEFORE | {3: (1, SINCE, 1.0, 1.1)}),
        # one more basket of row 2: own 1+1, confidence .1 + sqrt(1+1)
        ([(BUY, 2, 7, 1)], BEFORE | {2: (5, SINCE, 2.0, 1.5142)}),
        # the same item twice in the same second is one basket
        ([(BUY, 2, 7, 1), (BUY, 2, 7, 1)], BEFORE | {2: (5, SINCE, 2.0, 1.5142)}),
        # a return undoes one of four baskets: three quarters remain, and no day is known
        ([(BACK, 2, 7, 1)], BEFORE | {2: (3, UNDATED, 0.75, 0.966)}),
        # the only basket returned: as if never bought
        ([(BACK, 5, 7, 1)], {2: BEFORE[2]}),
        # bought and returned since the cut-off: nothing happened
        ([(BUY, 3, 7, 1), (BACK, 3, 9, 1)], BEFORE),
        # one unit of ten returned: the basket stays
        ([(BUY, 3, 7, 10), (BACK, 3, 9, 1)], BEFORE | {3: (1, SINCE, 1.0, 1.1)}),
        # eleven returned of a basket of two and a basket of nine: both are gone
        ([(BUY, 3, 7, 2), (BUY, 3, 8, 9), (BACK, 3, 9, 11)], BEFORE),
        # more than was bought since: one basket that training knew is undone as well
        ([(BUY, 2, 7, 1), (BACK, 2, 9, 2)], BEFORE | {2: (3, UNDATED, 0.75, 0.966)}),
        # returned first, bought later: the return finds nothing, the purchase stays
        ([(BACK, 3, 7, 1), (BUY, 3, 9, 1)], BEFORE | {3: (1, SINCE, 1.0, 1.1)}),
        # a return of what was never bought changes nothing
        ([(BACK, 9, 7, 1)], BEFORE),
        # what is only looked at is not bought
        ([(EventKind.VIEW, 9, 7, 1)], BEFORE),
    ],
)
def test_table(
    events: list[tuple[EventKind, int, int, float]],
    expected: dict[int, tuple[int, int, float, float]],
) -> None:
    assert after(*events) == expected


EVENTS = st.lists(
    st.tuples(st.sampled_from([BUY, BACK]), st.integers(0, 6), st.integers(0, 3), st.integers(1, 3))
)


@given(EVENTS, st.randoms())
def test_order_of_arrival_does_not_matter(events: list, random: object) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert after(*events) == after(*shuffled)


@given(EVENTS)
def test_the_result_is_a_view(events: list) -> None:
    found = apply_events(view(), events, confidence_floor=FLOOR)
    assert (np.diff(found.rows) > 0).all()
    assert (found.baskets > 0).all()
    assert (found.own > 0).all()
    assert (found.confidence > FLOOR).all()


def test_everything_returned_is_an_empty_view() -> None:
    events = [(BACK, 2, i, 1.0) for i in range(4)] + [(BACK, 5, 1, 1.0)]
    assert len(apply_events(view(), events, confidence_floor=FLOOR)) == 0
    assert len(empty_view()) == 0
