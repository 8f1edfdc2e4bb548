"""The own head: what a customer buys again, weighted by how often people do.

    own_ui = sum over baskets e of u with i of m 2^(-age_e / fast) + (1 - m) 2^(-age_e / slow)
             (in the view already)
    rep_i  = share of the item's buyers with at least two baskets
    score  = own_ui * scale_i,   scale_i = rep_i^exponent, times the trend where it is known

Decayed personal frequency is the strongest single predictor of the next basket (Hu, He, Gao,
Zhang, "Modeling Personalized Item Frequency Information for Next-basket Recommendation", SIGIR
2020); the repeat rate tells a habit from a purchase that is made once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from recommender.customer import View
from recommender.models.protocol import History
from recommender.types import Doubles, Floats, Ints


class RepeatConfig(BaseModel):
    """How repeat rates are counted; `floor` keeps items with few buyers in the race."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    floor: float = Field(default=0.01, gt=0, le=1)


def repeat_rate(history: History, n_rows: int, config: RepeatConfig) -> Doubles:
    """rep_i (n_rows,), between the floor and 1; the floor where nobody bought."""
    buyers = np.bincount(history.rows, minlength=n_rows)
    again = np.bincount(history.rows[history.baskets >= 2], minlength=n_rows)
    return np.maximum(again / np.maximum(buyers, 1), config.floor)


@dataclass(frozen=True, eq=False)
class Repeat:
    """A fitted model: `scale` (n_rows,) > 0."""

    scale: Floats

    def score(self, view: View) -> Floats:
        """own_ui * scale_i, (n_rows,) float32; 0 for what was never bought."""
        scores = np.zeros(len(self.scale), dtype=np.float32)
        scores[view.rows] = view.own * self.scale[view.rows]
        return scores

    def contributions(self, view: View, rows: Ints) -> Doubles:
        """own_ui * scale_i where the row is the element itself: nothing speaks for another."""
        own = (view.own * self.scale[view.rows]).astype(np.float64)
        return np.where(rows[:, None] == view.rows, own, 0.0)


def fit(history: History, n_rows: int, exponent: float, config: RepeatConfig) -> Repeat:
    """The repeat model without a trend."""
    return Repeat((repeat_rate(history, n_rows, config) ** exponent).astype(np.float32))
