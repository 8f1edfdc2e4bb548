"""The blend that a shop gets when it has too little history to tune its own."""

from __future__ import annotations

from recommender.bundle import ModelParameters
from training.sections import Model

EDGE_WEIGHTS = {
    "ease": 0.2,
    "path_short": 0.2,
    "path_long": 0.1,
    "category": 0.1,
    "parent": 0.05,
    "brand": 0.05,
}
"""With ALS, which has the rest, they add up to 1. A shop without brands has that much less."""


def default_parameters(model: Model) -> ModelParameters:
    """What tuning starts from, of round numbers: nobody's data is in them.

    Habits fade over weeks and over months in equal parts; every head has a say; the best new item
    weighs a tenth of a weekly habit.
    """
    return ModelParameters(
        own_fast_half_life_weeks=5.0,
        own_slow_half_life_weeks=25.0,
        own_fast_share=0.5,
        confidence_half_life_weeks=model.confidence_half_life_weeks,
        confidence_floor=model.confidence_floor,
        regularization=model.regularization,
        repeat_exponent=0.2,
        trend_exponent=0.7,
        cross_trend_exponent=1.0,
        als_weight=1.0 - sum(EDGE_WEIGHTS.values()),
        edge_weights=dict(EDGE_WEIGHTS),
        cross_weight=0.1,
        popularity_half_life_weeks=2.0,
        popularity_exponent=1.0,
        popularity_weight=0.01,
    )
