"""Which of two is better, by how much, and how sure: a paired bootstrap over customers.

Customers differ far more from each other than two bundles do. So both are held against the same
customers, and only the difference within each customer is looked at:

    d_c = b_c - a_c,    difference = mean of d_c

The interval is the percentile bootstrap over customers (Efron, Tibshirani 1993, section 13.3) of
that mean: the paired bootstrap test of Koehn 2004 and Sakai 2006. What B gains in per cent of A is
resampled as the ratio that it is, since A is not known for certain either: it never falls below
-100 %. A customer who is measured in
several windows is one unit: all of their values are drawn together, or none, since what holds for
one window of theirs is likely to hold for the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from recommender.errors import InputError
from recommender.types import Doubles, Longs
from training.difference import Difference
from training.outcomes import METRICS, QUESTIONS, Answers, Outcomes
from training.progress import Progress, Silent
from training.segments import SEGMENTS
from training.verdict import verdict_on

__all__ = ["Comparison", "Difference", "compare", "paired", "paired_columns"]

_DRAWN = 1 << 20
"""Customers drawn at once: 8 MiB."""


class Comparison(BaseModel):
    """Two bundles, question by question.

    n           length of the lists
    windows     (from, until] in seconds since 1970, oldest first
    questions   "all", "new" -> metric -> difference; a question nobody answers is absent
    segments    question -> segment of customers -> metric -> difference
    verdict     the same in words; `verdict_on` words it for other names than A and B
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    windows: tuple[tuple[int, int], ...]
    resamples: int
    questions: dict[str, dict[str, Difference]]
    segments: dict[str, dict[str, dict[str, Difference]]]
    verdict: str


def paired(
    a: Doubles, b: Doubles, *, resamples: int, seed: int, units: Longs | None = None
) -> Difference:
    """The difference of two means and its interval, rounded to six digits.

    a, b     (m,) a value a customer, customer by customer the same
    units    (m,) who each value belongs to; None: m customers with one value each

    Raises ValueError without a value, or when the two have different lengths.
    """
    if a.shape != b.shape or not len(a):
        raise ValueError(f"a paired comparison needs the same customers, not {a.shape}, {b.shape}")
    whose = np.arange(len(a)) if units is None else np.unique(units, return_inverse=True)[1]
    return _paired(a[:, None], b[:, None], whose, resamples, seed)[0]


def paired_columns(a: Doubles, b: Doubles, resamples: int, seed: int) -> list[Difference]:
    """`paired` of every column of (m, k), all from the same draws; m > 0, a value a customer."""
    return _paired(a, b, np.arange(len(a)), resamples, seed)


def compare(
    a: Sequence[Outcomes],
    b: Sequence[Outcomes],
    *,
    resamples: int = 10_000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Sets B against A on the customers that both answered for in the windows that both have.

    Segments are those of A. Raises InputError when the lists have different lengths, when no
    window is common, or no customer.
    """
    both = _common_windows(a, b)
    questions: dict[str, dict[str, Difference]] = {}
    segments: dict[str, dict[str, dict[str, Difference]]] = {}
    parts = [(question, segment) for question in QUESTIONS for segment in ("", *SEGMENTS)]
    with (progress or Silent()).stage("draw customers again", len(parts)) as advance:
        for question, segment in parts:
            found = _Pairs(both, question, segment).differences(resamples, seed)
            if found and segment:
                segments.setdefault(question, {})[segment] = found
            elif found:
                questions[question] = found
            advance(1)
    if not questions:
        raise InputError(
            "the two have no customer in common who bought anything afterwards",
            hint="compare bundles of the same shop, with the same customer ids",
        )
    return Comparison(
        n=both[0][0].n,
        windows=tuple((x.window_from, x.window_until) for x, _ in both),
        resamples=resamples,
        questions=questions,
        segments=segments,
        verdict=verdict_on(questions, both[0][0].n),
    )


def _common_windows(
    a: Sequence[Outcomes], b: Sequence[Outcomes]
) -> list[tuple[Outcomes, Outcomes]]:
    """The outcomes of the windows that both have, oldest first."""
    of_b = {(x.window_from, x.window_until): x for x in b}
    both = [(x, of_b[key]) for x in a if (key := (x.window_from, x.window_until)) in of_b]
    if not both:
        raise InputError(
            "the two were not measured on the same window",
            hint="hand in purchases made after both were trained: --holdout december.parquet",
        )
    for x, y in both:
        if x.n != y.n:
            raise InputError(
                f"one was measured on lists of {x.n} offers, the other on lists of {y.n}",
                hint="train both with the same evaluation.n, or hand in --holdout",
            )
    return sorted(both, key=lambda pair: pair[0].window_from)


class _Pairs:
    """The values of A and B on one question, a row a customer and window, a column a metric."""

    def __init__(
        self, both: Sequence[tuple[Outcomes, Outcomes]], question: str, segment: str
    ) -> None:
        number: dict[str, int] = {}
        a: list[Doubles] = []
        b: list[Doubles] = []
        units: list[int] = []
        for x, y in both:
            mine, theirs = x.answers[question], y.answers[question]
            at_a, at_b = _common_customers(mine, theirs, segment)
            a.append(_columns(mine.values, at_a))
            b.append(_columns(theirs.values, at_b))
            units += [number.setdefault(mine.customers[i], len(number)) for i in at_a]
        self._a, self._b, self._units = a, b, np.array(units, dtype=np.int64)

    def differences(self, resamples: int, seed: int) -> dict[str, Difference]:
        """Metric -> difference; empty without a customer."""
        if not len(self._units):
            return {}
        found = _paired(np.vstack(self._a), np.vstack(self._b), self._units, resamples, seed)
        return dict(zip(METRICS, found, strict=True))


def _common_customers(a: Answers, b: Answers, segment: str) -> tuple[Longs, Longs]:
    """Positions in A and in B of the customers that both have, of one segment ("": of all)."""
    place = {customer: i for i, customer in enumerate(b.customers)}
    pairs = [
        (i, place[customer])
        for i, (customer, kind) in enumerate(zip(a.customers, a.segments, strict=True))
        if customer in place and segment in ("", kind)
    ]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _columns(values: Mapping[str, Doubles], at: Longs) -> Doubles:
    return np.column_stack([values[metric][at] for metric in METRICS])


def _paired(a: Doubles, b: Doubles, units: Longs, resamples: int, seed: int) -> list[Difference]:
    """One difference a column; every column is resampled with the same draws of units.

    a, b    (m, k)
    units   (m,) 0 .. number of units - 1
    """
    n_units = int(units.max()) + 1
    sizes = np.bincount(units, minlength=n_units).astype(np.float64)
    gains = np.column_stack(
        [np.bincount(units, weights=gain, minlength=n_units) for gain in (b - a).T]
    )
    bases = np.column_stack([np.bincount(units, weights=of_a, minlength=n_units) for of_a in a.T])
    drawn, ratios = [], []
    for weights in _weights(n_units, resamples, seed):
        gained = weights @ gains
        drawn.append(gained / (weights @ sizes)[:, None])
        ratios.append(_ratios(gained, weights @ bases))
    return _told(a, b, np.concatenate(drawn), np.concatenate(ratios), n_units)


def _ratios(gained: Doubles, base: Doubles) -> Doubles:
    """Shares of the base; where the base is 0, nothing gained is 0 and anything is infinite."""
    without = np.where(gained > 0, np.inf, 0.0)
    return np.divide(gained, base, out=without, where=base > 0)


def _told(
    a: Doubles, b: Doubles, drawn: Doubles, ratios: Doubles, n_units: int
) -> list[Difference]:
    """One difference a column of the resampled differences and ratios, (resamples, k)."""
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    # Of an infinite ratio no interval is told: then order statistics, which nothing is added to.
    least, most = np.quantile(ratios, [0.025, 0.975], axis=0, method="nearest")
    sure = (drawn > 0).mean(axis=0) + (drawn == 0).mean(axis=0) / 2
    means = zip(a.mean(axis=0), b.mean(axis=0), (b - a).mean(axis=0), strict=True)
    return [
        Difference(
            a=round(float(mean_a), 6),
            b=round(float(mean_b), 6),
            difference=round(float(gain), 6),
            low=round(float(low[k]), 6),
            high=round(float(high[k]), 6),
            sure=round(float(sure[k]), 6),
            customers=n_units,
            **_relative(mean_a, float(least[k]), float(most[k])),
        )
        for k, (mean_a, mean_b, gain) in enumerate(means)
    ]


def _relative(mean_a: float, least: float, most: float) -> dict[str, float]:
    """The interval of the ratio, where there is one."""
    if mean_a <= 0 or not np.isfinite(most):
        return {}
    return {"relative_low": round(least, 6), "relative_high": round(most, 6)}


def _weights(n_units: int, resamples: int, seed: int) -> Iterator[Doubles]:
    """How often each unit was drawn in each resample, some resamples at a time."""
    generator = np.random.default_rng(seed)
    step = max(1, _DRAWN // n_units)
    for done in range(0, resamples, step):
        size = min(step, resamples - done)
        drawn = generator.integers(0, n_units, (size, n_units))
        drawn += n_units * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n_units)
        yield counts.reshape(size, n_units).astype(np.float64)
