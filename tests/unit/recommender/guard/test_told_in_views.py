"""What customers have told us, in the views of a training."""

from __future__ import annotations

import numpy as np

from recommender.controls import Controls
from recommender.guard.policy import GuardPolicy, LifeEventRule, Stance
from recommender.guard.view import Told, view_of_purchases
from recommender.interactions import Interactions
from recommender.types import CustomerId, ItemId

NOW = 1_000
ITEMS = tuple(map(ItemId, ("coat", "crib", "test", "tea")))
CATEGORIES = ({"wear", "coats"}, {"baby"}, {"baby"}, {"food"})
EVIDENCE = np.array([0, 0, 1, 0], dtype=np.uint64)
POLICY = GuardPolicy(
    on_unmapped_item="allow",
    life_events=(
        LifeEventRule(id="pregnancy", stance=Stance.BLOCK_UNLESS_DECLARED),
        LifeEventRule(id="minor", stance=Stance.BLOCK, personal=False),
    ),
)
TERM = {"at": 1}


def purchases() -> Interactions:
    """Ada, Bob and Cleo each bought every item once, at 100, 101, ..."""
    return Interactions(
        customers=tuple(map(CustomerId, ("ada", "bob", "cleo"))),
        customer=np.repeat(np.arange(3, dtype=np.int32), 4),
        item=np.tile(np.arange(4, dtype=np.int32), 3),
        timestamp=np.tile(np.arange(100, 104, dtype=np.int64), 3),
        quantity=np.ones(12, dtype=np.float32),
        basket=np.repeat(np.arange(3, dtype=np.int64), 4),
    )


def seen(**told: object) -> dict[str, list[str]]:
    """What each customer's view shows when Bob has told us this."""
    bob = Controls.model_validate({"customer": "bob"} | told)
    everything = Told(
        controls={"bob": bob, "ada": Controls(customer="ada")},
        policy=POLICY,
        at=NOW,
        items=ITEMS,
        categories=lambda item: frozenset(CATEGORIES[item]),
    )
    found = view_of_purchases(purchases(), EVIDENCE, POLICY.rules(NOW), everything)
    shown: dict[str, list[str]] = {}
    for c, item in zip(found.customer, found.item, strict=True):
        shown.setdefault(found.customers[c], []).append(ITEMS[item])
    return shown


def test_without_controls_everybody_has_the_same_view() -> None:
    found = view_of_purchases(purchases(), EVIDENCE, POLICY.rules(NOW))
    assert len(found) == 9
    plain = ["coat", "crib", "tea"]
    assert seen() == {"ada": plain, "bob": plain, "cleo": plain}


def test_leave_shows_exactly_the_rows_of_who_gave_it() -> None:
    told = {
        "declarations": {"pregnancy": TERM | {"source": "preference_centre"}},
        "consents": {"pregnancy": {"history": TERM}},
    }
    plain = ["coat", "crib", "tea"]
    assert seen(**told) == {"ada": plain, "bob": ["coat", "crib", "test", "tea"], "cleo": plain}
    assert seen(**(told | {"objections": {"pregnancy": TERM}}))["bob"] == plain
    assert seen(declarations=told["declarations"])["bob"] == plain


def test_a_gift_is_no_taste_until_its_date() -> None:
    assert seen(gifts={"tea": {"at": 1, "until": NOW + 1}})["bob"] == ["coat", "crib"]
    assert seen(gifts={"tea": {"at": 1, "until": NOW}})["bob"] == ["coat", "crib", "tea"]


def test_what_was_bought_until_then_is_forgotten() -> None:
    assert seen(forgotten={"coat": 100, "tea": 102})["bob"] == ["crib", "tea"]


def test_what_is_too_personal_leaves_the_view() -> None:
    assert seen(too_personal={"baby": TERM, "wear": TERM})["bob"] == ["tea"]
    assert seen(too_personal={"wear": {"at": 1, "until": 2}})["bob"] == ["coat", "crib", "tea"]


def test_who_is_answered_like_a_visitor_has_no_view() -> None:
    told = {"minor": TERM | {"source": "preference_centre"}}
    assert sorted(seen(declarations=told)) == ["ada", "cleo"]
