"""Offers that hardly anybody has bought yet are counted apart."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import numpy as np
import pytest

from recommender.index import BundleIndex
from tests.support.shop import population, train
from training.reach import Shelves
from training.tallies import Appraisal, Tally, cold_offers, cold_support


def index() -> BundleIndex:
    return train(population()).index


def appraisal(shop: BundleIndex, *cold: int) -> Appraisal:
    """The customers are one new one and one heavy one; these offers are cold."""
    marked = np.zeros(len(shop.bundle.offers), dtype=np.bool_)
    marked[list(cold)] = True
    return Appraisal(shop, Shelves.of(shop), marked, ("new", "heavy"), resamples=20, seed=0)


def numbers(*offers: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(offers, dtype=np.int32)


def test_cold_offers_by_hand() -> None:
    """One took 3 (cold, shown at rank 2) and 5; one took 4 (cold, not shown)."""
    tally = Tally(3)
    tally.add(0, numbers(1, 3, 5), numbers(3, 5))
    tally.add(1, numbers(2, 3), numbers(4))
    quality = appraisal(index(), 3, 4).quality(tally)
    assert quality is not None
    cold = quality.cold
    assert (cold.customers, cold.shown, cold.taken) == (2, 0.4, pytest.approx(2 / 3, abs=1e-6))
    assert cold.ndcg is not None
    assert cold.ndcg.mean == pytest.approx(1 / log2(3) / 2, abs=1e-6)
    assert quality.segments["new"].hit.mean == 1.0
    assert quality.segments["heavy"].hit.mean == 0.0
    assert "light" not in quality.segments


def test_who_took_nothing_cold_is_not_asked_about_it() -> None:
    tally = Tally(3)
    tally.add(0, numbers(1), numbers(1))
    quality = appraisal(index(), 4).quality(tally)
    assert quality is not None
    assert (quality.cold.customers, quality.cold.ndcg, quality.cold.shown) == (0, None, 0.0)


def test_an_empty_list_is_worth_nothing_and_breaks_nothing() -> None:
    tally = Tally(3)
    tally.add(0, numbers(), numbers(1))
    quality = appraisal(index()).quality(tally)
    assert quality is not None
    assert quality.hit.mean == quality.coverage == quality.gini == quality.popularity_shown == 0
    assert quality.diversity is None
    assert appraisal(index()).quality(Tally(3)) is None
    assert appraisal(index()).ranking(Tally(3)) is None


def test_cold_is_what_fewer_have_than_the_models_ask_for() -> None:
    """One in fifty customers, at least one, at most ten."""
    assert [cold_support(n) for n in (5, 100, 150, 10_000)] == [1, 2, 3, 10]
    shop = index()
    assert not cold_offers(shop).any()
    row = int(shop.offer_rows[3])
    support = shop.bundle.support.copy()
    support[row] = 0
    changed = BundleIndex(replace(shop.bundle, support=support))
    assert np.flatnonzero(cold_offers(changed)).tolist() == [3]
