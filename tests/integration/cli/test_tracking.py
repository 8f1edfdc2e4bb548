"""Trainings on record in MLflow: what goes there, what never does, and what is told if it fails."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from recommender.errors import ConfigError, StoreError
from tests.support.command import Run
from tests.support.shop import LOCKED
from training.bundle_dir import read_manifest
from training.sections import Mlflow
from training.tracking import check_tracking, track

FILE_STORE = {"MLFLOW_ALLOW_FILE_STORE": "true"}
"""Only a database is a store by default; a folder does for a test, and needs no further library."""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in FILE_STORE.items():
        monkeypatch.setenv(name, value)
    return (tmp_path / "mlruns").as_uri()


def runs(uri: str, experiment: str) -> list[Any]:
    """The runs of an experiment, read by MLflow itself."""
    from mlflow.tracking import MlflowClient  # noqa: PLC0415  # after the environment is set

    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    return [] if found is None else list(client.search_runs([found.experiment_id]))


def test_a_training_is_a_run_with_settings_metrics_lineage_and_the_report(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path, store: str
) -> None:
    done = tactful(
        *("train", "--purchases", csvs[0], "--catalogue", csvs[1], "--out", tmp_path / "bundle"),
        *("--set", f"mlflow.tracking_uri={store}", "--set", "mlflow.experiment=shop"),
        extra=FILE_STORE,
    )
    assert done.returncode == 0, done.stderr
    manifest = read_manifest(tmp_path / "bundle")
    [run] = runs(store, "shop")
    assert run.info.run_id in done.stderr
    assert run.info.run_name == manifest.version
    assert run.info.status == "FINISHED"
    assert run.data.metrics["ndcg_at_10_all"] == manifest.metrics["ndcg@10_all"]
    assert run.data.tags["tactful.digest"] == manifest.digest
    assert manifest.lineage is not None
    assert manifest.lineage.measured is not None
    for which, found in (
        ("parameters", manifest.parameters),
        ("measured", manifest.lineage.measured),
    ):
        assert run.data.params[f"{which}.cross_weight"] == str(found.cross_weight)
    artifacts = Path(run.info.artifact_uri.removeprefix("file://"))
    assert {path.name for path in artifacts.iterdir()} == {
        "manifest.json",
        "report.html",
        "evaluation.json",
    }


def test_no_customer_and_nothing_locked_is_on_record(
    bundles: tuple[Path, Path], tmp_path: Path, store: str
) -> None:
    manifest = read_manifest(bundles[0])
    run_id = track(Mlflow(tracking_uri=store), bundles[0], manifest)
    assert run_id is not None
    written = b"".join(p.read_bytes() for p in (tmp_path / "mlruns").rglob("*") if p.is_file())
    assert manifest.version.encode() in written
    named = [f"c{c:02d}".encode() for c in range(40)]
    assert not [name for name in named if b'"' + name + b'"' in written]
    assert not [item for item in LOCKED if f'"{item}"'.encode() in written]


def test_without_a_uri_nothing_is_loaded_and_nothing_recorded(tmp_path: Path) -> None:
    check_tracking(Mlflow())
    assert track(Mlflow(), tmp_path, None) is None  # type: ignore[arg-type]  # it is not looked at


def test_a_store_that_does_not_answer_ends_the_command_before_the_training(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    done = tactful(
        *("train", "--purchases", csvs[0], "--catalogue", csvs[1], "--out", tmp_path / "bundle"),
        *("--set", "mlflow.tracking_uri=http://127.0.0.1:9"),
        extra={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
    )
    assert done.returncode == 1
    assert "MLflow at http://127.0.0.1:9 took nothing" in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_a_missing_extra_is_told_before_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        check_tracking(Mlflow(tracking_uri="http://127.0.0.1:9"))
    assert "pip install 'tactful[mlflow]'" in caught.value.hint


def test_a_store_of_an_unknown_kind_is_refused_in_a_sentence() -> None:
    with pytest.raises(StoreError, match="took nothing"):
        check_tracking(Mlflow(tracking_uri="nowhere://x"))
