"""What a training works with: the view of a shop, and what may be offered there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recommender.guard.document import CompiledGuard
from recommender.guard.policy import GuardRules
from recommender.guard.view import Told, view_of_purchases
from recommender.interactions import Interactions
from recommender.types import Bits, Ints
from training.assortment import Assortment
from training.config import TrainConfig
from training.guarding import UNGUARDED, compile_guard, guarded
from training.progress import Progress
from training.reading.report import ReadReport
from training.reading.shop import read_shop
from training.replenishing import replenish_file
from training.told import Export, read_export


@dataclass(frozen=True, eq=False)
class Material:
    """Behind the view: nothing that is locked can be told from it.

    visible     the visible lines; items are those of `assortment`
    replenish   the file of own items that may come back (`training.replenishing`)
    export      what customers have told us
    notes       what a person should know, in sentences
    """

    config: TrainConfig
    guard: CompiledGuard
    assortment: Assortment
    visible: Interactions
    replenish: bytes
    export: Export
    read: ReadReport
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Unmasked:
    """The lines as they would be if no pack masked anything, for the price of the guard only.

    What customers themselves have locked, forgotten or marked is left out here, too. Nothing that
    is kept may be made of it but `guard_cost.GuardCost`.

    lines   items are those of `Material.assortment`
    """

    lines: Interactions


def read_material(
    config: TrainConfig, *, now: float, rejected_to: Path | None, progress: Progress
) -> tuple[Material, Unmasked | None]:
    """Reads a shop's files and makes the view.

    now           seconds since 1970: when the policy must be valid and customers' terms are read
    rejected_to   where a lenient reading writes what it sets aside

    The second is None unless the price of the guard is wanted and there is a guard. Raises
    InputError for bad files, settings and policies.
    """
    guard = compile_guard(config.guard)
    export = read_export(config.guard.controls)
    shop = read_shop(config, now=now, rejected_to=rejected_to, progress=progress)
    whole = guarded(shop.catalogue, shop.offers, guard)
    rules = guard.policy.rules(now)
    told = export.told(guard.policy, shop.catalogue, now)
    visible = view_of_purchases(shop.interactions, whole.evidence, rules, told)
    # An item that only locked purchases mention would tell of them, so it leaves here.
    bought = np.bincount(visible.item, minlength=len(shop.catalogue)) > 0
    assortment, position = whole.where(shop.catalogue.listed | bought)
    reminders = replenish_file(
        shop.interactions, shop.catalogue.ids, whole.evidence, guard.policy, now, told
    )
    material = Material(
        config=config,
        guard=guard,
        assortment=assortment,
        visible=visible.renumbered(position),
        replenish=reminders,
        export=export,
        read=shop.report,
        notes=_notes(guard, rules, export.notes(now)),
    )
    wanted = config.evaluation.guard_cost and bool(guard.life_events)
    if not wanted:
        return material, None
    return material, _unmasked(shop.interactions, whole.evidence, rules, told, position)


def _unmasked(
    raw: Interactions, evidence: Bits, rules: GuardRules, told: Told | None, position: Ints
) -> Unmasked:
    open_ = replace(rules, masked=0)
    lines = view_of_purchases(raw, evidence, open_, told)
    return Unmasked(lines.where(position[lines.item] >= 0).renumbered(position))


def _notes(guard: CompiledGuard, rules: GuardRules, told: list[str]) -> tuple[str, ...]:
    notes = list(told)
    if not guard.life_events:
        notes.append(UNGUARDED)
    if rules.expired:
        notes.append(
            f"the guard policy expired on {guard.policy.valid_until}: everything that any life "
            "event touches is masked and held back"
        )
    return tuple(notes)
