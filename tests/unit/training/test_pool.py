"""Windows taken together: every customer keeps the value that the own window gives."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.fitted import Kind, shop
from training.candidates import Candidates, gather
from training.defaults import default_parameters
from training.pool import people_with, pooled, whose
from training.sections import Model
from training.spaces import OWN_FAST_WEEKS, OWN_SLOW_WEEKS, onto
from training.trial import both_values


def seen(kind: Kind, customers: int) -> Candidates:
    heads, truth = shop(kind, customers)
    every = np.ones(heads.n_rows, dtype=np.bool_)
    half_lives = tuple(sorted({*OWN_FAST_WEEKS, *OWN_SLOW_WEEKS}))
    return gather(heads, truth, truth.customers, every, half_lives)


def test_one_window_is_itself() -> None:
    one = seen("habits", 60)
    assert pooled([one]) is one


def test_values_of_two_windows_are_those_of_each() -> None:
    """Rows of the second are numbered apart, and its rectangles are wider or narrower."""
    one, other = seen("habits", 60), seen("loyal", 90)
    together = pooled([one, other])
    parameters = onto(default_parameters(Model()), together.heads, tuple(together.share))
    for question in (0, 1):
        apart = [both_values(window, parameters)[question] for window in (one, other)]
        assert both_values(together, parameters)[question] == pytest.approx(np.concatenate(apart))


def test_a_person_in_both_windows_is_one_person() -> None:
    """Sixty of the ninety come in both."""
    together = pooled([seen("habits", 60), seen("habits", 90)])
    assert whose(together, together.n_all).tolist() == [*range(60), *range(90)]
    assert people_with(together, together.n_all) == 90


def test_who_bought_nothing_is_nobody() -> None:
    one = seen("loyal", 60)
    assert people_with(one, one.n_new) == 0
    assert whose(one, one.n_new).tolist() == []


def test_a_head_that_one_window_lacks_says_nothing_there() -> None:
    one, other = seen("habits", 60), seen("loyal", 60)
    only = {"als": other.own.evidence["als"]}
    lacking = Candidates(
        **{
            **other.__dict__,
            "own": type(other.own)(**{**other.own.__dict__, "evidence": only}),
            "unseen": type(other.own)(
                **{**other.unseen.__dict__, "evidence": {"als": other.unseen.evidence["als"]}}
            ),
        }
    )
    together = pooled([one, lacking])
    assert together.heads == one.heads
    assert not together.unseen.evidence["ease"][len(one.n_all) :].any()
