"""`tactful backtest`: several windows of the past, and nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Run, write_csvs


def test_windows_are_measured_and_told_one_by_one(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    done = tactful(
        *("backtest", "--purchases", csvs[0], "--catalogue", csvs[1], "--windows", "3"),
        *("--set", "evaluation.bootstrap=20"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" - 2023-") == 2 * 3
    for word in ("mean", "spread", "anything may be offered", "best other"):
        assert word in done.stdout
    assert "evaluate (2/4)" in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_rows_set_aside_are_in_a_file_of_the_current_folder(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And who may not set them aside is told how to, in every command."""
    monkeypatch.chdir(tmp_path)
    dirty = tmp_path / "dirty.csv"
    dirty.write_text(csvs[0].read_text() + "c00,bread-0,never,1\n")
    command = ("backtest", "--purchases", dirty, "--catalogue", csvs[1])
    refused = tactful(*command)
    assert refused.returncode == 2
    assert "--set lenient=true" in refused.stderr
    done = tactful(*command, "--lenient", "--set", "evaluation.bootstrap=20")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "rejected.parquet").is_file()


def test_a_program_gets_every_number(tactful: Run, csvs: tuple[Path, Path]) -> None:
    done = tactful(
        *("backtest", "--purchases", csvs[0], "--catalogue", csvs[1], "--windows", "2", "--json"),
        *("--set", "evaluation.bootstrap=20"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["windows"]) == 2
    assert found["engine"]["all"]["ndcg"]["windows"] == 2
    assert found["locked_exposure"] == 0
    assert all(note.startswith("tuned up to ") for note in found["notes"])


def test_windows_that_the_history_is_too_short_for_are_named(
    tactful: Run, csvs: tuple[Path, Path]
) -> None:
    """Two hundred days: twelve windows of four weeks do not fit."""
    done = tactful(
        *("backtest", "--purchases", csvs[0], "--catalogue", csvs[1], "--windows", "12"),
        *("--set", "evaluation.bootstrap=20"),
    )
    assert done.returncode == 0, done.stderr
    assert "of 12 windows could be measured" in done.stdout
    assert "weeks are needed" in done.stdout


def test_a_history_for_no_window_is_bad_input(tactful: Run, tmp_path: Path) -> None:
    purchases, items = write_csvs(tmp_path / "short", until_days_before=170)
    done = tactful("backtest", "--purchases", purchases, "--catalogue", items)
    assert done.returncode == 2
    assert "nothing can be measured: no test window" in done.stderr
    assert "evaluation.window_weeks" in done.stderr
