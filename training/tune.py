"""Finds the blend on the newest window, and on the one before it where there is one.

Two seeded searches, one after the other (`training.spaces`). The first looks for what ranks
*new* items best; the second, which cannot change the order of new items, for what ranks *all*
best. Neither question is bought with the other. Each search settles in the middle of its
plateau, as near to the start as noise allows (`training.plateau`).

The start, popularity, personal frequency and ALS are settings of the same formula. None of
them is better than what comes out, by the sum of both ratios, the aim:

    NDCG_all / best baseline's NDCG_all  +  NDCG_new / best baseline's NDCG_new

The same views and seed give the same parameters, as long as the budget in seconds is not spent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from recommender.bundle import ModelParameters
from recommender.types import Bools
from training.candidates import Candidates, gather
from training.contestants import Contestants
from training.curves import Point, curves
from training.evidence import Fitted
from training.pool import people_with, pooled
from training.progress import Progress
from training.rounds import LEAST, MANY, Budget, Round, search_blend, search_explore
from training.sections import Tuning
from training.spaces import OWN_FAST_WEEKS, OWN_SLOW_WEEKS, onto
from training.split import Truth, sample

__all__ = ["Point", "Tuned", "look", "tune"]

OFF = "tuning is switched off (`tuning.enabled`, `tuning.budget_seconds`): its start is used"


class Tuned(BaseModel):
    """What the validation window decided.

    aim         at the parameters found (see the module); 0 when nothing was measured
    customers   who bought anything in any of the windows, of those sampled; each once
    tried       blends
    curves      parameter -> a few values of it, the others at what was found
    aims        of every blend tried, in order
    explored    so many of these are of the first search, the others of the second
    notes       what was fallen back to and why, in words
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: ModelParameters
    aim: float
    customers: int
    tried: int
    curves: dict[str, tuple[Point, ...]]
    aims: tuple[float, ...] = ()
    explored: int = 0
    notes: tuple[str, ...] = ()


def look(
    heads: Fitted,
    truth: Truth,
    offerable: Bools,
    config: Tuning,
    *,
    seed: int,
    progress: Progress,
) -> Candidates | None:
    """What there is to learn from one window; None where nobody known bought anything.

    heads       fitted on purchases before the window
    truth       the window's purchases, customers as in `heads`
    offerable   (n_rows,) False for rows that no offer may promote
    """
    customers = sample(truth.customers, config.customers, seed)
    if not len(customers) or not _wanted(config):
        return None
    half_lives = tuple(sorted({*OWN_FAST_WEEKS, *OWN_SLOW_WEEKS}))
    with progress.stage("gather candidates", 1):
        return gather(heads, truth, customers, offerable, half_lives)


def tune(
    windows: Sequence[Candidates],
    config: Tuning,
    start: ModelParameters,
    *,
    seed: int,
    progress: Progress,
    seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Tuned:
    """The best parameters for what customers bought in the windows, taken together.

    windows   what `look` saw, the newest first
    start     where the search starts, and what it keeps where there is nothing to learn
    seconds   of this search; None: all of `tuning.budget_seconds`
    clock     seconds from anywhere, never going back

    Raises InputError and StorageError for a `tuning.storage` that cannot be used.
    """
    seconds = config.budget_seconds if seconds is None else seconds
    if not _wanted(config) or seconds <= 0:
        return _untouched(start, 0, OFF)
    if not windows:
        return _untouched(start, 0, _too_few(0, 1))
    candidates = pooled(windows)
    start = onto(start, candidates.heads, tuple(candidates.share))
    buyers = people_with(candidates, candidates.n_all)
    if buyers < LEAST:
        return _untouched(start, buyers, _too_few(buyers, len(windows)))
    contest = Contestants(candidates, start, certain=buyers >= MANY, seed=seed)
    budget = Budget(seconds, clock)
    run = Round(candidates, config, start, contest, budget, seed, windows=len(windows))
    with progress.stage("tune what ranks new items", config.trials) as advance:
        explore = search_explore(run, advance)
    explored = len(run.aims)
    with progress.stage("tune the blend", config.trials) as advance:
        found = search_blend(run, explore, advance)
    found, notes = contest.winner(found)
    with progress.stage("curves", 1):
        drawn = curves(candidates, found)
    return Tuned(
        parameters=found,
        aim=round(contest.aim(found), 6),
        customers=buyers,
        tried=len(run.aims),
        curves=drawn,
        aims=tuple(round(aim, 6) for aim in run.aims),
        explored=explored,
        notes=(*run.notes, *notes),
    )


def _wanted(config: Tuning) -> bool:
    return config.enabled and config.budget_seconds > 0


def _too_few(buyers: int, windows: int) -> str:
    when = " in the last two windows" if windows > 1 else ""
    return (
        f"only {buyers} customers bought anything again{when} that may be offered: too few to "
        f"learn from ({LEAST} are needed), so the blend keeps what it started from"
    )


def _untouched(start: ModelParameters, customers: int, note: str) -> Tuned:
    return Tuned(parameters=start, aim=0.0, customers=customers, tried=0, curves={}, notes=(note,))
