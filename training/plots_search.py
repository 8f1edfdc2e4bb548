"""Pictures of what was searched: settings on the validation window, and windows of a backtest."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes

from recommender.times import day_month_year
from training.evaluation import Evaluation, Quality
from training.plots import (
    ENGINE_COLOUR,
    NEW_COLOUR,
    OTHER_COLOUR,
    OWN_COLOUR,
    canvas,
    nothing,
    plain,
    png,
    reach,
)
from training.plots_quality import QUESTION_TITLES, measured
from training.tune import Point

_LINES = (ENGINE_COLOUR, OTHER_COLOUR, OWN_COLOUR, "#009e73", "#cc79a7")
_MARKERS = "osD^v"
_WIDE = 8
"""Settings that reach over so many times their least value are drawn on a logarithmic axis."""
_LEAST = 0.02
"""A curve is drawn with this share of its height around it at least: less is noise."""


def curve_plot(points: Sequence[Point], chosen: float | None, name: str) -> bytes:
    """How a setting changes both questions on the validation window; `chosen` is marked."""
    figure, (left, right) = canvas(2.6, 2, fixed=True)
    pairs = (
        (left, [p.ndcg_all for p in points], "Anything", ENGINE_COLOUR),
        (right, [p.ndcg_new for p in points], "Only new", NEW_COLOUR),
    )
    for axes, found, title, colour in pairs:
        axes.set_title(title)
        heights = [height for height in found if height is not None]
        if len(heights) < len(points):
            nothing(axes)
            continue
        _curve(axes, [p.value for p in points], heights, colour)
        if chosen is not None:
            axes.axvline(chosen, color="#444444", linestyle=":", linewidth=1)
        axes.set_xlabel(name if chosen is None else f"{name}; dotted: chosen")
        axes.set_ylabel("NDCG@10")
    return png(figure)


def _curve(axes: Axes, values: list[float], heights: list[float], colour: str) -> None:
    axes.plot(values, heights, marker="o", color=colour)
    positive = [v for v in values if v > 0]
    if len(positive) > 1 and max(positive) >= _WIDE * min(positive):
        if len(positive) == len(values):
            axes.set_xscale("log", base=2)
        else:
            axes.set_xscale("symlog", base=2, linthresh=min(positive))
        axes.set_xticks(values, [f"{v:g}" for v in values], fontsize=8)
        axes.minorticks_off()
    middle, spread = (max(heights) + min(heights)) / 2, (max(heights) - min(heights)) / 2
    half = max(1.4 * spread, _LEAST * middle) or 0.01
    axes.set_ylim(middle - half, middle + half)
    axes.ticklabel_format(axis="y", useOffset=False)
    plain(axes)


def search_plot(aims: Sequence[float], explored: int) -> bytes:
    """The aim of every blend that was tried, and the best so far, of each search by itself.

    explored   so many are of the first search: the second begins anew with what that has found
    """
    figure, (axes,) = canvas(2.6)
    searches = (
        ("what ranks new items", aims[:explored], NEW_COLOUR),
        ("the blend", aims[explored:], ENGINE_COLOUR),
    )
    for name, found, colour in searches:
        if found:
            tries = np.arange(1, len(found) + 1)
            axes.plot(tries, found, ".", color=colour, alpha=0.35, markersize=3)
            best = np.maximum.accumulate(np.asarray(found, dtype=np.float64))
            axes.step(tries, best, where="post", color=colour, label=f"{name}, best so far")
    axes.set_xlabel("blends tried in each search")
    axes.set_ylabel("aim on the validation window")
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.legend(frameon=False, loc="lower right")
    plain(axes)
    return png(figure)


def windows_plot(windows: Sequence[Evaluation]) -> bytes:
    """NDCG of every method in every window, oldest first, with intervals for the engine."""
    figure, both = canvas(3.2, 2)
    names = [method.name for method in windows[-1].methods]
    styles = dict(zip(names, zip(cycle(_LINES), cycle(_MARKERS)), strict=False))
    for axes, (question, title) in zip(both, QUESTION_TITLES.items(), strict=True):
        axes.set_title(title)
        found = [dict(measured(window, question)) for window in windows]
        drawn = [name for name in names if any(name in qualities for qualities in found)]
        if not drawn:
            nothing(axes)
            continue
        for step, name in enumerate(drawn):
            aside = 0.06 * (step - (len(drawn) - 1) / 2)
            _line(axes, [qualities.get(name) for qualities in found], name, styles[name], aside)
        days = [day_month_year(window.window_until) for window in windows]
        axes.set_xticks(range(len(days)), days, rotation=20, ha="right", fontsize=8)
        axes.set_xlabel("last day of the window")
        axes.set_ylabel(f"NDCG@{windows[-1].n}")
        axes.set_ylim(0, 1.05 * axes.get_ylim()[1])
        plain(axes)
    figure.legend(
        *both[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False
    )
    return png(figure)


def _line(
    axes: Axes,
    qualities: Sequence[Quality | None],
    name: str,
    style: tuple[str, str],
    aside: float,
) -> None:
    """One method: colour and marker, a little aside so that intervals do not hide each other."""
    colour, marker = style
    places = [i for i, quality in enumerate(qualities) if quality is not None]
    found = [quality.ndcg for quality in qualities if quality is not None]
    axes.errorbar(
        np.array(places) + aside,
        [e.mean for e in found],
        yerr=reach(found),
        color=colour,
        marker=marker,
        capsize=3,
        label=name,
    )
