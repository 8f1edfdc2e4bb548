"""The cases of a proof: seeded, nasty, made of the shop's own items, cut down when they break."""

from __future__ import annotations

from functools import cache

import numpy as np

from tactful.prove.cases import LONG, Chance, Happened, Twins
from tactful.prove.goods import STRANGERS, Goods, counts
from tactful.prove.links import supporters
from tests.support.shop import AS_OF, CONTAINED, LOCKED, Shop, population, train

NOW = AS_OF + 30 * 86_400.0


@cache
def shop() -> Shop:
    return train(population())


@cache
def goods() -> Goods:
    return Goods(shop().index, shop().index, shop().table, NOW)


def test_a_shop_is_sorted_by_what_the_guard_says() -> None:
    assert set(goods().locked) == {*LOCKED, *STRANGERS} - {"unlisted"}
    assert goods().double == ("both",)
    assert set(goods().replenishable) == {"diaper-1", "diaper-2", "food-1"}
    assert not set(goods().visible) & set(goods().locked)
    assert goods().targets_of(goods().policy.everything) <= {*CONTAINED, "school-1"}
    assert dict(counts(goods()))["items without title and category"] == 1


def test_the_same_seed_gives_the_same_cases() -> None:
    one, other = (Chance(goods(), 7) for _ in range(2))
    assert [one.twins(n) for n in range(5)] == [other.twins(n) for n in range(5)]
    assert Chance(goods(), 7).twins(1) != Chance(goods(), 8).twins(1)


def test_only_the_second_of_two_does_what_is_locked() -> None:
    chance = Chance(goods(), 1)
    for number in range(60):
        case = chance.twins(number)
        assert {h.item for h in case.locked} <= set(goods().locked)
        assert {h.item for h in case.visible} <= set(goods().visible)
        plain = [e for part in case.batches("x", "m", with_locked=False) for e in part]
        other = [e for part in case.batches("x", "m", with_locked=True) for e in part]
        assert len(plain) == len(case.visible)
        assert sorted(e["event_id"] for e in other if "locked" not in str(e["event_id"])) == sorted(
            e["event_id"] for e in plain
        )


def test_one_in_ten_shows_nothing_and_one_in_fifty_is_long() -> None:
    chance = Chance(goods(), 3)
    cases = [chance.twins(number) for number in range(102)]
    assert not any(case.visible or case.known for case in cases[::10])
    assert max(len(case.locked) for case in cases) > LONG / 10


def test_a_case_is_cut_down_part_by_part() -> None:
    locked = tuple(Happened("purchase", item, 5) for item in ("a", "b", "c", "d"))
    case = Twins(
        "c00", locked[:1], locked, {"n": 3, "context": {"page": "x"}}, ("a",), ("infant",), 0
    )
    smaller = case.smaller()
    assert [len(s.locked) for s in smaller[:6]] == [2, 2, 3, 3, 3, 3]
    assert any(not s.visible for s in smaller)
    assert any(not s.locked_context for s in smaller)
    assert any(s.known is None for s in smaller)
    assert any(not s.declared for s in smaller)
    assert any(s.query == {"n": 3} for s in smaller)
    assert Twins(None, (), (), {}, (), (), 0).smaller() == []


def test_a_case_is_told_in_ids() -> None:
    case = Twins(None, (), (Happened("return", "both", 9),), {"n": 1}, (), (), 0)
    assert "learned record of: nobody" in case.told()
    assert "return both at 9" in case.told()


def test_supporters_are_customers_whose_view_holds_both() -> None:
    table = shop().table
    views = [set(table.view(c).rows.tolist()) for c in range(len(table))]
    left = np.array([0, 1, 2], dtype=np.int32)
    right = np.array([3, 4, 5], dtype=np.int32)
    by_hand = [
        sum({a, b} <= view for view in views)
        for a, b in zip(left.tolist(), right.tolist(), strict=True)
    ]
    assert supporters(goods(), left, right).tolist() == by_hand
