"""Which purchases travel beside the bundle for the slot `replenish`, worked by hand."""

from __future__ import annotations

import pytest

from recommender.errors import BundleError
from recommender.guard.matching import Matcher
from tests.support.shop import AS_OF, DAY, LIFE_EVENTS, Purchase, catalogue, interactions, policy
from training.replenishing import read_replenish_file, replenish_file


def written(purchases: list[Purchase], *, now: int = AS_OF) -> bytes:
    listing = catalogue()
    evidence = Matcher(LIFE_EVENTS).masks(listing).evidence
    raw = interactions(purchases, listing)
    return replenish_file(raw, listing.ids, evidence, policy(), now)


def kept(purchases: list[Purchase], *, now: int = AS_OF) -> dict[str, list[tuple[str, int]]]:
    found = read_replenish_file(written(purchases, now=now))
    return {c: [(p.item, (AS_OF - p.timestamp) // DAY) for p in bought] for c, bought in found}


def test_only_goods_of_replenish_only_life_events_travel_and_only_a_years_worth() -> None:
    purchases = [
        ("ada", "diaper-1", 3),
        ("ada", "diaper-1", 40),
        ("ada", "diaper-1", 366),  # too long ago
        ("ada", "tea-1", 3),  # plain: it is in the view
        ("ada", "test-1", 3),  # block_unless_declared
        ("ada", "both", 3),  # of a blocked life event too
        ("ada", "blank", 3),  # nothing is known of it
        ("bob", "food-1", 1),
        ("cyd", "bread-0", 1),
    ]
    assert kept(purchases) == {"ada": [("diaper-1", 40), ("diaper-1", 3)], "bob": [("food-1", 1)]}


def test_nothing_to_remind_of_is_an_empty_file() -> None:
    assert written([("cyd", "bread-0", 1)]) == b""
    assert kept([("ada", "diaper-1", 3)], now=AS_OF + 400 * DAY) == {}


def test_the_newest_two_hundred_are_kept() -> None:
    found = kept([("ada", "diaper-1", day) for day in range(210)])["ada"]
    assert [day for _, day in found] == list(range(199, -1, -1))


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"customer": "a"}', b'{"customer":"a","purchases":[1]}']
)
def test_a_damaged_line_is_named(line: bytes) -> None:
    content = written([("ada", "diaper-1", 3)]) + line
    with pytest.raises(BundleError, match=r"line 2 of .* cannot be read"):
        list(read_replenish_file(content))
