"""NDCG@n, Recall@n and their confidence intervals.

Relevance is binary. With t = the number of offers that a customer took in the window:

    NDCG@n   = sum over hits at ranks r of 1 / log2(r + 1),
               divided by the same sum over ranks 1 to min(n, t)
    Recall@n = hits / min(n, t)

Means are over customers with t > 0.
"""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from recommender.types import Bools, Doubles, Ints, Longs

_RESAMPLED = 1 << 22
"""Values drawn at once by the bootstrap: 32 MiB."""


class Estimate(BaseModel):
    """A mean over customers and its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float
    low: float
    high: float


def ndcg(hits: Bools, taken: Ints | Longs) -> Doubles:
    """NDCG@n of each customer, (m,).

    hits    (m, n) True where the offer at that rank was taken; short lists end in False
    taken   (m,) t > 0
    """
    n = hits.shape[1]
    gain = 1.0 / np.log2(np.arange(n) + 2.0)
    ideal = np.concatenate([[0.0], np.cumsum(gain)])
    return np.asarray((hits * gain).sum(axis=1) / ideal[np.minimum(taken, n)])


def recall(hits: Bools, taken: Ints | Longs) -> Doubles:
    """Recall@n of each customer, (m,); arguments as in `ndcg`."""
    return np.asarray(hits.sum(axis=1) / np.minimum(taken, hits.shape[1]))


def estimate(values: Doubles, *, resamples: int, seed: int) -> Estimate:
    """Mean and percentile bootstrap over customers (Efron, Tibshirani 1993, section 13.3).

    Rounded to six digits. Raises ValueError without a customer: there is no mean of nothing.
    """
    if not len(values):
        raise ValueError("an estimate needs at least one customer")
    generator = np.random.default_rng(seed)
    means: list[Doubles] = []
    step = max(1, _RESAMPLED // len(values))
    for done in range(0, resamples, step):
        size = (min(step, resamples - done), len(values))
        means.append(values[generator.integers(0, len(values), size)].mean(axis=1))
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return Estimate(
        mean=round(float(values.mean()), 6), low=round(float(low), 6), high=round(float(high), 6)
    )


def coverage(shown: Ints | Longs, n_offers: int) -> float:
    """Share of the offers that appear in at least one list.

    shown   offer indices of all lists, in any order
    """
    return round(len(np.unique(shown)) / n_offers, 6) if n_offers else 0.0
