"""Bundles trained from CSV files, and the command with a state directory of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.command import Run, run_tactful, write_csvs


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def tactful(state: Path) -> Run:
    def run(
        *arguments: str | Path, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return run_tactful(*arguments, state=state, extra=extra)

    return run


@pytest.fixture(scope="session")
def csvs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_csvs(tmp_path_factory.mktemp("shop") / "all")


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory, csvs: tuple[Path, Path]) -> tuple[Path, Path]:
    """Two bundles of the same shop: one from before the last month, one of today."""
    folder = tmp_path_factory.mktemp("bundles")
    older = write_csvs(folder / "older-csv", until_days_before=30)
    made = []
    for name, (purchases, items) in (("older", older), ("newer", csvs)):
        out = folder / name
        done = run_tactful(
            *("train", "--purchases", purchases, "--catalogue", items, "--out", out),
            state=folder / "state",
        )
        assert done.returncode == 0, done.stderr
        made.append(out)
    return made[0], made[1]
