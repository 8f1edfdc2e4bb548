"""Timestamps and ids mean the same in every form and file format."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from recommender.errors import InputError
from tests.support.reading import Reader, lines, one_line

NAIVE = datetime(2025, 6, 1)  # noqa: DTZ001 - files hold such ones
JUNE = int(NAIVE.replace(tzinfo=UTC).timestamp())
GOOD = "customer_id,item_id,timestamp,quantity\n"


@pytest.mark.parametrize(
    "timestamp",
    [
        "2025-06-01",
        "2025-06-01T00:00",
        "2025-06-01 00:00:00",
        "2025-06-01T00:00:00",
        "2025-06-01T00:00:00.999",
        "2025-06-01T00:00:00Z",
        "2025-06-01T02:00:00+02:00",
        "2025-05-31T20:30:00-0330",
        str(JUNE),
        JUNE,
        float(JUNE),
        date(2025, 6, 1),
        NAIVE,
        datetime(2025, 6, 1, tzinfo=UTC),
    ],
    ids=str,
)
def test_a_timestamp_is_read_in_every_documented_form(read: Reader, timestamp: Any) -> None:
    assert lines(read(one_line(timestamp=timestamp)))[0][2] == JUNE


def test_forms_of_timestamps_may_be_mixed_in_one_column(read: Reader) -> None:
    rows = ["2025-06-01 00:00:00", "2025-06-01T00:00:00", "2025-06-01", f"{JUNE}"]
    text = GOOD + "".join(f"c{i},tea,{row},1\n" for i, row in enumerate(rows))
    assert [line[2] for line in lines(read(text))] == [JUNE] * 4


def test_a_time_without_a_zone_is_of_the_shops_zone(read: Reader) -> None:
    here = "purchases.timezone=Europe/London"
    for naive in ("2025-06-01 01:00:00", NAIVE.replace(hour=1)):
        assert lines(read(one_line(timestamp=naive), None, here))[0][2] == JUNE
    aware = "2025-06-01T00:00:00Z"
    assert lines(read(one_line(timestamp=aware), None, here))[0][2] == JUNE


def test_a_repeated_local_time_is_the_earlier_one(read: Reader) -> None:
    shop = read(one_line(timestamp="2025-10-26T01:30"), None, "purchases.timezone=Europe/London")
    assert lines(shop)[0][2] == int(datetime(2025, 10, 26, 0, 30, tzinfo=UTC).timestamp())


def test_a_skipped_local_time_is_refused(read: Reader) -> None:
    with pytest.raises(InputError, match="timestamp_skipped"):
        read(one_line(timestamp="2025-03-30T01:30"), None, "purchases.timezone=Europe/London")


def test_numeric_ids_are_the_same_in_every_file_format(read: Reader) -> None:
    catalogue = {"item_id": [12345], "title": ["Tea"]}
    for item in (12345, 12345.0, "12345"):
        assert lines(read(one_line(item_id=item), catalogue))[0][1] == "12345"
    for item in ("12345", "12345.0"):
        assert lines(read(GOOD + f"ann,{item},2025-06-01,1\n", catalogue))[0][1] == "12345"


def test_leading_zeros_of_text_ids_stay(read: Reader) -> None:
    assert lines(read(GOOD + "007,00012,2025-06-01,1\n"))[0][:2] == ("007", "00012")
