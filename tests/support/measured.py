"""Bundle directories with a measurement, as a training writes them, of the corner shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from recommender.bundle import Manifest
from recommender.index import BundleIndex
from tests.support.shop import MODEL, Prepared, Purchase, prepared
from training.bundle_dir import write_bundle
from training.defaults import default_parameters
from training.evaluate import evaluate
from training.fit import fit_models
from training.lineage import checksums, lineage_of
from training.newest import FILE as NEWEST_FILE
from training.newest import newest_file
from training.outcomes import FILE as OUTCOMES_FILE
from training.outcomes import Outcomes, outcomes_file
from training.progress import Silent
from training.sections import Evaluation, Model
from training.split import split_off, truth_of

WEEKS = 4
POOR = MODEL.model_copy(update={"min_support": 15})
"""Settings under which the models know the handful of items that nearly everybody buys."""


def write_measured(
    folder: Path,
    purchases: Sequence[Purchase],
    model: Model = MODEL,
    *,
    measure: bool = True,
    exposed: int = 0,
    customers: int = 5_000,
) -> Manifest:
    """A bundle of the shop's purchases, with its outcomes on the last four weeks.

    exposed     what its outcomes say of locked exposure
    customers   at most so many are asked
    """
    made = prepared(purchases)
    parameters = default_parameters(model)
    items = made.assortment.catalogue.ids
    bundle, table = fit_models(
        made.visible, made.assortment, model, parameters, Silent(), config_digest="test"
    )
    lineage = lineage_of(made.visible, items, model)
    extras = {}
    if measure:
        outcomes, newest = measured_on_newest(made, model, customers)
        outcomes = replace(outcomes, locked_exposure=exposed)
        extras = {OUTCOMES_FILE: outcomes_file([outcomes]), NEWEST_FILE: newest}
    lineage = lineage.model_copy(update={"measurement": checksums(extras)})
    manifest = bundle.manifest.model_copy(update={"lineage": lineage})
    return write_bundle(
        folder,
        replace(bundle, manifest=manifest),
        table,
        created_at="2026-01-01T00:00:00Z",
        extras=extras,
    )


def measured_on_newest(
    made: Prepared, model: Model, customers: int = 5_000
) -> tuple[Outcomes, bytes]:
    """The outcomes of the newest window, and `newest.parquet`."""
    window = split_off(made.visible, WEEKS, name="test")
    bundle, table = fit_models(
        window.before,
        made.assortment,
        model,
        default_parameters(model),
        Silent(),
        config_digest="",
        with_neighbours=False,
    )
    index = BundleIndex(bundle)
    found = evaluate(
        index,
        table,
        truth_of(window.after, table.customers, index.row_of_item),
        Evaluation(bootstrap=10, customers=customers),
        until=window.after.window[1],
    )
    known = index.row_of_item >= 0
    return found.outcomes, newest_file(made.visible, made.assortment, known, cut=window.cut)
