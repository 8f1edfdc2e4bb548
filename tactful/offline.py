"""A bundle directory put to use without a server: evaluated, or asked for many customers."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from threadpoolctl import threadpool_limits

from recommender.channel import Channel
from recommender.index import BundleIndex
from recommender.types import CustomerId
from tactful import console
from training.batch import batch
from training.bundle_dir import read_bundle
from training.cases import first_baskets
from training.config import TrainConfig
from training.evaluate import evaluate
from training.evaluation import Evaluation
from training.history import holdout_truth, visible_history
from training.progress import RichProgress
from training.reading.shop import Shop, read_history
from training.split import truth_of
from training.told import Export, read_export


@dataclass(frozen=True)
class Wanted:
    """What a batch is asked for, as in `training.batch.batch`."""

    customers: Sequence[CustomerId] | None
    n: int
    new_only: bool
    channel: Channel


def evaluate_bundle(directory: Path, config: TrainConfig, now: float) -> Evaluation:
    """How good a bundle's decisions would have been for the purchases that `config` names.

    now   seconds since 1970: when the policy must be valid
    """
    export = export_of(config, now)
    bundle, table = read_bundle(directory)
    index = BundleIndex(bundle)
    progress = RichProgress(console.err())
    with threadpool_limits(limits=1, user_api="blas"):
        holdout = history_of(config, now, None, progress)
        visible = visible_history(
            index,
            holdout.interactions,
            holdout.catalogue.ids,
            now=now,
            controls=export.controls,
        )
        truth, until = holdout_truth(index, table, visible)
        later = visible.lines.where(visible.lines.timestamp > bundle.manifest.as_of)
        return evaluate(
            index,
            table,
            truth,
            config.evaluation,
            until=until,
            seed=config.model.seed,
            baskets=truth_of(first_baskets(later), table.customers, visible.row_of_item),
            controls=export.controls,
            progress=progress,
        ).evaluation


def batch_offers(
    directory: Path, config: TrainConfig, now: float, wanted: Wanted, rejected_to: Path
) -> pl.DataFrame:
    """Offers for many customers; columns as in `training.batch.batch`."""
    export = export_of(config, now)
    bundle, _ = read_bundle(directory)
    progress = RichProgress(console.err())
    with threadpool_limits(limits=1, user_api="blas"):
        shop = history_of(config, now, rejected_to, progress)
        if wanted.customers is not None:
            _tell_odd(wanted.customers, set(shop.interactions.customers))
        return batch(
            BundleIndex(bundle),
            shop.interactions,
            shop.catalogue.ids,
            now=now,
            customers=wanted.customers,
            n=wanted.n,
            new_only=wanted.new_only,
            channel=wanted.channel,
            controls=export.controls,
            progress=progress,
        )


def _tell_odd(wanted: Sequence[CustomerId], known: Container[CustomerId]) -> None:
    """Counts aloud what a list of customers was hardly meant to hold."""
    once = dict.fromkeys(wanted)
    if repeated := len(wanted) - len(once):
        console.tell(f"repeated lines in the list of customers: {repeated:,}; each is served once")
    if unknown := sum(customer not in known for customer in once):
        console.tell(
            f"customers of the list whom the purchases do not have: {unknown:,} of "
            f"{len(once):,}; they get popular offers"
        )


def export_of(config: TrainConfig, now: float) -> Export:
    """What customers have told us, as far as `config` names a file of it."""
    export = read_export(config.guard.controls)
    for note in export.notes(now):
        console.tell(note)
    return export


def history_of(
    config: TrainConfig, now: float, rejected_to: Path | None, progress: RichProgress
) -> Shop:
    """The purchases that `config` names; what was read is told on standard error."""
    shop = read_history(config, now=now, rejected_to=rejected_to, progress=progress)
    for line in shop.report.lines():
        console.err().print(line, markup=False, soft_wrap=True)
    return shop
