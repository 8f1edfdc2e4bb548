"""The own head, on tables whose answers are worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.models.repeat import Repeat, RepeatConfig, fit, repeat_rate
from tests.support.histories import columns, view

HISTORY = columns(
    [
        {0: (3, 0), 1: (1, 0)},
        {0: (1, 56), 1: (1, 0)},
        {0: (2, 0)},
    ]
)


def test_the_rate_is_the_share_of_buyers_who_came_back() -> None:
    """Two of three bought row 0 again; none of two row 1; nobody bought row 2."""
    rate = repeat_rate(HISTORY, 3, RepeatConfig(floor=0.05))
    assert rate.tolist() == pytest.approx([2 / 3, 0.05, 0.05])


def test_the_score_is_decayed_frequency_times_the_scale() -> None:
    """Customer 1 bought row 0 eight weeks ago, a half-life: own = .5."""
    scores = Repeat(np.array([4.0, 3.0, 2.0], dtype=np.float32)).score(view(HISTORY, 1))
    assert scores.tolist() == [2.0, 3.0, 0.0]


def test_an_exponent_of_zero_leaves_plain_frequency() -> None:
    assert fit(HISTORY, 3, 0.0, RepeatConfig()).scale.tolist() == [1.0, 1.0, 1.0]
