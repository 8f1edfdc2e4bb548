"""What each setting does on the validation window while the others stay: the report's curves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydantic import BaseModel, ConfigDict

from recommender.bundle import ModelParameters
from recommender.types import Doubles
from training.candidates import Candidates
from training.evidence import ALS
from training.spaces import fast_weeks, slow_weeks, weights_of, with_weights
from training.trial import Narrow, both_values, new_values

_ROOM = 8.0
"""A weight is drawn from this many times less to this many times more."""
_UNIT = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_SETTINGS: dict[str, tuple[float, ...]] = {
    "own_fast_share": _UNIT,
    "repeat_exponent": (0.0, 0.15, 0.3, 0.45, 0.6, 0.8),
    "trend_exponent": (0.0, 0.25, 0.5, 0.75, 1.0, 1.2),
    "cross_trend_exponent": (0.0, 0.3, 0.6, 0.9, 1.2, 1.5),
    "popularity_exponent": (0.2, 0.4, 0.6, 0.8, 1.0),
}
_OWN = (
    "own_fast_half_life_weeks",
    "own_slow_half_life_weeks",
    "own_fast_share",
    "repeat_exponent",
    "trend_exponent",
)
"""What cannot change the order of unseen items."""


class Point(BaseModel):
    """One setting that was tried, and its NDCG@10 on the validation window.

    None where nobody took any offer of the kind, so that there was nothing to measure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    ndcg_all: float | None
    ndcg_new: float | None


def curves(candidates: Candidates, found: ModelParameters) -> dict[str, tuple[Point, ...]]:
    """Name of a parameter -> points, ascending; the value that was found is one of them.

    The weight of an item-to-item head stands under "weight of" and its name; when one weight is
    moved, the others keep their proportions.
    """
    narrow = Narrow.of(candidates, found)
    new = _mean(new_values(candidates, found))
    drawn: dict[str, tuple[Point, ...]] = {}
    for name, values in _values(candidates, found).items():
        change = _change(found, name)
        points = []
        for value in values:
            parameters = change(value)
            if name in _OWN:
                pair = _mean(narrow.values(parameters)), new
            else:
                found_all, found_new = both_values(candidates, parameters)
                pair = _mean(found_all), _mean(found_new)
            points.append(Point(value=value, ndcg_all=pair[0], ndcg_new=pair[1]))
        drawn[name] = tuple(points)
    return drawn


def _values(candidates: Candidates, found: ModelParameters) -> dict[str, tuple[float, ...]]:
    values: dict[str, tuple[float, ...]] = {
        "own_fast_half_life_weeks": fast_weeks(found),
        "own_slow_half_life_weeks": slow_weeks(found),
        **_SETTINGS,
        "popularity_half_life_weeks": tuple(candidates.share),
    }
    for name in ("cross_weight", "popularity_weight"):
        middle: float = getattr(found, name)
        if middle > 0:
            around = np.geomspace(middle / _ROOM, middle * _ROOM, 7).tolist()
            values[name] = tuple(float(f"{value:.3g}") for value in around if value != around[3])
    if len(candidates.heads) > 1:
        values |= {_label(name): _UNIT for name in candidates.heads}
    chosen = {**found.model_dump(), **{_label(k): w for k, w in weights_of(found).items()}}
    return {name: tuple(sorted({*tried, chosen[name]})) for name, tried in values.items()}


def _label(head: str) -> str:
    return "als_weight" if head == ALS else f"weight of {head}"


def _change(found: ModelParameters, name: str) -> Callable[[float], ModelParameters]:
    weights = weights_of(found)
    labels = {_label(head): head for head in weights}
    if name not in labels:
        return lambda value: found.model_copy(update={name: value})
    head = labels[name]
    rest = sum(weight for other, weight in weights.items() if other != head)

    def moved(value: float) -> ModelParameters:
        others = {
            other: (1.0 - value) * (weight / rest if rest > 0 else 1.0 / (len(weights) - 1))
            for other, weight in weights.items()
            if other != head
        }
        return with_weights(found, {**others, head: value})

    return moved


def _mean(values: Doubles) -> float | None:
    return round(float(values.mean()), 6) if len(values) else None
