"""Tuning beats the simple methods, never varies, and says what it fell back to."""

from __future__ import annotations

from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from recommender.bundle import ModelParameters
from recommender.types import Bools
from tests.support.fitted import Kind, Small, shop
from training.candidates import Candidates, gather
from training.contestants import Contestants, mean
from training.defaults import default_parameters
from training.pool import pooled, whose
from training.progress import Silent
from training.sections import Model, Tuning
from training.spaces import OWN_FAST_WEEKS, OWN_SLOW_WEEKS, baselines, onto
from training.split import Truth
from training.trial import both_values
from training.tune import Tuned, look, tune

DEFAULTS = default_parameters(Model())
QUICK = Tuning(trials=40, budget_seconds=600)
OWN = (
    "own_fast_half_life_weeks",
    "own_slow_half_life_weeks",
    "own_fast_share",
    "repeat_exponent",
    "trend_exponent",
)
HALF_LIVES = tuple(sorted({*OWN_FAST_WEEKS, *OWN_SLOW_WEEKS}))


@cache
def made(kind: Kind, customers: int) -> tuple[Small, Truth]:
    return shop(kind, customers)


def started() -> ModelParameters:
    """The defaults for a shop whose heads are ALS and `ease`."""
    return onto(DEFAULTS, ("als", "ease"), (0.5, 2.0, 8.0))


def run(
    kind: Kind = "habits",
    customers: int = 240,
    config: Tuning = QUICK,
    *,
    seed: int = 0,
    offerable: Bools | None = None,
    ticks: float = 0.0,
) -> Tuned:
    """`ticks` seconds go by whenever the clock is read."""
    heads, truth = made(kind, customers)
    every = np.ones(heads.n_rows, dtype=np.bool_)
    times = count()
    may = every if offerable is None else offerable
    found = look(heads, truth, may, config, seed=seed, progress=Silent())
    return tune(
        [] if found is None else [found],
        config,
        DEFAULTS,
        seed=seed,
        progress=Silent(),
        clock=lambda: ticks * next(times),
    )


@cache
def plain() -> Tuned:
    """240 customers with habits."""
    return run()


@cache
def seen(kind: Kind = "habits", customers: int = 240) -> Candidates:
    heads, truth = made(kind, customers)
    every = np.ones(heads.n_rows, dtype=np.bool_)
    return gather(heads, truth, truth.customers, every, HALF_LIVES)


def quality(parameters: ModelParameters) -> tuple[float, float]:
    found = both_values(seen(), parameters)
    return mean(found[0]), mean(found[1])


def test_what_comes_out_beats_the_start_in_both_questions() -> None:
    found, start = quality(plain().parameters), quality(started())
    assert found[0] > start[0]
    assert found[1] > start[1]
    assert plain().notes == ()
    assert plain().tried == len(plain().aims) == 2 * QUICK.trials
    assert plain().explored == QUICK.trials


def test_no_simple_method_is_better() -> None:
    """By the aim, and for new items also by NDCG."""
    contest = Contestants(seen(), started(), certain=True, seed=0)
    for name, rival in {"start": started(), **baselines(started(), (0.5, 2.0, 8.0))}.items():
        assert contest.aim(rival) <= plain().aim + 1e-6, name
        assert quality(rival)[1] <= quality(plain().parameters)[1] + 1e-9, name


def test_a_simple_method_that_no_blend_beats_is_used() -> None:
    """Against the defaults at a weight at which new items drown every habit."""
    candidates, drowned = seen(), started().model_copy(update={"cross_weight": 1e3})
    contest = Contestants(candidates, drowned, certain=True, seed=0)
    winner, notes = contest.winner(drowned)
    aims = {name: contest.aim(rival) for name, rival in contest.baselines.items()}
    best = max(aims, key=lambda name: aims[name])
    assert aims[best] > contest.aim(drowned)
    assert winner == contest.baselines[best]
    assert notes == (f"no blend that was tried is better than {best}, so it is used",)


def test_equal_input_gives_equal_parameters_and_another_seed_may_not() -> None:
    assert run() == plain()
    assert run(seed=1).aims != plain().aims


def test_weights_add_up_to_one_and_name_the_heads_of_the_shop() -> None:
    found = plain().parameters
    assert set(found.edge_weights) == {"ease"}
    assert found.als_weight + sum(found.edge_weights.values()) == pytest.approx(1.0)
    untouched = ("confidence_half_life_weeks", "confidence_floor", "regularization")
    for name in untouched:
        assert getattr(found, name) == getattr(DEFAULTS, name)


def test_every_curve_passes_through_what_was_found() -> None:
    """Its point there is the quality of the parameters, rounded."""
    found = plain()
    expected = tuple(round(value, 6) for value in quality(found.parameters))
    names = {*found.curves}
    assert {*OWN, "als_weight", "weight of ease", "cross_weight", "cross_trend_exponent"} <= names
    for name, points in found.curves.items():
        chosen = found.parameters.model_dump().get(name, found.parameters.edge_weights["ease"])
        at = [p for p in points if p.value == chosen]
        assert len(at) == 1, name
        assert (at[0].ndcg_all, at[0].ndcg_new) == pytest.approx(expected, abs=2e-6), name
        assert [p.value for p in points] == sorted(p.value for p in points)


def test_switched_off_it_keeps_the_start_and_says_so() -> None:
    for config in (Tuning(enabled=False), Tuning(budget_seconds=0)):
        found = run(config=config)
        assert found.parameters == DEFAULTS
        assert "switched off" in found.notes[0]
        assert found.tried == 0


def test_a_budget_that_is_spent_is_noted() -> None:
    """Every look at the clock costs a second: the first search gets half of ten."""
    found = run(config=Tuning(trials=40, budget_seconds=10), ticks=1.0)
    assert found.tried < 20
    stopped = [note for note in found.notes if "results depend on the machine's speed" in note]
    assert [note.split(" search")[0] for note in stopped] == ["the explore", "the blend"]
    contest = Contestants(seen(), started(), certain=True, seed=0)
    assert found.aim >= contest.aim(started()) - 1e-6


def test_fewer_than_twenty_customers_teach_nothing() -> None:
    found = run(customers=12)
    assert found.parameters == started()
    assert found.customers == 12
    assert "only 12 customers" in found.notes[0]
    assert "too few to learn from" in found.notes[0]


def test_few_customers_move_weights_only() -> None:
    """Sixty: half-lives, exponents and the mixture of heads stay."""
    found = run(customers=60)
    changed = {"cross_weight", "popularity_weight"}
    assert found.parameters.model_dump(exclude=changed) == started().model_dump(exclude=changed)
    assert all("only 60 customers" in note for note in found.notes)
    assert len(found.notes) == 2


def test_a_shop_where_nobody_buys_twice_keeps_its_habits_settings() -> None:
    found = run("fashion")
    for name in OWN:
        assert getattr(found.parameters, name) == getattr(started(), name)
    assert any("nobody bought an item again" in note for note in found.notes)
    assert found.aim > 0


def test_a_window_without_anything_new_keeps_what_ranks_new_items() -> None:
    found = run("loyal")
    for name in ("als_weight", "cross_trend_exponent", "popularity_exponent", "edge_weights"):
        assert getattr(found.parameters, name) == getattr(started(), name)
    share = found.parameters.popularity_weight / found.parameters.cross_weight
    assert share == pytest.approx(DEFAULTS.popularity_weight / DEFAULTS.cross_weight)
    assert any("nobody bought anything new" in note for note in found.notes)


def test_nothing_to_offer_is_no_error() -> None:
    heads, _ = made("habits", 240)
    found = run(offerable=np.zeros(heads.n_rows, dtype=np.bool_))
    assert found.parameters == started()
    assert "only 0 customers" in found.notes[0]


def test_at_most_so_many_customers_are_drawn_with_the_seed() -> None:
    config = QUICK.model_copy(update={"customers": 30})
    assert run(config=config).customers == 30


def test_people_are_counted_and_not_their_windows() -> None:
    """Twelve in two windows are twelve, and a hundred and twenty are few, whatever the windows."""
    lone = tune([seen(customers=12)] * 2, QUICK, DEFAULTS, seed=0, progress=Silent())
    assert lone.customers == 12
    assert "only 12 customers bought anything again in the last two windows" in lone.notes[0]
    few = tune([seen(customers=120)] * 2, QUICK, DEFAULTS, seed=0, progress=Silent())
    assert few.customers == 120
    assert "only 120 customers bought anything new in the last two windows" in few.notes[0]


def test_a_second_window_of_the_same_people_makes_nothing_surer() -> None:
    """Of twenty people, the gain of eleven and loss of nine is luck, however often it is copied."""
    one = seen(customers=20)
    twice = pooled([one] * 8)
    contest = Contestants(twice, started(), certain=False, seed=0)
    kept, other = np.zeros(160), np.tile(np.repeat([1.0, -1.0], [11, 9]), 8)
    assert not contest.better(kept, other, whose(twice, twice.n_all))
    assert contest.better(kept, other, np.arange(160))


def test_an_interrupted_training_goes_on_from_its_journal(tmp_path: Path) -> None:
    """Half the trials, then all of them: as if nothing had happened, and nothing is tried twice."""
    journal = tmp_path / "tuning.log"
    half = QUICK.model_copy(update={"storage": journal, "trials": 20})
    whole = QUICK.model_copy(update={"storage": journal})
    run(config=half)
    assert run(config=whole) == plain()
    size = journal.stat().st_size
    assert run(config=whole) == plain()
    assert journal.stat().st_size - size < 1000


def test_a_changed_shop_starts_anew_in_the_same_journal(tmp_path: Path) -> None:
    config = QUICK.model_copy(update={"storage": tmp_path / "tuning.log"})
    run("loyal", config=config)
    assert run(config=config) == plain()


def test_a_warm_start_is_kept_where_nothing_is_gained() -> None:
    """Tuning on from what was found on the same window stays at what was found, within noise."""
    again = tune([seen()], QUICK, plain().parameters, seed=5, progress=Silent())
    assert again.aim >= plain().aim - 0.05
    assert set(again.parameters.edge_weights) == {"ease"}
