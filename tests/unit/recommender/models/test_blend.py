"""The blend: one inner product, equal to the formula written out and to what is decided."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.bundle import ModelParameters
from recommender.catalogue import Offers
from recommender.decide import decide
from recommender.models.als import gramian
from recommender.models.blend import Blend, cross_scale, mean_over_offers, query
from recommender.request import OfferRequest, Placement, Source
from recommender.types import OfferId
from tests.support.shop import AS_OF, population, train, unguarded
from training.assortment import restricted

PARAMETERS = ModelParameters(
    own_half_life_weeks=16,
    confidence_half_life_weeks=8,
    confidence_floor=0.1,
    regularization=20,
    repeat_exponent=0.1,
    trend_exponent=0.7,
    cross_weight=0.5,
    popularity_weight=0.25,
)


def test_the_scale_is_the_root_mean_square_of_the_scores() -> None:
    """X = (3, 0), y = (1, 0), (0, 7): scores 3 and 0, root mean square 3 / sqrt 2."""
    y = np.array([[1, 0], [0, 7]], dtype=np.float32)
    x = np.array([[3.0, 0.0]], dtype=np.float32)
    assert cross_scale(x, gramian(y), 2) == pytest.approx([3 / 2**0.5])


def test_the_query_divides_the_cross_part_by_its_scale() -> None:
    """However long the factor is: cross_weight sqrt 2 / 3 * (3, 0), then the popularity weight."""
    y = np.array([[1, 0], [0, 7]], dtype=np.float32)
    for length in (1.0, 100.0):
        asked = query(np.array([3 * length, 0], dtype=np.float32), gramian(y), 2, PARAMETERS)
        assert asked.tolist() == pytest.approx([0.5 * 2**0.5, 0, 0.25])


def test_a_factor_that_scores_nothing_has_no_cross_part() -> None:
    asked = query(np.zeros(2, dtype=np.float32), np.eye(2), 2, PARAMETERS)
    assert asked.tolist() == [0.0, 0.0, 0.25]


def test_an_offer_is_the_mean_of_what_it_promotes() -> None:
    offers = Offers(
        ids=(OfferId("a"), OfferId("b")),
        titles=("", ""),
        indptr=np.array([0, 1, 3], dtype=np.int32),
        items=np.array([2, 0, 1], dtype=np.int32),
        valid_from=np.full(2, -np.inf),
        valid_until=np.full(2, np.inf),
    )
    rows = np.array([[1, 10], [3, 30], [5, 50]], dtype=np.float32)
    assert mean_over_offers(rows, offers, offers.items).tolist() == [[5, 50], [2, 20]]
    none = restricted(offers, np.zeros(int(offers.items.max()) + 1, dtype=np.bool_))[0]
    assert mean_over_offers(rows, none, none.items).shape == (0, 2)


def test_decisions_are_the_blend() -> None:
    """`home` shows exactly the best of the literal formula, and its scores."""
    shop = train(population(), unguarded())
    n = shop.bundle.manifest.n_offers
    request = OfferRequest((Placement("home", Source.HOME, n),))
    for customer in ("c03", "c17"):
        state = shop.state(customer)
        picks = decide(shop.index, state, request, AS_OF).placements[0].picks
        scores = Blend(shop.bundle).score(state.view)
        by_offer = scores[shop.index.offer_rows]
        assert len(picks) == n
        assert [p.score for p in picks] == pytest.approx(sorted(by_offer, reverse=True), abs=1e-6)
        assert {p.offer: p.score for p in picks} == pytest.approx(
            dict(enumerate(by_offer.tolist())), abs=1e-6
        )
