"""One method tuned, one method measured: each runs in a process of its own.

Tuning looks at the validation problem only. Its aim is Tactful's own: the sum of NDCG@10 of *all*
over that of personal frequency, and NDCG@10 of *new* over that of popularity.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from judge import Judged, judge
from methods import METHODS
from methods.method import Settings
from protocol import Problem

if TYPE_CHECKING:
    from optuna import Study, Trial

AIMS = ("both", "all", "new")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
T = TypeVar("T")


@dataclass(frozen=True)
class Base:
    """What NDCG@10 is divided by before the questions are added up."""

    all: float
    new: float


@dataclass(frozen=True)
class Tuned:
    """settings   aim -> the best settings found for it: both questions, or one alone."""

    settings: dict[str, Settings]
    trials: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Measured:
    """A method on the test problem; `peak_bytes` of its process, data included."""

    judged: Judged
    fit_seconds: float
    peak_bytes: int


@dataclass(frozen=True, eq=False)
class Row:
    """A method's way through one window; `measured` by aim."""

    name: str
    measured: dict[str, Measured]
    tuned: Tuned | None = None


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """Calls a function of a module in a fresh process on one core; gives its result."""
    # Read when the libraries are loaded: too late once the child runs.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_one_core) as pool:
        return pool.submit(function, *arguments).result()


def _one_core() -> None:
    """Everything that this process does, and the commands that it starts, shares one core."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def base(validation: Path) -> Base:
    """The floors of a validation problem."""
    problem = Problem.load(validation)
    own = judge(problem, METHODS["personal frequency"].fit(problem))
    popular = judge(problem, METHODS["popularity"].fit(problem))
    return Base(float(own.all.ndcg.mean()), float(popular.new.ndcg.mean()))


def tune(name: str, validation: Path, over: Base, budget_seconds: float, seed: int) -> Tuned:
    """The best settings that TPE (seeded) finds; the last trial may end after the budget."""
    import optuna  # noqa: PLC0415  # measuring must not pay for it

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    method, problem = METHODS[name], Problem.load(validation)

    def aim(trial: Trial) -> float:
        settings = method.space(trial)
        found = judge(problem, method.fit(problem, **settings))
        all_, new = float(found.all.ndcg.mean()), float(found.new.ndcg.mean())
        both = all_ / over.all + new / over.new
        trial.set_user_attr("settings", dict(settings))
        trial.set_user_attr("aims", {"both": both, "all": all_, "new": new})
        return both

    import_module(method.needs)
    started = time.perf_counter()
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=8)
    )
    study.enqueue_trial(dict(method.start))
    # Without settings, a second trial is the first one again.
    study.optimize(aim, timeout=budget_seconds, n_trials=None if method.start else 1)
    return Tuned(
        {which: _best(study, which) for which in AIMS},
        len(study.trials),
        time.perf_counter() - started,
    )


def measure(name: str, test: Path, settings: Settings) -> Measured:
    """Fits on the training of the test problem, ranks, measures."""
    problem = Problem.load(test)
    import_module(METHODS[name].needs)
    started = time.perf_counter()
    scorer = METHODS[name].fit(problem, **settings)
    seconds = time.perf_counter() - started
    judged = judge(problem, scorer)
    return Measured(judged, seconds, peak_bytes(resource.RUSAGE_SELF))


def peak_bytes(who: int) -> int:
    """The most memory that this process, or one of its children, has held."""
    peak = resource.getrusage(who).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _best(study: Study, which: str) -> Settings:
    trials = [trial for trial in study.trials if trial.user_attrs]
    settings: Settings = max(trials, key=lambda t: t.user_attrs["aims"][which]).user_attrs[
        "settings"
    ]
    return settings
