"""The price of the guard: a twin that looks at everything, on truth that nothing protects."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.support.rolled import MEASURE, material, unmasked
from tests.support.shop import LOCKED, Purchase, intimate, policy, population
from training.guard_cost import GuardCost
from training.guard_twin import price_of_guard
from training.progress import Silent
from training.rolling import roll

DAY_OF_CUT = 28


def price(purchases: list[Purchase], **changes: object) -> GuardCost | None:
    made = material(purchases, MEASURE, policy(**changes))
    found = roll(made, 1, Silent())
    assert found.newest is not None
    twin = unmasked(purchases, made)
    return price_of_guard(made, twin, found.rounds[-1], found.newest, Silent())


def parents() -> list[Purchase]:
    """Forty more customers. Half buy nappies, and then, in the newest weeks, soap 5.

    Soap 5 sold before, to parents, so that whoever sees nappies knows what comes.
    """
    chance = random.Random(3)
    bought = []
    for c in range(40):
        customer = f"p{c:02d}"
        bought += [(customer, f"bread-{chance.randrange(6)}", ago) for ago in (150, 120, 60, 33)]
        bought += [(customer, f"tea-{chance.randrange(6)}", ago) for ago in (130, 90, 40)]
        if c % 2:
            bought += [(customer, "diaper-1", ago) for ago in (140, 100, 70, 50, 35, 30)]
            bought.append((customer, "soap-5", 5 if c % 4 == 1 else 75))
        else:
            bought.append((customer, f"paper-{chance.randrange(6)}", 5))
    return bought


def test_without_locked_purchases_the_guard_costs_nothing() -> None:
    """Fewer than twenty customers took anything new, so that is not told."""
    found = price(population())
    assert found is not None
    assert found.all is not None
    assert (found.all.difference, found.all.low, found.all.high) == (0, 0, 0)
    assert found.customers == found.all.customers > 20
    assert found.new is None


def test_what_locked_purchases_would_have_told_is_the_price() -> None:
    """Nappies announce soap 5: the twin knows, the guarded models do not."""
    found = price(population() + parents())
    assert found is not None
    assert found.new is not None
    assert found.new.a > found.new.b
    assert found.new.difference < 0


def test_fewer_customers_than_a_count_needs_are_not_told_of() -> None:
    """About forty could be compared; the policy asks for a hundred."""
    assert price(population(), min_audience_cell=100) is None


def test_both_are_measured_on_what_nothing_protects() -> None:
    """Everybody buys a crib again and again, which is a target: it is nobody's truth."""
    crib = [(f"c{c:02d}", "crib", ago) for c in range(40) for ago in (100, 60, 30, 10, 3)]
    plain, more = price(population()), price(population() + crib)
    assert plain is not None
    assert more is not None
    assert plain.customers == more.customers


def test_shares_of_purchases_stand_only_where_enough_bought() -> None:
    """Twenty customers bought everything that is locked; of nineteen nothing is told."""
    lines = [*population(), *intimate()]
    made = material(lines)
    recent = [line for line in set(lines) if line[2] < DAY_OF_CUT and line[1] != "unlisted"]
    found, fewer = price(lines), price([line for line in lines if line[0] != "c01"])
    assert found is not None
    assert fewer is not None
    shares = {event.life_event: event.share_of_purchases for event in found.unreachable}
    infant = sum(item in ("diaper-1", "diaper-2", "food-1") for _, item, _ in recent)
    assert infant == 3 * 20
    assert shares["infant"] == pytest.approx(infant / len(recent), abs=1e-4)
    assert shares["unmapped"] == pytest.approx(20 / len(recent), abs=1e-4)
    assert {event.share_of_purchases for event in fewer.unreachable} == {None}
    assert {event.life_event for event in found.unreachable} == set(shares)
    assert len(made.visible) < len(lines)


def test_the_twin_is_fitted_on_lines_before_the_window_only() -> None:
    """What is locked and bought in the window changes no number of the comparison."""
    late = [(f"c{c:02d}", item, 3) for c in range(40) for item in LOCKED[:3]]
    one, two = price(population() + parents()), price(population() + parents() + late)
    assert one is not None
    assert two is not None
    assert (one.all, one.new) == (two.all, two.new)


def test_the_lines_of_the_twin_are_all_but_the_unlisted() -> None:
    """An item that only locked purchases name is in no catalogue of the training."""
    lines = [*population(), *intimate()]
    made = material(lines)
    known = made.assortment.catalogue.ids
    assert "unlisted" not in known
    bought = {known[i] for i in np.unique(unmasked(lines, made).lines.item)}
    assert set(LOCKED) - bought == {"unlisted"}
