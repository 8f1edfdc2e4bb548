"""Any shop gets a bundle, and no file of it depends on what is locked, but for the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dairy import Purchase, population, trained
from training.bundle_dir import read_bundle

FASHION = [
    (f"c{c:02d}", f"milk-{(c + 5 * k) % 12}", 190 - 24 * k - c % 20)
    for c in range(50)
    for k in range(8)
]
"""Fifty customers who never buy an item twice."""
ONE_EACH = [(f"c{c:02d}", f"milk-{c % 12}", c * 3) for c in range(50)]
"""One item a customer: nobody bought both before a window and in it."""


@pytest.mark.parametrize(
    ("purchases", "note"),
    [
        (FASHION, ""),
        (ONE_EACH, "no customer bought both before it and in it"),
        (population(days=7), "quality was not measured, and the shipped defaults are used"),
    ],
    ids=["fashion", "one item a customer", "a week"],
)
def test_any_shop_gets_a_bundle_and_is_told_what_was_done(
    tmp_path: Path, purchases: list[Purchase], note: str
) -> None:
    found = trained(tmp_path, purchases)
    bundle, table = read_bundle(found.directory)
    assert len(table) == len({customer for customer, _, _ in purchases})
    assert len(bundle.offers) == 12
    assert note in "\n".join(found.notes)
    assert bool(found.evaluation) == (not note)


def everything(folder: Path) -> dict[str, bytes]:
    """The files of a bundle directory, but for the report."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "report.html")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_price_of_the_guard_is_told_in_the_report_and_nowhere_else(tmp_path: Path) -> None:
    """Twenty of thirty customers buy nappies: with and without the price, the same files."""
    locked = [(f"c{c:02d}", "nappy", ago) for c in range(20) for ago in (2, 40)]
    priced = trained(tmp_path / "priced", population() + locked)
    free = trained(tmp_path / "free", population() + locked, "evaluation.guard_cost=false")
    assert priced.guard_cost is not None
    assert free.guard_cost is None
    assert everything(priced.directory) == everything(free.directory)
    one, other = (
        (found.directory / "report.html").read_text(encoding="utf-8") for found in (priced, free)
    )
    assert "What the guard costs" in one
    assert "What the guard costs" not in other


def test_locked_evidence_changes_no_file_but_the_report(tmp_path: Path) -> None:
    """With the price of the guard, which looks at it; replenishment aside, whose subject it is."""
    locked = [(f"c{c:02d}", "nappy", ago) for c in range(20) for ago in (2, 40)]
    blind, seeing = (
        everything(trained(tmp_path / name, [*population(), *more]).directory)
        for name, more in (("blind", []), ("seeing", locked))
    )
    assert blind.pop("replenish.jsonl") != seeing.pop("replenish.jsonl")
    assert blind == seeing
