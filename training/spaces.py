"""What the search may change, and how a setting of the search becomes parameters.

Two spaces, since own purchases cannot change the order of unseen items:

    explore    what ranks unseen items: the weights of the heads, the trend among them, and
               popularity relative to the cross part
    blend      the own part, and what explore weighs beside it

Half-lives come from a fixed list that reaches from a week to counting every basket alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from recommender.bundle import ModelParameters
from training.evidence import ALS
from training.search import Choice, Real, Setting, Space

OWN_FAST_WEEKS = (1.0, 2.5, 5.0, 10.0)
OWN_SLOW_WEEKS = (10.0, 25.0, 60.0, 520.0)

POPULARITY = "popularity"
"""popularity_weight / cross_weight."""
_WEIGHT = "weight "
_ALONE = 1e3
"""A weight so large that nothing else is seen."""
_TIES = 1e-4
"""A weight so small that it only breaks ties."""


def weights_of(parameters: ModelParameters) -> dict[str, float]:
    """Head -> weight of the cross part, ALS among them."""
    return {ALS: parameters.als_weight, **parameters.edge_weights}


def with_weights(parameters: ModelParameters, weights: dict[str, float]) -> ModelParameters:
    """The parameters with these weights, made to add up to 1; equal ones if all are 0."""
    total = sum(weights.values())
    found = {k: w / total if total > 0 else 1.0 / len(weights) for k, w in weights.items()}
    edges = {name: weight for name, weight in found.items() if name != ALS}
    return parameters.model_copy(update={"als_weight": found[ALS], "edge_weights": edges})


def onto(
    start: ModelParameters, heads: Iterable[str], popularity_weeks: Iterable[float]
) -> ModelParameters:
    """`start` for a shop with these heads, at the nearest of these half-lives of popularity.

    Weights of heads that the shop lacks are given to the others in proportion.
    """
    known = weights_of(start)
    wanted = start.popularity_half_life_weeks
    nearest = min(popularity_weeks, key=lambda weeks: (abs(math.log(weeks / wanted)), weeks))
    kept = {name: known.get(name, 0.0) for name in heads}
    return with_weights(start, kept).model_copy(update={"popularity_half_life_weeks": nearest})


def explore_space(
    heads: tuple[str, ...], popularity_weeks: tuple[float, ...], *, narrow: bool
) -> Space:
    """The first space; `narrow`, for few customers, has popularity's share alone."""
    share = {POPULARITY: Real(0.003, 10.0, log=True)}
    if narrow:
        return share
    weights = {_WEIGHT + name: Real(0.0, 1.0) for name in heads} if len(heads) > 1 else {}
    return {
        "cross_trend_exponent": Real(0.0, 1.5),
        "popularity_half_life_weeks": Choice(popularity_weeks),
        "popularity_exponent": Real(0.2, 1.0),
        **share,
        **weights,
    }


def explored(start: ModelParameters, setting: Setting) -> ModelParameters:
    """`start` with a setting of the explore space, at a cross weight of 1."""
    plain = {k: v for k, v in setting.items() if k != POPULARITY and not k.startswith(_WEIGHT)}
    weights = {k.removeprefix(_WEIGHT): v for k, v in setting.items() if k.startswith(_WEIGHT)}
    plain |= {"cross_weight": 1.0, "popularity_weight": setting[POPULARITY]}
    found = start.model_copy(update=plain)
    return with_weights(found, weights) if weights else found


def summed(space: Space, setting: Setting) -> dict[str, float]:
    """The setting with weights that add up to 1, so that equal blends are equal settings."""
    total = sum(setting[name] for name in space if name.startswith(_WEIGHT)) or 1.0
    return {k: v / total if k.startswith(_WEIGHT) else v for k, v in setting.items()}


def explore_setting(parameters: ModelParameters, space: Space) -> dict[str, float]:
    """The setting nearest to the parameters; weights add up to 1."""
    share = parameters.popularity_weight / (parameters.cross_weight or _TIES)
    weights = {_WEIGHT + name: weight for name, weight in weights_of(parameters).items()}
    values = {**parameters.model_dump(), **weights, POPULARITY: share}
    return {name: _inside(of, values[name]) for name, of in space.items()}


def first_explored(start: ModelParameters, space: Space) -> list[dict[str, float]]:
    """What is tried first: `start`, popularity nearly alone, and every head alone."""
    begin = explore_setting(start, space)
    popular = [{**begin, POPULARITY: 10.0}]
    weeks = space.get("popularity_half_life_weeks")
    if isinstance(weeks, Choice):
        popular = [{**popular[0], "popularity_half_life_weeks": value} for value in weeks.values]
    names = [name for name in space if name.startswith(_WEIGHT)]
    alone = [{**begin, **{name: float(name == only) for name in names}} for only in names]
    return [begin, *popular, *alone]


def blend_space(start: ModelParameters, *, narrow: bool, mostly_new: bool = False) -> Space:
    """The second space.

    narrow       own purchases teach nothing: the weight alone
    mostly_new   hardly anything is bought twice: how far the cross part counts for what was
                 bought, too
    """
    weight: dict[str, Real | Choice] = {"cross_weight": Real(0.003, 10.0, log=True)}
    if mostly_new:
        weight["own_cross_share"] = Real(0.0, 1.0)
    if narrow:
        return weight
    return {
        "own_fast_half_life_weeks": Choice(fast_weeks(start)),
        "own_slow_half_life_weeks": Choice(slow_weeks(start)),
        "own_fast_share": Real(0.0, 1.0),
        "repeat_exponent": Real(0.0, 0.8),
        "trend_exponent": Real(0.0, 1.2),
        **weight,
    }


def fast_weeks(start: ModelParameters) -> tuple[float, ...]:
    """Half-lives of the quick part that are tried, that of `start` among them."""
    return tuple(sorted({*OWN_FAST_WEEKS, start.own_fast_half_life_weeks}))


def slow_weeks(start: ModelParameters) -> tuple[float, ...]:
    """Half-lives of the lasting part that are tried, that of `start` among them."""
    return tuple(sorted({*OWN_SLOW_WEEKS, start.own_slow_half_life_weeks}))


def blended(explore: ModelParameters, setting: Setting) -> ModelParameters:
    """`explore` with a setting of the blend space.

    Its `cross_weight` is what cross part and prior weigh together; their proportion stays.
    """
    scale = setting["cross_weight"] / (explore.cross_weight + explore.popularity_weight)
    scaled = {
        "cross_weight": explore.cross_weight * scale,
        "popularity_weight": explore.popularity_weight * scale,
    }
    return explore.model_copy(update={**setting, **scaled})


def blend_setting(parameters: ModelParameters, space: Space) -> dict[str, float]:
    """The setting nearest to the parameters."""
    weight = parameters.cross_weight + parameters.popularity_weight
    values = {**parameters.model_dump(), "cross_weight": weight}
    return {name: _inside(of, values[name]) for name, of in space.items()}


def first_blended(start: ModelParameters, space: Space) -> list[dict[str, float]]:
    """What is tried first: `start`, counting baskets alone, and the explore part alone."""
    begin = blend_setting(start, space)
    counted = {
        "own_slow_half_life_weeks": max(OWN_SLOW_WEEKS),
        "own_fast_share": 0.0,
        "repeat_exponent": 0.0,
        "trend_exponent": 0.0,
        "cross_weight": 0.003,
    }
    known = {name: value for name, value in counted.items() if name in space}
    alone = {**begin, "cross_weight": 10.0}
    unbought = [{**alone, "own_cross_share": 0.0}] if "own_cross_share" in space else []
    return [begin, {**begin, **known}, alone, *unbought]


def _inside(of: Real | Choice, value: float) -> float:
    if isinstance(of, Choice):
        return min(of.values, key=lambda known: (abs(known - value), known))
    return min(max(value, of.low), of.high)


def baselines(
    start: ModelParameters, popularity_weeks: tuple[float, ...]
) -> dict[str, ModelParameters]:
    """Simple methods as settings of the same formula, by their names in words."""
    found = {
        f"popularity alone (half-life {weeks:g} weeks)": start.model_copy(
            update={
                "cross_weight": 0.0,
                "popularity_half_life_weeks": weeks,
                "popularity_exponent": 1.0,
                "popularity_weight": _ALONE,
            }
        )
        for weeks in popularity_weeks
    }
    found["personal frequency alone"] = start.model_copy(
        update={
            "own_slow_half_life_weeks": max(OWN_SLOW_WEEKS),
            "own_fast_share": 0.0,
            "repeat_exponent": 0.0,
            "trend_exponent": 0.0,
            "cross_weight": 0.0,
            "popularity_weight": _TIES,
        }
    )
    alone = with_weights(start, {name: float(name == ALS) for name in weights_of(start)})
    found["ALS alone"] = alone.model_copy(
        update={"cross_trend_exponent": 0.0, "cross_weight": _ALONE, "popularity_weight": 0.0}
    )
    return found
