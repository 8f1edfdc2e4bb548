"""Purchases are read as they are meant, or refused with file, row, column, value and rule."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from recommender.errors import ConfigError, InputError, NotFound
from tests.support.reading import NOW, Reader, lines, one_line
from training.config import load_config
from training.reading import read_history, read_shop

NAIVE = datetime(2025, 6, 1)  # noqa: DTZ001 - files hold such ones
GOOD = "customer_id,item_id,timestamp,quantity\n"
JUNE = int(datetime(2025, 6, 1, tzinfo=UTC).timestamp())
CATALOGUE = {"item_id": ["tea"], "title": ["Tea"]}


def refusal(read: Reader, *tables: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(*tables)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"customer_id": None}, "id_missing"),
        ({"customer_id": ""}, "id_missing"),
        ({"item_id": ""}, "id_missing"),
        ({"item_id": float("nan")}, "id_missing"),
        ({"customer_id": "x" * 10_000}, "id_invalid"),
        ({"customer_id": "a\0b"}, "id_invalid"),
        ({"item_id": "a\nb"}, "id_invalid"),
        ({"order_id": "a\tb"}, "id_invalid"),
        ({"event_id": "x" * 257}, "id_invalid"),
        ({"timestamp": None}, "timestamp_unreadable"),
        ({"timestamp": "yesterday"}, "timestamp_unreadable"),
        ({"timestamp": "2025-02-30"}, "timestamp_unreadable"),
        ({"timestamp": float("inf")}, "timestamp_unreadable"),
        ({"timestamp": "0001-01-01"}, "timestamp_range"),
        ({"timestamp": NAIVE.replace(year=1)}, "timestamp_range"),
        ({"timestamp": date(1, 1, 1)}, "timestamp_range"),
        ({"timestamp": 0}, "timestamp_range"),
        ({"timestamp": JUNE * 1000}, "timestamp_range"),
        ({"timestamp": "2026-01-02T00:00:01"}, "timestamp_range"),
        ({"quantity": None}, "quantity_invalid"),
        ({"quantity": float("nan")}, "quantity_invalid"),
        ({"quantity": float("-inf")}, "quantity_invalid"),
        ({"quantity": 1e30}, "quantity_invalid"),
        ({"quantity": "two"}, "quantity_invalid"),
        ({"quantity": 0}, "quantity_zero"),
        ({"quantity": -0.0}, "quantity_zero"),
        ({"unit_price": float("nan")}, "price_invalid"),
        ({"unit_price": -0.01}, "price_invalid"),
        ({"unit_price": "cheap"}, "price_invalid"),
        ({"unit_price": float("inf")}, "price_invalid"),
        ({"gift": "perhaps"}, "flag_unreadable"),
        ({"item_id": "coffee"}, "item_unknown"),
    ],
    ids=str,
)
def test_a_line_that_breaks_a_rule_is_refused_by_name(
    read: Reader, columns: dict[str, Any], rule: str
) -> None:
    message = str(refusal(read, one_line(**columns), CATALOGUE))
    (name,) = columns
    assert f"purchases.parquet, row 1, column '{name}':" in message
    assert f"({rule})" in message
    assert f"{rule}: 1 rows of the purchases; " in message
    assert len(message) < 1000


@pytest.mark.parametrize(
    "columns",
    [
        {"customer_id": "x" * 256},
        {"customer_id": "{é}:*"},
        {"timestamp": "2026-01-02"},
        {"timestamp": "1990-01-01"},
        {"quantity": 0.25},
        {"unit_price": None},
        {"unit_price": 0},
        {"order_id": None},
        {"event_id": ""},
        {"gift": "yes"},
        {"channel": "web"},
    ],
    ids=str,
)
def test_a_line_at_the_edge_of_a_rule_is_accepted(read: Reader, columns: dict[str, Any]) -> None:
    found = read(one_line(**columns), CATALOGUE)
    assert len(found.interactions) + found.report.gifts == 1


def test_the_first_20_problems_and_all_totals_are_told(read: Reader) -> None:
    text = GOOD + "ann,tea,2025-06-01,1\n" + "ann,tea,2025-06-01,0\n" * 30 + ",tea,2025-06-01,1\n"
    message = str(refusal(read, text))
    assert "31 of 32 rows of the purchases cannot be used" in message
    assert "row 2, column 'quantity': '0' (quantity_zero)" in message
    assert "row 21," in message
    assert "row 22," not in message
    assert "and 11 more" in message
    assert "quantity_zero: 30 rows" in message
    assert "id_missing: 1 rows" in message


def test_problems_of_catalogue_and_purchases_are_told_together(read: Reader) -> None:
    catalogue = {"item_id": ["tea", "pot"], "price": [1.0, -1.0]}
    message = str(refusal(read, one_line(quantity=0), catalogue))
    assert "1 of 1 rows of the purchases and 1 of 2 rows of the catalogue cannot" in message
    assert "catalogue.parquet, row 2, column 'price'" in message
    assert "purchases.parquet, row 1, column 'quantity'" in message


def test_columns_are_mapped_and_named_as_in_the_file(read: Reader) -> None:
    table = {
        "Customer ID": [1, 2],
        "SKU": ["a", "b"],
        "When": ["2025-06-01"] * 2,
        "Units": [1, 0],
        "Shop": ["x"] * 2,
    }
    mapping = [
        "purchases.columns.customer_id=Customer ID",
        "purchases.columns.item_id=SKU",
        "purchases.columns.timestamp=When",
        "purchases.columns.quantity=Units",
    ]
    with pytest.raises(InputError, match="row 2, column 'Units': '0'"):
        read(table, None, *mapping)
    shop = read(table, None, *mapping, "lenient=true")
    assert lines(shop) == [("1", "a", JUNE, 1.0)]
    assert shop.report.unused == ("Shop",)


def test_a_missing_column_is_named_with_the_nearest_that_exists(read: Reader) -> None:
    error = refusal(read, {"customer": ["a"], "item_id": ["b"], "timestamp": [1], "quantity": [1]})
    assert "has no column 'customer_id'; it has: customer, item_id" in error.what
    assert error.hint == "map it: purchases.columns.customer_id: customer"


def test_an_optional_column_that_is_mapped_must_be_there(read: Reader) -> None:
    with pytest.raises(InputError, match="no column 'Invoice' \\(for order_id\\)"):
        read(one_line(), None, "purchases.columns.order_id=Invoice")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (GOOD, "is empty"),
        (GOOD.replace(",", ";") + "a;b;2025-06-01;1\n", "has no column"),
        (GOOD + "a,b,2025-06-01,1,5\n", "cannot be read"),
        (GOOD + '"a,b,2025-06-01,1\n', "cannot be read"),
        ("item_id," + GOOD + "x,a,b,2025-06-01,1\n", "two columns 'item_id'"),
    ],
    ids=["empty", "header only", "semicolons", "too many fields", "open quote", "twice"],
)
def test_a_csv_that_is_none_is_refused(read: Reader, content: str, message: str) -> None:
    assert message in refusal(read, content).what


def test_files_that_are_damaged_are_refused(read: Reader, tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes(GOOD.encode() + b"J\xfcrgen,tea,2025-06-01,1\n")
    noise = tmp_path / "noise.parquet"
    noise.write_bytes(b"PAR1 this is no parquet file")
    other = tmp_path / "data.xlsx"
    other.write_bytes(b"PK")
    nothing = tmp_path / "nothing.parquet"
    nothing.touch()
    for path in (latin, noise, other, nothing):
        assert path.name in refusal(read, path).what


def test_a_column_that_holds_structures_is_refused(read: Reader) -> None:
    assert "values of type List" in refusal(read, one_line(customer_id=["a", "b"])).what


def test_what_is_not_there_is_not_found(read: Reader, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file or folder"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="holds no CSV"):
        read(tmp_path)
    with pytest.raises(ConfigError, match="no purchases are named"):
        read_shop(load_config(None), now=NOW)


def test_a_folder_of_mixed_files_is_read_in_order_of_name(read: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    pl.DataFrame(one_line(customer_id=1.0)).write_parquet(folder / "b.parquet")
    (folder / "a.csv").write_text("\ufeff" + GOOD + "1,tea,2025-06-02,2\n")
    (folder / "c.csv.gz").write_bytes(gzip.compress((GOOD + "1,tea,2025-06-03,3\n").encode()))
    (folder / "_SUCCESS").touch()
    shop = read(folder)
    assert [(line[0], line[3]) for line in lines(shop)] == [("1", 1.0), ("1", 2.0), ("1", 3.0)]
    assert [Path(name).name for name in shop.report.files] == ["a.csv", "b.parquet", "c.csv.gz"]
    assert [Path(name).name for name in shop.report.ignored] == ["_SUCCESS"]


def test_rows_are_counted_within_their_file(read: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "a.csv").write_text(GOOD + "1,tea,2025-06-02,2\n" * 3)
    (folder / "b.csv").write_text(GOOD + '"1",tea,2025-06-02,2\n1,tea,2025-06-02,0\n')
    with pytest.raises(InputError, match=r"b\.csv, row 2, column 'quantity'"):
        read(folder)


def test_a_large_file_is_read_in_pieces_with_the_right_rows(read: Reader, tmp_path: Path) -> None:
    n = 600_000
    path = tmp_path / "large.parquet"
    table = pl.DataFrame({"customer_id": pl.arange(n, eager=True) % 1000}).with_columns(
        item_id=pl.lit("tea"),
        timestamp=pl.lit(JUNE),
        quantity=pl.when(pl.arange(n) == n - 1).then(0).otherwise(1),
    )
    table.write_parquet(path)
    with pytest.raises(InputError, match=f"row {n}, column 'quantity'"):
        read(path)
    report = read(path, None, "lenient=true").report
    assert (report.lines_read, report.kept, report.merged) == (n, 1000, n - 1 - 1000)


def test_an_unknown_item_can_be_kept_as_unlisted(read: Reader) -> None:
    catalogue = {"item_id": ["b", "d"], "title": ["B", "D"], "category": ["x > y", None]}
    table = {
        "customer_id": ["ann"] * 3,
        "item_id": ["a", "b", "c"],
        "timestamp": ["2025-06-01"] * 3,
        "quantity": [1, 2, 3],
    }
    shop = read(table, catalogue, "purchases.unknown_items=keep")
    assert shop.catalogue.ids == ("a", "b", "c", "d")
    assert shop.catalogue.titles == ("", "B", "", "D")
    assert shop.catalogue.listed.tolist() == [False, True, False, True]
    assert shop.catalogue.unmapped.tolist() == [True, False, True, False]
    assert [line[1] for line in lines(shop)] == ["a", "b", "c"]
    # Nothing says that an unlisted item is for sale.
    assert shop.offers.ids == ("b", "d")
    assert shop.report.unlisted == 2


def test_without_a_catalogue_every_purchased_item_is_unlisted_and_its_own_offer(
    read: Reader,
) -> None:
    shop = read(one_line())
    assert shop.catalogue.ids == ("tea",)
    assert shop.offers.ids == ("tea",)
    assert not shop.catalogue.listed.any()


def test_a_history_is_read_without_the_catalogue_and_offers_of_the_config(
    tmp_path: Path,
) -> None:
    path = tmp_path / "p.parquet"
    pl.DataFrame(one_line()).write_parquet(path)
    settings = [f"purchases.path={path}", "catalogue.path=gone.csv", "offers.path=gone.yaml"]
    shop = read_history(load_config(None, settings), now=NOW)
    assert shop.catalogue.ids == ("tea",)
    # Of items and offers the bundle knows; the files of the history say nothing.
    assert shop.report.lines() == [
        f"read 1 lines from {path}",
        "  1 purchases by 1 customers, 1 baskets",
        "  from 2025-06-01T00:00:00Z to 2025-06-01T00:00:00Z",
    ]


def test_rows_of_a_file_without_a_problem_are_not_counted(read: Reader) -> None:
    message = str(refusal(read, one_line(quantity=0), {"item_id": ["tea", "pot"]}))
    assert "1 of 1 rows of the purchases cannot be used" in message


def test_a_gift_says_nothing_of_who_bought_it(read: Reader) -> None:
    """It is left out and counted; its return undoes no purchase of the customer's own."""
    found = read(
        {
            "customer_id": ["ann"] * 4,
            "item_id": ["tea"] * 4,
            "timestamp": ["2025-06-01", "2025-06-02", "2025-06-02", "2025-06-09"],
            "quantity": [1.0, 1.0, 2.0, -2.0],
            "order_id": ["a", "b", "c", "c"],
            "gift": [None, "no", "yes", None],
        },
        CATALOGUE,
    )
    assert [(item, quantity) for _, item, _, quantity in lines(found)] == [("tea", 1), ("tea", 1)]
    assert (found.report.gifts, found.report.cancelled, found.report.returns) == (0, 1, 1)
    kept = read(one_line(gift=True), CATALOGUE)
    assert (len(kept.interactions), kept.report.gifts, kept.report.lines_read) == (0, 1, 1)
    assert "  1 gifts left out: they say nothing of who bought them" in kept.report.lines()


def test_a_gift_and_an_own_purchase_of_one_basket_are_two_things(read: Reader) -> None:
    found = read(
        {
            "customer_id": ["ann", "ann"],
            "item_id": ["tea", "tea"],
            "timestamp": ["2025-06-02", "2025-06-02"],
            "quantity": [1.0, 5.0],
            "gift": [False, True],
        },
        CATALOGUE,
    )
    assert [quantity for *_, quantity in lines(found)] == [1]
    assert (found.report.gifts, found.report.merged) == (1, 0)
