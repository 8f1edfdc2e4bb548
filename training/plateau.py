"""Where to stand on a plateau: among equally good settings, in the middle, near the start.

The best trial of many owes part of its value to luck. So what the best trials agree on is
taken instead, unless it is worse by more than noise; then everything that noise allows is
taken back towards the start (the one-standard-error rule of Breiman et al. 1984, section 3.4.3,
with the error of paired differences between customers, whose windows are no separate evidence:
the clustered error of Liang, Zeger 1986).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from recommender.types import Doubles, Longs
from training.search import Choice, Setting, Space, Tried

SHARE = 0.1
"""Of the trials, the best so many are asked what they agree on."""
_STEPS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Ways from the start to what was agreed on, nearest first."""

Values = Callable[[Setting], Doubles]
"""Setting -> its value for each customer, customers always the same."""


def settle(space: Space, start: Setting, tried: Tried, values: Values, people: Longs) -> Setting:
    """The setting to use.

    start    is kept as far as noise allows
    values   whose means are what was searched for
    people   number of the person each value belongs to, as `training.pool.whose`
    """
    best = tried.best
    middle: Setting = consensus(space, tried)
    reached = values(middle)
    if not _alike(values(best), reached, people):
        middle, reached = best, values(best)
    for step in _STEPS:
        nearer = between(space, start, middle, step)
        if _alike(reached, values(nearer), people):
            return nearer
    return middle


def _alike(better: Doubles, other: Doubles, people: Longs) -> bool:
    """Whether the second is worse by at most one standard error of the difference.

    The larger of two: where somebody's months contradict each other, the clustered one is the
    smaller, and would make sure what two months do not agree on.
    """
    lost = better - other
    each = np.bincount(people, weights=lost - lost.mean())
    clustered = math.sqrt(float(each @ each)) / len(lost)
    return float(lost.mean()) <= max(clustered, float(lost.std()) / math.sqrt(len(lost)))


def consensus(space: Space, tried: Tried) -> dict[str, float]:
    """What the best trials agree on.

    The most frequent value of a choice (of equals, the one of the better trial) and the median
    of a number, in log scale where the search used it.
    """
    keep = max(1, round(SHARE * len(tried.values)))
    order = np.argsort(-np.asarray(tried.values), kind="stable")[:keep]
    best = [tried.settings[i] for i in order]
    found: dict[str, float] = {}
    for name, of in space.items():
        values = [setting[name] for setting in best]
        if isinstance(of, Choice):
            found[name] = max(dict.fromkeys(values), key=values.count)
        elif of.log:
            found[name] = math.exp(float(np.median(np.log(values))))
        else:
            found[name] = float(np.median(values))
    return found


def between(space: Space, start: Setting, end: Setting, step: float) -> dict[str, float]:
    """The setting at `step` (0 to 1) of the way; a choice is the value nearest in log scale."""
    found: dict[str, float] = {}
    for name, of in space.items():
        a, b = start[name], end[name]
        if isinstance(of, Choice):
            found[name] = _nearest(of, _between_logs(a, b, step))
        else:
            found[name] = _between_logs(a, b, step) if of.log else (1 - step) * a + step * b
    return found


def _between_logs(a: float, b: float, step: float) -> float:
    return a if a == b else math.exp((1 - step) * math.log(a) + step * math.log(b))


def _nearest(of: Choice, wanted: float) -> float:
    return min(of.values, key=lambda known: abs(math.log(known / wanted)))
