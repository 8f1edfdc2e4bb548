"""Among equally good settings: the middle of the plateau, as near to the start as noise allows."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.types import Doubles
from training.plateau import between, consensus, settle
from training.search import Choice, Real, Setting, Space, Tried

SPACE: Space = {
    "x": Real(0.0, 1.0),
    "y": Real(0.01, 100.0, log=True),
    "z": Choice((1.0, 4.0, 16.0)),
}
START = {"x": 0.0, "y": 1.0, "z": 1.0}
EACH = np.arange(100)
"""A hundred customers with one value each."""


def tried(*found: tuple[float, float, float, float]) -> Tried:
    """Trials as (x, y, z, value)."""
    return Tried(
        tuple({"x": x, "y": y, "z": z} for x, y, z, _ in found),
        tuple(value for *_, value in found),
        cut_short=False,
    )


def test_the_best_tenth_agrees_on_medians_and_the_most_frequent_choice() -> None:
    """Thirty trials, so the best three; in log scale the middle of .1 and 10 and 1 is 1."""
    best = ((0.2, 0.1, 4.0, 0.9), (0.3, 10.0, 16.0, 1.0), (0.7, 1.0, 4.0, 0.8))
    found = consensus(SPACE, tried(*best, *[(0.0, 50.0, 1.0, 0.1)] * 27))
    assert found == {"x": 0.3, "y": pytest.approx(1.0), "z": 4.0}


def test_of_equally_frequent_choices_the_better_trial_decides() -> None:
    found = consensus(
        SPACE, tried((0.0, 1.0, 4.0, 0.5), (0.0, 1.0, 16.0, 0.6), *[(0, 1, 1, 0)] * 18)
    )
    assert found["z"] == 16.0


def test_halfway_is_halfway_on_each_scale() -> None:
    end = {"x": 1.0, "y": 100.0, "z": 16.0}
    assert between(SPACE, START, end, 0.5) == {"x": 0.5, "y": pytest.approx(10.0), "z": 4.0}
    assert between(SPACE, START, end, 0.0) == START


def noisy(peak: float, height: float) -> Doubles:
    """A hundred customers around a mean of `height`; noise differs from place to place."""
    chance = np.random.default_rng(round(1000 * peak)).normal(0, 1.0, 100)
    return np.asarray(height + (chance - chance.mean()))


def test_what_noise_explains_is_taken_back_to_the_start() -> None:
    """A gain of .01 where one standard error is .14."""

    def values(setting: Setting) -> Doubles:
        return noisy(setting["x"], 0.01 * setting["x"])

    assert settle(SPACE, START, tried((1.0, 1.0, 1.0, 0.01)), values, EACH) == START


def test_what_noise_does_not_explain_is_kept() -> None:

    def values(setting: Setting) -> Doubles:
        return noisy(setting["x"], 10.0 * setting["x"])

    assert settle(SPACE, START, tried((1.0, 1.0, 1.0, 10.0)), values, EACH)["x"] == 1.0


def test_two_peaks_have_no_middle() -> None:
    """Good at both ends and bad between: then the best trial stands for itself."""
    far = [(0.1, 1.0, 1.0, 0.99), (0.9, 1.0, 1.0, 1.0)]

    def values(setting: Setting) -> Doubles:
        return noisy(setting["x"], 20 * abs(setting["x"] - 0.5))

    known = tried(*far, *[(0.5, 1.0, 1.0, 0.0)] * 18)
    found = settle(SPACE, {**START, "x": 0.5}, known, values, EACH)
    assert found["x"] == 0.9


def test_two_windows_of_one_person_are_no_separate_evidence() -> None:
    """Four gain 1 twice and four lose .4 twice; of sixteen people, the gain would be certain.

    The mean is .3, its error .7 / sqrt(16) = .175 or, of eight people, .7 / sqrt(8) = .247;
    at .7 / sqrt(2) = .495, of two, it is noise.
    """
    gains = np.repeat([1.0, -0.4], 8)

    def values(setting: Setting) -> Doubles:
        return np.asarray(gains * setting["x"])

    known = tried((1.0, 1.0, 1.0, 0.3))
    for people, kept in (
        (np.arange(16), True),
        (np.arange(16) // 2, True),
        (np.arange(16) // 8, False),
    ):
        assert (settle(SPACE, START, known, values, people) != START) == kept
