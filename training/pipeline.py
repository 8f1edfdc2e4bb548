"""A whole training: from a shop's files to a bundle directory.

    read -> guard -> the view -> window after window: measure, tune (`training.rolling`)
    -> fit on everything visible -> seal and write, with the report beside

Weeks are counted back from the latest *visible* purchase. Behind the view nothing raw is left:
what enters the digest is the same with and without locked evidence. The one thing that looks
past the view is the price of the guard (`training.guard_twin`), which is told in the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from threadpoolctl import threadpool_limits

from recommender.bundle import CustomerTable, FactorBundle, Manifest
from recommender.errors import InputError
from training.backtest import Backtest, backtest
from training.bundle_dir import check_directory, write_bundle
from training.config import TrainConfig, config_digest
from training.defaults import default_parameters
from training.evaluation import Evaluation
from training.fit import fit_models, with_metrics
from training.guard_cost import GuardCost
from training.guard_twin import price_of_guard
from training.material import Material, Unmasked, read_material
from training.newest import FILE as NEWEST_FILE
from training.newest import newest_file
from training.outcomes import FILE as OUTCOMES_FILE
from training.outcomes import outcomes_file
from training.progress import Progress, Silent
from training.reading.report import ReadReport
from training.replenishing import FILE as REPLENISH_FILE
from training.report import Findings, evaluation_json, report_html
from training.rolling import Rolled, roll
from training.tune import Tuned
from training.universe import universe


@dataclass(frozen=True, eq=False)
class TrainResult:
    """A finished training.

    evaluation   on the newest window, of what the window before it found
    tuned        what the newest window found, which the bundle has
    backtest     all windows, where there are several
    guard_cost   where it was wanted, and there were customers enough

    What there was too little history for is None; `notes` say so in words.
    """

    directory: Path
    manifest: Manifest
    read: ReadReport
    evaluation: Evaluation | None
    tuned: Tuned | None
    backtest: Backtest | None
    guard_cost: GuardCost | None
    notes: tuple[str, ...]


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
    progress = progress or Silent()
    with threadpool_limits(limits=1, user_api="blas"):
        check_directory(out)
        material, unmasked = read_material(
            config,
            now=now,
            rejected_to=rejected_to or out.parent / "rejected.parquet",
            progress=progress,
        )
        rolled = roll(material, config.evaluation.windows, progress)
        measurement = _measurement(material, rolled)
        bundle, table = _fitted(material, rolled, measurement, progress)
        findings = _findings(material, unmasked, rolled, bundle, progress)
        with progress.stage("write the bundle", 1):
            manifest = write_bundle(
                out,
                bundle,
                table,
                created_at=datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
                extras=_extras(material, findings) | measurement,
            )
    return TrainResult(
        directory=out,
        manifest=manifest,
        read=material.read,
        evaluation=findings.evaluation,
        tuned=findings.tuned,
        backtest=findings.backtest,
        guard_cost=findings.guard_cost,
        notes=findings.notes,
    )


def _fitted(
    material: Material, rolled: Rolled, measurement: dict[str, bytes], progress: Progress
) -> tuple[FactorBundle, CustomerTable]:
    """What will be published: fitted on everything visible."""
    config = material.config
    bundle, table = fit_models(
        material.visible,
        material.assortment,
        config.model,
        rolled.tuned.parameters if rolled.tuned else default_parameters(config.model),
        progress,
        config_digest=config_digest(config),
        controls_at=material.export.taken_at,
    )
    if not len(bundle.offers):
        raise InputError(
            "there is nothing to offer: no offer promotes an item that the models know",
            hint="check `available` in the catalogue and the items of the offers file",
        )
    if rolled.rounds:
        last = rolled.rounds[-1]
        metrics = last.measured.evaluation.headline()
        bundle = with_metrics(bundle, metrics, last.parameters, measurement)
    return bundle, table


def _findings(
    material: Material,
    unmasked: Unmasked | None,
    rolled: Rolled,
    bundle: FactorBundle,
    progress: Progress,
) -> Findings:
    rounds, cost = rolled.rounds, None
    if unmasked is not None and rolled.newest is not None:
        cost = price_of_guard(material, unmasked, rounds[-1], rolled.newest, progress)
    several = len(rounds) > 1
    settings = material.config
    known = universe(material.visible, material.assortment, settings.model)
    return Findings(
        read=material.read,
        guard=material.guard,
        assortment=material.assortment,
        manifest=bundle.manifest,
        evaluation=rounds[-1].measured.evaluation if rounds else None,
        tuned=rolled.tuned,
        notes=material.notes + rolled.notes + known.notes(),
        guard_cost=cost,
        backtest=backtest(
            [done.measured for done in rounds],
            resamples=settings.evaluation.bootstrap,
            seed=settings.model.seed,
        )
        if several
        else None,
        aims=rolled.tuned.aims if rolled.tuned else (),
    )


def _measurement(material: Material, rolled: Rolled) -> dict[str, bytes]:
    """The files for the gate by name; none where no quality is known."""
    if rolled.newest is None:
        return {}
    known = rolled.newest.index.row_of_item >= 0
    return {
        OUTCOMES_FILE: outcomes_file([done.measured.outcomes for done in rolled.rounds]),
        NEWEST_FILE: newest_file(
            material.visible, material.assortment, known, cut=rolled.rounds[-1].split.cut
        ),
    }


def _extras(material: Material, findings: Findings) -> dict[str, bytes]:
    """The files beside the bundle for people and for serving, by name."""
    return {
        "report.html": report_html(findings),
        "evaluation.json": evaluation_json(findings),
        REPLENISH_FILE: material.replenish,
    }
