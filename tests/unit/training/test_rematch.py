"""Two bundles on one truth: neither gains by knowing less."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.measured import POOR, write_measured
from tests.support.shop import MODEL, intimate, population
from training.bundle_dir import read_bundle
from training.defaults import default_parameters
from training.ground import Ground
from training.outcomes import METRICS
from training.progress import Silent
from training.publishing.measurement import read_measurement
from training.rematch import fitted_again, rematch
from training.sections import Model


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ground]:
    """The shop's bundle with all its items, and one whose models know a handful."""
    found = {}
    for name, model in (("good", MODEL), ("poor", POOR)):
        folder = tmp_path_factory.mktemp(name)
        write_measured(folder, [*population(), *intimate()], model)
        measurement = read_measurement(folder)
        assert measurement is not None
        bundle, _ = read_bundle(folder)
        found[name] = Ground(bundle, measurement.newest, measurement.outcomes, {})
    return found


def played(ground: Ground, model: Model) -> tuple[dict[str, float], dict[str, float]]:
    """Mean NDCG a question of the champion and of the new bundle."""
    champion = fitted_again(model, default_parameters(model), ground, Silent())
    sides = rematch(champion, ground, Silent())
    theirs, ours = (
        {q: float(found.values["ndcg"].mean()) for q, found in side.answers.items() if len(found)}
        for side in sides
    )
    return theirs, ours


@pytest.mark.parametrize(("name", "model"), [("good", MODEL), ("poor", POOR)])
def test_a_recipe_against_itself_reaches_exactly_what_its_evaluation_found(
    grounds: dict[str, Ground], name: str, model: Model
) -> None:
    ground = grounds[name]
    champion = fitted_again(model, default_parameters(model), ground, Silent())
    for side in rematch(champion, ground, Silent()):
        for question, found in ground.outcomes.answers.items():
            assert side.answers[question].customers == found.customers
            assert side.answers[question].segments == found.segments
            for metric in METRICS:
                np.testing.assert_array_equal(
                    side.answers[question].values[metric], found.values[metric]
                )


def test_who_knows_a_handful_of_items_is_asked_for_all_that_the_other_knows(
    grounds: dict[str, Ground],
) -> None:
    """Alone it looks better than the other: it was asked for those few items only."""
    alone = grounds["poor"].outcomes.answers["all"].values["ndcg"].mean()
    other = grounds["good"].outcomes.answers["all"].values["ndcg"].mean()
    assert alone > other
    theirs, ours = played(grounds["poor"], MODEL)
    assert ours["all"] < theirs["all"]


def test_both_directions_tell_the_same(grounds: dict[str, Ground]) -> None:
    good, poor = played(grounds["poor"], MODEL)
    poor_again, good_again = played(grounds["good"], POOR)
    assert good["all"] == pytest.approx(good_again["all"], rel=0.05)
    assert poor["all"] == pytest.approx(poor_again["all"], abs=0.05)
