"""Window after window: what was tuned on one is measured on the next, as it would be in use.

    |---- heads ----|-- W2: tune --|
    |------------ heads -----------|-- W1: measure what W2 found, then tune --|
    |-------------------------------- the bundle -----------------------------|

Heads are fitted once on what lies before a window, and serve both. A search looks at its window
and at the one before it, where there is one: two months are less of an accident than one. So a
window measures parameters that never saw it, and the bundle gets those of the newest, which
nothing later can measure yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from recommender.bundle import CustomerTable, ModelParameters
from recommender.errors import InputError
from recommender.guard.containment import allowed
from recommender.index import BundleIndex
from recommender.times import day_month_year
from recommender.types import SECONDS_A_WEEK
from training.candidates import Candidates
from training.cases import first_baskets
from training.defaults import default_parameters
from training.evaluate import Measured, evaluate
from training.fit import bundle_of
from training.heads import Heads, fit_heads
from training.material import Material
from training.progress import Labelled, Progress
from training.split import Split, truth_of
from training.tune import Tuned, look, tune
from training.windows import Windows, windows_of

_SEARCHES = 2
"""Searches of a training that measures one window."""
_TOGETHER = 2
"""Windows that a search looks at."""


@dataclass(frozen=True, eq=False)
class Round:
    """One window: what was measured on it, and the parameters that were measured."""

    split: Split
    parameters: ModelParameters
    measured: Measured


@dataclass(frozen=True, eq=False)
class Model:
    """What answered in a round, made ready to answer again."""

    index: BundleIndex
    table: CustomerTable


@dataclass(frozen=True, eq=False)
class Rolled:
    """Everything that the windows told.

    rounds   of the windows that were measured, earliest first
    newest   what answered in the last of them; None when nothing was measured
    tuned    what the newest window decided; None: too little history, or it was not asked for
    notes    what could not be done and what was done instead, in sentences
    """

    rounds: tuple[Round, ...]
    newest: Model | None
    tuned: Tuned | None
    notes: tuple[str, ...]


def roll(material: Material, windows: int, progress: Progress, *, onward: bool = True) -> Rolled:
    """Measures at most so many windows, each with what came before it and nothing else.

    onward   whether to tune on the newest window, too, for a bundle to come

    With a history of fewer windows than asked for, and one before them to tune on, fewer are
    measured; a single one is measured with the shipped defaults.
    """
    found = windows_of(material.visible, material.config.evaluation.window_weeks, windows + 1)
    tests = min(windows, max(len(found.splits) - 1, 1))
    model = material.config.model
    allowance = Allowance(
        material.config.tuning.budget_seconds, len(found.splits) - (0 if onward else 1)
    )
    start = parameters = default_parameters(model)
    tuned: Tuned | None = None
    looked: list[Candidates] = []
    rounds: list[Round] = []
    searched: list[tuple[Split, Tuned]] = []
    newest: Model | None = None
    for number in reversed(range(len(found.splits))):
        split = found.splits[number]
        here = Labelled(progress, f"{len(found.splits) - number}/{len(found.splits)}")
        heads = fit_heads(split.before, material.assortment, model, parameters, here)
        if number < tests:
            newest, measured = _measured(material, split, heads, parameters, here)
            rounds.append(Round(split, parameters, measured))
        if number or onward:
            looked = [*_looked(material, split, heads, here), *looked][:_TOGETHER]
            with allowance.share() as seconds:
                tuned = tune(
                    looked,
                    material.config.tuning,
                    start,
                    seed=model.seed,
                    progress=here,
                    seconds=seconds,
                )
            parameters = tuned.parameters
            searched.append((split, tuned))
    notes = [*_shortened(found, windows, onward=onward), *_unmeasured(rounds)]
    if tuned is not None and onward:
        notes += tuned.notes
    elif not onward:
        notes += _searched(searched)
    return Rolled(tuple(rounds), newest, tuned if onward else None, tuple(notes))


def _measured(
    material: Material, split: Split, heads: Heads, parameters: ModelParameters, progress: Progress
) -> tuple[Model, Measured]:
    config = material.config
    bundle, table = bundle_of(
        heads,
        material.assortment,
        config.model,
        parameters,
        progress,
        with_neighbours=False,
    )
    index = BundleIndex(bundle)
    truth, baskets = (
        truth_of(lines, table.customers, index.row_of_item)
        for lines in (split.after, first_baskets(split.after))
    )
    measured = evaluate(
        index,
        table,
        truth,
        config.evaluation,
        since=split.cut,
        until=split.cut + config.evaluation.window_weeks * SECONDS_A_WEEK,
        seed=config.model.seed,
        baskets=baskets,
        controls=material.export.controls,
        progress=progress,
    )
    return Model(index, table), measured


def _looked(
    material: Material, split: Split, heads: Heads, progress: Progress
) -> Iterator[Candidates]:
    """What there is to learn from one window, if there is anything."""
    shelf, config = material.assortment, material.config
    rules = shelf.policy.rules(split.cut)
    found = look(
        heads,
        truth_of(split.after, heads.customers, heads.row_of_item),
        allowed(shelf.target, shelf.soft, rules)[heads.item_of_row],
        config.tuning,
        seed=config.model.seed,
        progress=progress,
    )
    if found is not None:
        yield found


def _searched(searches: list[tuple[Split, Tuned]]) -> Iterator[str]:
    """The notes of all searches, which name the last day that each could look at."""
    for split, tuned in searches:
        for note in tuned.notes:
            yield f"tuned up to {day_month_year(split.after.window[1])}: {note}"


class Allowance:
    """Half of `tuning.budget_seconds` a search: what one leaves, later ones have.

    However many windows there are, since a window must be measured with what a training of its
    time would have found.
    """

    def __init__(
        self, seconds: float, searches: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._left, self._searches = seconds * searches / _SEARCHES, searches
        # What one search overran, the next does not pay for with all of its time.
        self._least = seconds / _SEARCHES / 10

    @contextmanager
    def share(self) -> Iterator[float]:
        """What the next search may take; the time in the context is what it took."""
        begun = self._clock()
        yield max(self._left / self._searches, self._least)
        self._left -= self._clock() - begun
        self._searches -= 1


def _shortened(found: Windows, wanted: int, *, onward: bool) -> list[str]:
    """What a short history made impossible."""
    if found.short is None:
        return []
    match len(found.splits):
        case 0 if onward:
            instead = "quality was not measured, and the shipped defaults are used"
        case 0:
            raise InputError(f"nothing can be measured: {found.short.what}", hint=found.short.hint)
        case 1:
            instead = "what was measured are the shipped defaults, not what tuning finds"
            instead += "; the bundle has what it found on that window" if onward else ""
        case several:
            instead = f"{several - 1} of {wanted} windows could be measured"
    return [f"{found.short.what}; {instead}. To mend it: {found.short.hint}"]


def _unmeasured(rounds: list[Round]) -> Iterator[str]:
    """The notes of all evaluations; those of earlier windows name their days."""
    for at, done in enumerate(rounds):
        found = done.measured.evaluation
        first, last = day_month_year(found.window_from), day_month_year(found.window_until)
        for note in found.notes():
            yield note if at == len(rounds) - 1 else f"{first} to {last}: {note}"
