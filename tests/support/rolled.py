"""The corner shop as a training has it after reading: behind the view, and as if nothing were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.guard.document import CompiledGuard
from recommender.guard.policy import GuardPolicy
from tests.support.shop import (
    LIFE_EVENTS,
    MODEL,
    Purchase,
    catalogue,
    interactions,
    policy,
    prepared,
)
from training.config import TrainConfig
from training.material import Material, Unmasked
from training.reading.report import ReadReport
from training.sections import Evaluation, Tuning
from training.told import Export

MEASURE = Evaluation(bootstrap=20)
"""Four weeks a window, few resamples."""
READ = ReadReport(
    files=("purchases.csv",), lines_read=0, kept=0, customers=0, baskets=0, window=(0, 0)
)


def material(
    purchases: Sequence[Purchase],
    evaluation: Evaluation = MEASURE,
    rules: GuardPolicy | None = None,
) -> Material:
    """What `read_material` makes of these purchases."""
    rules = policy() if rules is None else rules
    made = prepared(purchases, rules)
    events = LIFE_EVENTS if rules.life_events else ()
    return Material(
        config=TrainConfig(model=MODEL, evaluation=evaluation, tuning=Tuning(trials=20)),
        guard=CompiledGuard(rules, events, (events,)),
        assortment=made.assortment,
        visible=made.visible,
        replenish=b"",
        export=Export(),
        read=READ,
        notes=(),
    )


def unmasked(purchases: Sequence[Purchase], made: Material) -> Unmasked:
    """All lines of items that `made` knows of."""
    listing = catalogue()
    place = made.assortment.catalogue.index()
    position = np.array([place.get(item, -1) for item in listing.ids], dtype=np.int32)
    lines = interactions(purchases, listing)
    return Unmasked(lines.where(position[lines.item] >= 0).renumbered(position))
