"""`tactful guard prove`: a page about a shop's own bundle; it says what was not tried, too."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tactful.prove.page import check_page, proof_page
from tactful.prove.verdict import Outcome, Proof, Subject, Verdict
from tests.support.command import Run
from training.bundle_dir import read_bundle, write_bundle

IDS = [f"G{number}" for number in range(1, 12)]
TRIED = {"G1", "G2", "G3", "G5", "G6", "G7", "G8", "G9", "G10"}


def outcomes(found: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {verdict["guarantee"]: verdict["outcome"] for verdict in found["verdicts"]}


@pytest.mark.slow
def test_a_sound_shop_is_proved_and_its_page_can_be_checked(
    tactful: Run, bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    page = tmp_path / "proof.html"
    done = tactful(
        *("guard", "prove", "--bundle", bundles[1], "--examples", "8", "--out", page, "--json")
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [verdict["guarantee"] for verdict in found["verdicts"]] == IDS
    assert {name for name, word in outcomes(found).items() if word == "held"} >= TRIED
    assert found["held"] is True
    text = page.read_text()
    assert found["subject"]["bundle_digest"] in text
    assert "no response depends on purchases labelled" in text
    assert not re.search(r'(?:src|href)="', text), "the page is whole in itself"
    assert "no purchases were handed in" in text.casefold()
    assert tactful("guard", "prove", "--check", page).returncode == 0
    page.write_text(text.replace("guarantees held", "guarantees held, all of them"))
    changed = tactful("guard", "prove", "--check", page)
    assert changed.returncode == 1
    assert "was changed" in changed.stdout


@pytest.mark.slow
def test_a_policy_and_purchases_of_ones_own_are_tried_too(
    tactful: Run, bundles: tuple[Path, Path], csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    """Two purchases of nappies make sure that there is something to train without."""
    purchases = tmp_path / "purchases.csv"
    nappies = "c00,diaper-1,2023-11-01,1\nnew,diaper-2,2023-11-02,1\n"
    purchases.write_text(csvs[0].read_text() + nappies)
    policy, config = tmp_path / "guard.yaml", tmp_path / "train.yaml"
    policy.write_text(
        "guard: {version: 7, owner: anna@shop, approved_by: dpo@shop}\npacks: [grocery@1]\n"
    )
    config.write_text(
        f"purchases: {{path: {purchases}}}\ncatalogue: {{path: {csvs[1]}}}\n"
        f"guard: {{policy: {policy}}}\n"
    )
    page = tmp_path / "proof.html"
    done = tactful(
        *("guard", "prove", "--bundle", bundles[1], "--policy", policy, "--config", config),
        *("--examples", "4", "--out", page, "--json"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert outcomes(found)["G4"] == "held"
    assert found["subject"]["policy"] == "7"
    assert found["subject"]["owner"] == "anna@shop"
    assert "dpo@shop" in page.read_text()


@pytest.mark.slow
def test_lists_without_enough_customers_behind_them_fail_with_an_example(
    tactful: Run, bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    """One link that a handful of customers support was put into the bundle."""
    bundle, table = read_bundle(bundles[1])
    rows = len(bundle.item_of_row)
    similar = replace(
        bundle.similar,
        indptr=np.array([0] + [1] * rows, dtype=np.int64),
        rows=np.ones(1, dtype=np.int32),
        weights=np.ones(1, dtype=np.float32),
    )
    # No training made this one: it brings no measurement, and must not name one.
    manifest = bundle.manifest.model_copy(update={"lineage": None})
    changed = replace(bundle, similar=similar, manifest=manifest)
    write_bundle(tmp_path / "b", changed, table, created_at="")
    page = tmp_path / "proof.html"
    done = tactful(
        *("guard", "prove", "--bundle", tmp_path / "b", "--examples", "2", "--out", page, "--json")
    )
    assert done.returncode == 1, done.stderr
    [failed] = [v for v in json.loads(done.stdout)["verdicts"] if v["outcome"] == "failed"]
    assert failed["guarantee"] == "G11"
    assert failed["counterexample"].startswith("similar items: ")
    assert "FAILED" in page.read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--bundle", "nowhere", "--out", "proof.html"),
        ("--bundle", "nowhere"),
        ("--check", "nowhere.html"),
        ("--bundle", "nowhere", "--policy", "nowhere.yaml", "--out", "proof.html"),
    ],
)
def test_bad_input_ends_with_2(tactful: Run, arguments: tuple[str, ...]) -> None:
    done = tactful("guard", "prove", *arguments)
    assert done.returncode == 2
    assert "how to mend it" in done.stderr


def test_a_page_of_something_else_is_bad_input(tactful: Run, tmp_path: Path) -> None:
    page = tmp_path / "other.html"
    page.write_text("<p>hello</p>")
    assert tactful("guard", "prove", "--check", page).returncode == 2


SUBJECT = Subject(
    release="Tactful 1",
    at="2026-01-01T00:00:00Z",
    seed=0,
    examples=1,
    bundle="b",
    bundle_digest="d",
    policy="7",
    policy_digest="e",
    owner="<anna>",
    approved_by="",
    valid_until="",
    from_bundle=False,
    items=(("items", 3),),
)


def test_a_page_names_the_counterexample_and_escapes_what_it_shows(tmp_path: Path) -> None:
    broken = Verdict("G1", Outcome.FAILED, "tried", 3, "it broke", "item <script>")
    page = tmp_path / "p.html"
    page.write_text(proof_page(Proof(SUBJECT, (broken,), 1.0)))
    text = page.read_text()
    assert "1 of 1 guarantees failed: G1" in text
    assert "item &lt;script&gt;" in text
    assert "&lt;anna&gt;" in text
    assert "nobody is named" in text
    assert check_page(page)[0]


def test_what_was_not_run_is_never_called_held() -> None:
    idle = Verdict("G4", Outcome.NOT_RUN, "no purchases were handed in")
    text = proof_page(Proof(SUBJECT, (idle,), 1.0))
    assert "0 of 1 guarantees held; 1 not run: G4" in text
    assert "<b>held</b>" not in text
    assert "<b>not run</b>" in text
