"""`tactful train | evaluate | batch | guard`, from CSV files to files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl

from tests.support import shop
from tests.support.command import Run


def digest(bundle: Path) -> str:
    return str(json.loads((bundle / "manifest.json").read_text())["digest"])


def test_train_tells_what_it_read_how_good_it_is_and_where_it_is(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    done = tactful("train", "--purchases", csvs[0], "--catalogue", csvs[1], "--out", out)
    assert done.returncode == 0, done.stderr
    lines = len(shop.population())
    assert f"read {lines:,} lines" in done.stdout
    assert "personal frequency" in done.stdout
    assert "report.html" in done.stdout
    assert {"manifest.json", "report.html", "evaluation.json", "arrays"} <= {
        path.name for path in out.iterdir()
    }


def test_two_trainings_make_the_same_bundle_and_the_date_does_not_matter(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "again"
    done = tactful("train", "--purchases", csvs[0], "--catalogue", csvs[1], "--out", out, "--json")
    told = json.loads(done.stdout)
    assert told["digest"] == digest(bundles[1])
    assert told["version"].endswith(told["digest"][:10])
    assert told["directory"] == str(out)


def test_set_overrides_a_setting_and_so_the_bundle(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    done = tactful(
        *("train", "--purchases", csvs[0], "--catalogue", csvs[1], "--out", out),
        *("--set", "guard.packs=[]", "--set", "model.factors=4"),
    )
    assert done.returncode == 0, done.stderr
    assert "nothing is guarded" in done.stdout
    assert digest(out) != digest(bundles[1])


def test_a_config_file_is_read_and_options_win_over_it(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    config = tmp_path / "train.yaml"
    config.write_text(f"purchases: {{path: nowhere.csv}}\ncatalogue: {{path: '{csvs[1]}'}}\n")
    out = tmp_path / "bundle"
    done = tactful("train", "--config", config, "--purchases", csvs[0], "--out", out)
    assert done.returncode == 0, done.stderr


def test_batch_writes_the_promised_columns_for_everybody(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "recs.parquet"
    done = tactful(
        *("batch", "--bundle", bundles[1], "--purchases", csvs[0], "--n", "5", "--out", out)
    )
    assert done.returncode == 0, done.stderr
    table = pl.read_parquet(out)
    assert table.columns == ["customer_id", "rank", "offer_id", "score"]
    assert table["customer_id"].n_unique() == 40
    assert table["rank"].max() == 5


def test_batch_takes_a_list_of_customers_and_only_what_is_new(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    chosen = tmp_path / "customers.txt"
    chosen.write_text("c01\n\nc02\nnobody\n")
    out = tmp_path / "recs.parquet"
    done = tactful(
        *("batch", "--bundle", bundles[1], "--purchases", csvs[0], "--customers", chosen),
        *("--new-only", "--n", "3", "--out", out, "--json"),
    )
    assert json.loads(done.stdout) == {"file": str(out), "customers": 3, "rows": 9}
    bought = {(customer, item) for customer, item, _ in shop.population()}
    offered = set(pl.read_parquet(out).select("customer_id", "offer_id").iter_rows())
    assert not bought & offered


def test_batch_for_a_channel_that_goes_out_holds_no_own_purchases(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "recs.parquet"
    names = ("batch", "--bundle", bundles[1], "--purchases", csvs[0], "--out", out, "--channel")
    done = tactful(*names, "email")
    assert done.returncode == 0, done.stderr
    bought = {(customer, item) for customer, item, _ in shop.population()}
    offered = set(pl.read_parquet(out).select("customer_id", "offer_id").iter_rows())
    assert offered
    assert not bought & offered
    refused = tactful(*names, "fax")
    assert refused.returncode == 2
    assert "email" in refused.stderr


def test_batch_counts_aloud_who_is_repeated_or_unknown_and_takes_a_byte_order_mark(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    chosen = tmp_path / "customers.txt"
    chosen.write_bytes("c01\r\nnobody\r\nc02\r\nc01\r\n".encode("utf-8-sig"))
    done = tactful(
        *("batch", "--bundle", bundles[1], "--purchases", csvs[0], "--customers", chosen),
        *("--out", tmp_path / "recs.parquet", "--json"),
    )
    assert json.loads(done.stdout)["customers"] == 3
    assert "repeated lines in the list of customers: 1;" in done.stderr
    assert "whom the purchases do not have: 1 of 3;" in done.stderr


def test_batch_refuses_what_can_be_no_id_and_names_its_line(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    chosen = tmp_path / "customers.txt"
    chosen.write_text(f"c01\n\n{'x' * 300}\n")
    done = tactful(
        *("batch", "--bundle", bundles[1], "--purchases", csvs[0], "--customers", chosen),
        *("--out", tmp_path / "recs.parquet"),
    )
    assert done.returncode == 2
    assert "customers.txt, line 3: the customer id has 300 characters" in done.stderr


def test_evaluate_measures_against_what_came_later(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "found.json"
    done = tactful("evaluate", "--bundle", bundles[0], "--holdout", csvs[0], "--json", out)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(out.read_text())
    assert found["methods"][0]["name"] == "Tactful"
    assert found["customers_all"] > 0
    assert "popularity" in done.stdout


def test_evaluate_without_later_purchases_is_bad_input(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path]
) -> None:
    done = tactful("evaluate", "--bundle", bundles[1], "--holdout", csvs[0])
    assert done.returncode == 2
    assert "newer than the bundle" in done.stderr


def test_a_full_disk_while_training_is_a_clear_error_and_changes_nothing(
    csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    """Simulated with a limit on the size of files; an older bundle in the place stays whole."""
    out = tmp_path / "out" / "bundle"
    out.parent.mkdir()
    subprocess.run(["cp", "-r", bundles[0], out], check=True)  # noqa: S603, S607
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "tactful", "train", "--out", str(out)]
    files = ["--purchases", str(csvs[0]), "--catalogue", str(csvs[1])]
    done = subprocess.run(  # noqa: S603
        ["bash", "-c", 'ulimit -f 8; exec "$@"', "-", *command, *files],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert [path.name for path in out.parent.iterdir()] == ["bundle"]


def test_guard_lint_and_preview_say_what_a_policy_does(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    policy = tmp_path / "guard.yaml"
    policy.write_text(
        "guard: {version: 7}\npacks: [grocery@1]\n"
        "life_events: {hunting: {policy: block, evidence: {keyword: [bread no 1]}}}\n"
    )
    lint = tactful("guard", "lint", policy, "--json")
    assert json.loads(lint.stdout)["version"] == 7
    preview = tactful("guard", "preview", policy, "--catalogue", csvs[1], "--json")
    events = {event["id"]: event for event in json.loads(preview.stdout)["events"]}
    assert events["hunting"]["evidence"] == 1
    assert [item["title"] for item in events["hunting"]["examples"]] == ["bread no 1"]
    shown = tactful("guard", "preview", policy, "--catalogue", csvs[1])
    assert "hunting" in shown.stdout


def test_sigterm_while_a_bundle_is_written_leaves_no_draft(
    csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    """The signal is sent as soon as the draft is there; the training may still win the race."""
    out = tmp_path / "out" / "bundle"
    out.parent.mkdir()
    files = ("--out", out, "--purchases", csvs[0], "--catalogue", csvs[1])
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tactful", "train", *map(str, files)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not any(out.parent.iterdir()):
        pass
    process.terminate()
    assert process.wait(20) in {0, 143}
    assert [path.name for path in out.parent.iterdir()] in ([], ["bundle"])


def test_training_without_a_catalogue_is_told_to_name_one(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    done = tactful("train", "--purchases", csvs[0], "--out", tmp_path / "bundle")
    assert done.returncode == 2
    assert "no purchase is left" in done.stderr
    assert "--catalogue" in done.stderr


def test_an_expired_policy_is_an_error_of_lint_and_is_shown_as_what_it_is(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    """It may begin with a byte order mark, as some editors write it."""
    policy = tmp_path / "guard.yaml"
    text = "guard: {{version: 7, valid_until: {}}}\npacks: [grocery@1]\n"
    for until, expired in (("2020-01-01", True), ("2999-12-31", False)):
        policy.write_text(text.format(until), encoding="utf-8-sig")
        lint = ("guard", "lint", policy)
        preview = ("guard", "preview", policy, "--catalogue", csvs[1])
        for command in (lint, preview):
            done = tactful(*command)
            if command is lint and expired:
                assert done.returncode == 2
                assert "the policy ended on 2020-01-01: everything is locked" in done.stderr
                assert "can be applied" not in done.stdout
            else:
                assert done.returncode == 0, done.stderr
                assert ("it expired on 2020-01-01" in done.stdout) == expired
            told = json.loads(tactful(*command, "--json").stdout)
            assert (told["valid_until"], told["expired"]) == (until, expired)


def test_guard_lint_names_the_line_and_the_nearest_key(tactful: Run, tmp_path: Path) -> None:
    policy = tmp_path / "guard.yaml"
    policy.write_text("packs: [grocery@1]\nlife_event: {}\n")
    done = tactful("guard", "lint", policy)
    assert done.returncode == 2
    assert "guard.yaml" in done.stderr
    assert "life_events" in done.stderr
