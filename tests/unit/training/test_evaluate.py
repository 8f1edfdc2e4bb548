"""Evaluation describes what `decide` does, and treats every method alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from recommender.bundle import CustomerTable
from recommender.catalogue import own_offers
from recommender.customer import CustomerState, View
from recommender.decide import decide
from recommender.guard.document import CompiledGuard
from recommender.guard.layout import lay
from recommender.guard.policy import GuardPolicy
from recommender.guard.view import view_of_purchases
from recommender.index import BundleIndex
from recommender.request import OfferRequest, Placement, Source
from recommender.types import OfferId
from tests.support.shop import (
    AS_OF,
    CONTAINED,
    LIFE_EVENTS,
    catalogue,
    interactions,
    policy,
    population,
    unguarded,
)
from training.assortment import Assortment
from training.baselines import PersonalFrequency, baselines
from training.defaults import default_parameters
from training.evaluate import evaluate
from training.evaluation import Evaluation
from training.fit import fit_models
from training.metrics import ndcg
from training.progress import Silent
from training.sections import Evaluation as Settings
from training.sections import Model
from training.split import Truth, split_off, truth_of

SETTINGS = Settings(n=5, bootstrap=50)


@cache
def case(*, guarded: bool) -> tuple[BundleIndex, CustomerTable, Truth]:
    """The corner shop before its last six weeks, and what was bought in them."""
    rules: GuardPolicy = policy() if guarded else unguarded()
    listing = catalogue()
    life_events = LIFE_EVENTS if guarded else ()
    offers = own_offers(listing)
    bits = lay(CompiledGuard(rules, life_events, (life_events,)), listing, offers)
    assortment = Assortment(
        catalogue=listing,
        offers=offers,
        evidence=bits.evidence,
        target=bits.target,
        soft=bits.soft,
        offer_target=bits.offer_target,
        offer_soft=bits.offer_soft,
        policy=rules,
    )
    raw = interactions(population(), listing)
    visible = view_of_purchases(raw, bits.evidence, rules.rules(AS_OF))
    window = split_off(visible, 6, name="test")
    model = Model(factors=6, iterations=4, threads=1)
    bundle, table = fit_models(
        window.before,
        assortment,
        model,
        default_parameters(model),
        Silent(),
        config_digest="",
        with_neighbours=False,
    )
    index = BundleIndex(bundle)
    return index, table, truth_of(window.after, table.customers, index.row_of_item)


def evaluated(*, guarded: bool, settings: Settings = SETTINGS) -> Evaluation:
    index, table, truth = case(guarded=guarded)
    return evaluate(index, table, truth, settings, until=AS_OF)


@pytest.mark.parametrize(("source", "new"), [(Source.HOME, False), (Source.DISCOVERY, True)])
def test_the_engine_is_decide(source: Source, *, new: bool) -> None:
    """NDCG of *all* is that of `home`, NDCG of *new* that of `discovery`."""
    index, table, truth = case(guarded=False)
    values = []
    for c in truth.customers:
        state = CustomerState(table.view(int(c)), table.factors[c])
        request = OfferRequest((Placement("x", source, 5),))
        picks = decide(index, state, request, index.bundle.manifest.as_of).placements[0].picks
        bought = set(truth.of(int(c)).tolist())
        if new:
            bought -= set(state.view.rows.tolist())
        if bought:
            hits = [int(index.offer_rows[p.offer]) in bought for p in picks]
            values.append(ndcg(np.array([hits]), np.array([len(bought)]))[0])
    engine = evaluated(guarded=False).methods[0]
    found = engine.new if new else engine.all
    assert found is not None
    assert found.ndcg.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert found.ndcg.low <= found.ndcg.mean <= found.ndcg.high


def test_every_method_is_in_one_table() -> None:
    found = evaluated(guarded=False)
    assert [m.name for m in found.methods] == [
        "Tactful",
        "popularity",
        "personal frequency",
        "ALS alone",
    ]
    assert [m.new is None for m in found.methods] == [False, False, True, False]
    assert all(len(row) == len(found.columns()) for row in found.rows())
    assert found.rows()[2][-1] == "-"
    for method in found.methods:
        assert method.all is not None
        assert sum(method.all.bands) == pytest.approx(1, abs=1e-5)
        assert 0 < method.all.coverage <= 1


def test_contained_truth_is_left_out_for_everyone() -> None:
    """Everybody buys cribs; under the guard no method may show them, and none is blamed."""
    index, _, truth = case(guarded=True)
    crib = index.offer_index[OfferId("crib")]
    held = [index.item_id(int(row)) in CONTAINED for row in truth.rows]
    found = evaluated(guarded=True)
    assert found.guarded
    assert found.left_out == pytest.approx(np.mean(held), abs=1e-6)
    assert found.left_out > 0
    assert not index.allowed(index.rules(0), 0)[crib]
    assert not evaluated(guarded=False).guarded
    assert evaluated(guarded=False).left_out == 0


def test_it_is_reproducible_and_can_look_at_fewer() -> None:
    assert evaluated(guarded=True) == evaluated(guarded=True)
    few = evaluated(guarded=True, settings=SETTINGS.model_copy(update={"customers": 7}))
    assert few.customers_all <= 7


def test_the_headline_names_both_questions() -> None:
    assert set(evaluated(guarded=True).headline()) == {
        "ndcg@5_all",
        "recall@5_all",
        "coverage_all",
        "ndcg@5_new",
        "recall@5_new",
        "coverage_new",
    }


def test_frequency_ties_fall_by_popularity() -> None:
    """Two baskets beat one, whatever sells; one against one is decided by what sells."""
    model = PersonalFrequency(np.array([1.0, 0.2, 0.4], dtype=np.float32))
    view = View(
        rows=np.array([1, 2], dtype=np.int32),
        baskets=np.array([2, 1], dtype=np.int32),
        age_days=np.zeros(2, dtype=np.int32),
        own=np.ones(2, dtype=np.float32),
        confidence=np.ones(2, dtype=np.float32),
    )
    scores = model.score(view)
    assert scores[1] > scores[2] > scores[0]
    once = model.score(view.where(np.array([False, True])))
    assert once.argmax() == 2
    assert once[0] > once[1]


def test_baselines_come_from_the_bundle() -> None:
    index, _, _ = case(guarded=True)
    assert [b.knows_new for b in baselines(index.bundle)] == [True, False, True]


def truth_for(bought: Sequence[Sequence[int]]) -> Truth:
    """What each customer of the case took, as offers without containment."""
    return Truth(
        indptr=np.cumsum([0, *map(len, bought)]).astype(np.int64),
        rows=np.array([row for rows in bought for row in rows], dtype=np.int32),
    )


def test_nothing_new_taken_is_absent_not_zero() -> None:
    """Everybody buys what they bought before: *all* is measured, *new* is not."""
    index, table, _ = case(guarded=False)
    again = truth_for([table.view(c).rows[:1].tolist() for c in range(len(table))])
    found = evaluate(index, table, again, SETTINGS, until=AS_OF)
    assert (found.customers_all, found.customers_new) == (len(table), 0)
    assert set(found.headline()) == {"ndcg@5_all", "recall@5_all", "coverage_all"}
    assert all(method.new is None for method in found.methods)
    assert all(row[4:] == ("-", "-", "-") and "-" not in row[1:4] for row in found.rows())
    assert len(found.notes()) == 1
    assert "offers of new items were not measured" in found.notes()[0]


def test_nobody_who_took_anything_leaves_no_number_at_all() -> None:
    index, table, _ = case(guarded=False)
    found = evaluate(index, table, truth_for([[]] * len(table)), SETTINGS, until=AS_OF)
    assert (found.customers_all, found.customers_new) == (0, 0)
    assert found.headline() == {}
    assert all(row[1:] == ("-",) * 6 for row in found.rows())
    assert len(found.notes()) == 1
    assert "quality was not measured" in found.notes()[0]


def test_what_was_measured_needs_no_note() -> None:
    assert evaluated(guarded=True).notes() == ()
