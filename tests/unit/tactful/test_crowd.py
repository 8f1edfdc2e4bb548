"""Counting in several processes gives what counting in one gives."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from recommender.controls import Controls, Term
from recommender.customer import ReplenishPurchase
from recommender.errors import StorageError
from recommender.request import BUILT_IN, OfferRequest
from recommender.tally import Tally
from recommender.types import ItemId
from tactful.crowd import Crowd, Question, _gathered, count
from tests.support.policies import under
from tests.support.shop import AS_OF, DAY, LIFE_EVENTS, Shop, population, train

REQUEST = OfferRequest((BUILT_IN["home"], BUILT_IN["replenish"]))


@cache
def shop() -> Shop:
    return train(population())


def question() -> Question:
    blocked = [e.model_copy(update={"stance": "block", "replenish": None}) for e in LIFE_EVENTS[:1]]
    old, new = under(shop(), *LIFE_EVENTS), under(shop(), *blocked, *LIFE_EVENTS[2:])
    return Question(old, new, REQUEST, AS_OF + DAY)


def crowd() -> Crowd:
    names = shop().table.customers
    nappies = tuple(
        ReplenishPurchase(bytes(8), ItemId("diaper-1"), AS_OF - day * DAY) for day in (3, 40)
    )
    muted = Controls(too_personal={"bread": Term(at=AS_OF)})
    return Crowd(
        shop().table,
        dict.fromkeys(names[::2], muted),
        dict.fromkeys(names[::3], nappies),
    )


def test_three_processes_count_what_one_counts_and_tell_of_every_customer() -> None:
    steps: list[int] = []
    alone = count(question(), crowd(), lambda _: None)
    together = count(question(), crowd(), steps.append, processes=3)
    assert alone == together
    assert alone.customers == sum(steps) == 40
    assert alone.changed > 0


def test_nobody_is_counted_in_any_number_of_processes() -> None:
    nobody = crowd().part(np.empty(0, dtype=np.int64))
    assert count(question(), nobody, lambda _: None, processes=2) == Tally()


def test_an_error_in_a_process_is_the_error_of_the_count() -> None:
    asked = question()
    broken = replace(asked, request=replace(REQUEST, placements=(None,)))  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="source"):
        count(broken, crowd(), lambda _: None, processes=2)


def test_a_process_that_was_ended_is_an_error_that_says_what_to_do() -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    theirs.close()
    with pytest.raises(StorageError, match="ended from outside") as error:
        _gathered([ours], lambda _: None)
    assert "memory" in error.value.hint
    ours.close()


def test_a_part_holds_its_customers_and_what_they_told() -> None:
    part = crowd().part(np.arange(10, 13))
    assert len(part) == 3
    assert part.table.customers == shop().table.customers[10:13]
    assert part.table.view(1).rows.tolist() == shop().table.view(11).rows.tolist()
    assert set(part.controls) == set(shop().table.customers[10:13:2])
    assert set(part.replenish) == {shop().table.customers[12]}


def test_a_sample_is_spread_over_all_customers_and_is_never_more_than_there_are() -> None:
    some = crowd().sample(4)
    names = shop().table.customers
    assert some.table.customers == (names[0], names[10], names[20], names[30])
    at = [some.table.view(c).rows.tolist() for c in range(4)]
    assert at == [shop().table.view(c).rows.tolist() for c in (0, 10, 20, 30)]
    assert len(crowd().sample(1_000)) == 40
