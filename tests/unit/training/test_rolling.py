"""Rolling: no window's purchases are seen before that window is measured."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest

from recommender.errors import InputError
from tests.support.rolled import MEASURE, material
from tests.support.shop import MODEL, PLAIN, Purchase, population
from training.defaults import default_parameters
from training.material import Material
from training.outcomes import METRICS, QUESTIONS, Outcomes
from training.progress import Advance, Silent
from training.rolling import Allowance, Rolled, roll

WINDOW = 28
EDGES: list[Purchase] = [("c00", "bread-0", days) for days in (0, 28, 56, 84)]
"""A purchase at every end of a window, so that a shorter history ends there, too."""


class Stages:
    """Counts the stages by name."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Advance]:
        """One stage."""
        assert total >= 0
        self.names[name] += 1
        yield lambda _: None


def rolled(made: Material, windows: int, *, onward: bool = True) -> Rolled:
    return roll(made, windows, Silent(), onward=onward)


def shifted(purchases: list[Purchase], days: int) -> list[Purchase]:
    """What was bought up to so many days ago, as if that were today."""
    return [(c, item, ago - days) for c, item, ago in purchases if ago >= days]


def same(a: Outcomes, b: Outcomes) -> bool:
    return all(
        a.answers[question].customers == b.answers[question].customers
        and all(
            np.array_equal(a.answers[question].values[m], b.answers[question].values[m])
            for m in METRICS
        )
        for question in QUESTIONS
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_was_bought_later_changes_nothing_that_was_measured(seed: int) -> None:
    """Everybody buys something else in the newest window: the one before it stays as it was."""
    chance = random.Random(seed)
    whole = population() + EDGES
    other = [(c, chance.choice(PLAIN) if 0 < ago < WINDOW else item, ago) for c, item, ago in whole]
    one, two = (rolled(material(bought), 2) for bought in (whole, other))
    assert same(one.rounds[0].measured.outcomes, two.rounds[0].measured.outcomes)
    assert one.rounds[0].parameters == two.rounds[0].parameters
    # What is measured on the newest window was found before it, too.
    assert one.rounds[1].parameters == two.rounds[1].parameters
    assert not same(one.rounds[1].measured.outcomes, two.rounds[1].measured.outcomes)


def test_a_window_is_measured_as_a_training_then_would_have_measured_it() -> None:
    """Two windows now, and one window of a training four weeks ago, which found the same."""
    whole = population() + EDGES
    now = rolled(material(whole), 2)
    then = rolled(material(shifted(whole, WINDOW)), 1)
    assert then.tuned is not None
    assert now.rounds[0].parameters == then.rounds[0].parameters
    assert now.rounds[1].parameters == then.tuned.parameters
    first, second = (found.rounds[0].measured.outcomes for found in (now, then))
    assert same(first, second)


def test_heads_are_fitted_once_a_window() -> None:
    """Measured windows and the one before them: three fits, three searches, two evaluations."""
    stages = Stages()
    found = roll(material(population()), 2, stages)
    assert len(found.rounds) == 2
    fits = {name: count for name, count in stages.names.items() if name.startswith("fit ALS")}
    assert fits == {"fit ALS (1/3)": 1, "fit ALS (2/3)": 1, "fit ALS (3/3)": 1}
    assert sum(name.startswith("evaluate") for name in stages.names) == 2


def test_windows_follow_each_other_and_the_last_model_is_kept() -> None:
    found = rolled(material(population() + EDGES), 3)
    windows = [done.measured.outcomes for done in found.rounds]
    assert [a.window_until for a in windows[:-1]] == [b.window_from for b in windows[1:]]
    assert found.newest is not None
    assert found.newest.index.bundle.manifest.as_of == windows[-1].window_from
    assert found.tuned is not None
    assert found.notes == found.tuned.notes


def test_a_window_begins_and_ends_at_its_cut_whatever_was_bought_around_it() -> None:
    """So bundles of different guards, which see other last days, have the same windows."""
    made = material([line for line in population() if line[2] % WINDOW > 3 or line[2] < 3])
    found = rolled(made, 2)
    cuts = [done.split.cut for done in found.rounds]
    whens = [
        (done.measured.outcomes.window_from, done.measured.outcomes.window_until)
        for done in found.rounds
    ]
    assert whens == list(pairwise([*cuts, made.visible.window[1]]))
    assert [d.measured.evaluation.window_from for d in found.rounds] == cuts
    assert any(done.split.before.window[1] < done.split.cut for done in found.rounds)


def recent(days: int) -> list[Purchase]:
    """The shop's purchases of the last days."""
    return [bought for bought in population() if bought[2] <= days]


def test_a_history_of_two_windows_measures_one_of_three() -> None:
    """A hundred days: the newest window, and the one before it to tune on."""
    found = rolled(material(recent(100)), 3)
    assert len(found.rounds) == 1
    assert found.tuned is not None
    assert "1 of 3 windows could be measured" in found.notes[0]


def test_a_single_window_is_measured_with_the_defaults() -> None:
    found = rolled(material(recent(70)), 1)
    assert [done.parameters for done in found.rounds] == [default_parameters(MODEL)]
    assert found.tuned is not None
    assert "what was measured are the shipped defaults" in found.notes[0]
    assert "the bundle has what it found on that window" in found.notes[0]


def test_a_single_week_measures_nothing_and_says_so() -> None:
    found = rolled(material(recent(7)), 1)
    assert (found.rounds, found.newest, found.tuned) == ((), None, None)
    assert "quality was not measured, and the shipped defaults are used" in found.notes[0]
    assert "1.0 weeks of purchases are left" in found.notes[0]


def test_a_backtest_does_not_search_for_a_bundle() -> None:
    stages = Stages()
    found = roll(material(population()), 1, stages, onward=False)
    assert found.tuned is None
    assert len(found.rounds) == 1
    assert sum(name.startswith("evaluate") for name in stages.names) == 1
    assert not any(name.startswith("tune") and name.endswith("(2/2)") for name in stages.names)


def test_a_backtest_of_too_short_a_history_is_an_error() -> None:
    with pytest.raises(InputError, match="nothing can be measured: no test window"):
        rolled(material(recent(7)), 1, onward=False)


def test_notes_on_earlier_windows_name_their_days() -> None:
    """Two customers who never buy anything new."""
    twins = [(c, f"bread-{i}", 7 * week) for c in ("a", "b") for i in (0, 1) for week in range(26)]
    notes = rolled(material(twins, MEASURE), 2).notes
    told = [note for note in notes if "offers of new items were not measured" in note]
    assert [note.startswith("in the test window") for note in told] == [False, True]
    assert ": in the test window no known customer" in told[0]


def test_a_backtest_tells_what_each_search_fell_back_to() -> None:
    """The same two customers are too few to learn from, in one window and in two."""
    twins = [(c, f"bread-{i}", 7 * week) for c in ("a", "b") for i in (0, 1) for week in range(26)]
    notes = rolled(material(twins), 2, onward=False).notes
    told = [note for note in notes if note.startswith("tuned up to ")]
    assert all(": only 2 customers" in note for note in told)
    assert ["in the last two windows" in note for note in told] == [False, True]


def shares(seconds: float, *took: float) -> list[float]:
    """What searches that took so long were given, one after the other."""
    moments = iter([at for end in took for at in (0.0, end)])
    allowance = Allowance(seconds, len(took), lambda: next(moments))
    given = []
    for _ in took:
        with allowance.share() as share:
            given.append(share)
    return given


def test_a_search_has_half_of_the_budget_and_what_others_left() -> None:
    """Three searches of thirty seconds: the first leaves twenty, ten for each of the others."""
    assert shares(60.0, 10.0, 30.0, 50.0) == [30.0, 40.0, 50.0]


def test_no_search_goes_without_any_time_unless_there_is_none() -> None:
    assert shares(60.0, 100.0, 0.0) == [30.0, 3.0]
    assert shares(0.0, 1.0, 1.0) == [0.0, 0.0]
