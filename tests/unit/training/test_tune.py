"""Tuning scores what the formula scores, finds the best of its grid, and never varies."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from recommender.bundle import ModelParameters
from recommender.models.blend import query
from recommender.types import Bools
from tests.support.shop import catalogue, interactions, population
from training.candidates import gather
from training.defaults import default_parameters
from training.fit import Heads, fit_heads
from training.metrics import ndcg
from training.progress import Silent
from training.sections import Model, Tuning
from training.split import Truth, split_off, truth_of
from training.tune import BLOCKS, DEPTH, WORTH, Tuned, tune

MODEL = Model(factors=6, iterations=4, threads=1)
START = default_parameters(MODEL)
GRID = Tuning(
    own_half_life_weeks=(4.0, 16.0),
    repeat_exponent=(0.0, 0.4),
    trend_exponent=(0.0, 1.0),
    cross_weight=(0.0, 0.1),
    popularity_weight=(0.0, 0.1),
)


@cache
def fitted() -> tuple[Heads, Truth]:
    """The corner shop before its last six weeks, and what was bought in them."""
    window = split_off(interactions(population(), catalogue()), 6, name="validation")
    heads = fit_heads(window.before, len(catalogue()), MODEL, START, Silent())
    return heads, truth_of(window.after, heads.customers, heads.row_of_item)


def tuned(offerable: Bools | None = None, grid: Tuning = GRID) -> Tuned:
    heads, truth = fitted()
    every = np.ones(heads.n_rows, dtype=np.bool_)
    return tune(
        heads,
        truth,
        every if offerable is None else offerable,
        grid,
        START,
        seed=0,
        progress=Silent(),
    )


def slow_quality(parameters: ModelParameters) -> tuple[float, float]:
    """NDCG of all and of new items by scoring every row of every customer."""
    heads, truth = fitted()
    found: tuple[list[float], list[float]] = ([], [])
    for c in truth.customers:
        at = slice(int(heads.columns.indptr[c]), int(heads.columns.indptr[c + 1]))
        rows = heads.columns.rows[at]
        asked = query(heads.customer_factors[c], heads.gramian, heads.n_rows, parameters)
        scores = heads.trend_scale(parameters) * (heads.factors @ asked[:-1])
        scores = scores + asked[-1] * heads.popularity
        bought = np.isin(np.arange(heads.n_rows), truth.of(int(c)))
        own = np.zeros(heads.n_rows)
        own[rows] = heads.columns.own[at] * heads.repeat_scale(parameters)[rows]
        unseen = ~np.isin(np.arange(heads.n_rows), rows)
        for kind, values, mask in ((0, scores + own, bought), (1, scores, bought & unseen)):
            open_ = np.flatnonzero(unseen) if kind else np.arange(heads.n_rows)
            best = open_[np.argsort(-values[open_], kind="stable")[:DEPTH]]
            if mask.any():
                hits = np.zeros((1, DEPTH), dtype=np.bool_)
                hits[0, : len(best)] = mask[best]
                found[kind].append(float(ndcg(hits, np.array([mask.sum()]))[0]))
    return float(np.mean(found[0])), float(np.mean(found[1]))


def test_it_scores_what_the_formula_scores() -> None:
    """In a shop whose every item is a candidate, tuning and brute force agree."""
    result = tuned()
    for point in result.curves["cross_weight"]:
        parameters = result.parameters.model_copy(update={"cross_weight": point.value})
        if parameters.own_half_life_weeks == START.own_half_life_weeks:
            expected = slow_quality(parameters)
            assert (point.ndcg_all, point.ndcg_new) == pytest.approx(expected, abs=2e-6)


def test_no_value_of_a_curve_beats_the_one_that_was_chosen() -> None:
    """Along each single setting, by the aim: a gain in one question cannot cost the other more."""
    result = tuned()
    for name, points in result.curves.items():
        chosen = next(p for p in points if p.value == getattr(result.parameters, name))
        for point in points:
            assert point.ndcg_all is not None
            assert point.ndcg_new is not None
            assert chosen.ndcg_all is not None
            assert chosen.ndcg_new is not None
            gains = (point.ndcg_all - chosen.ndcg_all, point.ndcg_new - chosen.ndcg_new)
            assert min(gains) <= WORTH, f"{name} = {point.value}"


def test_every_searched_value_is_on_the_grid_and_the_rest_stays() -> None:
    """Half-life 16 is the only shipped default that this grid has."""
    searched = {name for block in BLOCKS for name in block}
    start = START.model_dump()
    for name, value in tuned().parameters.model_dump().items():
        allowed = getattr(GRID, name) if name in searched else (start[name],)
        assert value in allowed, name


def test_a_grid_of_single_values_is_what_comes_out() -> None:
    """A shop that fixes every setting gets what it fixed, wherever the shipped defaults lie."""
    fixed: dict[str, float] = {
        "own_half_life_weeks": 5.0,
        "repeat_exponent": 0.3,
        "trend_exponent": 0.2,
        "cross_weight": 0.5,
        "popularity_weight": 0.7,
    }
    grid = Tuning.model_validate({name: (value,) for name, value in fixed.items()})
    result = tuned(grid=grid)
    assert result.parameters == START.model_copy(update=fixed)
    for name, points in result.curves.items():
        assert [point.value for point in points] == [fixed[name]]


def test_equal_input_gives_equal_parameters() -> None:
    assert tuned() == tuned()


def test_fewer_customers_are_drawn_with_the_seed() -> None:
    few = tuned(grid=GRID.model_copy(update={"customers": 5}))
    assert few.customers == 5


def test_what_may_not_be_offered_is_neither_candidate_nor_truth() -> None:
    heads, truth = fitted()
    offerable = np.arange(heads.n_rows) % 2 == 0
    found = gather(heads, truth, truth.customers, offerable, (4.0, 16.0))
    for block in (found.own, found.unseen):
        assert offerable[block.rows[block.real]].all()
    sizes = [int(offerable[truth.of(int(c))].sum()) for c in truth.customers]
    assert found.n_all.tolist() == sizes


def test_unseen_candidates_were_never_bought_and_come_once() -> None:
    heads, truth = fitted()
    every = np.ones(heads.n_rows, dtype=np.bool_)
    found = gather(heads, truth, truth.customers, every, (4.0,))
    for i, c in enumerate(truth.customers):
        at = slice(int(heads.columns.indptr[c]), int(heads.columns.indptr[c + 1]))
        own = found.own.rows[i][found.own.real[i]].tolist()
        unseen = found.unseen.rows[i][found.unseen.real[i]].tolist()
        assert own == heads.columns.rows[at].tolist()
        assert len(set(unseen)) == len(unseen)
        assert sorted([*own, *unseen]) == list(range(heads.n_rows))


def test_nothing_to_offer_is_not_an_error() -> None:
    """Then the grid's values nearest to the shipped defaults stay, and nothing was measured."""
    heads, _ = fitted()
    result = tuned(np.zeros(heads.n_rows, dtype=np.bool_))
    nearest = {
        "own_half_life_weeks": 16.0,
        "repeat_exponent": 0.0,
        "trend_exponent": 1.0,
        "cross_weight": 0.0,
        "popularity_weight": 0.0,
    }
    assert result.parameters == START.model_copy(update=nearest)
    assert result.aim == 0
    for points in result.curves.values():
        assert {(point.ndcg_all, point.ndcg_new) for point in points} == {(None, None)}
