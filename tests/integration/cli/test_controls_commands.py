"""`tactful controls export`, and the commands that take the file."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from recommender.controls import Controls, Term, dump_controls
from recommender.keys import Keys
from recommender.times import iso_utc
from tactful.embedded import connect, embedded_server
from tests.support import shop
from tests.support.command import Run

AT = shop.AS_OF + 3 * shop.DAY
MUTED = Controls(customer="c03", too_personal={"tea": Term(at=shop.AS_OF)})


def store(state: Path, *told: Controls) -> None:
    """Puts controls into the command's own server, as the service does."""
    with embedded_server(state) as url, connect(url) as client:
        for controls in told:
            client.set(Keys().controls(controls.customer), dump_controls(controls))


def manifest(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "manifest.json").read_text())
    return found


def test_an_export_goes_into_a_training_that_can_be_made_again(
    tactful: Run, state: Path, csvs: tuple[Path, Path], tmp_path: Path
) -> None:
    store(state, MUTED)
    out = tmp_path / "controls.jsonl"
    done = tactful("controls", "export", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["file"], told["customers"]) == (str(out), 1)
    files = ("train", "--purchases", csvs[0], "--catalogue", csvs[1], "--controls", out)
    made = []
    for name in ("one", "two"):
        done = tactful(*files, "--out", tmp_path / name, "--at", iso_utc(AT))
        assert done.returncode == 0, done.stderr
        assert "export of controls was taken on" in done.stdout
        made.append(manifest(tmp_path / name))
    assert made[0]["digest"] == made[1]["digest"]
    assert made[0]["controls_at"] == told["taken_at"]
    assert made[0]["created_at"].startswith(iso_utc(AT)[:10])


def test_an_export_says_how_many_customers_and_until_when(
    tactful: Run, state: Path, tmp_path: Path
) -> None:
    store(state, MUTED, Controls(customer="c04", forgotten={"tea-1": 5}))
    done = tactful("controls", "export", "--out", tmp_path / "c.jsonl")
    assert done.returncode == 0, done.stderr
    assert "what 2 customers have told us until 20" in done.stdout


def test_an_export_is_its_owners_and_replaces_nothing_unasked(
    tactful: Run, state: Path, tmp_path: Path
) -> None:
    store(state, MUTED)
    out = tmp_path / "c.jsonl"
    out.write_text("kept")
    refused = tactful("controls", "export", "--out", out)
    assert refused.returncode == 2
    assert "is there already" in refused.stderr
    assert "--replace" in refused.stderr
    assert out.read_text() == "kept"
    done = tactful("controls", "export", "--out", out, "--replace")
    assert done.returncode == 0, done.stderr
    assert "c03" in out.read_text()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_an_unreadable_record_ends_with_1_and_leaves_no_file(
    tactful: Run, state: Path, tmp_path: Path
) -> None:
    with embedded_server(state) as url, connect(url) as client:
        client.set(Keys().controls("c03"), b"torn")
    done = tactful("controls", "export", "--out", tmp_path / "c.jsonl")
    assert done.returncode == 1
    assert "cannot be exported" in done.stderr
    assert not (tmp_path / "c.jsonl").exists()


def test_batch_and_evaluate_take_the_file(
    tactful: Run, csvs: tuple[Path, Path], bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    told = tmp_path / "controls.jsonl"
    told.write_bytes(
        b'{"tactful_controls": 1, "taken_at": %d}\n%b\n{"customers": 1}\n'
        % (shop.AS_OF, dump_controls(MUTED))
    )
    out = tmp_path / "recs.parquet"
    names = ("--bundle", bundles[1], "--purchases", csvs[0], "--n", "10", "--out", out)
    done = tactful("batch", *names, "--controls", told)
    assert done.returncode == 0, done.stderr
    assert "days ago: what customers told us since is not in it" in done.stderr
    offers = pl.read_parquet(out).filter(pl.col("customer_id") == "c03")["offer_id"].to_list()
    assert len(offers) == 10
    assert not [offer for offer in offers if offer.startswith("tea")]
    done = tactful(
        *("evaluate", "--bundle", bundles[0], "--holdout", csvs[0], "--controls", told),
        *("--set", "guard.controls=null"),
    )
    assert done.returncode == 0, done.stderr
    assert "changes nothing here" not in done.stderr


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--at", "yesterday"), "--at yesterday is no date"),
        (("--at", "2026-01-01T10:00"), "has no offset from UTC"),
        (("--at", "2999-01-01"), "lies ahead"),
        (("--controls", "nowhere.jsonl"), "there is no file nowhere.jsonl"),
    ],
)
def test_what_cannot_be_meant_is_bad_input(
    tactful: Run, csvs: tuple[Path, Path], tmp_path: Path, options: tuple[str, str], what: str
) -> None:
    names = ("--purchases", csvs[0], "--catalogue", csvs[1], "--out", tmp_path / "b")
    done = tactful("train", *names, *options)
    assert done.returncode == 2
    assert what in done.stderr
    assert not (tmp_path / "b").exists()
