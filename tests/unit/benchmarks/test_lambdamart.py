"""The learned reference must not see what it is to learn."""

from __future__ import annotations

import numpy as np
import pytest
from methods.lambdamart import LABEL_DAYS, before
from methods.pairs import learn, pairs
from protocol import Problem


@pytest.fixture
def shop() -> Problem:
    """Ten customers, twelve items; every customer buys two items a week for eight weeks."""
    lines = [
        (c, i, w, 7.0 * (7 - w)) for c in range(10) for w in range(8) for i in (c, (c + w) % 10)
    ]
    customer, item, basket, age = (np.array(column) for column in zip(*lines, strict=True))
    return Problem(
        customers=np.array([f"c{c}" for c in range(10)]),
        items=np.array([f"i{i:02}" for i in range(12)]),
        customer=customer.astype(np.int32),
        item=item.astype(np.int32),
        basket=basket.astype(np.int32),
        age_days=age.astype(np.float32),
        truth=np.zeros((0, 2), dtype=np.int32),
    )


def test_labels_are_the_last_weeks_and_features_know_only_what_came_before(shop: Problem) -> None:
    lesson = before(shop)
    assert len(lesson.item) == np.sum(shop.age_days >= LABEL_DAYS)
    assert lesson.age_days.min() == 0.0
    assert lesson.basket.max() == np.max(shop.basket[shop.age_days >= LABEL_DAYS])
    late = {
        (int(c), int(i))
        for c, i, age in zip(shop.customer, shop.item, shop.age_days, strict=True)
        if age < LABEL_DAYS
    }
    assert {(c, i) for c, i in lesson.truth.tolist()} == late


def test_what_was_bought_is_a_candidate(shop: Problem) -> None:
    customers = np.array([3, 7], dtype=np.int32)
    row, item, rows = pairs(learn(shop), customers)
    found = set(zip(customers[row].tolist(), item.tolist(), strict=True))
    mine = np.isin(shop.customer, customers)
    bought = zip(shop.customer[mine].tolist(), shop.item[mine].tolist(), strict=True)
    assert set(bought) <= found
    assert len(rows) == len(row)
    assert np.isfinite(rows).all()
