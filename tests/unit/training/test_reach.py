"""Coverage, Gini, novelty, popularity and diversity, worked by hand and by literal twins."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bundle import Promotions
from recommender.index import BundleIndex
from recommender.types import ItemId, OfferId
from tests.support.shop import population, train
from training.reach import Shelves, bands, coverage, diversity, gini, mean_in_list

# Offer 0: Food > Bread > Rolls; 1: Food > Bread; 2: Food > Fruit; 3: Home; 4: no category.
PATHS = ("food/bread/rolls", "food/bread", "food/fruit", "home", "")
LEVELS = np.array([[0, 1, 2], [0, 1, -1], [0, 3, -1], [4, -1, -1], [-1, -1, -1]], dtype=np.int32)


def lists(*rows: tuple[int, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    longest = max(map(len, rows))
    return np.array([(*row, *(-1,) * (longest - len(row))) for row in rows], dtype=np.int32)


def test_coverage_counts_distinct_offers() -> None:
    assert coverage(np.array([3, 3, 1]), 8) == 0.25
    assert coverage(np.empty(0, dtype=np.int64), 0) == 0.0


def test_gini_by_hand() -> None:
    """All equally often: 0. One of four takes everything: 3/4. Counts 1, 3: 1/4."""
    assert gini(np.array([0, 1, 2, 3]), 4) == 0.0
    assert gini(np.array([2, 2, 2]), 4) == 0.75
    assert gini(np.array([0, 1, 1, 1]), 2) == 0.25
    assert gini(np.empty(0, dtype=np.int64), 4) == 0.0


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40))
def test_gini_is_half_the_relative_mean_difference(shown: list[int]) -> None:
    counts = np.bincount(shown, minlength=7)
    differences = np.abs(counts[:, None] - counts[None, :]).mean()
    expected = differences / (2 * counts.mean())
    assert gini(np.array(shown), 7) == pytest.approx(expected, abs=1e-6)


def test_bands_are_shares_of_places() -> None:
    """Of 100 offers the most popular is the first band, the next four the second."""
    place = np.arange(100)
    assert bands(np.array([0, 0, 3, 50]), place) == (0.5, 0.25, 0.0, 0.25)


def test_a_list_has_the_mean_of_its_offers() -> None:
    """Known to 1/2 and 1/8 of the customers: 1 and 3 bits, so 2; an empty list has none."""
    surprise = -np.log2(np.array([1 / 2, 1 / 8]))
    found = mean_in_list(lists((0, 1), (1,), ()), surprise)
    assert found[:2].tolist() == [2.0, 3.0]
    assert np.isnan(found[2])


def test_diversity_by_hand() -> None:
    """Rolls and bread share 2 of 3 + 2 levels, bread and fruit 1 of 2 + 2, home nothing."""
    found = diversity(lists((0, 1), (1, 2), (0, 1, 3), (0, 4), (3,), (1, 4, 1)), LEVELS)
    assert found[:3].tolist() == pytest.approx([1 - 4 / 5, 1 - 2 / 4, 1 - (4 / 5) / 3])
    assert np.isnan(found[3:5]).all()
    assert found[5] == 0.0


def similarity(one: str, other: str) -> float:
    """Wu and Palmer's, on paths as text."""
    a, b = one.split("/"), other.split("/")
    common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    common = min(len(a), len(b)) if common is None else common
    return 2 * common / (len(a) + len(b))


@given(st.lists(st.lists(st.integers(0, 4), max_size=6).map(tuple), min_size=1, max_size=4))
def test_diversity_is_that_of_all_pairs(rows: list[tuple[int, ...]]) -> None:
    found = diversity(lists(*rows), LEVELS)
    for row, value in zip(rows, found, strict=True):
        pairs = [(PATHS[a], PATHS[b]) for a, b in combinations(row, 2) if PATHS[a] and PATHS[b]]
        if pairs:
            assert value == pytest.approx(1 - np.mean([similarity(a, b) for a, b in pairs]))
        else:
            assert np.isnan(value)


def test_an_offer_of_several_items_has_their_mean_and_what_they_share() -> None:
    """Two kinds of bread are bread; bread and tea have no category in common."""
    bundle = train(population()).index.bundle
    wanted = [("bread-0", "bread-1"), ("bread-0", "tea-0"), ("bread-2",)]
    number = bundle.catalogue.index()
    items = [number[ItemId(item)] for offer in wanted for item in offer]
    offers = replace(
        bundle.offers,
        ids=tuple(OfferId(f"o{i}") for i in range(3)),
        titles=("",) * 3,
        indptr=np.array([0, 2, 4, 5], dtype=np.int32),
        items=np.array(items, dtype=np.int32),
        valid_from=bundle.offers.valid_from[:3],
        valid_until=bundle.offers.valid_until[:3],
    )
    index = BundleIndex(
        replace(
            bundle,
            offers=offers,
            promotions=Promotions(offers.indptr, offers.items),
            offer_target=bundle.offer_target[:3],
            offer_soft=bundle.offer_soft[:3],
        )
    )
    shelves = Shelves.of(index)
    rows = index.row_of_item[offers.items[:2]]
    share = bundle.support[rows].mean() / bundle.manifest.n_customers
    assert shelves.share[0] == pytest.approx(share)
    assert shelves.levels[0, 0] == shelves.levels[2, 0] >= 0
    assert (shelves.levels[1] == -1).all()


def test_a_shop_without_categories_has_no_diversity() -> None:
    assert np.isnan(diversity(lists((0, 1)), np.empty((2, 0), dtype=np.int32))).all()


def test_shelves_are_read_from_the_bundle() -> None:
    """Shares are counted on views; equal categories have equal levels."""
    index = train(population()).index
    shelves = Shelves.of(index)
    bundle, n = index.bundle, index.bundle.manifest.n_customers
    offer = int(index.by_popularity[0])
    row = int(index.offer_rows[offer])
    share = int(bundle.support[row]) / n
    assert shelves.share[offer] == pytest.approx(share)
    assert shelves.surprise[offer] == pytest.approx(-log2(share), abs=1e-6)
    assert shelves.place[offer] == 0
    for one, other in combinations(range(len(bundle.offers)), 2):
        paths = [bundle.catalogue.paths[bundle.offers.items[o]] for o in (one, other)]
        if all(paths):
            same = bool((shelves.levels[one] == shelves.levels[other]).all())
            assert same == (paths[0] == paths[1])
