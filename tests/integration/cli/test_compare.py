"""`tactful compare`: which of two bundles is better, in words, tables and JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from recommender.types import CustomerId
from tests.support.command import Run, run_tactful
from training.outcomes import FILE, METRICS, Answers, Outcomes, outcomes_file

CUSTOMERS = tuple(CustomerId(f"c{c:02d}") for c in range(40))
DAY = 86_400


def recorded(values: Sequence[float], *, since: int = 0) -> bytes:
    """What a training would have recorded of its customers; every second one is heavy."""
    answers = Answers(
        CUSTOMERS[: len(values)],
        tuple("light" if c % 2 else "heavy" for c in range(len(values))),
        dict.fromkeys(METRICS, np.array(values)),
    )
    nobody = Answers((), (), dict.fromkeys(METRICS, np.empty(0)))
    window = Outcomes(10, since, since + 28 * DAY, {"all": answers, "new": nobody}, 0)
    return outcomes_file([window])


@pytest.fixture
def pair(bundles: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Copies of both bundles; nothing is recorded in them."""
    copies = []
    for name, bundle in zip("ab", bundles, strict=True):
        copies.append(Path(shutil.copytree(bundle, tmp_path / name)))
        (copies[-1] / FILE).unlink(missing_ok=True)
    return copies[0], copies[1]


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory, bundles: tuple[Path, Path]) -> Path:
    """A bundle of another shop: its items have other names."""
    folder = tmp_path_factory.mktemp("other")
    purchases = folder / "purchases.csv"
    rows = [f"c{c},x-{c % 5},2026-01-{day:02d},1" for c in range(20) for day in (1, 9, 17)]
    purchases.write_text("\n".join(["customer_id,item_id,timestamp,quantity", *rows]) + "\n")
    items = folder / "items.csv"
    items.write_text("item_id,title\n" + "".join(f"x-{i},thing {i}\n" for i in range(5)))
    out = folder / "bundle"
    done = run_tactful(
        *("train", "--purchases", purchases, "--catalogue", items, "--out", out),
        state=folder / "state",
    )
    assert done.returncode == 0, done.stderr
    return out


def test_what_the_trainings_recorded_decides_and_the_first_line_says_how(
    tactful: Run, pair: tuple[Path, Path]
) -> None:
    """.3 on average against .2 of the same 40 customers, half as much again for each."""
    a, b = pair
    values = np.linspace(0, 0.4, 40)
    (a / FILE).write_bytes(recorded(values.tolist()))
    (b / FILE).write_bytes(recorded((1.5 * values).tolist()))
    done = tactful("compare", a, b)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "B is better for anything: NDCG@10 .3000 against .2000, +50.0 % (95 %: +50.0 % to "
        "+50.0 %), sure > 99.9 %; for new items there was nothing to measure.\n"
    )
    assert "heavy customers (20)" in done.stdout
    assert "40 customers bought anything, after 1970-01-01 up to 1970-01-29" in done.stdout


def test_the_verdict_turns_with_the_two_and_the_exit_code_does_not(
    tactful: Run, pair: tuple[Path, Path]
) -> None:
    a, b = pair
    (a / FILE).write_bytes(recorded([0.5] * 40))
    (b / FILE).write_bytes(recorded([0.4] * 40))
    done = tactful("compare", a, b, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["verdict"].startswith("B is worse for anything")
    assert told["questions"]["all"]["ndcg"]["difference"] == -0.1
    assert set(told["segments"]["all"]) == {"light", "heavy"}
    assert told["a"]["directory"] == str(a)
    assert told["windows"] == [[0, 28 * DAY]]


def test_a_bundle_against_itself_is_equal_and_told_so(
    tactful: Run, pair: tuple[Path, Path]
) -> None:
    a, _ = pair
    (a / FILE).write_bytes(recorded([0.5] * 40))
    done = tactful("compare", a, a)
    assert done.returncode == 0
    assert done.stdout.startswith("For anything A and B are equal for every customer")
    assert "A and B hold the same bundle" in done.stderr


def test_a_holdout_measures_both_on_what_came_later(
    tactful: Run, csvs: tuple[Path, Path], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    """The second one knows four factors only; nothing that was recorded is needed."""
    a, _ = pair
    older = a.with_name("fewer")
    purchases = tmp_path / "older.csv"
    lines = csvs[0].read_text().splitlines(keepends=True)
    cut = json.loads((a / "manifest.json").read_text())["as_of"]
    day = str(np.datetime64(cut, "s"))[:10]
    kept = [line for line in lines[1:] if line.split(",")[2][:10] <= day]
    purchases.write_text("".join([lines[0], *kept]))
    made = tactful(
        *("train", "--purchases", purchases, "--catalogue", csvs[1], "--out", older),
        *("--set", "model.factors=4"),
    )
    assert made.returncode == 0, made.stderr
    compare = ("compare", a, older, "--holdout", csvs[0], "--n", "5", "--json")
    done = tactful(*compare)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["n"] == 5
    assert told["windows"][0][0] == cut
    assert 0 < told["questions"]["all"]["ndcg"]["customers"] <= 40
    informed = tactful(*compare, "--purchases", csvs[0])
    assert informed.returncode == 0, informed.stderr
    assert json.loads(informed.stdout)["windows"] == told["windows"]


def test_a_holdout_that_ends_before_the_newer_one_is_bad_input(
    tactful: Run, csvs: tuple[Path, Path], pair: tuple[Path, Path]
) -> None:
    """And what the two have seen is told."""
    done = tactful("compare", *pair, "--holdout", csvs[0])
    assert done.returncode == 2
    assert "no visible purchase after 14 November 2023" in done.stderr
    assert "A knows purchases up to 15 October 2023, B up to 14 November 2023" in done.stderr


def test_without_a_record_and_without_a_holdout_the_error_says_what_to_hand_in(
    tactful: Run, pair: tuple[Path, Path]
) -> None:
    done = tactful("compare", *pair)
    assert done.returncode == 2
    assert f"a has no {FILE}" in done.stderr
    assert "--holdout" in done.stderr


def test_records_of_different_windows_are_bad_input(tactful: Run, pair: tuple[Path, Path]) -> None:
    for since, bundle in enumerate(pair):
        (bundle / FILE).write_bytes(recorded([0.5] * 40, since=since))
    done = tactful("compare", *pair)
    assert done.returncode == 2
    assert "not measured on the same window" in done.stderr
    assert "--holdout" in done.stderr


def test_options_that_mean_nothing_without_a_holdout_are_bad_input(
    tactful: Run, csvs: tuple[Path, Path], pair: tuple[Path, Path]
) -> None:
    a, b = pair
    for bundle in pair:
        (bundle / FILE).write_bytes(recorded([0.5] * 40))
    for option in (("--purchases", csvs[0]), ("--set", "evaluation.n=5"), ("--controls", csvs[0])):
        done = tactful("compare", a, b, *option)
        assert done.returncode == 2
        assert f"{option[0]} has no effect without --holdout" in done.stderr
    done = tactful("compare", a, b, "--n", "5")
    assert done.returncode == 2
    assert "the trainings measured lists of 10 offers" in done.stderr
    assert tactful("compare", a, b, "--n", "10").returncode == 0


def test_bundles_of_different_shops_and_directories_without_one_are_bad_input(
    tactful: Run, pair: tuple[Path, Path], other: Path, tmp_path: Path
) -> None:
    done = tactful("compare", pair[0], other)
    assert done.returncode == 2
    assert "know no item in common" in done.stderr
    done = tactful("compare", pair[0], tmp_path / "nowhere")
    assert done.returncode == 2
    assert "is no bundle directory" in done.stderr


def test_a_damaged_record_is_bad_input(tactful: Run, pair: tuple[Path, Path]) -> None:
    (pair[0] / FILE).write_bytes(b"PAR1 no more")
    done = tactful("compare", pair[0], pair[0])
    assert done.returncode == 2
    assert "holds no outcomes" in done.stderr
    assert "Traceback" not in done.stderr
