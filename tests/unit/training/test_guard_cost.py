"""What the guard costs: two measurements on one truth, and what is held back."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.catalogue import own_offers
from recommender.errors import InputError
from recommender.guard.document import CompiledGuard
from recommender.guard.layout import lay
from recommender.types import CustomerId
from tests.support.shop import AS_OF, CONTAINED, LIFE_EVENTS, catalogue, policy, unguarded
from training.assortment import Assortment
from training.guard_cost import UNCHECKED, guard_cost, unreachable_offers
from training.outcomes import METRICS, Answers, Outcomes


def outcomes(anything: dict[str, float], new: dict[str, float], *, until: int = 10) -> Outcomes:
    def answers(values: dict[str, float]) -> Answers:
        return Answers(
            tuple(map(CustomerId, values)),
            ("light",) * len(values),
            dict.fromkeys(METRICS, np.array(list(values.values()))),
        )

    return Outcomes(10, 0, until, {"all": answers(anything), "new": answers(new)}, 0)


def guard(*, guarded: bool = True) -> tuple[CompiledGuard, Assortment]:
    """The corner shop's policy over its catalogue."""
    rules = policy() if guarded else unguarded()
    events = LIFE_EVENTS if guarded else ()
    compiled = CompiledGuard(rules, events, (events,))
    listing = catalogue()
    offers = own_offers(listing)
    bits = lay(compiled, listing, offers)
    shelf = Assortment(
        catalogue=listing,
        offers=offers,
        evidence=bits.evidence,
        target=bits.target,
        soft=bits.soft,
        offer_target=bits.offer_target,
        offer_soft=bits.offer_soft,
        policy=rules,
    )
    return compiled, shelf


def test_the_cost_is_what_customers_lose_on_the_same_truth() -> None:
    """.5 and .3 without, .4 and .3 with the guard: .05 less on average."""
    without = outcomes({"x": 0.5, "y": 0.3}, {})
    found = guard_cost(without, outcomes({"x": 0.4, "y": 0.3}, {}), (), resamples=100)
    assert found.all is not None
    assert (found.all.a, found.all.b, found.all.difference) == (0.4, 0.35, -0.05)
    assert (found.new, found.customers, found.n) == (None, 2, 10)


def test_two_windows_cannot_price_the_guard() -> None:
    with pytest.raises(InputError, match="same window"):
        guard_cost(outcomes({"x": 0.5}, {}), outcomes({"x": 0.5}, {}, until=11), ())


def test_each_life_event_counts_the_offers_that_it_holds_back() -> None:
    """Two diapers and a jar; test, crib and `both`; beer, book and `both`; `blank`, `unlisted`.

    `school` is allowed and holds nothing back.
    """
    found = {event.life_event: event.offers for event in unreachable_offers(*guard(), AS_OF)}
    assert found == {"infant": 3, "pregnancy": 3, "recovery": 3, UNCHECKED: 2}
    assert sum(found.values()) == len(CONTAINED) + 1  # `both` belongs to two


def test_most_offers_come_first_and_no_guard_holds_nothing() -> None:
    counts = [event.offers for event in unreachable_offers(*guard(), AS_OF)]
    assert counts == sorted(counts, reverse=True)
    assert unreachable_offers(*guard(guarded=False), AS_OF) == ()
