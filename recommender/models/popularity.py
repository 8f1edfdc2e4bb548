"""What sells now: recent buyers of an item, and whether they grow or shrink.

    pop_H_i = sum over customers with i of 2^(-age of the latest purchase / H)     H in weeks
    tau_i   = max(pop_2_i, .05) / max(pop_8_i, .3), at most 1                      trend

Ages are whole days, as the view holds them. A customer counts once however much they buy, so
that nobody makes an item popular alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from recommender.customer import View
from recommender.models.protocol import History
from recommender.types import Doubles, Floats, Ints


class PopularityConfig(BaseModel):
    """Half-lives in weeks; floors in recent buyers, which keep rare items from jumping."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life_weeks: float = Field(default=2.0, gt=0)
    trend_short_weeks: float = Field(default=2.0, gt=0)
    trend_long_weeks: float = Field(default=8.0, gt=0)
    trend_short_floor: float = Field(default=0.05, gt=0)
    trend_long_floor: float = Field(default=0.3, gt=0)


def recent_buyers(history: History, n_rows: int, half_life_weeks: float) -> Doubles:
    """pop_H (n_rows,), in buyers."""
    weight = np.exp2(-history.age_days.astype(np.float64) / (7.0 * half_life_weeks))
    return np.bincount(history.rows, weights=weight, minlength=n_rows).astype(np.float64)


def trend(history: History, n_rows: int, config: PopularityConfig) -> Doubles:
    """Trend tau (n_rows,), 0 < tau <= 1: near 1 while an item sells, small when it has stopped."""
    short = recent_buyers(history, n_rows, config.trend_short_weeks)
    long = recent_buyers(history, n_rows, config.trend_long_weeks)
    tau = np.maximum(short, config.trend_short_floor) / np.maximum(long, config.trend_long_floor)
    return np.minimum(tau, 1.0)


@dataclass(frozen=True, eq=False)
class Popularity:
    """A fitted model: `share` (n_rows,) of the most popular row's recent buyers, 0 to 1."""

    share: Floats

    def score(self, view: View) -> Floats:  # noqa: ARG002 - the same for everyone
        """The shares, (n_rows,) float32, whoever asks."""
        return self.share

    def contributions(self, view: View, rows: Ints) -> Doubles:
        """Zeros: popularity is owed to nobody's history."""
        return np.zeros((len(rows), len(view)))


def fit(history: History, n_rows: int, config: PopularityConfig) -> Popularity:
    """Recent buyers, 1 for the most popular row; zeros when nobody bought anything."""
    buyers = recent_buyers(history, n_rows, config.half_life_weeks)
    most = buyers.max(initial=0.0)
    return Popularity((buyers / most if most > 0 else buyers).astype(np.float32))
