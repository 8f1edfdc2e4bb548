"""Finds the blend on the validation window.

The aim is the sum of two ratios, so that neither kind of offer is bought with the other:

    NDCG_all / best baseline's NDCG_all  +  NDCG_new / best baseline's NDCG_new

The search goes over blocks of settings that depend on each other, trying every combination of
a block while the others stand still, until a round changes nothing. It is deterministic
and knows no time limit: the same views give the same parameters on a slow machine.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from pydantic import BaseModel, ConfigDict

from recommender.bundle import ModelParameters
from recommender.types import Bools, Floats, Longs
from training.candidates import Block, Candidates, gather
from training.fit import Heads
from training.metrics import ndcg
from training.progress import Progress
from training.sections import Tuning
from training.split import Truth, sample

BLOCKS = (
    ("own_half_life_weeks", "repeat_exponent"),
    ("trend_exponent",),
    ("cross_weight", "popularity_weight"),
)
ROUNDS = 3
WORTH = 0.001
"""A change must raise the aim, which is about 2, by more than this. Plateaus are wide and finer
differences are noise: without it two retrainings in a row would wander."""

_TIE = 1e-10
DEPTH = 10
"""Lists are judged to this depth, NDCG@10, whatever the report shows."""


_Both = tuple[float | None, float | None]


class Point(BaseModel):
    """One setting that was tried, and its NDCG@10 on the validation window.

    None where nobody took any offer of the kind, so that there was nothing to measure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    ndcg_all: float | None
    ndcg_new: float | None


class Tuned(BaseModel):
    """What the validation window decided.

    aim       at the parameters found (see the module)
    curves    setting -> every value on its grid, the others at what was found
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: ModelParameters
    aim: float
    customers: int
    tried: int
    curves: dict[str, tuple[Point, ...]]


def tune(
    heads: Heads,
    truth: Truth,
    offerable: Bools,
    grid: Tuning,
    start: ModelParameters,
    *,
    seed: int,
    progress: Progress,
) -> Tuned:
    """The best parameters for what customers bought after the heads were fitted.

    heads       fitted on purchases before the validation window
    truth       the window's purchases, customers as in `heads`
    offerable   (n_rows,) False for rows that no offer may promote
    start       where the search starts; its other settings are kept
    """
    start = _onto(grid, start)
    customers = sample(truth.customers, grid.customers, seed)
    half_lives = tuple(sorted({*grid.own_half_life_weeks, start.own_half_life_weeks}))
    trial = _Trial(heads, gather(heads, truth, customers, offerable, half_lives))
    found, best = start, trial.aim(start)
    size = sum(len(_combinations(block, grid)) for block in BLOCKS)
    with progress.stage("tune the blend", ROUNDS * size) as advance:
        for _ in range(ROUNDS):
            before = found
            for block in BLOCKS:
                for values in _combinations(block, grid):
                    candidate = found.model_copy(update=dict(zip(block, values, strict=True)))
                    aim = trial.aim(candidate)
                    if aim > best + WORTH:
                        found, best = candidate, aim
                    advance(1)
            if found == before:
                break
    return Tuned(
        parameters=found,
        aim=round(best, 6),
        customers=len(customers),
        tried=len(trial.known),
        curves={name: _curve(trial, found, name, grid) for block in BLOCKS for name in block},
    )


def _onto(grid: Tuning, start: ModelParameters) -> ModelParameters:
    """`start` with every searched value on the grid: the shop's lists hold, whatever we ship."""
    nearest = {}
    for name in (name for block in BLOCKS for name in block):
        values: tuple[float, ...] = getattr(grid, name)
        wanted: float = getattr(start, name)
        distances = [abs(value - wanted) for value in values]
        nearest[name] = values[distances.index(min(distances))]
    return start.model_copy(update=nearest)


def _combinations(block: tuple[str, ...], grid: Tuning) -> list[tuple[float, ...]]:
    return list(product(*(getattr(grid, name) for name in block)))


def _curve(trial: _Trial, found: ModelParameters, name: str, grid: Tuning) -> tuple[Point, ...]:
    values = sorted({*getattr(grid, name), getattr(found, name)})
    points = []
    for value in values:
        all_, new = trial.quality(found.model_copy(update={name: value}))
        points.append(Point(value=value, ndcg_all=_rounded(all_), ndcg_new=_rounded(new)))
    return tuple(points)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


class _Trial:
    """Scores the candidates under any parameters; remembers what it has scored."""

    def __init__(self, heads: Heads, candidates: Candidates) -> None:
        self.heads = heads
        self.candidates = candidates
        self.known: dict[ModelParameters, _Both] = {}
        self._baseline = self._baselines()

    def aim(self, parameters: ModelParameters) -> float:
        """The sum of both ratios; a kind of offer without truth or baseline adds nothing."""
        pairs = zip(self.quality(parameters), self._baseline, strict=True)
        return sum((found or 0.0) / (best or 1.0) for found, best in pairs)

    def quality(self, parameters: ModelParameters) -> _Both:
        """NDCG of all items and of new items; None where nobody took any."""
        if parameters not in self.known:
            own = self._explore(self.candidates.own, parameters)
            rows = self.candidates.own.rows
            scale = self.heads.repeat_scale(parameters)
            own += self.candidates.own_counts[parameters.own_half_life_weeks] * scale[rows]
            unseen = self._explore(self.candidates.unseen, parameters)
            self.known[parameters] = self._both(own, unseen)
        return self.known[parameters]

    def _explore(self, block: Block, parameters: ModelParameters) -> Floats:
        trend = self.heads.trend_scale(parameters)[block.rows]
        popular = self.heads.popularity[block.rows]
        weighted = parameters.popularity_weight * popular
        scores: Floats = np.float32(parameters.cross_weight) * trend * block.cross + weighted
        return scores

    def _both(self, own: Floats, unseen: Floats) -> _Both:
        c = self.candidates
        own, unseen = np.where(c.own.real, own, -np.inf), np.where(c.unseen.real, unseen, -np.inf)
        taken = np.hstack([c.own.taken, c.unseen.taken])
        return (
            _mean_ndcg(np.hstack([own, unseen]), taken, c.n_all),
            _mean_ndcg(unseen, c.unseen.taken, c.n_new),
        )

    def _baselines(self) -> tuple[float, float]:
        """The best NDCG of popularity, personal frequency and ALS alone, all and new."""
        c = self.candidates
        popular = tuple(self.heads.popularity[block.rows] for block in (c.own, c.unseen))
        # The longest half-life is nearest to counting baskets; popularity breaks ties.
        counts = c.own_counts[max(c.own_counts)] + np.float32(1e-4) * popular[0]
        results = (
            self._both(*popular),
            self._both(counts + 1, np.float32(1e-4) * popular[1]),
            self._both(c.own.cross, c.unseen.cross),
        )
        return max(r[0] or 0.0 for r in results), max(r[1] or 0.0 for r in results)


def _mean_ndcg(scores: Floats, taken: Bools, sizes: Longs) -> float | None:
    """Mean NDCG over customers who took something; equal scores rank by row."""
    wanted = sizes > 0
    if not wanted.any():
        return None
    room = ((0, 0), (0, DEPTH))
    scores = np.pad(scores[wanted].astype(np.float64), room, constant_values=-np.inf)
    # Partitioning would break ties as it pleases; a step below float32's last digit decides.
    scores -= np.arange(scores.shape[1]) * _TIE
    taken = np.pad(taken[wanted], room)
    top = np.argpartition(-scores, DEPTH - 1, axis=1)[:, :DEPTH]
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    hits = np.take_along_axis(taken, np.take_along_axis(top, order, axis=1), axis=1)
    return float(ndcg(hits, sizes[wanted]).mean())
