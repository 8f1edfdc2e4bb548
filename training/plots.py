"""What all plots of a report share: colours, frames, bytes. Nothing is looked up, no window opens.

The colours are those of Okabe and Ito 2008, which people with any kind of colour vision can tell
apart; they differ in lightness too.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.metrics import Estimate

ENGINE_COLOUR, OWN_COLOUR, OTHER_COLOUR = "#0072b2", "#e69f00", "#a6a6a6"
NEW_COLOUR = "#d55e00"
WIDTH = 9.0
"""Inches; the page shows them 60 rem wide at most."""
_DOTS_AN_INCH = 130
_MARGINS = {"left": 0.105, "right": 0.99, "bottom": 0.2, "top": 0.9, "wspace": 0.28}
"""Shares of a figure of two axes beside each other, 2.6 inches high."""


def canvas(height: float, columns: int = 1, *, fixed: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure of so many inches with so many axes beside each other.

    fixed   margins for short numbers and one line of text each, in half the time that it takes to
            measure all text first
    """
    figure = Figure(figsize=(WIDTH, height), layout=None if fixed else "constrained")
    found = figure.subplots(1, columns, squeeze=False)
    if fixed:
        figure.subplots_adjust(**_MARGINS)
    return figure, list(found[0])


def reach(estimates: Sequence[Estimate]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(2, m) from each mean down to its interval's end, and up."""
    ends = [[e.mean - e.low, e.high - e.mean] for e in estimates]
    return np.maximum(np.array(ends, dtype=np.float64).T, 0.0)


def nothing(axes: Axes) -> None:
    """Says that there is nothing to draw."""
    axes.text(0.5, 0.5, "not measured: nobody took any", ha="center", va="center")
    axes.set_axis_off()


def plain(axes: Axes) -> None:
    """Without the frame that no number needs."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def percent(axes: Axes) -> None:
    """The horizontal axis in per cent."""
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def png(figure: Figure) -> bytes:
    """The finished picture."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_AN_INCH)
    return buffer.getvalue()
