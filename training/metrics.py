"""How good lists are for the customers who got them, and confidence intervals of means.

Relevance is binary. With t = the number of offers that a customer took in the window, and places
counted from 1 to n:

    NDCG@n      = sum over hits at places r of 1 / log2(r + 1),
                  divided by the same sum over places 1 to min(n, t)
    Recall@n    = hits / min(n, t)
    MRR@n       = 1 / place of the first hit, 0 without one
    hit@n       = 1 with any hit, else 0
    Precision@n = hits / n, also where the list is shorter

Means are over customers with t > 0. NDCG after Järvelin, Kekäläinen 2002 (ideal list cut at n);
MRR after Voorhees 1999, cut at n. Recall divides by what a list of n can hold, so that 1 can be
reached by everybody. What lists say of the shop stands in `training.reach`.
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

    hits    (m, n) True where the offer at that place was taken; short lists end in False
    taken   (m,) t > 0
    """
    n = hits.shape[1]
    gain = 1.0 / np.log2(np.arange(n) + 2.0)
    ideal = np.concatenate([[0.0], np.cumsum(gain)])
    return np.asarray((hits * gain).sum(axis=1) / ideal[np.minimum(taken, n)])


def recall(hits: Bools, taken: Ints | Longs) -> Doubles:
    """Recall@n of each customer, (m,); arguments as in `ndcg`."""
    return np.asarray(hits.sum(axis=1) / np.minimum(taken, hits.shape[1]))


def mrr(hits: Bools) -> Doubles:
    """MRR@n of each customer, (m,): 1 / place of the first hit; `hits` as in `ndcg`."""
    first = 1.0 / (hits.argmax(axis=1) + 1.0)
    return np.asarray(np.where(hits.any(axis=1), first, 0.0))


def hit(hits: Bools) -> Doubles:
    """hit@n of each customer, (m,): 1.0 where anything was a hit; `hits` as in `ndcg`."""
    return np.asarray(hits.any(axis=1), dtype=np.float64)


def precision(hits: Bools) -> Doubles:
    """Precision@n of each customer, (m,): hits of n places; `hits` as in `ndcg`."""
    return np.asarray(hits.mean(axis=1))


def estimate(values: Doubles, *, resamples: int, seed: int) -> Estimate:
    """Mean and percentile bootstrap over customers (Efron, Tibshirani 1993, section 13.3).

    Rounded to six digits. Raises ValueError without a customer: there is no mean of nothing.
    """
    return estimates(values[:, None], resamples=resamples, seed=seed)[0]


def estimates(columns: Doubles, *, resamples: int, seed: int) -> tuple[Estimate, ...]:
    """`estimate` of every column of (m, q), all from the same resampled customers."""
    m = len(columns)
    if not m:
        raise ValueError("an estimate needs at least one customer")
    generator = np.random.default_rng(seed)
    means: list[Doubles] = []
    step = max(1, _RESAMPLED // m)
    for done in range(0, resamples, step):
        k = min(step, resamples - done)
        drawn = generator.integers(0, m, (k, m)) + m * np.arange(k)[:, None]
        # How often each customer was drawn: one product then serves all columns.
        times = np.bincount(drawn.ravel(), minlength=k * m).reshape(k, m)
        means.append(times.astype(np.float64) @ columns / m)
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975], axis=0)
    mean = columns.mean(axis=0)
    return tuple(
        Estimate(mean=round(float(a), 6), low=round(float(b), 6), high=round(float(c), 6))
        for a, b, c in zip(mean, low, high, strict=True)
    )
