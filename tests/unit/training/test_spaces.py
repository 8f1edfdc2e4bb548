"""A setting of the search and the parameters it stands for say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.defaults import default_parameters
from training.search import Choice, Space
from training.sections import Model
from training.spaces import (
    baselines,
    blend_setting,
    blend_space,
    blended,
    explore_setting,
    explore_space,
    explored,
    first_blended,
    first_explored,
    onto,
    summed,
    weights_of,
    with_weights,
)

HEADS = ("als", "brand", "ease")
WEEKS = (0.5, 2.0, 8.0)
START = onto(default_parameters(Model()), HEADS, WEEKS)


def inside(space: Space, setting: dict[str, float]) -> bool:
    assert set(setting) == set(space)
    return all(
        setting[name] in of.values if isinstance(of, Choice) else of.low <= setting[name] <= of.high
        for name, of in space.items()
    )


def test_weights_of_absent_heads_go_to_the_others_in_proportion() -> None:
    """ALS .3, ease .2 and brand .05 become .3 / .55 and so on."""
    found = weights_of(START)
    assert found == pytest.approx({"als": 0.3 / 0.55, "ease": 0.2 / 0.55, "brand": 0.05 / 0.55})
    assert weights_of(onto(START, ("als",), WEEKS)) == {"als": 1.0}
    unknown = with_weights(START, {"als": 0.0, "new": 0.0})
    assert weights_of(unknown) == {"als": 0.5, "new": 0.5}


def test_the_nearest_half_life_is_taken_in_log_scale() -> None:
    assert onto(START, HEADS, (0.5, 3.9, 8.0)).popularity_half_life_weeks == 3.9
    assert onto(START, HEADS, (1.0, 8.0)).popularity_half_life_weeks == 1.0


@pytest.mark.parametrize("narrow", [True, False])
def test_what_is_tried_first_is_inside_the_space_and_begins_with_the_start(narrow: bool) -> None:
    explore = explore_space(HEADS, WEEKS, narrow=narrow)
    blend = blend_space(START, narrow=narrow)
    tried = first_explored(START, explore), first_blended(START, blend)
    for space, settings in zip((explore, blend), tried, strict=True):
        assert all(inside(space, setting) for setting in settings)
    begun = explored(START, tried[0][0])
    scaled = begun.popularity_weight / begun.cross_weight
    assert scaled == pytest.approx(START.popularity_weight / START.cross_weight)
    assert weights_of(begun) == pytest.approx(weights_of(START))
    again = blended(begun, tried[1][0]).model_dump()
    assert again.pop("edge_weights") == pytest.approx(START.edge_weights)
    assert again == pytest.approx(START.model_dump(exclude={"edge_weights"}))


def test_one_head_has_no_weight_to_search() -> None:
    assert not [name for name in explore_space(("als",), WEEKS, narrow=False) if "weight" in name]


@given(st.floats(0.003, 10.0), st.floats(0.003, 10.0))
def test_the_blend_keeps_the_proportion_that_ranks_new_items(share: float, weight: float) -> None:
    explore = explored(START, {"popularity": share})
    found = blended(explore, {"cross_weight": weight})
    assert found.cross_weight + found.popularity_weight == pytest.approx(weight)
    assert found.popularity_weight == pytest.approx(share * found.cross_weight)
    space = blend_space(START, narrow=False)
    assert blend_setting(found, space)["cross_weight"] == pytest.approx(weight)


@given(st.lists(st.floats(0.001, 1.0), min_size=3, max_size=3), st.floats(0.0, 1.5))
def test_settings_and_parameters_are_two_names_of_the_same(raw: list[float], dc: float) -> None:
    """Weights up to a common factor."""
    space = explore_space(HEADS, WEEKS, narrow=False)
    setting = {
        **explore_setting(START, space),
        "cross_trend_exponent": dc,
        **{f"weight {name}": value for name, value in zip(HEADS, raw, strict=True)},
    }
    parameters = explored(START, setting)
    assert explore_setting(parameters, space) == pytest.approx(summed(space, setting))
    assert sum(weights_of(parameters).values()) == pytest.approx(1.0)


def test_simple_methods_have_nothing_else_in_them() -> None:
    found = baselines(START, (2.0,))
    popular = found["popularity alone (half-life 2 weeks)"]
    assert (popular.cross_weight, popular.popularity_exponent) == (0.0, 1.0)
    frequent = found["personal frequency alone"]
    assert (frequent.repeat_exponent, frequent.trend_exponent, frequent.cross_weight) == (0, 0, 0)
    assert (frequent.own_fast_share, frequent.own_slow_half_life_weeks) == (0.0, 520.0)
    als = found["ALS alone"]
    assert weights_of(als) == {"als": 1.0, "brand": 0.0, "ease": 0.0}
    assert (als.popularity_weight, als.cross_trend_exponent) == (0.0, 0.0)
