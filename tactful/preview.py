"""Which items of a catalogue a guard policy matches, counted before anything is live."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recommender.catalogue import Catalogue, own_offers
from recommender.guard.document import CompiledGuard
from recommender.guard.policy import UNMAPPED, GuardRules
from recommender.types import Bits
from training.assortment import Assortment
from training.config import TrainConfig
from training.guarding import compile_guard, guarded
from training.progress import Silent
from training.reading.catalogue import TABLE, read_catalogue
from training.reading.problems import Problems

_EXAMPLES = 3


@dataclass(frozen=True)
class EventMatches:
    """One life event: how many items are evidence and targets, and a few of their titles."""

    id: str
    stance: str
    evidence: int
    targets: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Matches:
    """What a policy does to a catalogue, counted in items."""

    n_items: int
    n_masked: int
    n_contained: int
    n_unmapped: int
    events: tuple[EventMatches, ...]

    def as_json(self) -> dict[str, Any]:
        """For a program to read."""
        return asdict(self)


def compiled(config: TrainConfig) -> CompiledGuard:
    """The policy of the settings; PolicyError says what is wrong with it, and where."""
    return compile_guard(config.guard)


def match(config: TrainConfig) -> Matches:
    """Matches the policy of the settings against their catalogue.

    Raises PolicyError and what reading a catalogue raises.
    """
    guard = compile_guard(config.guard)
    problems = Problems(config.lenient)
    listed = read_catalogue(config, problems, progress=Silent())
    assert listed is not None
    problems.raise_if_strict({TABLE: listed.rows_read})
    catalogue = listed.catalogue
    shelf = guarded(catalogue, own_offers(catalogue), guard)
    return _counted(shelf, guard, _always(guard))


def _always(guard: CompiledGuard) -> GuardRules:
    """The rules while the policy holds: a preview does not depend on the day it is made."""
    return guard.policy.model_copy(update={"valid_until": None}).rules(0.0)


def _counted(shelf: Assortment, guard: CompiledGuard, rules: GuardRules) -> Matches:
    catalogue = shelf.catalogue
    return Matches(
        n_items=len(catalogue),
        n_masked=_count(shelf.evidence, rules.masked),
        n_contained=_count(shelf.target, rules.contained),
        n_unmapped=_count(shelf.evidence, UNMAPPED),
        events=tuple(
            EventMatches(
                id=rule.id,
                stance=rule.stance.value,
                evidence=_count(shelf.evidence, 1 << bit),
                targets=_count(shelf.target, 1 << bit),
                examples=_examples(catalogue, shelf.target | shelf.evidence, 1 << bit),
            )
            for bit, rule in enumerate(guard.policy.life_events)
        ),
    )


def _count(bits: Bits, wanted: int) -> int:
    return int(np.count_nonzero(bits & np.uint64(wanted)))


def _examples(catalogue: Catalogue, bits: Bits, wanted: int) -> tuple[str, ...]:
    hits = np.flatnonzero(bits & np.uint64(wanted))
    titles = dict.fromkeys(catalogue.titles[i] or catalogue.ids[i] for i in hits)
    return tuple(list(titles)[:_EXAMPLES])
