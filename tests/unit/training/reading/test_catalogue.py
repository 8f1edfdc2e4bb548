"""A catalogue becomes items in the order of their ids, whatever form it has in the file."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from recommender.catalogue import Catalogue
from recommender.errors import InputError
from tests.support.reading import Reader, one_line

KEEP = "purchases.unknown_items=keep"


def catalogue(read: Reader, table: dict[str, Any] | str, *settings: str) -> Catalogue:
    """The listed items."""
    read_one = read(one_line(), table, KEEP, *settings).catalogue
    return read_one.where(read_one.listed)


def test_all_columns_are_read(read: Reader) -> None:
    found = catalogue(
        read,
        "item_id,title,category,price,available,tags,brand\n"
        'b, Oat drink ,Dairy > Plant >Oat,1.5,yes,"Oat, VEGAN,,oat",Acme\n'
        "a,,,,,,\n"
        "c,Milk,Dairy,0,False,,\n",
    )
    assert found.ids == ("a", "b", "c")
    assert found.titles == ("", "Oat drink", "Milk")
    assert found.paths == ((), ("Dairy", "Plant", "Oat"), ("Dairy",))
    assert found.tags == ((), ("oat", "vegan"), ())
    assert found.brands == ("", "Acme", "")
    np.testing.assert_array_equal(found.price, np.array([np.nan, 1.5, 0.0], dtype=np.float32))
    assert found.available.tolist() == [True, True, False]
    assert found.listed.all()
    assert found.unmapped.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("added", "seconds"),
    [
        ("2025-06-30", 1_751_234_400.0),
        ("2025-06-30T00:00:00Z", 1_751_241_600.0),
        (datetime(2025, 6, 30), 1_751_234_400.0),  # noqa: DTZ001 - as a file holds it
        (date(2025, 6, 30), 1_751_234_400.0),
        (1_751_241_600, 1_751_241_600.0),
        ("2031-01-01", 1_924_988_400.0),
        ("9999-12-31T23:59:59Z", 253_402_300_799.0),
        (" ", np.nan),
        (None, np.nan),
    ],
)
def test_since_when_an_item_is_on_sale_is_read_as_the_time_of_a_purchase(
    read: Reader, added: Any, seconds: float
) -> None:
    """On the shop's clock. It may be to come, and it may be unknown."""
    found = catalogue(
        read, {"item_id": ["a"], "added": [added]}, "purchases.timezone=Europe/Berlin"
    )
    assert found.added.dtype == np.float64
    np.testing.assert_array_equal(found.added, [seconds])


def test_a_column_of_dates_may_have_any_name(read: Reader) -> None:
    table = {"item_id": ["a"], "Launched": ["2025-06-30"]}
    assert catalogue(read, table, "catalogue.columns.added=Launched").added == [1_751_241_600]
    assert np.isnan(catalogue(read, table).added).all()


def test_a_clock_that_skipped_the_date_is_named(read: Reader) -> None:
    """A row, a column and a rule, as for purchases."""
    table = {"item_id": ["a"], "added": ["2025-03-30T02:30:00"]}
    with pytest.raises(InputError, match=r"row 1, column 'added': .*\(timestamp_skipped\)"):
        catalogue(read, table, "purchases.timezone=Europe/Berlin")


def test_an_item_that_only_purchases_know_has_no_date(read: Reader) -> None:
    found = read(one_line(), {"item_id": ["pot"], "added": ["2025-01-01"]}, KEEP).catalogue
    np.testing.assert_array_equal(found.added, [1_735_689_600, np.nan])
    np.testing.assert_array_equal(found.where(~found.listed).added, [np.nan])


def test_an_id_is_all_that_a_catalogue_needs(read: Reader) -> None:
    found = catalogue(read, {"item_id": ["b", "a"]})
    assert (found.ids, found.titles, found.paths) == (("a", "b"), ("", ""), ((), ()))
    assert np.isnan(found.price).all()
    assert found.available.all()


@pytest.mark.parametrize(
    "category", [["Dairy", "Oat"], "Dairy > Oat", " Dairy >> Oat >", ["Dairy", "", None, "Oat "]]
)
def test_a_path_may_be_a_list_or_text(read: Reader, category: Any) -> None:
    found = catalogue(read, {"item_id": ["a"], "category": [category]})
    assert found.paths == (("Dairy", "Oat"),)


def test_a_path_may_stand_in_several_columns(read: Reader) -> None:
    table = {
        "item_id": ["a", "b", "c"],
        "department": ["GROCERY", "GROCERY", None],
        "kind": ["MILK", None, None],
    }
    found = catalogue(read, table, "catalogue.columns.category=[department, kind]")
    assert found.paths == (("GROCERY", "MILK"), ("GROCERY",), ())


def test_a_category_column_that_is_mapped_must_be_there(read: Reader) -> None:
    with pytest.raises(InputError, match="no column 'kind'") as caught:
        catalogue(read, {"item_id": ["a"]}, "catalogue.columns.category=[item_id, kind]")
    assert "catalogue.columns.category" in caught.value.hint


def test_the_separator_of_paths_can_be_chosen(read: Reader) -> None:
    table = {"item_id": ["a"], "category": ["Dairy/Oat"]}
    assert catalogue(read, table, "catalogue.separator=/").paths == (("Dairy", "Oat"),)


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"item_id": ["a", None]}, "id_missing"),
        ({"item_id": ["a", "x\n"]}, "id_invalid"),
        ({"item_id": ["a", "x" * 10_000]}, "id_invalid"),
        ({"item_id": ["a", "a"]}, "id_duplicate"),
        ({"item_id": ["a", "b"], "price": [1.0, float("nan")]}, "price_invalid"),
        ({"item_id": ["a", "b"], "price": [1.0, -1.0]}, "price_invalid"),
        ({"item_id": ["a", "b"], "available": ["yes", "sometimes"]}, "flag_unreadable"),
        ({"item_id": ["a", "b"], "added": [None, "soon"]}, "timestamp_unreadable"),
        ({"item_id": ["a", "b"], "added": [None, "2025-02-30"]}, "timestamp_unreadable"),
        ({"item_id": ["a", "b"], "added": [None, "1989-12-31"]}, "added_range"),
        ({"item_id": ["a", "b"], "added": ["1990-01-01", "2015"]}, "added_range"),
        ({"item_id": ["a", "b"], "added": [None, 1_751_241_600_000]}, "added_range"),
    ],
    ids=str,
)
def test_a_row_that_breaks_a_rule_is_refused_by_name_or_set_aside(
    read: Reader, columns: dict[str, Any], rule: str
) -> None:
    with pytest.raises(InputError, match=rf"catalogue\.parquet, row 2, .*\({rule}\)"):
        catalogue(read, columns)
    assert catalogue(read, columns, "lenient=true").ids == ("a",)


def test_several_rows_of_an_item_can_be_merged_by_their_most_frequent_values(
    read: Reader,
) -> None:
    table = {
        "item_id": ["a", "a", "a", "a", "b", "b"],
        "title": ["Tea", "?", "Tea", None, "Y", "X"],
        "price": [2.0, 1.0, None, 1.0, None, None],
        "available": [None, False, None, None, None, None],
        "added": ["2025-01-02", "2025-01-03", "2025-01-02", None, None, None],
    }
    found = catalogue(read, table, "catalogue.duplicates=most_frequent")
    assert found.ids == ("a", "b")
    # Of X and Y, equally frequent, the smaller one: the order of rows does not matter.
    assert found.titles == ("Tea", "X")
    assert found.price[0] == 1.0
    assert np.isnan(found.price[1])
    assert found.available.tolist() == [False, True]
    np.testing.assert_array_equal(found.added, [1_735_776_000, np.nan])


def test_one_file_can_be_purchases_and_catalogue(read: Reader, tmp_path: Path) -> None:
    path = tmp_path / "lines.parquet"
    pl.DataFrame(one_line(title="Tea", colour="green")).write_parquet(path)
    shop = read(path, path, "catalogue.duplicates=most_frequent")
    assert shop.catalogue.titles == ("Tea",)
    assert shop.report.unused == ("colour",)


def test_items_that_are_not_available_are_not_offered(read: Reader) -> None:
    table = {"item_id": ["tea", "pot"], "title": ["Tea", "Pot"], "available": [False, True]}
    assert read(one_line(), table).offers.ids == ("pot",)
