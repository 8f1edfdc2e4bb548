"""What an evaluation asks, and that a broken lock would be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.customer import CustomerState, empty_view
from recommender.guard.policy import GuardRules
from recommender.index import BundleIndex
from recommender.interactions import Interactions
from recommender.types import CustomerId, OfferId
from tests.support.shop import AS_OF, Shop, population, train
from training.cases import ALL, NEW, SESSION, Case, Known, cases, first_baskets
from training.evaluate import evaluate
from training.exposure import Exposure
from training.sections import Evaluation as Settings
from training.split import Truth

DAY = 86_400


def shop() -> Shop:
    return train(population())


def bought(shop: Shop, *rows: int) -> Truth:
    """The first customer bought these rows, nobody else anything."""
    sizes = [0, len(rows), *[len(rows)] * (len(shop.table) - 1)]
    return Truth(np.array(sizes, dtype=np.int64), np.array(sorted(rows), dtype=np.int32))


def rows_of(index: BundleIndex, *offers: str) -> list[int]:
    return [int(index.offer_rows[index.offer_index[OfferId(offer)]]) for offer in offers]


def test_first_baskets_are_the_earliest_of_each_customer() -> None:
    """Ann: basket 7, then 3; Bob: one line. Ids of baskets say nothing of their order."""
    lines = Interactions(
        customers=(CustomerId("ann"), CustomerId("bob")),
        customer=np.array([0, 0, 0, 1], dtype=np.int32),
        item=np.array([4, 5, 4, 5], dtype=np.int32),
        timestamp=np.array([10, 10, 20, 15], dtype=np.int64),
        quantity=np.ones(4, dtype=np.float32),
        basket=np.array([7, 7, 3, 3], dtype=np.int64),
    )
    found = first_baskets(lines)
    assert found.customer.tolist() == [0, 0, 1]
    assert found.item.tolist() == [4, 5, 5]
    nothing = lines.where(np.zeros(4, dtype=np.bool_))
    assert len(first_baskets(nothing)) == 0


def test_one_customer_is_asked_about_three_times() -> None:
    """New is what they never bought; the session is one half of a basket, its truth the other."""
    found = shop()
    index, table = found.index, found.table
    old = int(table.view(0).rows[0])
    others = [
        r for r in rows_of(index, "tea-1", "soap-2", "paper-3") if r not in table.view(0).rows
    ]
    truth = bought(found, old, *others)
    known = Known(table, truth, {}, baskets=truth)
    asked, took, left_out = cases(index, known, 0, seed=3)
    assert (took, left_out) == (1 + len(others), 0)
    by_question = {case.question: case for case in asked}
    assert set(by_question) == {ALL, NEW, SESSION}
    assert index.offer_rows[by_question[ALL].taken].tolist() == sorted([old, *others])
    assert index.offer_rows[by_question[NEW].taken].tolist() == sorted(others)
    session = by_question[SESSION]
    seen, hidden = set(session.view.rows.tolist()), set(index.offer_rows[session.taken].tolist())
    assert seen | hidden == {old, *others}
    assert not seen & hidden
    assert not any(session.open_[[index.offer_index[OfferId(i)] for i in session.context]])
    assert not len(session.state.view)


def test_a_single_item_is_no_session() -> None:
    found = shop()
    truth = bought(found, *rows_of(found.index, "tea-1"))
    asked, _, _ = cases(found.index, Known(found.table, truth, {}, baskets=truth), 0, seed=0)
    assert SESSION not in {case.question for case in asked}


def test_a_session_holds_no_locked_evidence() -> None:
    """What reveals a life event is neither half of a visitor's basket."""
    found = shop()
    index = found.index
    rules = index.rules(AS_OF)
    locked = np.flatnonzero(index.evidence_of_row & np.uint64(rules.masked))
    plain = rows_of(index, "tea-1", "soap-2")
    truth = bought(found, *plain, *locked.tolist())
    asked, _, _ = cases(index, Known(found.table, truth, {}, baskets=truth), 0, seed=0)
    session = next(case for case in asked if case.question == SESSION)
    both = {*session.view.rows.tolist(), *index.offer_rows[session.taken].tolist()}
    assert both == set(plain)


def case_of(index: BundleIndex, rules: GuardRules) -> Case:
    everything = np.ones(len(index.bundle.offers), dtype=np.bool_)
    state = CustomerState(view=empty_view())
    taken = np.array([0], dtype=np.int32)
    return Case(ALL, 0, state, (), empty_view(), rules, everything, taken)


def test_a_held_back_target_is_counted_wherever_it_is_shown() -> None:
    index = shop().index
    rules = index.rules(AS_OF)
    crib, tea = (index.offer_index[OfferId(offer)] for offer in ("crib", "tea-1"))
    shown = np.array([crib, tea, crib], dtype=np.int32)
    assert Exposure(index).count(case_of(index, rules), shown) == 2
    assert Exposure(index).count(case_of(index, replace(rules, contained=0, soft=0)), shown) == 0


def test_exposure_does_not_rest_on_the_bits_that_the_locks_read() -> None:
    """Offers that lost their bits pass both locks; the items still say what they reveal."""
    found = shop()
    bundle = found.index.bundle
    blind = BundleIndex(replace(bundle, offer_target=np.zeros_like(bundle.offer_target)))
    tea = rows_of(found.index, "tea-1")
    everyone = Truth(
        np.arange(len(found.table) + 1, dtype=np.int64),
        np.array(tea * len(found.table), dtype=np.int32),
    )
    settings = Settings(n=10, bootstrap=10)
    leaking, sound = (
        evaluate(index, found.table, everyone, settings, until=AS_OF + DAY).outcomes
        for index in (blind, found.index)
    )
    assert leaking.locked_exposure > 0
    assert sound.locked_exposure == 0


@pytest.mark.parametrize("seed", [0, 1])
def test_the_half_that_is_seen_hangs_on_the_seed_alone(seed: int) -> None:
    found = shop()
    truth = bought(found, *rows_of(found.index, "tea-1", "soap-2", "paper-3", "bread-4"))
    known = Known(found.table, truth, {}, baskets=truth)
    contexts = {
        next(c for c in cases(found.index, known, 0, seed=seed)[0] if c.question == SESSION).context
        for _ in range(2)
    }
    assert len(contexts) == 1
