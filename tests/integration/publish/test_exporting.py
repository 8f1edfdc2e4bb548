"""`tactful controls export`: what customers have told us, whole, sorted, dated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from redis import Redis

from recommender.controls import Controls, dump_controls
from recommender.errors import InputError, StorageError, StoreError
from recommender.keys import Keys
from training.publish import Publisher
from training.publishing.exporting import CLOCKS_DIFFER, export_controls
from training.told import read_export

NOW = 1_767_225_600
"""2026-01-01T00:00:00Z."""


def store(client: Redis, keys: Keys, *told: Controls) -> None:
    for controls in told:
        client.set(keys.controls(controls.customer), dump_controls(controls))


def objecting(customer: str, until: int | None = None) -> Controls:
    term = {"at": 1, "until": until}
    return Controls.model_validate({"customer": customer, "objections": {"alcohol": term}})


def shown(_done: int, _total: int) -> None:
    """Shows nothing."""


def test_what_was_exported_is_what_training_reads(
    client: Redis, keys: Keys, tmp_path: Path
) -> None:
    told = [objecting(customer) for customer in ("Zoë", "ada", 'b"o\\b', "9")]
    store(client, keys, *told)
    out = tmp_path / "new" / "controls.jsonl"
    found = Publisher(client, keys, lambda: NOW).export_controls(out, shown)
    assert found == (NOW - CLOCKS_DIFFER, 4)
    export = read_export(out)
    assert export.taken_at == NOW - CLOCKS_DIFFER
    assert export.controls == {controls.customer: controls for controls in told}
    first, *lines, last = out.read_text(encoding="utf-8").splitlines()
    assert json.loads(first) == {"tactful_controls": 1, "taken_at": NOW - CLOCKS_DIFFER}
    assert json.loads(last) == {"customers": 4}
    assert [json.loads(line)["customer"] for line in lines] == ["9", "Zoë", "ada", 'b"o\\b']


def test_what_holds_no_more_is_not_exported(client: Redis, keys: Keys, tmp_path: Path) -> None:
    store(client, keys, objecting("old", NOW), objecting("new", NOW + 1))
    out = tmp_path / "controls.jsonl"
    Publisher(client, keys, lambda: NOW).export_controls(out, shown)
    assert list(read_export(out).controls) == ["new"]


def test_an_export_of_nobody_is_whole(client: Redis, keys: Keys, tmp_path: Path) -> None:
    out = tmp_path / "controls.jsonl"
    Publisher(client, keys, lambda: NOW).export_controls(out, shown)
    assert read_export(out).taken_at == NOW - CLOCKS_DIFFER
    assert not read_export(out).controls


def test_an_export_that_was_cut_anywhere_is_refused(
    client: Redis, keys: Keys, tmp_path: Path
) -> None:
    store(client, keys, *(objecting(f"k{n}") for n in range(5)))
    out = tmp_path / "controls.jsonl"
    Publisher(client, keys, lambda: NOW).export_controls(out, shown)
    whole = out.read_bytes()
    cut = tmp_path / "cut.jsonl"
    for length in range(len(whole) - 1):  # without its very last byte, a line end, nothing lacks
        cut.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_export(cut)


def test_only_controls_are_exported_and_progress_ends_at_all(
    client: Redis, keys: Keys, tmp_path: Path
) -> None:
    client.set(keys.events("ada"), b"a live record")
    steps: list[tuple[int, int]] = []
    export_controls(
        client,
        keys,
        tmp_path / "c.jsonl",
        now=NOW,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == []
    store(client, keys, *(objecting(f"c{n:04}") for n in range(2_500)))
    out = tmp_path / "c.jsonl"
    # So few bytes at once that many sorted runs are merged.
    _, customers = export_controls(
        client,
        keys,
        out,
        now=NOW,
        progress=lambda done, total: steps.append((done, total)),
        run_bytes=10_000,
    )
    assert customers == 2_500
    assert steps[-1] == (2_500, 2_500)
    assert list(read_export(out).controls) == [f"c{n:04}" for n in range(2_500)]
    assert [path.name for path in tmp_path.iterdir()] == ["c.jsonl"]


@pytest.mark.parametrize(
    ("record", "why"),
    [(b"torn", "cannot be read"), (dump_controls(objecting("eve")), "of another customer")],
)
def test_a_record_that_cannot_be_trusted_stops_the_export(
    client: Redis, keys: Keys, tmp_path: Path, record: bytes, why: str
) -> None:
    """Without it nobody would know what its customer objects to; the old file stays."""
    client.set(keys.controls("ada"), record)
    out = tmp_path / "controls.jsonl"
    out.write_text("the old export")
    with pytest.raises(StoreError, match=why):
        Publisher(client, keys, lambda: NOW).export_controls(out, shown)
    assert out.read_text() == "the old export"
    assert [path.name for path in tmp_path.iterdir()] == ["controls.jsonl"]


def test_a_place_that_cannot_be_written_is_said(client: Redis, keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        Publisher(client, keys, lambda: NOW).export_controls(tmp_path / "file" / "c.jsonl", shown)
