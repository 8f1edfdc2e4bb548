"""The invented shops: their lines can be made again, and their twins differ in what is said."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from recommender.errors import NotFound
from tactful.demo.examples import FOLDER, example
from tests.support.command import run_tactful

SHOPS = ("bank", "grocer")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bought(shop: str, customer: str) -> list[tuple[str, str]]:
    with (FOLDER / shop / "transactions.csv").open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["customer_id"] == customer]
    return [(line["timestamp"], line["item_id"]) for line in lines]


@pytest.mark.parametrize("shop", SHOPS)
def test_the_lines_are_what_the_generator_makes(shop: str, tmp_path: Path) -> None:
    out = tmp_path / "transactions.csv"
    assert generator().write(FOLDER / shop, out) > 4_000
    assert out.read_bytes() == (FOLDER / shop / "transactions.csv").read_bytes()


@pytest.mark.parametrize(
    ("shop", "one", "other", "items"),
    [
        ("bank", "4711", "4712", {"PAY-PREGNANCY-TEST", "PAY-PHARMACY"}),
        ("grocer", "ida", "ida-without", {"JAROPENER", "DINNERTRAY"}),
        ("grocer", "tara", "tara-without", {"LOTION", "ZINC", "COTTON"}),
        (
            "grocer",
            "sven",
            "sven-without",
            {"REDWINE", "WHITEWINE", "BEERZERO", "WINEZERO"},
        ),
    ],
)
def test_twins_differ_in_nothing_else(shop: str, one: str, other: str, items: set[str]) -> None:
    """Proofs that compare them compare what they say."""
    more, fewer = bought(shop, one), bought(shop, other)
    assert fewer
    assert {item for _, item in set(more) - set(fewer)} == items
    assert not set(fewer) - set(more)


@pytest.mark.parametrize("shop", SHOPS)
def test_one_command_trains_an_example_wherever_it_is_started(shop: str, tmp_path: Path) -> None:
    done = run_tactful(
        *("train", "--config", FOLDER / shop / "train.yaml", "--out", tmp_path / "bundle"),
        state=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    counted = (FOLDER / shop / "train.yaml").read_text().splitlines()[0]
    said = [word for word in counted.split() if word.isdecimal()]
    assert len(said) == 3
    read = done.stdout.partition("How good")[0]
    for number in said:
        assert f" {number} " in read, (number, read)


def test_an_example_that_is_not_there_says_how_to_get_it() -> None:
    with pytest.raises(NotFound, match="no example") as caught:
        example("butcher")
    assert "clone" in caught.value.hint
