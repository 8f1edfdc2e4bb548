"""The simple methods that a tuned blend has to beat, and who wins."""

from __future__ import annotations

import numpy as np

from recommender.bundle import ModelParameters
from recommender.types import Doubles, Longs
from training.candidates import Candidates
from training.paired import paired
from training.pool import whose
from training.spaces import baselines
from training.trial import both_values, new_values

SURE = 0.9
"""Among few customers, a change must be better in this share of resamples."""
_RESAMPLES = 2000
_TIE = 1e-9


class Contestants:
    """The start and the baselines on one window.

    certain   True where there are so many customers that means decide; False: a bootstrap does
    """

    def __init__(
        self, candidates: Candidates, start: ModelParameters, *, certain: bool, seed: int
    ) -> None:
        self.start = start
        self.baselines = baselines(start, tuple(candidates.share))
        self._candidates = candidates
        self._certain = certain
        self._seed = seed
        known = [self.quality(parameters) for parameters in self.baselines.values()]
        self.best = max(q[0] for q in known), max(q[1] for q in known)

    def quality(self, parameters: ModelParameters) -> tuple[float, float]:
        """Mean NDCG@10 of all and of new; 0 where nobody took any."""
        found = both_values(self._candidates, parameters)
        return mean(found[0]), mean(found[1])

    def aim(self, parameters: ModelParameters) -> float:
        """The sum of both ratios to the best baseline."""
        return self.aim_of(*self.quality(parameters))

    def aim_of(self, ndcg_all: float, ndcg_new: float) -> float:
        """The same of what was measured."""
        return ndcg_all / (self.best[0] or 1.0) + ndcg_new / (self.best[1] or 1.0)

    def better(self, kept: Doubles, other: Doubles, people: Longs) -> bool:
        """Whether the second is better: by its mean, and surely where customers are few.

        people   who each value belongs to: all values of one person are drawn together
        """
        if mean(other) <= mean(kept) + _TIE:
            return False
        if self._certain:
            return True
        found = paired(kept, other, resamples=_RESAMPLES, seed=self._seed, units=people)
        return found.sure >= SURE

    def best_explore(
        self, found: ModelParameters, lucky: ModelParameters
    ) -> tuple[ModelParameters, str | None]:
        """What ranks new items, and a note if it is a contestant.

        `found` unless a contestant is better, then the better of these and the `lucky` trial.
        """
        reached = new_values(self._candidates, found)
        people = whose(self._candidates, self._candidates.n_new)
        rivals = {"the start": self.start, **self.baselines}
        values = {name: new_values(self._candidates, rival) for name, rival in rivals.items()}
        ahead = {k: v for k, v in values.items() if self.better(reached, v, people)}
        if not ahead:
            return found, None
        name = max(ahead, key=lambda known: mean(ahead[known]))
        if not self.better(new_values(self._candidates, lucky), ahead[name], people):
            return lucky, None
        return rivals[
            name
        ], f"no blend that was tried ranks new items better than {name}, so it does"

    def winner(self, found: ModelParameters) -> tuple[ModelParameters, tuple[str, ...]]:
        """`found`, or the contestant that beats it by the aim, with a note."""
        reached = self.aim(found)
        aims = {"the start": self.aim(self.start)}
        aims |= {name: self.aim(rival) for name, rival in self.baselines.items()}
        name = max(aims, key=lambda known: aims[known])
        rival = self.start if name == "the start" else self.baselines[name]
        if aims[name] <= reached + _TIE or not (self._certain or self._surely(found, rival)):
            return found, ()
        return rival, (f"no blend that was tried is better than {name}, so it is used",)

    def _surely(self, found: ModelParameters, rival: ModelParameters) -> bool:
        kept, other = (both_values(self._candidates, p)[0] for p in (found, rival))
        return self.better(kept, other, whose(self._candidates, self._candidates.n_all))


def mean(values: Doubles) -> float:
    """The mean, 0 of nothing."""
    return float(np.mean(values)) if len(values) else 0.0
