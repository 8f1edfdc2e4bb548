"""A trial scores what the formula scores, customer by customer."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.bundle import ModelParameters
from recommender.types import Bools, Doubles
from tests.support.fitted import Small, fitted, shop, truth_from
from training.candidates import Candidates, gather
from training.defaults import default_parameters
from training.metrics import ndcg
from training.sections import Model
from training.spaces import onto
from training.split import Truth
from training.trial import DEPTH, Narrow, both_values, explore, new_values

HALF_LIVES = (2.5, 5.0, 25.0, 60.0)
START = onto(default_parameters(Model()), ("als", "ease"), (0.5, 2.0, 8.0))


@cache
def corner(offered: int = 80) -> tuple[Small, Truth, Bools, Candidates]:
    """Forty customers; of every `offered` items, the first is not offered."""
    heads, truth = shop("habits", 40)
    offerable = np.arange(heads.n_rows) % offered != 0
    return heads, truth, offerable, gather(heads, truth, truth.customers, offerable, HALF_LIVES)


def slowly(parameters: ModelParameters, offered: int) -> tuple[list[float], list[float]]:
    """NDCG of all and of new by scoring every row of every customer, as the formula is written."""
    heads, truth, offerable, _ = corner(offered)
    found: tuple[list[float], list[float]] = ([], [])
    for c in truth.customers:
        at = slice(int(heads.columns.indptr[c]), int(heads.columns.indptr[c + 1]))
        rows = heads.columns.rows[at]
        score, own = literal(heads, int(c), parameters), np.zeros(heads.n_rows)
        mine = heads.lines.customer == c
        weeks = (heads.as_of - heads.lines.timestamp[mine]) / 604_800
        fast = np.exp2(-weeks / parameters.own_fast_half_life_weeks)
        slow = np.exp2(-weeks / parameters.own_slow_half_life_weeks)
        m = parameters.own_fast_share
        np.add.at(own, heads.lines.item[mine], m * fast + (1 - m) * slow)
        own *= heads.rate**parameters.repeat_exponent * heads.tau**parameters.trend_exponent
        bought = np.isin(np.arange(heads.n_rows), truth.of(int(c))) & offerable
        unseen = ~np.isin(np.arange(heads.n_rows), rows)
        for kind, values, wanted in (
            (0, np.where(offerable, score + own, -np.inf), bought),
            (1, np.where(offerable & unseen, score, -np.inf), bought & unseen),
        ):
            if wanted.any():
                best = np.argsort(-values, kind="stable")[:DEPTH]
                hits = (wanted & np.isfinite(values))[best][None, :]
                found[kind].append(float(ndcg(hits, np.array([wanted.sum()]))[0]))
    return found


def literal(heads: Small, c: int, parameters: ModelParameters) -> Doubles:
    """Cross part and prior of every row."""
    at = slice(int(heads.columns.indptr[c]), int(heads.columns.indptr[c + 1]))
    rows, confidence = heads.columns.rows[at], heads.columns.confidence[at].astype(np.float64)
    x = heads.customer_factors[c].astype(np.float64)
    als = heads.factors.astype(np.float64) @ x
    als /= np.sqrt(x @ heads.gramian @ x / heads.n_rows)
    ease = confidence @ heads.edges["ease"].toarray()[rows] / confidence.sum()
    cross = parameters.als_weight * als + parameters.edge_weights["ease"] * ease
    cross *= heads.tau**parameters.cross_trend_exponent
    unseen = np.setdiff1d(np.arange(heads.n_rows), rows)
    buyers = heads.recent[parameters.popularity_half_life_weeks]
    prior = (buyers / buyers.max()) ** parameters.popularity_exponent
    part = parameters.cross_weight * cross / cross[unseen].max()
    return np.asarray(part + parameters.popularity_weight * prior)


@settings(max_examples=25, deadline=None)
@given(
    offered=st.sampled_from([80, 7]),
    fast=st.sampled_from([2.5, 5.0]),
    slow=st.sampled_from([25.0, 60.0]),
    popular=st.sampled_from([0.5, 2.0, 8.0]),
    numbers=st.lists(st.floats(0.05, 1.0), min_size=8, max_size=8),
)
def test_it_scores_what_the_formula_scores(
    offered: int, fast: float, slow: float, popular: float, numbers: list[float]
) -> None:
    """In a shop whose every item is a candidate, and whatever may be offered."""
    parameters = START.model_copy(
        update={
            "own_fast_half_life_weeks": fast,
            "own_slow_half_life_weeks": slow,
            "popularity_half_life_weeks": popular,
            "own_fast_share": numbers[0],
            "repeat_exponent": numbers[1],
            "trend_exponent": numbers[2],
            "cross_trend_exponent": numbers[3],
            "als_weight": numbers[4],
            "edge_weights": {"ease": 1 - numbers[4]},
            "cross_weight": numbers[5],
            "popularity_exponent": numbers[6],
            "popularity_weight": numbers[7],
        }
    )
    expected = slowly(parameters, offered)
    found = both_values(corner(offered)[3], parameters)
    for kind in (0, 1):
        assert len(found[kind]) == len(expected[kind])
        # Scores are float32: two that are equal in all but their last digit may change places.
        assert float(np.mean(np.abs(found[kind] - expected[kind]))) < 0.005


@given(weight=st.floats(0.01, 10.0), m=st.floats(0.0, 1.0))
@settings(max_examples=25, deadline=None)
def test_the_narrow_contest_is_the_whole_one(weight: float, m: float) -> None:
    """Ten unseen candidates a customer are enough: own purchases do not change their order."""
    candidates = corner()[3]
    wanted = START.model_copy(
        update={
            "own_fast_share": m,
            "cross_weight": START.cross_weight * weight,
            "popularity_weight": START.popularity_weight * weight,
        }
    )
    narrow = Narrow.of(candidates, START).values(wanted)
    assert narrow.tolist() == pytest.approx(both_values(candidates, wanted)[0].tolist(), abs=0.05)
    assert float(narrow.mean()) == pytest.approx(
        float(both_values(candidates, wanted)[0].mean()), abs=1e-3
    )


def test_own_purchases_do_not_change_what_is_new() -> None:
    candidates = corner()[3]
    changed = START.model_copy(update={"own_fast_share": 1.0, "repeat_exponent": 0.8})
    assert new_values(candidates, START).tolist() == new_values(candidates, changed).tolist()
    assert both_values(candidates, START)[1].tolist() == new_values(candidates, START).tolist()


def test_a_shop_by_hand() -> None:
    """Ann has 0 and bought 1 next; item 1 goes with 0 and item 2 sells best.

    By neighbours alone 1 comes first, NDCG 1; by popularity alone second, 1 / log2(3).
    """
    lines = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (2, 2, 0), (3, 2, 0), (4, 2, 0)]
    heads = fitted(lines, 5, n_items=3)
    truth = truth_from([[1], [], [], [], []])
    every = np.ones(3, dtype=np.bool_)
    candidates = gather(heads, truth, truth.customers, every, HALF_LIVES)
    neighbours = START.model_copy(
        update={"als_weight": 0.0, "edge_weights": {"ease": 1.0}, "popularity_weight": 0.0}
    )
    popular = START.model_copy(update={"cross_weight": 0.0, "popularity_weight": 1.0})
    assert new_values(candidates, neighbours).tolist() == [1.0]
    assert new_values(candidates, popular) == pytest.approx([1 / np.log2(3)])
    own, unseen = explore(candidates, popular)
    assert own.shape == candidates.own.rows.shape
    assert unseen.shape == candidates.unseen.rows.shape


def test_a_customer_without_any_evidence_still_gets_what_is_popular() -> None:
    """All edges lead nowhere: N_u is 0 and the cross part with it."""
    lines = [(0, 0, 0), (1, 1, 0), (2, 1, 0), (3, 2, 0)]
    heads = fitted(lines, 4, n_items=3)
    truth = truth_from([[1], [], [], []])
    candidates = gather(heads, truth, truth.customers, np.ones(3, dtype=np.bool_), HALF_LIVES)
    lonely = START.model_copy(update={"als_weight": 0.0, "edge_weights": {"ease": 1.0}})
    assert new_values(candidates, lonely).tolist() == [1.0]
