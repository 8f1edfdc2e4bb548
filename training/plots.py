"""The report's figures, as PNG bytes. Nothing is looked up and no window is opened."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation import Evaluation, Quality
from training.tune import Point

ENGINE_COLOUR, OTHER_COLOUR, NEW_COLOUR = "#0b6e4f", "#b8c4bf", "#c8553d"
BAND_NAMES = ("top 1 %", "next 4 %", "next 15 %", "all others")
_BAND_COLOURS = ("#0b6e4f", "#5aa17f", "#a9cfba", "#dfece4")


def quality_plot(evaluation: Evaluation) -> bytes:
    """NDCG of every method with its interval: all items left, new items right."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _bars(left, [(m.name, m.all) for m in evaluation.methods if m.all is not None])
    _bars(right, [(m.name, m.new) for m in evaluation.methods if m.new is not None])
    left.set_title("Anything")
    right.set_title("Only what is new to the customer")
    for axes in (left, right):
        axes.set_xlabel(f"NDCG@{evaluation.n}, bars: 95 % interval")
    return _png(figure)


def curve_plot(points: tuple[Point, ...], chosen: float, name: str) -> bytes:
    """How a setting changes both questions on the validation window."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    values = [p.value for p in points]
    pairs = (
        (left, [p.ndcg_all for p in points], "Anything", ENGINE_COLOUR),
        (right, [p.ndcg_new for p in points], "Only new", NEW_COLOUR),
    )
    for axes, found, title, colour in pairs:
        axes.set_title(title)
        heights = [height for height in found if height is not None]
        if len(heights) < len(values):
            _nothing(axes)
            continue
        axes.plot(values, heights, marker="o", color=colour)
        axes.axvline(chosen, color="#444444", linestyle=":", linewidth=1)
        if min(values) > 0:
            axes.set_xscale("log", base=2)
            axes.set_xticks(values, [f"{v:g}" for v in values])
        axes.set_xlabel(f"{name}; dotted: chosen")
        axes.set_ylabel("NDCG@10")
        axes.margins(y=0.25)
        axes.ticklabel_format(axis="y", useOffset=False)
        _plain(axes)
    return _png(figure)


def reach_plot(evaluation: Evaluation) -> bytes:
    """Whose offers are shown: places in lists by the popularity of the offer."""
    rows: list[tuple[str, Quality]] = []
    for method in evaluation.methods:
        if method.all is not None:
            rows.append((f"{method.name}, anything", method.all))
        if method.new is not None:
            rows.append((f"{method.name}, only new", method.new))
    figure = Figure(figsize=(9, 0.42 * len(rows) + 1.2), layout="constrained")
    axes = figure.subplots()
    bands = np.array([quality.bands for _, quality in rows])
    start = np.zeros(len(rows))
    for band, name in enumerate(BAND_NAMES):
        axes.barh(range(len(rows)), bands[:, band], left=start, color=_BAND_COLOURS[band])
        axes.plot([], [], color=_BAND_COLOURS[band], linewidth=8, label=name)
        start += bands[:, band]
    axes.set_yticks(range(len(rows)), [f"{name} ({q.coverage:.1%})" for name, q in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_xlabel("share of all places in lists, by popularity of the offer")
    figure.legend(loc="outside upper center", ncols=len(BAND_NAMES), frameon=False)
    _plain(axes)
    return _png(figure)


def _bars(axes: Axes, rows: list[tuple[str, Quality]]) -> None:
    if not rows:
        _nothing(axes)
        return
    found = [quality for _, quality in rows]
    means = np.array([q.ndcg.mean for q in found])
    reach = np.array([[q.ndcg.mean - q.ndcg.low, q.ndcg.high - q.ndcg.mean] for q in found]).T
    colours = [ENGINE_COLOUR] + [OTHER_COLOUR] * (len(found) - 1)
    axes.barh(range(len(found)), means, xerr=np.maximum(reach, 0), color=colours, capsize=3)
    axes.set_yticks(range(len(found)), [name for name, _ in rows])
    axes.invert_yaxis()
    widest = max([q.ndcg.high for q in found] + [1e-6])
    for row, quality in enumerate(found):
        axes.text(quality.ndcg.high + 0.02 * widest, row, f"{quality.ndcg.mean:.3f}", va="center")
    axes.set_xlim(0, 1.2 * widest)
    _plain(axes)


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not measured: nobody took any", ha="center", va="center")
    axes.set_axis_off()


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    return buffer.getvalue()
