"""Cold items on tables whose answers are worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.models.cold import demand, shrunk, shrunk_values

SUPPORT = np.array([30, 90, 5, 0, 2], dtype=np.int32)
CATEGORY = np.array([0, 0, 0, 1, -1], dtype=np.int32)
BRAND = np.array([0, 1, 1, 1, -1], dtype=np.int32)
VALUES = np.array([1.0, 0.2, 0.1, 0.0, 0.7])


def test_a_cold_row_is_drawn_to_its_narrowest_warm_kin() -> None:
    """Category 0 means (1 + .2) / 2 = .6; row 2 has five customers against ten.

    Row 3 is alone in its category, and takes all from its brand; row 4 has no kin.
    """
    found = shrunk_values(VALUES, SUPPORT, [CATEGORY, BRAND], least=20)
    assert found.tolist() == pytest.approx([1.0, 0.2, (5 * 0.1 + 10 * 0.6) / 15, 0.2, 0.7])


def test_the_prior_strength_is_counted_in_customers() -> None:
    found = shrunk_values(VALUES, SUPPORT, [CATEGORY], 20, prior_strength=5.0)
    assert found[2] == pytest.approx((0.1 + 0.6) / 2)


def test_factors_move_as_values_do() -> None:
    """Every column by itself, in float32."""
    factors = np.stack([VALUES, 3 * VALUES], axis=1).astype(np.float32)
    found = shrunk(factors, SUPPORT, [CATEGORY, BRAND], 20)
    values = shrunk_values(VALUES, SUPPORT, [CATEGORY, BRAND], 20)
    assert found.dtype == np.float32
    assert found == pytest.approx(np.stack([values, 3 * values], axis=1), rel=1e-6)
    assert factors[2, 0] == np.float32(0.1)


def test_cold_kin_teach_nothing() -> None:
    """Two cold rows of one category do not prop each other up."""
    support = np.array([5, 6], dtype=np.int32)
    same = np.zeros(2, dtype=np.int32)
    found = shrunk_values(np.array([0.3, 0.9]), support, [same], least=20)
    assert found.tolist() == [0.3, 0.9]


def test_without_levels_or_rows_nothing_moves() -> None:
    assert shrunk_values(VALUES, SUPPORT, [], 20).tolist() == VALUES.tolist()
    none = np.empty(0, dtype=np.int32)
    assert shrunk(np.empty((0, 3), dtype=np.float32), none, [none], 20).shape == (0, 3)


NO_SHARE = np.nan
"""Not launched lately."""


def test_what_sells_worse_than_its_kin_is_wanted_less() -> None:
    """Category 0 sells (8 + 4) / 2 = 6. Row 2 had half of a steady seller's time: e = 3, b = 1.

    It is the only launch: R = (1 + 10) / (3 + 10), r = (1 + 10 R) / (3 + 10).
    """
    buyers = np.array([8.0, 4.0, 1.0])
    share = np.array([NO_SHARE, NO_SHARE, 0.5])
    found = demand(buyers, share, SUPPORT[:3], [CATEGORY[:3]], least=20)
    assert found.tolist() == pytest.approx([1.0, 1.0, (1 + 10 * 11 / 13) / 13])


def test_what_was_launched_this_moment_is_wanted_as_launches_are() -> None:
    """No time, so nothing expected: r = R, to which the old launch of row 2 alone has a part.

    Of its kin's 6 buyers it had two thirds of the time: R = (0 + 10) / (4 + 10).
    """
    buyers = np.array([8.0, 4.0, 0.0, 0.0])
    share = np.array([NO_SHARE, NO_SHARE, 2 / 3, 0.0])
    support = np.array([30, 90, 0, 0], dtype=np.int32)
    found = demand(buyers, share, support, [np.zeros(4, dtype=np.int32)], least=20)
    assert found[3] == pytest.approx(10 / 14)
    assert found[2] == pytest.approx((10 * 10 / 14) / 14)


def test_launches_that_sell_well_speak_for_those_that_had_no_time_yet() -> None:
    """Row 0 is a warm launch: b = 8 of e = 6. R = 18 / 16 is more than 1, and 1 is the most."""
    buyers = np.array([8.0, 4.0, 0.0])
    share = np.array([1.0, NO_SHARE, 0.0])
    found = demand(buyers, share, SUPPORT[:3], [CATEGORY[:3]], least=20)
    assert found.tolist() == [1.0, 1.0, 1.0]


def test_the_narrowest_level_with_warm_kin_says_what_is_expected() -> None:
    """Row 3 is alone in its category, and its brand sells 4: e = 4 * 0.5 and b = 1 with m = 5."""
    buyers = np.array([8.0, 4.0, 0.0, 1.0, 3.0])
    share = np.array([NO_SHARE, NO_SHARE, NO_SHARE, 0.5, 0.5])
    found = demand(buyers, share, SUPPORT, [CATEGORY, BRAND], 20, prior_strength=5.0)
    assert found.tolist() == pytest.approx([1.0, 1.0, 1.0, (1 + 5 * 6 / 7) / 7, 1.0])


def test_without_a_launch_or_warm_kin_nothing_is_wanted_less() -> None:
    """Row 2 is cold and old; without levels nobody has kin."""
    buyers, old = np.array([8.0, 4.0, 0.0]), np.full(3, NO_SHARE)
    assert demand(buyers, old, SUPPORT[:3], [CATEGORY[:3]], 20).tolist() == [1.0] * 3
    assert demand(buyers, np.ones(3), SUPPORT[:3], [], 20).tolist() == [1.0] * 3


@given(
    support=st.lists(st.integers(0, 40), min_size=6, max_size=6),
    buyers=st.lists(st.floats(0, 40), min_size=6, max_size=6),
    share=st.lists(st.floats(0, 1) | st.just(NO_SHARE), min_size=6, max_size=6),
    code=st.lists(st.integers(-1, 2), min_size=6, max_size=6),
)
def test_demand_is_a_share_and_one_for_what_is_warm_or_old(
    support: list[int], buyers: list[float], share: list[float], code: list[int]
) -> None:
    count, sold, time = np.array(support, dtype=np.int32), np.array(buyers), np.array(share)
    found = demand(sold, time, count, [np.array(code, dtype=np.int32)], 20)
    assert (found > 0).all()
    assert (found <= 1).all()
    assert (found[(count >= 20) | np.isnan(time)] == 1).all()


@given(
    support=st.lists(st.integers(0, 40), min_size=6, max_size=6),
    code=st.lists(st.integers(-1, 2), min_size=6, max_size=6),
    seed=st.integers(0, 20),
)
def test_warm_rows_keep_their_bits_and_cold_ones_stay_between(
    support: list[int], code: list[int], seed: int
) -> None:
    factors = np.random.default_rng(seed).normal(size=(6, 2)).astype(np.float32)
    count, kin = np.array(support, dtype=np.int32), np.array(code, dtype=np.int32)
    found = shrunk(factors, count, [kin], 20)
    warm = count >= 20
    assert found[warm].tobytes() == factors[warm].tobytes()
    assert np.abs(found).max() <= np.abs(factors).max() * (1 + 1e-6)
