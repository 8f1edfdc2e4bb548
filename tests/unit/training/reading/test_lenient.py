"""A lenient reading sets rows aside in a file with their reasons, and counts them aloud."""

from __future__ import annotations

import resource
from pathlib import Path

import polars as pl
import pytest

from recommender.errors import InputError, StorageError
from tests.support.reading import Reader, lines

PURCHASES = """event_id,customer_id,item_id,timestamp,quantity,unit_price
e1,ann,tea,2025-06-01,2,1.50
e1,ann,tea,2025-06-01,2,1.50
e1,ann,pot,2025-06-01,1,9
e1,bob,tea,2025-06-01,2,
e1,ann,tea,2025-06-02,2,1.50
,ann,tea,2025-06-03,1,1.50
,ann,tea,2025-06-03,1,1.50
e2,,tea,2025-06-01,1,1.50
e3,ann,cup,2025-06-01,1,1.50
e4,ann,tea,2025-06-01,1,nan
e5,ann,tea,1-1-1,0,-1
e6,ann,tea,2025-06-04,-1,1.50
"""
CATALOGUE = {"item_id": ["tea", "pot", "cup"], "price": [1.5, 9.0, -2.0]}


def test_rows_are_set_aside_with_file_row_column_value_and_rule(
    read: Reader, tmp_path: Path
) -> None:
    aside = tmp_path / "out" / "rejected.parquet"
    shop = read(PURCHASES, CATALOGUE, "lenient=true", rejected_to=aside)
    table = pl.read_parquet(aside)
    assert table.select("table", "row", "column", "value", "rule").rows() == [
        ("catalogue", 3, "price", "-2.0", "price_invalid"),
        ("purchases", 8, "customer_id", None, "id_missing"),
        ("purchases", 9, "item_id", "cup", "item_unknown"),
        ("purchases", 10, "unit_price", "nan", "price_invalid"),
        # a row counts once, for the first rule that it breaks
        ("purchases", 11, "timestamp", "1-1-1", "timestamp_unreadable"),
        ("purchases", 5, "event_id", "e1", "event_conflict"),
    ]
    assert set(table["file"]) == {
        str(tmp_path / "catalogue.parquet"),
        str(tmp_path / "purchases.csv"),
    }
    assert table.filter(pl.col("row") == 11)["quantity"].to_list() == ["0"]
    assert [line[:2] + line[3:] for line in lines(shop)] == [
        ("ann", "pot", 1.0),
        ("ann", "tea", 2.0),
        ("ann", "tea", 1.0),
        ("bob", "tea", 2.0),
    ]


def test_every_line_is_accounted_for_and_the_counts_are_told(read: Reader, tmp_path: Path) -> None:
    aside = tmp_path / "rejected.parquet"
    report = read(PURCHASES, CATALOGUE, "lenient=true", rejected_to=aside).report
    assert report.lines_read == 12
    assert report.lines_read == (
        report.rejected_lines
        + report.duplicates
        + report.returns
        + report.cancelled
        + report.gifts
        + report.merged
        + report.kept
    )
    assert (report.rejected_lines, report.duplicates, report.returns) == (5, 1, 1)
    assert (report.merged, report.cancelled, report.kept) == (0, 1, 4)
    text = "\n".join(report.lines())
    for told in (
        "read 12 lines",
        "4 purchases by 2 customers",
        "1 returns",
        "1 purchases returned in full",
        "1 duplicates",
        "1 rows set aside: purchases: event_conflict",
        "1 rows set aside: catalogue: price_invalid",
        str(aside),
    ):
        assert told in text


def test_an_event_that_contradicts_itself_is_an_error_unless_lenient(read: Reader) -> None:
    head = "event_id,customer_id,item_id,timestamp,quantity\n"
    text = head + "e1,ann,tea,2025-06-01,1\ne1,ann,tea,2025-06-01,2\n"
    with pytest.raises(InputError, match=r"row 2, column 'event_id': 'e1' \(event_conflict\)"):
        read(text)


def test_duplicates_do_not_depend_on_other_items(read: Reader) -> None:
    head = "event_id,customer_id,item_id,timestamp,quantity\n"
    tea = "e1,ann,tea,2025-06-01,1\ne1,ann,tea,2025-06-01,1\n"
    others = "e1,ann,pot,2025-06-02,3\ne1,bob,tea,2025-06-05,3\n"
    alone, before, after = read(head + tea), read(head + others + tea), read(head + tea + others)
    assert alone.report.duplicates == before.report.duplicates == after.report.duplicates == 1
    assert lines(before) == lines(after)
    assert [line for line in lines(before) if line[:2] == ("ann", "tea")] == lines(alone)


def test_a_lenient_reading_without_bad_rows_leaves_an_empty_file(
    read: Reader, tmp_path: Path
) -> None:
    aside = tmp_path / "rejected.parquet"
    aside.write_bytes(b"of an earlier run")
    head = "customer_id,item_id,timestamp,quantity\n"
    read(head + "ann,tea,2025-06-01,1\n", None, "lenient=true", rejected_to=aside)
    assert pl.read_parquet(aside).height == 0


def test_a_lenient_reading_of_nothing_but_bad_rows_is_an_error(
    read: Reader, tmp_path: Path
) -> None:
    head = "customer_id,item_id,timestamp,quantity\n"
    with pytest.raises(InputError, match="none of the 1 lines"):
        read(head + "ann,tea,2025-06-01,0\n", None, "lenient=true", rejected_to=tmp_path / "r")
    assert (tmp_path / "r").exists()


def test_a_full_disk_is_told_and_leaves_what_was_there(read: Reader, tmp_path: Path) -> None:
    aside = tmp_path / "rejected.parquet"
    aside.write_bytes(b"of an earlier run")
    rows = "".join(f"c{i},tea,2025-06-01,0\n" for i in range(5000))
    path = tmp_path / "many.csv"
    path.write_text("customer_id,item_id,timestamp,quantity\nann,tea,2025-06-01,1\n" + rows)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StorageError, match="could not be written") as caught:
            read(path, None, "lenient=true", rejected_to=aside)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "free" in caught.value.hint
    assert aside.read_bytes() == b"of an earlier run"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["many.csv", "rejected.parquet"]
