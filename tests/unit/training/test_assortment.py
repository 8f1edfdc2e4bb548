"""Restricting an assortment keeps every position and every bit in step."""

from __future__ import annotations

import numpy as np

from recommender.catalogue import Catalogue, Offers
from recommender.guard.policy import GuardPolicy
from recommender.types import ItemId, OfferId
from training.assortment import Assortment, promotions, restricted


def assortment() -> Assortment:
    """Items a to d; offer p promotes a and c, offer q only b, offer r nothing, offer s d."""
    n = 4
    return Assortment(
        catalogue=Catalogue(
            ids=tuple(ItemId(i) for i in "abcd"),
            titles=("A", "B", "C", "D"),
            paths=((),) * n,
            tags=((),) * n,
            brands=("",) * n,
            price=np.arange(n, dtype=np.float32),
            added=np.full(n, np.nan),
            available=np.ones(n, dtype=np.bool_),
            listed=np.ones(n, dtype=np.bool_),
        ),
        offers=Offers(
            ids=tuple(OfferId(o) for o in "pqrs"),
            titles=("P", "Q", "R", "S"),
            indptr=np.array([0, 2, 3, 3, 4], dtype=np.int32),
            items=np.array([0, 2, 1, 3], dtype=np.int32),
            valid_from=np.arange(4.0),
            valid_until=np.arange(4.0) + 10,
        ),
        evidence=np.array([1, 2, 4, 8], dtype=np.uint64),
        target=np.array([16, 32, 64, 128], dtype=np.uint64),
        soft=np.array([1, 0, 0, 2], dtype=np.uint64),
        offer_target=np.array([80, 32, 0, 128], dtype=np.uint64),
        offer_soft=np.array([1, 0, 0, 2], dtype=np.uint64),
        policy=GuardPolicy(),
    )


def test_items_leave_and_the_rest_moves_up() -> None:
    smaller, position = assortment().where(np.array([False, False, True, True]))
    assert position.tolist() == [-1, -1, 0, 1]
    assert smaller.catalogue.ids == ("c", "d")
    assert smaller.evidence.tolist() == [4, 8]
    assert smaller.target.tolist() == [64, 128]
    assert smaller.soft.tolist() == [0, 2]
    assert smaller.offers.ids == ("p", "s")
    assert smaller.offers.titles == ("P", "S")
    assert smaller.offers.indptr.tolist() == [0, 1, 2]
    assert smaller.offers.items.tolist() == [0, 1]
    assert smaller.offers.valid_from.tolist() == [0, 3]
    assert smaller.offers.valid_until.tolist() == [10, 13]


def test_an_offer_that_loses_an_item_keeps_its_bits() -> None:
    """What it reveals was decided when it was written."""
    smaller, _ = assortment().where(np.array([False, False, True, True]))
    assert smaller.offer_target.tolist() == [80, 128]
    assert smaller.offer_soft.tolist() == [1, 2]


def test_the_guard_sees_everything_that_an_offer_promotes() -> None:
    """Of p and s only one item each is modelled; the guard still reads all three."""
    modelled = np.array([False, False, True, True])
    _, kept = restricted(assortment().offers, modelled)
    whole = promotions(assortment().offers, kept)
    assert whole.indptr.tolist() == [0, 2, 3]
    assert whole.items.tolist() == [0, 2, 3]


def test_no_offers_stay_none() -> None:
    n_items = len(assortment().catalogue)
    none, _ = restricted(assortment().offers, np.zeros(n_items, dtype=np.bool_))
    offers, kept = restricted(none, np.ones(4, dtype=np.bool_))
    assert len(offers) == 0
    assert kept.tolist() == []
