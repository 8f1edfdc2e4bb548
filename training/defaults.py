"""The blend that a shop gets when it has too little history to tune its own."""

from __future__ import annotations

from recommender.bundle import ModelParameters
from training.sections import Model


def default_parameters(model: Model) -> ModelParameters:
    """What tuning starts from: habits with a half-life of 16 weeks, a little of the rest."""
    return ModelParameters(
        own_half_life_weeks=16.0,
        confidence_half_life_weeks=model.confidence_half_life_weeks,
        confidence_floor=model.confidence_floor,
        regularization=model.regularization,
        repeat_exponent=0.1,
        trend_exponent=0.7,
        cross_weight=0.024,
        popularity_weight=0.01,
    )
