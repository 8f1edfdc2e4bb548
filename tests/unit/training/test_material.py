"""What a training works with, and what its price of the guard may look at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.config import load_config
from training.material import Material, Unmasked, read_material
from training.progress import Silent
from training.told import export_footer, export_header

NOW = 1_767_225_600
"""1 January 2026."""

PURCHASES = """customer_id,item_id,timestamp,quantity
ann,nappy,2025-12-01,1
ann,milk,2025-12-01,1
bob,nappy,2025-12-02,1
bob,milk,2025-12-02,1
cat,milk,2025-12-03,1
cat,ghost,2025-12-03,1
"""
CATALOGUE = """item_id,title,category
milk,Fresh milk,DAIRY > MILK
nappy,Soft and dry,BABY > BABY DIAPERS
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Settings; bob wants nobody to think of infants."""
    (tmp_path / "purchases.csv").write_text(PURCHASES)
    (tmp_path / "catalogue.csv").write_text(CATALOGUE)
    told = {"customer": "bob", "objections": {"infant": {"at": NOW - 86_400}}}
    lines = [export_header(NOW - 1), json.dumps(told), export_footer(1)]
    (tmp_path / "controls.jsonl").write_text("\n".join(lines) + "\n")
    return [
        f"purchases.path={tmp_path}/purchases.csv",
        f"catalogue.path={tmp_path}/catalogue.csv",
        f"guard.controls={tmp_path}/controls.jsonl",
        "purchases.unknown_items=keep",
    ]


def read(*settings: str) -> tuple[Material, Unmasked | None]:
    config = load_config(None, settings)
    return read_material(config, now=NOW, rejected_to=None, progress=Silent())


def bought(made: Material, lines: Unmasked | None = None) -> set[tuple[str, str]]:
    """Customers and items of the view, or of the lines without masks."""
    found = made.visible if lines is None else lines.lines
    ids = made.assortment.catalogue.ids
    return {(found.customers[c], ids[i]) for c, i in zip(found.customer, found.item, strict=True)}


def test_the_view_has_nothing_that_is_locked(files: list[str]) -> None:
    """The unlisted item is gone from the catalogue, too; the listed one is in it."""
    made, _ = read(*files)
    assert bought(made) == {("ann", "milk"), ("bob", "milk"), ("cat", "milk")}
    assert made.assortment.catalogue.ids == ("milk", "nappy")


def test_what_customers_locked_themselves_is_in_neither(files: list[str]) -> None:
    """Packs mask ann's nappies; bob's are masked because he said so."""
    made, unmasked = read(*files)
    assert unmasked is not None
    assert bought(made, unmasked) == bought(made) | {("ann", "nappy")}


@pytest.mark.parametrize("setting", ["evaluation.guard_cost=false", "guard.packs=[]"])
def test_unmasked_lines_are_kept_only_where_a_price_is_wanted(
    files: list[str], setting: str
) -> None:
    _, unmasked = read(*files, setting)
    assert unmasked is None
