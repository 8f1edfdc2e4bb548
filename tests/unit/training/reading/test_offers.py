"""Offers are compiled to the items that they promote, or refused with the line that is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from recommender.catalogue import Catalogue, Offers
from recommender.errors import InputError, NotFound
from recommender.types import ItemId
from training.reading.offers import read_offers

SHIPPED = Path(__file__).parents[4] / "configs" / "offers.yaml"


def shop(ids: list[str], paths: list[tuple[str, ...]], tags: list[tuple[str, ...]]) -> Catalogue:
    n = len(ids)
    return Catalogue(
        ids=tuple(map(ItemId, ids)),
        titles=tuple(f"Item {item}" for item in ids),
        paths=tuple(paths),
        tags=tuple(tags),
        brands=("",) * n,
        price=np.full(n, np.nan, dtype=np.float32),
        added=np.full(n, np.nan),
        available=np.array([item != "gone" for item in ids]),
        listed=np.ones(n, dtype=np.bool_),
    )


CATALOGUE = shop(
    ["007", "gone", "milk", "oat"],
    [("Toys",), ("Dairy", "Old"), ("Dairy", "Milk"), ("Dairy", "Plant drinks")],
    [(), ("sale",), ("sale",), ("oat", "vegan")],
)


def read(path: Path, text: str | None = None, timezone: str = "UTC") -> Offers:
    if text is not None:
        path.write_text(text)
    return read_offers(path, CATALOGUE, timezone=timezone).offers


def promoted(offers: Offers) -> dict[str, list[str]]:
    return {
        offer: [CATALOGUE.ids[i] for i in offers.items[offers.indptr[o] : offers.indptr[o + 1]]]
        for o, offer in enumerate(offers.ids)
    }


def test_without_a_file_every_available_item_is_its_own_offer() -> None:
    found = read_offers(None, CATALOGUE, timezone="UTC").offers
    assert promoted(found) == {"007": ["007"], "milk": ["milk"], "oat": ["oat"]}


@pytest.mark.parametrize(
    ("promotes", "items"),
    [
        ("{items: [oat, 007, oat]}", ["007", "oat"]),
        ("{categories: [dairy]}", ["milk", "oat"]),
        ("{categories: [MILK]}", ["milk"]),
        ("{categories: ['Dairy >  plant drinks']}", ["oat"]),
        ("{tags: [Vegan]}", ["oat"]),
        ("{items: ['007'], categories: [Milk], tags: [oat]}", ["007", "milk", "oat"]),
        ("{items: [gone, milk]}", ["milk"]),
    ],
)
def test_an_offer_promotes_all_available_items_that_it_names(
    tmp_path: Path, promotes: str, items: list[str]
) -> None:
    found = read(tmp_path / "o.yaml", f"- id: A\n  title: T\n  promotes: {promotes}\n")
    assert promoted(found) == {"A": items}
    assert found.titles == ("T",)
    assert (found.valid_from[0], found.valid_until[0]) == (-np.inf, np.inf)


def test_offers_stand_in_the_order_of_their_ids(tmp_path: Path) -> None:
    text = "- {id: b, promotes: {items: [oat]}}\n- {id: a, promotes: {items: [milk, 007]}}\n"
    found = read(tmp_path / "o.yaml", text)
    assert promoted(found) == {"a": ["007", "milk"], "b": ["oat"]}
    assert found.indptr.tolist() == [0, 2, 3]


def test_a_date_is_valid_through_its_last_moment_and_a_time_to_the_second(tmp_path: Path) -> None:
    days = "- {id: a, promotes: {items: [oat]}, valid_from: 2026-06-01, valid_until: 2026-06-01}\n"
    found = read(tmp_path / "o.yaml", days, "Europe/London")
    start = datetime(2026, 5, 31, 23, tzinfo=UTC).timestamp()
    assert (found.valid_from[0], found.valid_until[0]) == (start, start + 86_400)
    time = days.replace("valid_until: 2026-06-01", "valid_until: 2026-06-01T08:00:00Z")
    found = read(tmp_path / "o.yaml", time)
    assert found.valid_until[0] == datetime(2026, 6, 1, 8, tzinfo=UTC).timestamp()


def test_an_offer_of_unavailable_items_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text("- {id: a, promotes: {items: [gone]}}\n- {id: b, promotes: {items: [oat]}}\n")
    found = read_offers(path, CATALOGUE, timezone="UTC")
    assert (promoted(found.offers), found.left_out) == ({"b": ["oat"]}, 1)


def test_parquet_says_the_same_as_yaml(tmp_path: Path) -> None:
    table: dict[str, list[Any]] = {
        "id": ["a", "b"],
        "title": ["A", None],
        "items": [["milk", "oat"], None],
        "tags": [None, "oat, sale"],
        "valid_from": [date(2026, 6, 1), None],
        "valid_until": [date(2026, 6, 2), None],
    }
    pl.DataFrame(table).write_parquet(tmp_path / "o.parquet")
    text = (
        "- {id: a, title: A, promotes: {items: [milk, oat]}, valid_from: 2026-06-01,"
        " valid_until: 2026-06-02}\n- {id: b, promotes: {tags: [oat, sale]}}\n"
    )
    one, other = read(tmp_path / "o.parquet"), read(tmp_path / "o.yaml", text)
    assert promoted(one) == promoted(other) == {"a": ["milk", "oat"], "b": ["milk", "oat"]}
    assert one.valid_until.tolist() == other.valid_until.tolist()


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("- {id: a, promotes: {items: [oat]}}\n- {id: a, promotes: {items: [oat]}}\n",
         ["line 2, offer 'a': the id stands already in", "line 1"]),
        ("- id: a\n", ["line 1, offer 'a': it promotes nothing"]),
        ("- id: a\n  promotes: {}\n", ["it promotes nothing"]),
        ("- id: a\n  promotes: {items: [oats]}\n", ["no 'oats'; did you mean 'oat'?"]),
        ("- id: a\n  promotes: {categories: [Diary]}\n", ["no 'Diary'; did you mean 'dairy'?"]),
        ("- id: a\n  promotes: {tags: [nothing-like-it]}\n", ["no 'nothing-like-it'"]),
        ("- id: a\n  promote: {items: [oat]}\n",
         ["line 2: there is no key 'promote'; did you mean promotes?"]),
        ("- id: a\n  promotes:\n    item: [oat]\n",
         ["line 3: there is no key 'promotes.item'; did you mean items?"]),
        ("- title: x\n  promotes: {items: [oat]}\n", ["line 1: id: field required"]),
        ("- {id: '', promotes: {items: [oat]}}\n", ["its id is empty"]),
        ('- {id: "a\\nb", promotes: {items: [oat]}}\n', ["its id has a control character"]),
        ("- {id: a, promotes: {items: oat}}\n", ["promotes.items: input should be a valid tuple"]),
        ("- {id: a, promotes: {items: [oat]}, valid_from: soon}\n",
         ["valid_from 'soon' is no date or time"]),
        ("- {id: a, promotes: {items: [oat]}, valid_from: 2026-06-02, valid_until: 2026-06-01}\n",
         ["valid_until 2026-06-01 is not after valid_from 2026-06-02"]),
        ("", ["is empty"]),
        ("id: a\n", ["is not a list of offers"]),
        ("- a\n", ["line 1: an offer: input should be"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_line(
    tmp_path: Path, text: str, messages: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "o.yaml", text)
    for message in messages:
        assert message in str(caught.value)
    assert "o.yaml" in caught.value.what
    assert caught.value.hint


def test_problems_in_parquet_name_the_row(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["a", "b"], "items": [["oat"], ["x"]]}).write_parquet(
        tmp_path / "o.parquet"
    )
    with pytest.raises(InputError, match="row 2, offer 'b'"):
        read(tmp_path / "o.parquet")
    (tmp_path / "o.parquet").write_bytes(b"noise")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read(tmp_path / "o.parquet")
    with pytest.raises(NotFound):
        read(tmp_path / "none.yaml")


def test_the_shipped_example_is_valid() -> None:
    catalogue = shop(
        ["00771", "10452", "x"], [(), (), ("Dairy", "Plant drinks")], [(), (), ("oat",)]
    )
    found = read_offers(SHIPPED, catalogue, timezone="UTC").offers
    assert found.ids == ("BREAKFAST-SET", "OAT-WEEK")


def refusal(path: Path, text: str) -> list[str]:
    """The lines of the error, without the file's name."""
    with pytest.raises(InputError) as caught:
        read(path, text)
    return [line.strip().removeprefix(f"{path}, ") for line in caught.value.what.splitlines()]


def test_a_key_too_many_hides_no_other_problem(tmp_path: Path) -> None:
    """Everything wrong with an entry and with later ones is told, in the order of the file."""
    text = (
        "- id: a\n"
        "  colour: red\n"
        "  promotes: {items: [oats]}\n"
        "  valid_from: soon\n"
        "- id: a\n"
        "  promotes: {items: [{x: 1}, oat, {y: 2}], tags: [nothing-like-it]}\n"
        "- id: b\n"
        "  size: 3\n"
    )
    assert refusal(tmp_path / "o.yaml", text)[1:] == [
        "line 2: there is no key 'colour'",
        "line 1, offer 'a': valid_from 'soon' is no date or time",
        "line 1, offer 'a': promotes.items: the catalogue has no 'oats'; did you mean 'oat'?",
        "line 6: promotes.items.0: input should be a valid string",
        "line 6: promotes.items.2: input should be a valid string",
        f"line 5, offer 'a': the id stands already in {tmp_path / 'o.yaml'}, line 1",
        "line 5, offer 'a': promotes.tags: the catalogue has no 'nothing-like-it'",
        "line 8: there is no key 'size'",
        "line 7, offer 'b': it promotes nothing; name items, categories or tags under `promotes`",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {id: a, promote: {items: [oat]}}\n", "'promote'; did you mean promotes?"),
        ("- {id: a, item: [oat]}\n", "'item'; did you mean items?"),
        ("- {id: a, promotes: {items: oat}}\n", "promotes.items: input should be a valid tuple"),
        ("- {promotes: {items: [oat]}}\n", "id: field required"),
    ],
)
def test_what_could_not_be_read_is_not_called_missing(
    tmp_path: Path, text: str, problem: str
) -> None:
    told = refusal(tmp_path / "o.yaml", text)
    assert len(told) == 2
    assert problem in told[1]


def test_an_id_beside_an_unknown_key_like_it_is_still_checked(tmp_path: Path) -> None:
    text = "- {id: a, ids: x, promotes: {items: [oat]}}\n" * 2
    assert any("the id stands already in" in line for line in refusal(tmp_path / "o.yaml", text))


def test_the_first_20_problems_are_told_and_the_others_counted(tmp_path: Path) -> None:
    text = "".join(f"- {{id: a{i}, colour: red, promotes: {{items: [x]}}}}\n" for i in range(15))
    told = refusal(tmp_path / "o.yaml", text)
    assert told[0].endswith("breaks 30 rules")
    assert len(told) == 22
    assert told[-1] == "and 10 more"
