"""Recent buyers and trend, on tables whose answers are worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.models.popularity import PopularityConfig, fit, recent_buyers, trend
from tests.support.histories import columns, view

HISTORY = columns([{0: (9, 0), 1: (1, 14)}, {0: (1, 14)}, {1: (1, 28)}])


def test_each_customer_counts_once_and_half_after_a_half_life() -> None:
    """Row 0: 1 + 1/2, nine baskets or not. Row 1: 1/2 + 1/4. Row 2: nobody."""
    assert recent_buyers(HISTORY, 3, 2.0).tolist() == pytest.approx([1.5, 0.75, 0.0])


def test_the_most_popular_row_has_share_one() -> None:
    model = fit(HISTORY, 3, PopularityConfig())
    assert model.share.tolist() == pytest.approx([1.0, 0.5, 0.0])
    assert model.score(view(HISTORY, 2)) is model.share


def test_nobody_bought_anything() -> None:
    """Popularity without buyers is zero, not a division by zero."""
    assert fit(columns([]), 2, PopularityConfig()).share.tolist() == [0.0, 0.0]


def test_the_trend_falls_when_an_item_stops_selling() -> None:
    """Row 0 sold today: tau = 1. Row 1 a year ago: both counts are at their floors, .05 / .3."""
    tau = trend(columns([{0: (1, 0), 1: (1, 364)}]), 2, PopularityConfig())
    assert tau.tolist() == pytest.approx([1.0, 0.05 / 0.3])


def test_the_trend_never_exceeds_one() -> None:
    ages = columns([{0: (1, age)} for age in range(100)])
    odd = PopularityConfig(trend_short_floor=5.0, trend_long_floor=0.1)
    assert np.all(trend(ages, 1, odd) <= 1.0)
