"""A whole training: from a shop's files to a bundle directory.

    read -> guard -> the view -> tune on the validation window -> evaluate on the test window
    -> fit on everything visible -> seal and write, with the report beside

Weeks are counted back from the latest *visible* purchase: test window T, validation window V.

    |-------- fit for tuning --------|-- V --|-- T --|
    |---------- fit for evaluation ----------|-- T --|
    |----------------- the bundle -------------------|

Behind the view nothing raw is left: what enters the digest is the same with and without locked
evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.bundle import CustomerTable, FactorBundle, Manifest, ModelParameters
from recommender.errors import InputError
from recommender.guard.containment import allowed
from recommender.guard.document import CompiledGuard
from recommender.guard.view import view_of_purchases
from recommender.index import BundleIndex
from recommender.interactions import Interactions
from training.assortment import Assortment
from training.bundle_dir import check_directory, write_bundle
from training.config import TrainConfig, config_digest
from training.defaults import default_parameters
from training.evaluate import evaluate
from training.evaluation import Evaluation
from training.fit import fit_heads, fit_models, with_metrics
from training.guarding import UNGUARDED, compile_guard, guarded
from training.progress import Progress, Silent
from training.reading.report import ReadReport
from training.reading.shop import read_shop
from training.replenishing import FILE as REPLENISH_FILE
from training.replenishing import replenish_file
from training.report import Findings, evaluation_json, report_html
from training.split import Split, TooShortError, split_off, truth_of
from training.told import Export, read_export
from training.tune import Tuned, tune


@dataclass(frozen=True, eq=False)
class TrainResult:
    """A finished training.

    evaluation, tuned   None when there was too little history; `notes` say so in words
    """

    directory: Path
    manifest: Manifest
    read: ReadReport
    evaluation: Evaluation | None
    tuned: Tuned | None
    notes: tuple[str, ...]


@dataclass(eq=False)
class _Run:
    """What the steps of one training share."""

    config: TrainConfig
    assortment: Assortment
    visible: Interactions
    replenish: bytes
    export: Export
    progress: Progress
    notes: list[str] = field(default_factory=list)


def train(
    config: TrainConfig,
    out: Path,
    *,
    now: float,
    rejected_to: Path | None = None,
    progress: Progress | None = None,
) -> TrainResult:
    """Trains and writes a bundle to the directory `out`.

    now           seconds since 1970: the date of making, when the policy must be valid, and when
                  what customers told us is read
    rejected_to   where a lenient reading writes what it sets aside; None: beside `out`

    Raises InputError (exit code 2) for bad files, settings and policies and when nothing is
    left to learn from, StorageError when the bundle cannot be written; nothing is half-written.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        guard = compile_guard(config.guard)
        check_directory(out)
        rejected_to = rejected_to or out.parent / "rejected.parquet"
        run, read = _read(config, guard, now, rejected_to, progress or Silent())
        tuned, evaluation = _measured(run)
        bundle, table = _fitted(run, tuned, evaluation)
        findings = Findings(
            read=read,
            guard=guard,
            assortment=run.assortment,
            manifest=bundle.manifest,
            evaluation=evaluation,
            tuned=tuned,
            notes=tuple(run.notes),
        )
        with run.progress.stage("write the bundle", 1):
            manifest = write_bundle(
                out,
                bundle,
                table,
                created_at=datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
                extras={
                    "report.html": report_html(findings),
                    "evaluation.json": evaluation_json(findings),
                    REPLENISH_FILE: run.replenish,
                },
            )
    return TrainResult(out, manifest, read, evaluation, tuned, tuple(run.notes))


def _fitted(
    run: _Run, tuned: Tuned | None, evaluation: Evaluation | None
) -> tuple[FactorBundle, CustomerTable]:
    """What will be published: fitted on everything visible."""
    bundle, table = fit_models(
        run.visible,
        run.assortment,
        run.config.model,
        tuned.parameters if tuned else default_parameters(run.config.model),
        run.progress,
        config_digest=config_digest(run.config),
        controls_at=run.export.taken_at,
    )
    if not len(bundle.offers):
        raise InputError(
            "there is nothing to offer: no offer promotes an item that the models know",
            hint="check `available` in the catalogue and the items of the offers file",
        )
    return with_metrics(bundle, evaluation.headline() if evaluation else {}), table


def _read(
    config: TrainConfig, guard: CompiledGuard, now: float, rejected_to: Path, progress: Progress
) -> tuple[_Run, ReadReport]:
    """The view of the shop, and an assortment of which every item is listed or visible.

    An item that only locked purchases mention would tell of them, so it leaves here.
    """
    export = read_export(config.guard.controls)
    shop = read_shop(config, now=now, rejected_to=rejected_to, progress=progress)
    whole = guarded(shop.catalogue, shop.offers, guard)
    rules = guard.policy.rules(now)
    told = export.told(guard.policy, shop.catalogue, now)
    visible = view_of_purchases(shop.interactions, whole.evidence, rules, told)
    bought = np.bincount(visible.item, minlength=len(shop.catalogue)) > 0
    assortment, position = whole.where(shop.catalogue.listed | bought)
    reminders = replenish_file(
        shop.interactions, shop.catalogue.ids, whole.evidence, guard.policy, now, told
    )
    run = _Run(config, assortment, visible.renumbered(position), reminders, export, progress)
    run.notes += export.notes(now)
    if not guard.life_events:
        run.notes.append(UNGUARDED)
    if rules.expired:
        run.notes.append(
            f"the guard policy expired on {guard.policy.valid_until}: everything that any life "
            "event touches is masked and held back"
        )
    return run, shop.report


def _measured(run: _Run) -> tuple[Tuned | None, Evaluation | None]:
    """Tunes on the validation window and evaluates on the test window, where there are any."""
    test = _window(run, run.visible, run.config.evaluation.window_weeks, "test")
    if test is None:
        return None, None
    validation = _window(run, test.before, run.config.tuning.window_weeks, "validation")
    tuned = _tuned(run, validation) if validation else None
    parameters = tuned.parameters if tuned else default_parameters(run.config.model)
    return tuned, _evaluated(run, test, parameters)


def _window(run: _Run, visible: Interactions, weeks: int, name: str) -> Split | None:
    """The split, or None and a note that says what is done without it."""
    try:
        return split_off(visible, weeks, name=name)
    except TooShortError as short:
        without = "quality was not measured" if name == "test" else "shipped defaults are used"
        run.notes.append(f"{short.what}; {without}. To mend it: {short.hint}")
        return None


def _tuned(run: _Run, window: Split) -> Tuned:
    start = default_parameters(run.config.model)
    n_items = len(run.assortment.catalogue)
    heads = fit_heads(window.before, n_items, run.config.model, start, run.progress)
    rules = run.assortment.policy.rules(window.cut)
    return tune(
        heads,
        truth_of(window.after, heads.customers, heads.row_of_item),
        allowed(run.assortment.target, run.assortment.soft, rules)[heads.item_of_row],
        run.config.tuning,
        start,
        seed=run.config.model.seed,
        progress=run.progress,
    )


def _evaluated(run: _Run, window: Split, parameters: ModelParameters) -> Evaluation:
    bundle, table = fit_models(
        window.before,
        run.assortment,
        run.config.model,
        parameters,
        run.progress,
        config_digest="",
        with_neighbours=False,
    )
    index = BundleIndex(bundle)
    found = evaluate(
        index,
        table,
        truth_of(window.after, table.customers, index.row_of_item),
        run.config.evaluation,
        until=window.after.window[1],
        seed=run.config.model.seed,
        controls=run.export.controls,
        progress=run.progress,
    )
    run.notes += found.notes()
    return found
