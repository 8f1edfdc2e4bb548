"""What customers have told us, as an input of training: dated, and the same again."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from recommender.errors import InputError, NotFound
from recommender.index import BundleIndex
from recommender.types import CustomerId
from training.batch import batch
from training.bundle_dir import read_bundle
from training.config import load_config
from training.history import learn, visible_history
from training.pipeline import TrainResult, train
from training.progress import Silent
from training.reading.shop import read_history
from training.replenishing import FILE, read_replenish_file
from training.told import Export, export_footer, export_header, read_export

NOW = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
LAST = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())
TAKEN_AT = int(NOW) - 86_400
DAY = 86_400
MILK = [f"milk-{i}" for i in range(8)]
TEST = "test"
"""A pregnancy test: evidence, whoever buys it."""
TERM = {"at": TAKEN_AT - DAY}
LEAVE: dict[str, Any] = {
    "declarations": {"pregnancy": TERM | {"source": "preference_centre"}},
    "consents": {"pregnancy": {"history": TERM}},
}

Purchase = tuple[str, str, int]
"""Customer, item, and days before `LAST`."""
Told = Mapping[str, Mapping[str, Any]]


def population() -> list[Purchase]:
    chance = random.Random(2)
    bought = [
        (f"c{c:02d}", item, chance.randrange(180))
        for c in range(24)
        for item in [*chance.sample(MILK, 4), MILK[0]] * 6
    ]
    bought += [(f"c{c:02d}", "cream", 5 + c) for c in range(24)]
    return [*bought, ("c00", MILK[0], 0)]


TESTS: list[Purchase] = [(f"c{c:02d}", TEST, 3 + c) for c in range(6)]
NAPPIES: list[Purchase] = [("c01", "nappy", day) for day in (9, 30, 60)]


def export(folder: Path, told: Told, taken_at: int = TAKEN_AT) -> Path:
    """A file as `tactful controls export` writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "controls.jsonl"
    lines = [json.dumps({"customer": customer} | dict(told[customer])) for customer in sorted(told)]
    path.write_text(
        "\n".join([export_header(taken_at), *lines, export_footer(len(lines))]) + "\n",
        encoding="utf-8",
    )
    return path


def files(folder: Path, purchases: Iterable[Purchase]) -> list[str]:
    """Settings that name the shop's files, which this writes."""
    folder.mkdir(parents=True, exist_ok=True)
    customers, items, days = zip(*purchases, strict=True)
    pl.DataFrame(
        {
            "customer_id": customers,
            "item_id": items,
            "timestamp": [LAST - day * DAY for day in days],
            "quantity": [1] * len(days),
        }
    ).write_parquet(folder / "purchases.parquet")
    pl.DataFrame(
        {
            "item_id": [*MILK, "cream", "nappy", TEST],
            "title": [*(f"Milk number {i}" for i in range(8)), "Cream", "Soft", "Two lines"],
            "category": ["DAIRY > MILK"] * 8
            + ["DAIRY > CREAM", "BABY > BABY DIAPERS", "HEALTH > PREGNANCY TEST KITS"],
        }
    ).write_parquet(folder / "catalogue.parquet")
    small = ("model.factors=4", "model.iterations=2", "model.threads=1", "model.min_support=1")
    found = [f"{name}.path={folder}/{name}.parquet" for name in ("purchases", "catalogue")]
    return [*found, *small, "tuning.trials=20", "evaluation.bootstrap=20"]


def trained(
    folder: Path,
    purchases: Iterable[Purchase],
    told: Told | None = None,
    *,
    taken_at: int = TAKEN_AT,
    now: float = NOW,
) -> TrainResult:
    settings = files(folder, purchases)
    if told is not None:
        settings.append(f"guard.controls={export(folder, told, taken_at)}")
    return train(load_config(None, settings), folder / "bundle", now=now, progress=Silent())


def views(result: TrainResult) -> dict[str, set[str]]:
    """Customer -> items of the learned record."""
    bundle, table = read_bundle(result.directory)
    index = BundleIndex(bundle)
    return {
        customer: {index.item_id(row) for row in table.view(c).rows.tolist()}
        for c, customer in enumerate(table.customers)
    }


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return trained(tmp_path_factory.mktemp("untold"), [*population(), *TESTS, *NAPPIES])


# ---- training ---------------------------------------------------------------------------------


def test_the_same_purchases_controls_and_moment_give_the_same_digest(tmp_path: Path) -> None:
    told: Told = {"c00": LEAVE, "c02": {"forgotten": {"cream": LAST}}}
    bought = [*population(), *TESTS]
    one, two = (trained(tmp_path / name, bought, told) for name in ("one", "two"))
    assert one.manifest.digest == two.manifest.digest
    assert one.manifest.controls_at == TAKEN_AT
    assert trained(tmp_path / "three", bought).manifest.digest != one.manifest.digest


def test_leave_makes_exactly_that_customers_rows_appear(
    tmp_path: Path, untold: TrainResult
) -> None:
    before = views(untold)
    after = views(trained(tmp_path, [*population(), *TESTS, *NAPPIES], {"c00": LEAVE}))
    assert not [items for items in before.values() if TEST in items]
    assert after == before | {"c00": before["c00"] | {TEST}}


def test_leave_that_has_ended_makes_nothing_appear(tmp_path: Path, untold: TrainResult) -> None:
    ended = {"pregnancy": {"history": TERM | {"until": int(NOW)}}}
    told: Told = {"c00": LEAVE | {"consents": ended}}
    bought = [*population(), *TESTS, *NAPPIES]
    assert views(trained(tmp_path / "now", bought, told)) == views(untold)
    again = trained(tmp_path / "then", bought, told, now=NOW - 1)
    assert TEST in views(again)["c00"]


def test_forgotten_gifts_and_too_personal_lines_vanish(tmp_path: Path, untold: TrainResult) -> None:
    told: Told = {
        "c03": {"forgotten": {"cream": LAST, "milk-0": 1}},
        "c04": {"gifts": {"cream": TERM | {"until": int(NOW) + DAY}}},
        "c05": {"too_personal": {"cream": TERM}},
    }
    before = views(untold)
    after = views(trained(tmp_path, [*population(), *TESTS, *NAPPIES], told))
    changed = {c: before[c] - {"cream"} for c in ("c03", "c04", "c05")}
    assert after == before | changed


def test_locked_evidence_changes_nothing_with_controls_present_either(tmp_path: Path) -> None:
    """Guard G4: what only those may see who gave leave stays the same too."""
    told: Told = {"c00": LEAVE, "c01": {"objections": {"pregnancy": TERM}}, "c02": LEAVE}
    own = [line for line in TESTS if line[0] in ("c00", "c02")]
    digests = {
        trained(tmp_path / name, [*population(), *own, *locked], told).manifest.digest
        for name, locked in (
            ("without", []),
            ("with", [line for line in TESTS if line not in own]),
            ("more", [("c01", TEST, day) for day in range(9)] + [("new", TEST, 1), *NAPPIES]),
        )
    }
    assert len(digests) == 1


def test_only_what_customers_let_come_back_is_kept_for_it(
    tmp_path: Path, untold: TrainResult
) -> None:
    def kept(result: TrainResult) -> dict[str, int]:
        content = (result.directory / FILE).read_bytes()
        return {customer: len(bought) for customer, bought in read_replenish_file(content)}

    everybody = [*population(), *((c, i, d) for c in ("c01", "c02", "c03") for _, i, d in NAPPIES)]
    told: Told = {
        "c01": {"objections": {"infant": TERM}},
        "c02": {"forgotten": {"nappy": LAST - 20 * DAY}},
    }
    assert kept(untold) == {"c01": 3}
    assert kept(trained(tmp_path, everybody, told)) == {"c02": 1, "c03": 3}


def test_the_age_of_an_export_is_noted(tmp_path: Path, untold: TrainResult) -> None:
    assert not [note for note in untold.notes if "export" in note]
    old = trained(tmp_path / "old", population(), {}, taken_at=int(NOW) - 31 * DAY)
    assert [n for n in old.notes if "2026-01-29" in n and "31 days ago" in n]
    ahead = trained(tmp_path / "ahead", population(), {}, taken_at=int(NOW) + 1)
    assert [note for note in ahead.notes if "after the moment" in note]
    assert not Export(TAKEN_AT).notes(NOW)


# ---- evaluate, batch --------------------------------------------------------------------------


def test_a_batch_hears_what_customers_told(tmp_path: Path, untold: TrainResult) -> None:
    index = BundleIndex(read_bundle(untold.directory)[0])
    config = load_config(None, files(tmp_path, [*population(), *TESTS]))
    shop = read_history(config, now=NOW)
    told = read_export(
        export(
            tmp_path,
            {
                "c03": {"too_personal": {"cream": TERM}},
                "nobody": {"too_personal": {"milk": TERM}},
            },
        )
    ).controls

    def offered(controls: Any) -> dict[str, set[str]]:
        table = batch(
            index,
            shop.interactions,
            shop.catalogue.ids,
            now=NOW,
            customers=[CustomerId("c03"), CustomerId("c06"), CustomerId("nobody")],
            n=9,
            controls=controls,
        )
        rows = table.select("customer_id", "offer_id").rows()
        return {c: {o for who, o in rows if who == c} for c in ("c03", "c06", "nobody")}

    before, after = offered(None), offered(told)
    assert before["c03"] == {*MILK, "cream"}
    assert after["c03"] == set(MILK)
    assert after["nobody"] == {"cream"}
    assert after["c06"] == before["c06"]


def test_a_history_is_read_as_its_customers_told(tmp_path: Path, untold: TrainResult) -> None:
    """An item that the bundle's catalogue lacks has no category, and stays masked."""
    index = BundleIndex(read_bundle(untold.directory)[0])
    bought = [("c00", "cream", 3), ("c00", MILK[0], 3), ("c00", TEST, 3), ("c00", "strange", 3)]
    shop = read_history(load_config(None, files(tmp_path, bought)), now=NOW)
    told = read_export(export(tmp_path, {"c00": LEAVE | {"too_personal": {"cream": TERM}}}))
    visible = visible_history(
        index, shop.interactions, shop.catalogue.ids, now=NOW, controls=told.controls
    )
    assert {shop.catalogue.ids[item] for item in visible.lines.item.tolist()} == {MILK[0], TEST}
    assert len(learn(index, visible)) == 1


# ---- the file ---------------------------------------------------------------------------------


def test_no_path_is_no_export() -> None:
    assert read_export(None).controls == {}
    assert read_export(None).taken_at == 0


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        read_export(tmp_path / "controls.jsonl")
    with pytest.raises(InputError, match="cannot be read as text"):
        read_export(tmp_path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is no export of controls: ''"),
        ("{}", "is no export of controls"),
        ("[]", "is no export of controls"),
        ("customer,objections", "is no export of controls"),
        ('{"tactful_controls": 2, "taken_at": 5}', "has format 2, this release reads 1"),
        ('{"tactful_controls": 1, "taken_at": "today"}', "line 1: taken_at is 'today'"),
        ('{"tactful_controls": 1, "taken_at": true}', "line 1: taken_at is True"),
        ('{"tactful_controls": 1, "taken_at": 0}', "line 1: taken_at is 0"),
        ('H\n{"customer": "a"', "line 2: the line = "),
        ('H\n{"customer": "a"}\n{"customer": "b", "wishes": {}}', "line 3: wishes = {}"),
        ('H\n{"customer": "a", "objections": {"x": {"at": "y"}}}', "line 2: objections.x.at = 'y'"),
        ('H\n{"forgotten": {"tea": 1}}', "line 2: the customer id is empty"),
        ('H\n{"customer": "a"}\n{"customer": "a"}', "line 3: customer 'a' stands after 'a'"),
        ('H\n{"customer": "b"}\n{"customer": "a"}', "line 3: customer 'a' stands after 'b'"),
        ('H\n\n{"customer": "a"}', "line 2: the line = "),
        (f'H\n{{"customer": "{"x" * 257}"}}', "line 2: "),
        ("H\n", "ends after 0 customers without the line that counts them"),
        ('H\n{"customer": "a"}\n', "ends after 1 customers without the line that counts them"),
        ('H\n{"customer": "a"}\n{"customers": 2}\n', "after 1 lines of customers"),
        ('H\n{"customer": "a"}\n{"customers": 0}\n', "after 1 lines of customers"),
        ('H\n{"customers": true}\n', "after 0 lines of customers"),
        ('H\n{"customers": 0}\n{"customer": "a"}\n', "line 2: something follows the last line"),
    ],
)
def test_what_the_export_does_not_write_is_refused(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "controls.jsonl"
    path.write_text(text.replace("H\n", f"{export_header(TAKEN_AT)}\n"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_export(path)
    assert what in caught.value.what
    assert str(path) in caught.value.what
    assert "export" in caught.value.hint


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "controls.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as text"):
        read_export(path)
