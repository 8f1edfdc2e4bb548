"""What people read of the log of held-back offers: no small group, and nothing to compute one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recommender.suppressed import (
    MILLISECONDS_A_DAY,
    Held,
    SuppressedCounts,
    hour_of,
    mark_of,
    shown,
)

SECRET = b"a secret"
INFANT = Held("infant", "site", 3)


def entry(
    *life_events: str,
    mark: str = "",
    day: int = 0,
    channel: str = "site",
    policy: int = 3,
    cell: int = 20,
) -> Any:
    held = [{"placement": "home", "offer": "o", "life_events": [e]} for e in life_events]
    at = day * MILLISECONDS_A_DAY
    return {
        "at": at,
        "channel": channel,
        "policy": policy,
        "cell": cell,
        "held": held,
        "mark": mark,
    }


def counted(*entries: Any, size: int = 20) -> dict[Held, int]:
    counts = SuppressedCounts(SECRET, size)
    for one in entries:
        counts.add(one)
    return {held: cell.at_least for held, cell in counts.cells()}


def test_requests_of_one_customer_are_one_customer() -> None:
    assert counted(*(entry("infant", mark="a") for _ in range(500))) == {}


def test_one_customer_of_many_days_stays_one() -> None:
    days = [
        entry("infant", mark=mark_of("{c}", day * MILLISECONDS_A_DAY, SECRET), day=day)
        for day in range(100)
    ]
    assert counted(*days) == {}


def test_rows_below_the_cell_are_not_there_at_all() -> None:
    many = [entry("infant", mark=str(n)) for n in range(47)]
    few = [entry("pregnancy", mark=str(n), channel="email") for n in range(19)]
    found = counted(*many, *few)
    assert set(found) == {INFANT}
    assert found[INFANT] in {20, 40}


def test_what_is_told_is_of_the_day_with_most_customers() -> None:
    days = [
        entry("infant", mark=str(n), day=day)
        for day, most in ((1, 90), (2, 60))
        for n in range(most)
    ]
    assert counted(*days)[INFANT] in {60, 80}


def test_visitors_count_as_one() -> None:
    assert mark_of("", 7, SECRET) == mark_of("", 8, SECRET)
    assert counted(*(entry("infant", mark=mark_of("", 7, SECRET)) for _ in range(100))) == {}


@given(st.integers(0, 19), st.integers(1, 30))
def test_no_group_below_the_cell_changes_what_is_read(few: int, times: int) -> None:
    rare = [entry("infant", mark=str(n % max(few, 1))) for n in range(few * times)]
    assert counted(*rare) == {}


def test_a_decision_counts_once_a_life_event_however_many_offers_it_held_back() -> None:
    both = [entry("infant", "infant", "recovery", mark=str(n)) for n in range(40)]
    assert {held.life_event for held in counted(*both)} == {"infant", "recovery"}
    assert set(counted(*both).values()) <= {20, 40}


def test_channels_and_policies_are_counted_apart_and_in_order() -> None:
    entries = [
        entry("infant", mark=str(n), channel=channel, policy=policy)
        for channel, policy in (("site", 4), ("email", 3), ("site", 3))
        for n in range(40)
    ]
    assert list(counted(*entries)) == [
        Held("infant", "email", 3),
        Held("infant", "site", 3),
        Held("infant", "site", 4),
    ]


def test_the_strictest_cell_of_a_policy_or_an_entry_holds_for_all() -> None:
    many = [entry("infant", mark=str(n)) for n in range(49)]
    assert counted(*many, size=5)[INFANT] in {20, 40}
    assert counted(*many, entry("recovery", cell=50)) == {}


def test_a_mark_is_of_one_customer_on_one_day_under_one_secret() -> None:
    at = 20_000 * MILLISECONDS_A_DAY
    mark = mark_of("{c}", at, SECRET)
    assert mark == mark_of("{c}", at + MILLISECONDS_A_DAY - 1, SECRET)
    others = [("{d}", at, SECRET), ("{c}", at + MILLISECONDS_A_DAY, SECRET), ("{c}", at, b"b")]
    assert len({mark, *(mark_of(*other) for other in others)}) == 4
    assert "{c}" not in mark


def test_a_mark_is_never_shown() -> None:
    assert shown({"at": hour_of(3_600_001), "mark": "abc"}) == {"at": 3_600_000}
