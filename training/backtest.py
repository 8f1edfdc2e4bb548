"""Several windows as one result: means, how much windows differ, and intervals over all of them.

A window is evaluated with what lies before it and nothing else. One window may be a lucky one
(a holiday, a campaign); the spread over windows says how much that matters, and the interval how
much it matters who happened to be a customer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from recommender.errors import InputError
from recommender.times import day_month_year
from recommender.types import CustomerId, Doubles
from training.evaluate import Measured
from training.evaluation import Evaluation
from training.outcomes import METRICS, QUESTIONS, Answers

_DRAWN = 1 << 22
"""Values drawn at once by the bootstrap: 32 MiB."""


class Closed(BaseModel):
    """Immutable, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Pooled(Closed):
    """One number of the engine over all windows that measured it.

    mean         of the windows' means, each window counting the same
    spread       standard deviation of the windows' means (n - 1); None of a single window
    low, high    95 % interval of `mean`: customers are drawn again, each with all their windows,
                 since what one customer does in two windows is no two observations (cluster
                 bootstrap; Davison, Hinkley 1997, section 3.8)
    windows      how many measured it
    customers    different customers in them
    """

    mean: float
    spread: float | None
    low: float
    high: float
    windows: int
    customers: int


class Averages(Closed):
    """One method's mean NDCG over the windows that measured it; None where none did."""

    name: str
    all: float | None
    new: float | None


class Backtest(Closed):
    """What several windows found together.

    windows    every window's own evaluation, the earliest first
    engine     question ("all", "new") to metric (`outcomes.METRICS`) to the pooled number; a
               question that no window measured is absent
    methods    mean NDCG of every method that is in all windows, the engine first
    locked_exposure   sum over the windows; must be 0
    """

    n: int
    windows: tuple[Evaluation, ...]
    engine: dict[str, dict[str, Pooled]]
    methods: tuple[Averages, ...]
    locked_exposure: int

    def columns(self) -> tuple[str, ...]:
        """Headings of `rows`."""
        measures = (f"NDCG@{self.n}", f"Recall@{self.n}", "customers")
        return ("window", *(f"{question} {m}" for question in QUESTIONS for m in measures))

    def rows(self) -> list[tuple[str, ...]]:
        """A table for people: one row a window, then mean and spread over them."""
        found = [(_days(window), *_cells(window)) for window in self.windows]
        pooled: list[str] = []
        for question in QUESTIONS:
            numbers = self.engine.get(question)
            both = [numbers["ndcg"], numbers["recall"]] if numbers else []
            pooled += [_spread(one) for one in both] or ["-", "-"]
            pooled.append(f"{both[0].customers:,}" if both else "-")
        return [*found, ("mean ± spread", *pooled)]


def backtest(windows: Sequence[Measured], *, resamples: int = 1000, seed: int = 0) -> Backtest:
    """The results of several windows as one.

    Raises InputError without a window, for a window given twice and for lists of different
    lengths: means of such numbers would mean nothing.
    """
    ordered = sorted(windows, key=lambda window: window.outcomes.window_until)
    _check(ordered)
    engine = {}
    for question in QUESTIONS:
        found = [w.outcomes.answers[question] for w in ordered]
        measured = [answers for answers in found if len(answers)]
        if measured:
            engine[question] = _pooled(measured, resamples, seed)
    return Backtest(
        n=ordered[0].outcomes.n,
        windows=tuple(window.evaluation for window in ordered),
        engine=engine,
        methods=_averages([window.evaluation for window in ordered]),
        locked_exposure=sum(window.outcomes.locked_exposure for window in ordered),
    )


def _check(windows: Sequence[Measured]) -> None:
    if not windows:
        raise InputError(
            "there is no window to sum up",
            hint="hand in more history, or set a shorter evaluation.window_weeks",
        )
    whens = {(w.outcomes.window_from, w.outcomes.window_until) for w in windows}
    if len(whens) < len(windows) or len({w.outcomes.n for w in windows}) > 1:
        raise InputError(
            "a window is there twice, or its lists have another length than those of the others",
            hint="evaluate every window once, all with the same evaluation.n",
        )


def _pooled(windows: Sequence[Answers], resamples: int, seed: int) -> dict[str, Pooled]:
    customers = sorted({customer for answers in windows for customer in answers.customers})
    number = {customer: c for c, customer in enumerate(customers)}
    drawn = _resampled(windows, number, resamples, seed)
    pooled = {}
    for at, metric in enumerate(METRICS):
        means = np.array([answers.values[metric].mean() for answers in windows])
        low, high = np.quantile(drawn[:, at], [0.025, 0.975])
        pooled[metric] = Pooled(
            mean=round(float(means.mean()), 6),
            spread=round(float(means.std(ddof=1)), 6) if len(means) > 1 else None,
            low=round(float(low), 6),
            high=round(float(high), 6),
            windows=len(windows),
            customers=len(customers),
        )
    return pooled


def _resampled(
    windows: Sequence[Answers], number: dict[CustomerId, int], resamples: int, seed: int
) -> Doubles:
    """(resamples, metrics) mean over windows of the means of the customers drawn.

    A window from which nobody was drawn is left out of that resample.
    """
    generator, m = np.random.default_rng(seed), len(number)
    places = [np.array([number[c] for c in answers.customers]) for answers in windows]
    values = [np.stack([a.values[metric] for metric in METRICS], axis=1) for a in windows]
    parts: list[Doubles] = []
    step = max(1, _DRAWN // m)
    for done in range(0, resamples, step):
        k = min(step, resamples - done)
        drawn = generator.integers(0, m, (k, m)) + m * np.arange(k)[:, None]
        times = np.bincount(drawn.ravel(), minlength=k * m).reshape(k, m).astype(np.float64)
        sums = np.zeros((k, len(METRICS)))
        counted = np.zeros((k, 1))
        for where, found in zip(places, values, strict=True):
            here = times[:, where]
            of_window = here.sum(axis=1, keepdims=True)
            sums += np.divide(here @ found, of_window, out=np.zeros_like(sums), where=of_window > 0)
            counted += of_window > 0
        parts.append(sums / counted)
    return np.concatenate(parts)


def _days(window: Evaluation) -> str:
    first, last = day_month_year(window.window_from), day_month_year(window.window_until)
    return f"{first} to {last}"


def _cells(window: Evaluation) -> list[str]:
    engine, cells = window.methods[0], []
    for quality in (engine.all, engine.new):
        if quality is None:
            cells += ["-"] * 3
        else:
            means = (quality.ndcg.mean, quality.recall.mean)
            cells += [*(f"{mean:.4f}" for mean in means), f"{quality.customers:,}"]
    return cells


def _spread(number: Pooled) -> str:
    return f"{number.mean:.4f}" + ("" if number.spread is None else f" ± {number.spread:.4f}")


def _averages(windows: Sequence[Evaluation]) -> tuple[Averages, ...]:
    in_all = set.intersection(*({m.name for m in window.methods} for window in windows))
    return tuple(
        Averages(
            name=method.name,
            all=_mean(windows, method.name, "all"),
            new=_mean(windows, method.name, "new"),
        )
        for method in windows[0].methods
        if method.name in in_all
    )


def _mean(windows: Sequence[Evaluation], name: str, question: str) -> float | None:
    found = [
        getattr(method, question) for w in windows for method in w.methods if method.name == name
    ]
    means = [quality.ndcg.mean for quality in found if quality is not None]
    return round(sum(means) / len(means), 6) if means else None
