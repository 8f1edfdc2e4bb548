"""Two bundles meet on the same later purchases of customers whom both know."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest

from recommender.errors import InputError
from tests.support.shop import (
    AS_OF,
    DAY,
    Purchase,
    catalogue,
    interactions,
    policy,
    train,
    unguarded,
)
from tests.support.shop import population as purchases_of_the_shop
from training.contest import Purchases, Side, Told, contest, informed
from training.paired import compare
from training.sections import Evaluation

SETTINGS = Evaluation(n=5, bootstrap=10)
NOTHING = Told(AS_OF, {})


@cache
def side(*, older_than_days: int, customers: int = 40) -> Side:
    """The shop as of some days ago, with its first customers only."""
    known = [
        (customer, item, days)
        for customer, item, days in purchases_of_the_shop()
        if days >= older_than_days and int(customer[1:]) < customers
    ]
    shop = train(known)
    return Side(shop.index, shop.table)


def bought(lines: Iterable[Purchase]) -> Purchases:
    listing = catalogue()
    return Purchases(interactions(lines, listing), listing.ids)


@cache
def holdout() -> Purchases:
    return bought(purchases_of_the_shop())


def test_both_are_measured_after_the_newer_one_was_trained() -> None:
    a, b = contest(
        (side(older_than_days=60), side(older_than_days=30)), holdout(), SETTINGS, NOTHING
    )
    newer = side(older_than_days=30).as_of
    assert (a.window_from, a.window_until) == (b.window_from, b.window_until) == (newer, AS_OF)
    after = {c for c, _, days in purchases_of_the_shop() if AS_OF - days * DAY > newer}
    assert set(a.answers["all"].customers) <= after
    assert compare([a], [b], resamples=20).windows == ((newer, AS_OF),)


def test_only_customers_whom_both_know_are_measured() -> None:
    """A knows c00 to c09, B everybody."""
    few = side(older_than_days=30, customers=10)
    a, b = contest((few, side(older_than_days=30)), holdout(), SETTINGS, NOTHING)
    assert a.answers["all"].customers == b.answers["all"].customers
    assert {str(c) for c in a.answers["all"].customers} <= {f"c{c:02d}" for c in range(10)}


def test_at_most_so_many_customers_are_measured_and_the_same_ones() -> None:
    """Although the two have numbered their customers differently."""
    few = Evaluation(n=5, bootstrap=10, customers=4)
    pair = (side(older_than_days=60, customers=30), side(older_than_days=30))
    a, b = contest(pair, holdout(), few, NOTHING)
    assert len(a.answers["all"]) <= 4
    assert a.answers["all"].customers == b.answers["all"].customers


def test_a_bundle_against_itself_is_equal_for_every_customer() -> None:
    same = side(older_than_days=30)
    a, b = contest((same, same), holdout(), SETTINGS, NOTHING)
    for question in ("all", "new"):
        one, other = a.answers[question], b.answers[question]
        assert one.customers == other.customers
        assert all(np.array_equal(one.values[m], other.values[m]) for m in one.values)


def test_history_gives_the_older_one_what_the_newer_one_has_seen() -> None:
    """Then the views of both end on the same day; before, 30 days lay between them."""
    old, new = side(older_than_days=60), side(older_than_days=30)
    told = informed(old, holdout(), new.as_of, NOTHING)
    customers = set(told.table.customers) & set(new.table.customers)
    assert customers
    for customer in customers:
        mine = told.table.view(told.table.customers.index(customer))
        theirs = new.table.view(new.table.customers.index(customer))
        assert mine.age_days.min() == theirs.age_days.min()
        assert int(mine.baskets.sum()) <= int(theirs.baskets.sum())


def test_locked_evidence_in_the_holdout_changes_nothing() -> None:
    """Diapers and a pregnancy test after the training are seen by neither."""
    secret = [(f"c{c:02d}", item, 3) for c in range(40) for item in ("diaper-1", "test-1")]
    pair = (side(older_than_days=60), side(older_than_days=30))
    plain = contest(pair, holdout(), SETTINGS, NOTHING)
    more = contest(pair, bought([*purchases_of_the_shop(), *secret]), SETTINGS, NOTHING)
    assert policy().life_events
    for one, other in zip(plain, more, strict=True):
        assert one.answers["all"].customers == other.answers["all"].customers
        assert np.array_equal(
            one.answers["all"].values["ndcg"], other.answers["all"].values["ndcg"]
        )


def test_what_only_one_of_them_knows_is_missed_by_the_other() -> None:
    """B has never heard of bread-1, which everybody buys afterwards; nothing else is bought."""
    bread = [(f"c{c:02d}", "bread-1", 1) for c in range(40)]
    known = [line for line in purchases_of_the_shop() if line[2] >= 30]
    without = train([line for line in known if line[1] != "bread-1"])
    pair = (side(older_than_days=30), Side(without.index, without.table))
    a, b = contest(pair, bought(bread), SETTINGS, NOTHING)
    assert a.answers["all"].customers == b.answers["all"].customers
    assert a.answers["all"].values["hit"].sum() > 0
    assert b.answers["all"].values["hit"].sum() == 0


def test_what_either_knows_to_be_owned_is_new_to_neither() -> None:
    """c01 bought bread-0 between the two trainings, and again: the older one does not know."""
    early = [line for line in purchases_of_the_shop() if line[2] >= 60]
    once = [("c01", "bread-0", 40), ("c02", "bread-0", 40)]
    early = [line for line in early if line[:2] not in {("c01", "bread-0"), ("c02", "bread-0")}]
    older, newer = train(early), train([*early, *once])
    pair = (Side(older.index, older.table), Side(newer.index, newer.table))
    a, b = contest(pair, bought([("c01", "bread-0", 1)]), SETTINGS, NOTHING)
    assert a.answers["all"].customers == b.answers["all"].customers == ("c01",)
    assert a.answers["new"].customers == b.answers["new"].customers == ()


def test_what_a_guard_holds_back_is_not_missed() -> None:
    """B is not guarded and finds diapers; for A, which never looks at them, they do not count."""
    known = [line for line in purchases_of_the_shop() if line[2] >= 30]
    diapers = [(f"c{c:02d}", "diaper-1", 40) for c in range(40)]
    free = train([*known, *diapers], unguarded())
    pair = (side(older_than_days=30), Side(free.index, free.table))
    later = bought([("c01", "diaper-1", 1), ("c01", "bread-0", 1), ("c02", "diaper-1", 1)])
    a, b = contest(pair, later, SETTINGS, NOTHING)
    assert a.answers["all"].customers == ("c01",)
    assert b.answers["all"].customers == ("c01", "c02")
    alone, _ = contest(pair, bought([("c01", "bread-0", 1)]), SETTINGS, NOTHING)
    for metric, values in alone.answers["all"].values.items():
        assert np.array_equal(values, a.answers["all"].values[metric])


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([("c00", "bread-0", 100)], "no visible purchase after"),
        ([("c00", "diaper-1", 1)], "no visible purchase after"),
        ([("nobody", "bread-0", 1)], "no purchase of a customer whom both know"),
    ],
)
def test_a_holdout_that_shows_nothing_is_bad_input(lines: list[Purchase], text: str) -> None:
    pair = (side(older_than_days=60), side(older_than_days=30))
    with pytest.raises(InputError, match=text) as caught:
        contest(pair, bought(lines), SETTINGS, NOTHING)
    assert caught.value.hint


def test_a_history_that_begins_later_is_bad_input() -> None:
    old = side(older_than_days=60)
    with pytest.raises(InputError, match="no visible purchase up to"):
        informed(old, bought([("c00", "bread-0", 1)]), old.as_of, NOTHING)
