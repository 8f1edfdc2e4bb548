"""Retrain: with and without every locked purchase, the same bundle to the last byte."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tactful.demo.retrained import without_locked
from tests.support.examples import Trained
from training.bundle_dir import read_manifest
from training.pipeline import train


@pytest.fixture(params=["bank", "grocer"])
def trained(request: pytest.FixtureRequest) -> Trained:
    found: Trained = request.getfixturevalue(f"{request.param}_trained")
    return found


def test_a_training_without_locked_evidence_gives_the_same_digest(
    trained: Trained, tmp_path: Path
) -> None:
    less = without_locked(trained.config, tmp_path / "visible.csv", time.time())
    assert less.locked > 100
    result = train(less.config, tmp_path / "bundle", now=time.time())
    manifest = trained.bundle.manifest
    assert result.manifest.digest == manifest.digest
    assert result.manifest.version == manifest.version
    for name in read_manifest(trained.folder).arrays:
        assert (tmp_path / "bundle").joinpath(*found_in(trained.folder, name)).read_bytes() == (
            trained.folder.joinpath(*found_in(trained.folder, name)).read_bytes()
        )


def found_in(folder: Path, name: str) -> tuple[str, ...]:
    """Where an array of a bundle directory lies."""
    [path] = [p for p in folder.rglob("*") if p.is_file() and p.stem == name]
    return path.relative_to(folder).parts


def test_one_visible_purchase_less_gives_another(trained: Trained, tmp_path: Path) -> None:
    """The test above can fail."""
    purchases = trained.config.purchases.path
    assert purchases is not None
    lines = purchases.read_text().splitlines(keepends=True)
    visible = [n for n, line in enumerate(lines) if "PAY-TRAIN" in line or "PASTA," in line]
    less = tmp_path / "less.csv"
    less.write_text("".join(line for n, line in enumerate(lines) if n != visible[0]))
    section = trained.config.purchases.model_copy(update={"path": less})
    config = trained.config.model_copy(update={"purchases": section})
    result = train(config, tmp_path / "bundle", now=time.time())
    assert result.manifest.digest != trained.bundle.manifest.digest
