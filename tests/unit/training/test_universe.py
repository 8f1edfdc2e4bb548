"""Which items have a row: those of enough customers, and the new ones that have kin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalogue import Catalogue, own_offers
from recommender.guard.policy import GuardPolicy
from recommender.types import ItemId
from tests.support.shop import AS_OF, DAY, Purchase, interactions
from training.assortment import Assortment
from training.sections import Model
from training.universe import Universe, universe

WEEKS = 8
TWO = Model(min_support=2, new_item_weeks=WEEKS)
"""An item is warm from two customers on."""
SINCE = WEEKS * 7
"""Days: what is exactly so old is not new any more."""

Item = tuple[str, str, float | None]
"""Category, brand, and how many days before `AS_OF` it was added; None: unknown."""

BREAD: dict[str, Item] = {f"bread-{i}": ("Bread", "Mill", None) for i in range(6)}
BOUGHT: list[Purchase] = [
    *((customer, item, 100) for item in BREAD for customer in ("ann", "bob")),
    ("ann", "bread-0", 0),
]
"""Two customers have known all bread for months; the latest purchase is at `AS_OF`."""


def shelf(items: Mapping[str, Item]) -> Assortment:
    """Bread and these items, each its own offer, and none touched by a life event."""
    found = {**BREAD, **items}
    ids = tuple(ItemId(i) for i in sorted(found))
    n = len(ids)
    ago = [found[i][2] for i in ids]
    catalogue = Catalogue(
        ids=ids,
        titles=ids,
        paths=tuple((found[i][0],) if found[i][0] else () for i in ids),
        tags=((),) * n,
        brands=tuple(found[i][1] for i in ids),
        price=np.ones(n, dtype=np.float32),
        added=np.array([np.nan if days is None else AS_OF - days * DAY for days in ago]),
        available=np.ones(n, dtype=np.bool_),
        listed=np.ones(n, dtype=np.bool_),
    )
    nothing = np.zeros(n, dtype=np.uint64)
    return Assortment(
        catalogue=catalogue,
        offers=own_offers(catalogue),
        evidence=nothing,
        target=nothing,
        soft=nothing,
        offer_target=nothing,
        offer_soft=nothing,
        policy=GuardPolicy(),
    )


def rows(made: Assortment, more: tuple[Purchase, ...] = (), model: Model = TWO) -> Universe:
    """The rows when bread and what else is named were bought."""
    return universe(interactions([*BOUGHT, *more], made.catalogue), made, model)


def ids(made: Assortment, found: Universe, *, warm: bool) -> list[str]:
    """Items of the rows that are warm, or of those that are new."""
    return [made.catalogue.ids[i] for i in found.item_of_row[found.warm == warm]]


def new(items: Mapping[str, Item], *more: Purchase, model: Model = TWO) -> list[str]:
    """Ids of the new rows of a shop that sells bread and these items."""
    made = shelf(items)
    return ids(made, rows(made, more, model), warm=False)


@pytest.mark.parametrize(
    ("ago", "is_new"),
    [
        (None, False),
        (0, True),
        (1, True),
        (SINCE - 1 / DAY, True),
        (SINCE, False),
        (400, False),
        (-1 / DAY, False),
        (-30, False),
    ],
)
def test_an_item_is_new_that_was_added_in_the_last_weeks(ago: float | None, is_new: bool) -> None:
    """Neither what nobody ever bought is, nor what is not on sale yet."""
    assert new({"rye": ("Bread", "", ago)}) == ["rye"] * is_new


@pytest.mark.parametrize(
    ("first", "is_new"), [(0, True), (SINCE - 1, True), (SINCE, False), (90, False)]
)
def test_an_item_is_new_that_was_first_bought_in_the_last_weeks(first: int, is_new: bool) -> None:
    """One customer is too few for a row of its own; a later purchase changes nothing."""
    bought = (("ann", "rye", first), ("ann", "rye", 0))
    assert new({"rye": ("Bread", "", None)}, *bought) == ["rye"] * is_new


def test_either_date_is_enough() -> None:
    """Long listed and lately bought, or bought long ago and added anew; or bought too early."""
    items = {
        "late": ("Bread", "", 300.0),
        "again": ("Bread", "", 3.0),
        "early": ("Bread", "", -3.0),
        "old": ("Bread", "", 300.0),
    }
    bought = [("ann", "late", 3), ("ann", "again", 90), ("ann", "early", 3), ("ann", "old", 90)]
    assert new(items, *bought) == ["again", "early", "late"]


def test_ages_count_from_the_latest_line_at_hand() -> None:
    """A training on what lay before a window knows of nothing that was added in it."""
    made = shelf({"rye": ("Bread", "", 10.0), "oat": ("Bread", "", 40.0)})
    lines = interactions([*BOUGHT, ("bob", "bread-1", 28)], made.catalogue)
    before = lines.where(lines.timestamp <= AS_OF - 28 * DAY)
    assert ids(made, universe(lines, made, TWO), warm=False) == ["oat", "rye"]
    assert ids(made, universe(before, made, TWO), warm=False) == ["oat"]


def test_enough_buyers_make_an_item_warm_whenever_it_was_added() -> None:
    made = shelf({"rye": ("", "", 3.0), "oat": ("", "", -3.0)})
    found = rows(made, tuple((c, item, 2) for c in ("ann", "bob") for item in ("rye", "oat")))
    assert ids(made, found, warm=True) == [*BREAD, "oat", "rye"]
    assert ids(made, found, warm=False) == []


def test_an_item_without_kin_has_no_row() -> None:
    """Category and brand are compared as people read them; kin must have enough buyers."""
    items = {
        "category": (" bread", "", 1.0),
        "brand": ("Cake", "MILL ", 1.0),
        "neither": ("Cake", "Oven", 1.0),
        "nothing": ("", "", 1.0),
    }
    assert new(items) == ["brand", "category"]


@pytest.mark.parametrize("bits", ["evidence", "target", "soft"])
def test_what_a_life_event_touches_is_not_new(bits: str) -> None:
    """It looks unsold because its purchases are masked."""
    made = shelf({"rye": ("Bread", "", 1.0)})
    touched: Any = np.array([item == "rye" for item in made.catalogue.ids]).astype(np.uint64)
    assert ids(made, rows(replace(made, **{bits: touched})), warm=False) == []


@pytest.mark.parametrize("flag", ["listed", "available"])
def test_what_is_not_on_sale_is_not_new(flag: str) -> None:
    made = shelf({"rye": ("Bread", "", 1.0)})
    others: Any = np.array([item != "rye" for item in made.catalogue.ids])
    closed = replace(made, catalogue=replace(made.catalogue, **{flag: others}))
    assert ids(made, rows(closed), warm=False) == []


def test_a_row_tells_since_when_it_is_new() -> None:
    """Added, else first bought; a warm row tells it as well, and what is old tells nothing."""
    items: dict[str, Item] = {
        "added": ("Bread", "", 9.0),
        "bought": ("Bread", "", None),
        "launched": ("Bread", "", 7.0),
    }
    bought = (
        ("ann", "added", 5),
        *(("ann", "bought", days) for days in (6, 2)),
        *((customer, "launched", 3) for customer in ("ann", "bob")),
    )
    made = shelf(items)
    found = rows(made, bought)
    days = dict(zip(ids(made, found, warm=False), [9, 6], strict=True)) | {"launched": 7}
    assert "launched" in ids(made, found, warm=True)
    for row, item in enumerate(found.item_of_row):
        ago = days.get(made.catalogue.ids[item])
        assert found.since[row] == pytest.approx(
            np.nan if ago is None else AS_OF - ago * DAY, nan_ok=True
        )


def test_no_weeks_mean_no_new_items() -> None:
    none = TWO.model_copy(update={"new_item_weeks": 0})
    items = {"rye": ("Bread", "", 0.0), "oat": ("Bread", "", 1.0)}
    assert new(items, ("ann", "rye", 0), model=none) == []


def test_there_are_never_more_new_rows_than_warm_ones() -> None:
    """Six loaves are warm. Of nine new items the latest stay; of one day, those bought, then by id.

    An item that was added and bought is as old as the catalogue says.
    """
    items: dict[str, Item] = {f"new-{day}": ("Bread", "", float(day)) for day in range(1, 5)}
    items |= dict.fromkeys(("same-a", "same-b", "same-c"), ("Bread", "", 9.0))
    items |= {"long": ("Bread", "", 20.0), "lately": ("Bread", "", None)}
    bought = (("ann", "same-b", 5), ("ann", "long", 0), ("ann", "lately", 8))
    made = shelf(items)
    found = rows(made, bought)
    assert ids(made, found, warm=False) == ["lately", "new-1", "new-2", "new-3", "new-4", "same-b"]
    assert found.n_left_out == 3
    [note] = found.notes()
    assert "9 items count as new" in note
    assert "the 6 latest of them" in note
    assert "model.new_item_weeks" in note


def test_nothing_is_noted_while_all_new_items_have_a_row() -> None:
    made = shelf({f"new-{i}": ("Bread", "", 1.0) for i in range(6)})
    assert rows(made).notes() == ()


@given(st.dictionaries(st.text("xyz", min_size=1, max_size=4), st.none() | st.integers(-9, 99)))
def test_rows_are_ascending_and_warm_ones_do_not_depend_on_new_ones(
    added: dict[str, int | None],
) -> None:
    made = shelf({item: ("Bread", "", days) for item, days in added.items()})
    found = rows(made)
    assert ids(made, found, warm=True) == list(BREAD)
    assert (np.diff(found.item_of_row) > 0).all()
    assert (~found.warm).sum() + found.n_left_out == sum(
        days is not None and 0 <= days < SINCE for days in added.values()
    )
    assert (found.row_of_item[found.item_of_row] == np.arange(len(found.item_of_row))).all()
