"""Methods written from their papers give what a literal reading of the paper gives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from judge import Scorer
from methods.ease import ease
from methods.floors import decayed_frequency, popularity, recent_popularity
from methods.inputs import matrix
from methods.tifu import tifu_knn
from methods.upcf import ALL_BASKETS, up_cf
from methods.walk import rp3beta
from protocol import Problem

N_CUSTOMERS, N_ITEMS = 7, 9


@pytest.fixture
def shop() -> Problem:
    """Up to nine baskets a customer, drawn; customer 6 has bought nothing."""
    chance = np.random.default_rng(1)
    lines = [
        (c, i, b, 7.0 * (n - b))
        for c, n in enumerate((1, 2, 5, 9, 8, 3))
        for b in range(n)
        for i in sorted(chance.choice(N_ITEMS, size=3, replace=False).tolist())
    ]
    customer, item, basket, age = (np.array(column) for column in zip(*lines, strict=True))
    return Problem(
        customers=np.array([f"c{c}" for c in range(N_CUSTOMERS)]),
        items=np.array([f"i{i}" for i in range(N_ITEMS)]),
        customer=customer.astype(np.int32),
        item=item.astype(np.int32),
        basket=basket.astype(np.int32),
        age_days=age.astype(np.float32),
        truth=np.zeros((0, 2), dtype=np.int32),
    )


def scores(scorer: Scorer) -> np.ndarray:
    return scorer(np.arange(N_CUSTOMERS, dtype=np.int32))


def baskets(shop: Problem, customer: int) -> list[np.ndarray]:
    """The customer's baskets as vectors, oldest first."""
    mine = shop.customer == customer
    found = []
    for b in range(1 + int(shop.basket[mine].max(initial=-1))):
        vector = np.zeros(N_ITEMS)
        vector[shop.item[mine & (shop.basket == b)]] = 1.0
        found.append(vector)
    return found


def test_popularity_counts_customers_not_baskets(shop: Problem) -> None:
    bought = [np.sum(baskets(shop, c), axis=0) > 0 for c in range(N_CUSTOMERS - 1)]
    assert scores(popularity(shop))[0] == pytest.approx(np.sum(bought, axis=0))


def test_recent_popularity_halves_a_customer_each_half_life(shop: Problem) -> None:
    expected = np.zeros(N_ITEMS)
    for customer in range(N_CUSTOMERS):
        for item in range(N_ITEMS):
            ages = shop.age_days[(shop.customer == customer) & (shop.item == item)]
            expected[item] += 0.5 ** (ages.min() / 14.0) if len(ages) else 0.0
    assert scores(recent_popularity(shop, 2.0))[3] == pytest.approx(expected, rel=1e-5)


def test_decayed_frequency_halves_a_basket_each_half_life(shop: Problem) -> None:
    mine = baskets(shop, 2)
    expected = sum(0.5 ** (len(mine) - b) * vector for b, vector in enumerate(mine))
    assert scores(decayed_frequency(shop, 1.0))[2] == pytest.approx(expected, rel=1e-5)


def test_ease_is_the_formula_of_the_paper(shop: Problem) -> None:
    x = matrix(shop, "counts").toarray().astype(np.float64)
    p = np.linalg.inv(x.T @ x + 3.0 * np.eye(N_ITEMS))
    expected = x @ (np.eye(N_ITEMS) - p / np.diag(p))
    found = scores(ease(shop, items=N_ITEMS, regularization=3.0, weighting="counts"))
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_ease_scores_only_the_items_that_most_bought(shop: Problem) -> None:
    found = scores(ease(shop, items=4, regularization=3.0))
    buyers = scores(popularity(shop))[0]
    known = np.argsort(-buyers, kind="stable")[:4]
    assert not np.delete(found, known, axis=1).any()


def test_rp3beta_walks_three_steps_and_discounts_by_degree(shop: Problem) -> None:
    x = matrix(shop).toarray().astype(np.float64)[: N_CUSTOMERS - 1]
    to_item = (x / x.sum(axis=1, keepdims=True)) ** 0.7
    to_customer = (x.T / x.sum(axis=0)[:, None]) ** 0.7
    expected = to_item @ to_customer @ to_item / x.sum(axis=0) ** 0.4
    found = scores(rp3beta(shop, alpha=0.7, beta=0.4))
    assert found[:-1] == pytest.approx(expected, rel=1e-4)
    assert not found[-1].any()


@pytest.mark.parametrize("recency", [2, ALL_BASKETS])
def test_up_cf_sums_recent_popularity_over_customers_alike(shop: Problem, recency: int) -> None:
    q, a = 3.0, 0.25
    histories = [baskets(shop, c) for c in range(N_CUSTOMERS)]
    sets = [set(np.flatnonzero(np.sum(h, axis=0))) if h else set() for h in histories]
    expected = np.zeros((N_CUSTOMERS, N_ITEMS))
    for u, mine in enumerate(sets):
        for v, theirs in enumerate(sets):
            if mine and theirs:
                alike = len(mine & theirs) / (len(mine) ** a * len(theirs) ** (1 - a))
                expected[u] += alike**q * np.mean(histories[v][-recency:], axis=0)
    found = scores(up_cf(shop, recency=recency, locality=q, asymmetry=a))
    assert found == pytest.approx(expected, rel=1e-4)


def grouped(n: int, groups: int) -> Iterator[tuple[int, int]]:
    """First and past-last basket of each group, the larger groups newest."""
    m = min(n, groups)
    sizes = [n // m + (g >= m - n % m) for g in range(m)]
    yield from pairwise(np.concatenate([[0], np.cumsum(sizes)]).tolist())


def test_tifu_knn_mixes_decayed_groups_with_those_of_the_nearest(shop: Problem) -> None:
    groups, r_b, r_g, a, k = 4, 0.9, 0.6, 0.7, 2
    vectors = np.zeros((N_CUSTOMERS, N_ITEMS))
    for c in range(N_CUSTOMERS):
        mine = baskets(shop, c)
        cuts = list(grouped(len(mine), groups)) if mine else []
        for g, (start, stop) in enumerate(cuts):
            inner = sum(r_b ** (len(mine) - 1 - j) * mine[j] for j in range(start, stop))
            vectors[c] += r_g ** (groups - 1 - g) * inner / (stop - start) / len(cuts)
    expected = np.zeros_like(vectors)
    for c in range(N_CUSTOMERS):
        distance = ((vectors - vectors[c]) ** 2).sum(axis=1)
        distance[c] = np.inf
        near = np.argsort(distance)[:k]
        expected[c] = a * vectors[c] + (1 - a) * vectors[near].mean(axis=0)
    found = tifu_knn(
        shop, neighbours=k, groups=groups, basket_decay=r_b, group_decay=r_g, own_share=a
    )
    assert scores(found) == pytest.approx(expected, rel=1e-4, abs=1e-7)
