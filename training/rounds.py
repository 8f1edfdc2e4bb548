"""The two searches of one window, and what each does where there is little to learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

from recommender.bundle import ModelParameters
from recommender.types import Doubles
from training.candidates import Candidates
from training.contestants import Contestants, mean
from training.plateau import Values, settle
from training.pool import people_with, whose
from training.search import Setting, Space, Tried, search
from training.sections import Tuning
from training.spaces import (
    blend_setting,
    blend_space,
    blended,
    explore_setting,
    explore_space,
    explored,
    first_blended,
    first_explored,
    summed,
)
from training.trial import Narrow, new_values

LEAST = 20
"""Fewer customers with something to learn from teach nothing."""
MANY = 200
"""Fewer allow for one free weight a search; more of them would follow single customers."""

_HARDLY = 0.1
"""Of what was bought; where less was bought before, nobody waits to be offered it again."""

_FIRST_HALF = 0.5
"""Share of the budget after which the first search makes room for the second."""

Advance = Callable[[int], None]


class Budget:
    """How much time the searches of a window may take, from its making on."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._begun = clock()

    def spent(self, share: float) -> bool:
        """Whether this share of it is gone."""
        return self._clock() - self._begun >= share * self._seconds


@dataclass(eq=False)
class Round:
    """What both searches share, and what they leave: `notes`, and `aims` in order.

    windows   how many are pooled in `candidates`
    """

    candidates: Candidates
    config: Tuning
    start: ModelParameters
    contest: Contestants
    budget: Budget
    seed: int
    windows: int = 1
    notes: list[str] = field(default_factory=list)
    aims: list[float] = field(default_factory=list)

    @property
    def when(self) -> str:
        """The time that customers bought in, in words."""
        return "in the last two windows" if self.windows > 1 else "in the weeks looked at"

    def tried(
        self,
        name: str,
        space: Space,
        first: list[dict[str, float]],
        values: Values,
        basis: ModelParameters,
        *,
        share: float,
        advance: Advance,
    ) -> Tried:
        """Searches, and notes if time ran out.

        basis   parameters on which values depend beside the setting
        share   of the budget, after which no further trial begins
        """
        found = search(
            lambda setting: mean(values(setting)),
            space,
            first,
            name=self._study(name, space, first, basis),
            trials=self.config.trials,
            seed=self.seed,
            out_of_time=lambda: self.budget.spent(share),
            advance=advance,
            storage=self.config.storage,
        )
        if found.cut_short:
            self.notes.append(
                f"the {name} search stopped after {len(found.values)} of {self.config.trials} "
                "trials: results depend on the machine's speed. To mend it: raise "
                "tuning.budget_seconds or lower tuning.trials"
            )
        return found

    def _study(
        self, name: str, space: Space, first: list[dict[str, float]], basis: ModelParameters
    ) -> str:
        """A name that tells of everything a value or a proposal depends on."""
        told = (self.candidates.digest(), space, first, basis.model_dump_json(), self.seed)
        return f"{name}-{blake2b(repr(told).encode(), digest_size=16).hexdigest()}"


def search_explore(run: Round, advance: Advance) -> ModelParameters:
    """What ranks unseen items, with the own part of the start."""
    candidates, start = run.candidates, run.start
    buyers = people_with(candidates, candidates.n_new)
    if buyers < LEAST:
        who = f"only {buyers} customers" if buyers else "nobody"
        run.notes.append(
            f"{who} bought anything new {run.when}: what ranks new items keeps what it started from"
        )
        return start
    if buyers < MANY:
        run.notes.append(_few(run, buyers, "anything new", "the weight of popularity"))
    space = explore_space(candidates.heads, tuple(candidates.share), narrow=buyers < MANY)

    def values(setting: Setting) -> Doubles:
        return new_values(candidates, explored(start, setting))

    first = first_explored(start, space)
    tried = run.tried("explore", space, first, values, start, share=_FIRST_HALF, advance=advance)
    ndcg_all = run.contest.quality(start)[0]
    run.aims += [run.contest.aim_of(ndcg_all, value) for value in tried.values]
    known = Tried(
        tuple(summed(space, setting) for setting in tried.settings), tried.values, tried.cut_short
    )
    begin = explore_setting(start, space)
    people = whose(candidates, candidates.n_new)
    found = settle(space, begin, known, values, people)
    if buyers < MANY and not run.contest.better(values(begin), values(found), people):
        found = begin
    winner, note = run.contest.best_explore(explored(start, found), explored(start, known.best))
    run.notes += [note] if note else []
    return winner


def search_blend(run: Round, explore: ModelParameters, advance: Advance) -> ModelParameters:
    """The own part, and what `explore` weighs beside it."""
    candidates = run.candidates
    # Of a baseline only what ranks unseen items is wanted here.
    begin_from = blended(_own_of(run.start, explore), {"cross_weight": _weight(run.start)})
    narrow = _own_is_kept(run)
    space = blend_space(run.start, narrow=narrow, mostly_new=_mostly_new(candidates))
    contest = Narrow.of(candidates, begin_from)

    def values(setting: Setting) -> Doubles:
        return contest.values(blended(begin_from, setting))

    tried = run.tried(
        "blend",
        space,
        first_blended(begin_from, space),
        values,
        begin_from,
        share=1.0,
        advance=advance,
    )
    ndcg_new = run.contest.quality(begin_from)[1]
    run.aims += [run.contest.aim_of(value, ndcg_new) for value in tried.values]
    begin = blend_setting(begin_from, space)
    people = whose(candidates, candidates.n_all)
    found = settle(space, begin, tried, values, people)
    few = people_with(candidates, candidates.n_all) < MANY
    if few and not run.contest.better(values(begin), values(found), people):
        found = begin
    parameters = blended(begin_from, found)
    # Simple methods are among the trials, so the luckiest one is no worse than any of them.
    lucky = blended(begin_from, tried.best)
    beaten = run.contest.winner(parameters)[0] != parameters
    return lucky if beaten and not few else parameters


def _mostly_new(candidates: Candidates) -> bool:
    """Whether at most a tenth of what was bought had been bought before, as in fashion."""
    return bool(candidates.own.taken.sum() <= _HARDLY * candidates.n_all.sum())


def _own_is_kept(run: Round) -> bool:
    """Whether own purchases teach too little to change the own part; says so."""
    candidates = run.candidates
    again = people_with(candidates, candidates.own.taken.sum(axis=1))
    buyers = people_with(candidates, candidates.n_all)
    if again < LEAST:
        who = f"only {again} customers" if again else "nobody"
        run.notes.append(
            f"{who} bought an item again {run.when}: habits keep the settings they started from, "
            "only their weight was searched"
        )
    elif buyers < MANY:
        what = "the weight of what customers have not bought"
        run.notes.append(_few(run, buyers, "anything", what))
    return again < LEAST or buyers < MANY


def _few(run: Round, buyers: int, what: str, searched: str) -> str:
    return (
        f"only {buyers} customers bought {what} {run.when}: {searched} alone was searched, and a "
        "change kept only if it is surely better"
    )


def _own_of(start: ModelParameters, explore: ModelParameters) -> ModelParameters:
    """`explore` with the own part of `start`."""
    names = (
        "own_fast_half_life_weeks",
        "own_slow_half_life_weeks",
        "own_fast_share",
        "repeat_exponent",
        "trend_exponent",
    )
    return explore.model_copy(update={name: getattr(start, name) for name in names})


def _weight(parameters: ModelParameters) -> float:
    return parameters.cross_weight + parameters.popularity_weight
