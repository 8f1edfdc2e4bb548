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
from training.cases import first_baskets
from training.defaults import default_parameters
from training.evaluate import Measured, evaluate
from training.evaluation import Evaluation
from training.fit import fit_models
from training.metrics import ndcg
from training.outcomes import METRICS, QUESTIONS
from training.progress import Silent
from training.sections import Evaluation as Settings
from training.sections import Model
from training.segments import SEGMENTS
from training.split import Truth, split_off, truth_of

SETTINGS = Settings(n=5, bootstrap=50)


@cache
def case(*, guarded: bool) -> tuple[BundleIndex, CustomerTable, Truth, Truth]:
    """The corner shop before its last six weeks, what was bought in them, and first baskets."""
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
    truth, baskets = (
        truth_of(lines, table.customers, index.row_of_item)
        for lines in (window.after, first_baskets(window.after))
    )
    return index, table, truth, baskets


def measured(*, guarded: bool, settings: Settings = SETTINGS) -> Measured:
    index, table, truth, baskets = case(guarded=guarded)
    return evaluate(index, table, truth, settings, until=AS_OF, baskets=baskets)


def evaluated(*, guarded: bool, settings: Settings = SETTINGS) -> Evaluation:
    return measured(guarded=guarded, settings=settings).evaluation


@pytest.mark.parametrize(("source", "new"), [(Source.HOME, False), (Source.DISCOVERY, True)])
def test_the_engine_is_decide(source: Source, *, new: bool) -> None:
    """NDCG of *all* is that of `home`, NDCG of *new* that of `discovery`."""
    index, table, truth, _ = case(guarded=False)
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
    index, _, truth, _ = case(guarded=True)
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


ALL_NAMES = {"ndcg@5_all", "recall@5_all", "mrr@5_all", "hit@5_all", "coverage_all"}


def test_the_headline_names_all_questions() -> None:
    """All but how much of the shop a visitor is shown."""
    new = {name.replace("_all", "_new") for name in ALL_NAMES}
    session = {name.replace("_all", "_session") for name in ALL_NAMES} - {"coverage_session"}
    assert set(evaluated(guarded=True).headline()) == ALL_NAMES | new | session


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
    index, *_ = case(guarded=True)
    assert [b.knows_new for b in baselines(index.bundle)] == [True, False, True]


def truth_for(bought: Sequence[Sequence[int]]) -> Truth:
    """What each customer of the case took, as offers without containment."""
    return Truth(
        indptr=np.cumsum([0, *map(len, bought)]).astype(np.int64),
        rows=np.array([row for rows in bought for row in rows], dtype=np.int32),
    )


def test_nothing_new_taken_is_absent_not_zero() -> None:
    """Everybody buys what they bought before: *all* is measured, *new* is not."""
    index, table, *_ = case(guarded=False)
    again = truth_for([table.view(c).rows[:1].tolist() for c in range(len(table))])
    found = evaluate(index, table, again, SETTINGS, until=AS_OF).evaluation
    assert (found.customers_all, found.customers_new) == (len(table), 0)
    assert set(found.headline()) == ALL_NAMES
    assert all(method.new is None and method.session is None for method in found.methods)
    assert all(row[6:] == ("-",) * 5 and "-" not in row[1:6] for row in found.rows())
    assert len(found.notes()) == 1
    assert "offers of new items were not measured" in found.notes()[0]


def test_nobody_who_took_anything_leaves_no_number_at_all() -> None:
    index, table, *_ = case(guarded=False)
    found = evaluate(index, table, truth_for([[]] * len(table)), SETTINGS, until=AS_OF).evaluation
    assert (found.customers_all, found.customers_new) == (0, 0)
    assert found.headline() == {}
    assert all(row[1:] == ("-",) * 10 for row in found.rows())
    assert len(found.notes()) == 1
    assert "quality was not measured" in found.notes()[0]


def test_what_was_measured_needs_no_note() -> None:
    assert evaluated(guarded=True).notes() == ()


def test_outcomes_are_the_engine_customer_by_customer() -> None:
    """Their means are those of the evaluation; customers ascend."""
    found = measured(guarded=True)
    engine = found.evaluation.methods[0]
    for question, quality in zip(QUESTIONS, (engine.all, engine.new), strict=True):
        answers = found.outcomes.answers[question]
        assert quality is not None
        assert quality.customers == len(answers)
        assert list(answers.customers) == sorted(set(answers.customers))
        for metric in METRICS:
            mean = getattr(quality, metric).mean
            assert answers.values[metric].mean() == pytest.approx(mean, abs=1e-6)
    assert found.outcomes.locked_exposure == 0
    assert found.outcomes.window_from < found.outcomes.window_until == AS_OF


def test_the_engine_is_set_against_every_other_method_on_the_same_customers() -> None:
    found = evaluated(guarded=True)
    engine, *others = found.methods
    assert engine.lead is None
    assert engine.all is not None
    for method in others:
        assert method.all is not None
        assert method.lead is not None
        assert (method.lead.ndcg.a, method.lead.ndcg.b) == (
            method.all.ndcg.mean,
            engine.all.ndcg.mean,
        )
        assert set(method.lead.segments) == set(engine.all.segments)


def test_segments_part_the_customers() -> None:
    """Every customer is in one; the mean is that of the segments, weighted."""
    quality = evaluated(guarded=True).methods[0].all
    assert quality is not None
    parts = quality.segments.values()
    assert set(quality.segments) <= set(SEGMENTS)
    assert sum(part.customers for part in parts) == quality.customers
    weighted = sum(part.ndcg.mean * part.customers for part in parts) / quality.customers
    assert weighted == pytest.approx(quality.ndcg.mean, abs=1e-5)


def test_without_first_baskets_no_visitor_is_asked_about() -> None:
    index, table, truth, _ = case(guarded=False)
    found = evaluate(index, table, truth, SETTINGS, until=AS_OF).evaluation
    assert found.customers_session == 0
    assert all(method.session is None for method in found.methods)
    with_visitors = evaluated(guarded=False)
    assert 0 < with_visitors.customers_session <= with_visitors.customers_all
    asked = [method.session is not None for method in with_visitors.methods]
    assert asked == [True, True, False, True]


def test_more_popular_than_taken_is_a_bias() -> None:
    """Popularity shows what more people have than anybody else does; surprise falls with it."""
    engine, popular, *_ = evaluated(guarded=False).methods
    assert engine.all is not None
    assert popular.all is not None
    assert popular.all.popularity_shown > engine.all.popularity_shown
    assert popular.all.novelty.mean < engine.all.novelty.mean
    assert popular.all.gini > engine.all.gini
    assert popular.all.popularity_taken == engine.all.popularity_taken
