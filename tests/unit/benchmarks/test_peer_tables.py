"""What the peers' tables say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cases import Case
from judge import NOTHING, Answer, Judged
from peer_tables import show, write_json
from protocol import K, Problem, Window
from runs import Measured, Row, Tuned
from tactful_row import lists_of

CASE = Case("A shop", Window("truth week 9", 7, 8, 9), None, ())


def measured(all_: list[float], new: list[float]) -> Measured:
    answers = [Answer(np.array(values), np.array(values)) for values in (all_, new)]
    return Measured(Judged(*answers), fit_seconds=1.0, peak_bytes=200_000_000)


@pytest.fixture
def rows() -> list[Row]:
    """A peer that has other settings for *new* alone, and the row it is compared with."""
    both, alone = measured([0.2, 0.4], [0.1, 0.3]), measured([0.0, 0.0], [0.2, 0.4])
    settings = {"both": {"k": 5}, "all": {"k": 5}, "new": {"k": 50}}
    peer = Row("peer", {"both": both, "all": both, "new": alone}, Tuned(settings, 12, 60.0))
    own = measured([0.4, 0.5], [0.3, 0.5])
    return [peer, Row("ours", {"both": own, "all": own, "new": own})]


def cells(printed: str, start: str, *, nth: int) -> list[str]:
    """The cells of the nth line that begins with a name."""
    line = [line for line in printed.splitlines() if line.startswith(f"| {start} ")][nth]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_has_means_with_standard_errors_seconds_memory_and_trials(
    rows: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    show(CASE, rows, 60.0, "ours")
    expected = ["peer", ".3000 ± .1000", ".2000 ± .1000", ".3000", ".2000", "1.0", "200", "12"]
    assert cells(capsys.readouterr().out, "peer", nth=0) == expected


def test_differences_are_paired_with_one_setting_and_with_each_question_alone(
    rows: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    show(CASE, rows, 60.0, "ours")
    found = cells(capsys.readouterr().out, "peer", nth=1)
    assert found[1:3] == [".3000 ± .1000", ".3000 ± .1000"]
    assert found[3:5] == ["+.1500 ± .0500", "+.2000 ± .0000"]
    assert found[5:7] == ["+.1500 ± .0500", "+.1000 ± .0000"]


def test_the_file_has_every_aim_of_every_row(rows: list[Row], tmp_path: Path) -> None:
    write_json(tmp_path / "rows.json", [(CASE, rows)])
    peer, own = json.loads((tmp_path / "rows.json").read_text())
    assert peer["new"]["new"]["ndcg"] == pytest.approx(0.3)
    assert peer["settings"]["new"] == {"k": 50}
    assert own["method"] == "ours"


def test_an_offer_outside_the_problem_is_no_item() -> None:
    nobody = np.zeros(0, dtype=np.int32)
    ages = nobody.astype(np.float32)
    truth = np.zeros((0, 2), dtype=np.int32)
    problem = Problem(np.array(["a", "b"]), np.array(["x", "y"]), *[nobody] * 3, ages, truth)
    offers = pl.DataFrame(
        {"customer_id": ["b", "b"], "offer_id": ["rare", "y"], "rank": [1, 2]},
        schema_overrides={"rank": pl.Int32},
    )
    found = lists_of(offers, problem)
    assert found.shape == (2, K)
    assert found[1, :2].tolist() == [NOTHING, 1]
