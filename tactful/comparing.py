"""Two bundle directories, and which of them is better."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.bundle import Manifest
from recommender.errors import InputError
from recommender.index import BundleIndex
from recommender.times import day_month_year
from recommender.types import ItemId
from tactful import console
from tactful.offline import export_of, history_of
from training.bundle_dir import read_bundle
from training.config import TrainConfig
from training.contest import Purchases, Side, Told, contest, informed
from training.outcomes import FILE, read_outcomes
from training.paired import Comparison, compare
from training.progress import RichProgress


@dataclass(frozen=True, eq=False)
class Pair:
    """Two bundles of one shop, A and B, and what is to be known before they are compared."""

    directories: tuple[Path, Path]
    sides: tuple[Side, Side]

    @property
    def manifests(self) -> tuple[Manifest, Manifest]:
        """Of A and of B."""
        a, b = (side.index.bundle.manifest for side in self.sides)
        return a, b

    def notes(self, *, recorded: bool) -> tuple[str, ...]:
        """Where the two differ in what they are measured against, in words.

        recorded   by what the training of each has recorded, on its own truth; else on one truth
        """
        a, b = self.manifests
        if a.digest == b.digest:
            return (f"A and B hold the same bundle, {a.version}",)
        notes = []
        items_a, items_b = (_known(side) for side in self.sides)
        if items_a != items_b:
            how = (
                "each was measured on purchases of what it knows; --holdout measures both on the "
                "same"
                if recorded
                else "what only the other one knows counts as missed"
            )
            notes.append(
                f"A knows {len(items_a):,} items, B {len(items_b):,}, {len(items_a & items_b):,} "
                f"of them the same; {how}"
            )
        if a.policy_digest != b.policy_digest:
            notes.append(
                "A and B were trained under different guards; what a guard holds back counts "
                "neither for nor against a bundle"
            )
        return tuple(notes)


def read_pair(a: Path, b: Path) -> Pair:
    """Both bundles; InputError when they are of different shops."""
    sides = tuple(Side(BundleIndex(bundle), table) for bundle, table in map(read_bundle, (a, b)))
    pair = Pair((a, b), (sides[0], sides[1]))
    if not _known(sides[0]) & _known(sides[1]):
        raise InputError(
            f"{a} and {b} know no item in common",
            hint="compare bundles of the same shop, with the same item ids",
        )
    return pair


def compare_recorded(pair: Pair, n: int | None) -> Comparison:
    """By what the training of each has recorded customer by customer.

    n   length of the lists that is asked for; None: as recorded
    """
    found = []
    for directory in pair.directories:
        path = directory / FILE
        if not path.is_file():
            raise InputError(
                f"{directory} has no {FILE}: its training had too little history to measure",
                hint="hand in purchases made after both were trained: --holdout december.parquet",
            )
        found.append(read_outcomes(path))
    recorded = {outcomes.n for windows in found for outcomes in windows}
    if n is not None and recorded != {n}:
        told = " and ".join(str(length) for length in sorted(recorded))
        raise InputError(
            f"--n {n}: the trainings measured lists of {told} offers",
            hint="leave --n out, or hand in --holdout",
        )
    return compare(*found, progress=RichProgress(console.err()))


def compare_on(pair: Pair, config: TrainConfig, history: Path | None, now: float) -> Comparison:
    """By the purchases that `config` names, made after both were trained.

    history   what customers had bought before; None: each bundle knows what it was trained on
    now       seconds since 1970: when the policies must be valid
    """
    told = Told(now, export_of(config, now).controls)
    progress = RichProgress(console.err())
    sides, cut = pair.sides, max(side.as_of for side in pair.sides)
    with threadpool_limits(limits=1, user_api="blas"):
        holdout = _purchases(config, now, progress)
        if history is not None:
            before = _purchases(_at(config, history), now, progress)
            a, b = (informed(side, before, cut, told, progress) for side in sides)
            sides = a, b
        found = contest(
            sides, holdout, config.evaluation, told, seed=config.model.seed, progress=progress
        )
    return compare(found[:1], found[1:], progress=progress)


def note_on_age(pair: Pair) -> tuple[str, ...]:
    """Says when one of the two has seen more of the customers' histories."""
    a, b = (side.as_of for side in pair.sides)
    if a == b:
        return ()
    note = (
        f"A knows purchases up to {day_month_year(a)}, B up to {day_month_year(b)}; hand in the "
        "history with --purchases to give both the same, as a running service would"
    )
    return (note,)


def _purchases(config: TrainConfig, now: float, progress: RichProgress) -> Purchases:
    shop = history_of(config, now, None, progress)
    return Purchases(shop.interactions, shop.catalogue.ids)


def _at(config: TrainConfig, path: Path) -> TrainConfig:
    return config.model_copy(
        update={"purchases": config.purchases.model_copy(update={"path": path})}
    )


def _known(side: Side) -> frozenset[ItemId]:
    """The items that the models know."""
    bundle = side.index.bundle
    return frozenset(bundle.catalogue.ids[i] for i in np.unique(bundle.item_of_row))
