"""Pictures of how good the offers are, and of whom they reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from training.difference import FEWEST
from training.evaluation import Evaluation, Quality, Ranking
from training.metrics import Estimate
from training.plots import (
    ENGINE_COLOUR,
    NEW_COLOUR,
    OTHER_COLOUR,
    OWN_COLOUR,
    canvas,
    nothing,
    percent,
    plain,
    png,
    reach,
)

PLAIN_NAMES = {
    "Tactful": "Tactful",
    "personal frequency": "each customer's favourites",
    "popularity": "bestsellers",
}
"""Method -> what a shop calls it. The others need an expert and stand among the details."""

COLOURS = dict(zip(PLAIN_NAMES, (ENGINE_COLOUR, OWN_COLOUR, OTHER_COLOUR), strict=True))
SEGMENT_NAMES = {"new": "new customers", "light": "light customers", "heavy": "heavy customers"}
BAND_NAMES = ("top 1 %", "next 4 %", "next 15 %", "all others")
_BAND_COLOURS = ("#08306b", "#2f7ebc", "#94c4df", "#e3eef9")
QUESTION_TITLES = {"all": "Anything", "new": "Only what is new to the customer"}

Rows = list[tuple[str, Quality]]


def benefit_plot(evaluation: Evaluation) -> bytes:
    """How many offers are taken: Tactful's, and what a shop would show without it."""
    figure, both = canvas(2.4, 2)
    for axes, (question, title) in zip(both, QUESTION_TITLES.items(), strict=True):
        axes.set_title(title)
        rows = plain_rows(evaluation, question)
        _bars(
            axes,
            [(PLAIN_NAMES[name], taken(quality, evaluation.n)) for name, quality in rows],
            [COLOURS[name] for name, _ in rows],
            digits=2 if question == "new" else 1,
        )
        if rows:
            axes.set_xlabel(f"bought of {evaluation.n} offers")
    return png(figure)


def segment_plot(evaluation: Evaluation) -> bytes:
    """The same for each kind of customer, anything: dots with their intervals."""
    rows = plain_rows(evaluation, "all")
    segments = [s for s in SEGMENT_NAMES if s in rows[0][1].segments] if rows else []
    figure, (axes,) = canvas(0.8 * len(segments) + 1.1)
    for step, (name, quality) in enumerate(rows):
        known = [i for i, s in enumerate(segments) if s in quality.segments]
        found = [_certain(quality.segments[segments[i]], evaluation.n) for i in known]
        axes.errorbar(
            [e.mean for e in found],
            np.array(known) + 0.2 * (step - (len(rows) - 1) / 2),
            xerr=reach(found) if found else None,
            fmt="o",
            capsize=3,
            color=COLOURS[name],
            label=PLAIN_NAMES[name],
        )
    counts = [rows[0][1].segments[s].customers for s in segments]
    names = [f"{SEGMENT_NAMES[s]} ({c:,})" for s, c in zip(segments, counts, strict=True)]
    axes.set_yticks(range(len(segments)), names)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
    axes.set_xlabel(
        f"bought of {evaluation.n} offers; bars: 95 % interval, from {FEWEST} customers on"
    )
    figure.legend(loc="outside upper center", ncols=len(rows), frameon=False)
    plain(axes)
    return png(figure)


def quality_plot(evaluation: Evaluation) -> bytes:
    """NDCG of every method with its interval: all items left, new items right."""
    figure, both = canvas(3.2, 2)
    for axes, (question, title) in zip(both, QUESTION_TITLES.items(), strict=True):
        axes.set_title(title)
        rows = measured(evaluation, question)
        colours = [ENGINE_COLOUR] + [OTHER_COLOUR] * (len(rows) - 1)
        _bars(axes, [(name, quality.ndcg) for name, quality in rows], colours, digits=3)
        if rows:
            axes.set_xlabel(f"NDCG@{evaluation.n}, bars: 95 % interval")
    return png(figure)


def reach_plot(evaluation: Evaluation) -> bytes:
    """Whose offers are shown: places in lists by the popularity of the offer."""
    rows = _of_both(evaluation)
    figure, (axes,) = canvas(0.42 * len(rows) + 1.2)
    bands = np.array([quality.bands for _, quality in rows])
    start = np.zeros(len(rows))
    for band, name in enumerate(BAND_NAMES):
        axes.barh(range(len(rows)), bands[:, band], left=start, color=_BAND_COLOURS[band])
        axes.plot([], [], color=_BAND_COLOURS[band], linewidth=8, label=name)
        start += bands[:, band]
    axes.set_yticks(range(len(rows)), [f"{name} ({q.coverage:.1%})" for name, q in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    percent(axes)
    axes.set_xlabel("share of all places in lists, by popularity of the offer")
    figure.legend(loc="outside upper center", ncols=len(BAND_NAMES), frameon=False)
    plain(axes)
    return png(figure)


def bias_plot(evaluation: Evaluation) -> bytes:
    """How well known is what is shown, beside what was then bought."""
    rows = _of_both(evaluation)
    figure, (axes,) = canvas(0.36 * len(rows) + 1.2)
    shown = [quality.popularity_shown for _, quality in rows]
    taken = [quality.popularity_taken for _, quality in rows]
    places = range(len(rows))
    axes.hlines(places, shown, taken, color="#c9c9c9", linewidth=3, zorder=1)
    axes.scatter(taken, places, color=NEW_COLOUR, marker="D", s=32, zorder=2, label="bought")
    axes.scatter(shown, places, color=ENGINE_COLOUR, s=46, zorder=3, label="shown")
    axes.set_yticks(places, [name for name, _ in rows])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    percent(axes)
    axes.set_xlabel("customers who have such an offer already, on average")
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    plain(axes)
    return png(figure)


def measured(evaluation: Evaluation, question: str) -> Rows:
    """Name and quality of each method on "all" or "new", the engine first."""
    found = [(m.name, m.all if question == "all" else m.new) for m in evaluation.methods]
    return [(name, quality) for name, quality in found if quality is not None]


def plain_rows(evaluation: Evaluation, question: str) -> Rows:
    """The same for the methods that need no explanation."""
    by_name = dict(measured(evaluation, question))
    return [(name, by_name[name]) for name in PLAIN_NAMES if name in by_name]


def _of_both(evaluation: Evaluation) -> Rows:
    """Every method on both questions, named so."""
    told = {"all": "anything", "new": "only new"}
    names = [m.name for m in evaluation.methods]
    by_kind = {kind: dict(measured(evaluation, kind)) for kind in told}
    return [
        (f"{name}, {told[kind]}", found[name])
        for name in names
        for kind, found in by_kind.items()
        if name in found
    ]


def taken(ranking: Ranking, n: int) -> Estimate:
    """How many of `n` offers a customer takes."""
    found = ranking.precision
    return Estimate(mean=n * found.mean, low=n * found.low, high=n * found.high)


def _certain(ranking: Ranking, n: int) -> Estimate:
    """The same without an interval where there are too few customers for one."""
    found = taken(ranking, n)
    if ranking.customers >= FEWEST:
        return found
    return Estimate(mean=found.mean, low=found.mean, high=found.mean)


def _bars(
    axes: Axes, rows: Sequence[tuple[str, Estimate]], colours: Sequence[str], *, digits: int
) -> None:
    """A bar a method with its interval and its number."""
    if not rows:
        nothing(axes)
        return
    found = [estimate for _, estimate in rows]
    axes.barh(
        range(len(found)),
        [e.mean for e in found],
        xerr=reach(found),
        color=list(colours),
        capsize=3,
    )
    axes.set_yticks(range(len(found)), [name for name, _ in rows])
    axes.invert_yaxis()
    widest = max(e.high for e in found) or 1.0
    for row, e in enumerate(found):
        axes.text(e.high + 0.02 * widest, row, f"{e.mean:.{digits}f}", va="center")
    axes.set_xlim(0, 1.2 * widest)
    plain(axes)
