"""Everything that a training has found out, for the report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.bundle import Manifest
from recommender.guard.document import CompiledGuard
from training.assortment import Assortment
from training.backtest import Backtest
from training.evaluation import Evaluation
from training.guard_cost import GuardCost
from training.reading.report import ReadReport
from training.tune import Tuned


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that a report tells of; what is None or empty has no section.

    evaluation   on the newest window, the engine's numbers and those of simple methods
    notes        what could not be done and what was done instead, in sentences
    guard_cost   quality with and without the packs
    backtest     the same evaluation on earlier windows and the newest
    aims         of every blend that was tried, in order (`training.tune`)
    """

    read: ReadReport
    guard: CompiledGuard
    assortment: Assortment
    manifest: Manifest
    evaluation: Evaluation | None
    tuned: Tuned | None
    notes: tuple[str, ...]
    guard_cost: GuardCost | None = None
    backtest: Backtest | None = None
    aims: tuple[float, ...] = ()

    def held_back(self) -> tuple[int, int]:
        """Masked items of the catalogue, contained offers, under the policy while it is valid."""
        rules = self.guard.policy.rules(self.manifest.as_of)
        shelf = self.assortment
        masked = (shelf.evidence & np.uint64(rules.masked)) != 0
        contained = (shelf.offer_target & np.uint64(rules.contained)) != 0
        return int(masked.sum()), int(contained.sum())
