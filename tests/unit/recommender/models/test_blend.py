"""The blend: one inner product, equal to the formula written out and to what is decided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.catalogue import Offers
from recommender.decide import decide
from recommender.explain import Explainer
from recommender.index import BundleIndex
from recommender.models.als import gramian
from recommender.models.blend import Blend, als_query, cross_scale, cross_scale_of, mean_over_offers
from recommender.request import OfferRequest, Placement, Source
from recommender.types import OfferId
from tests.support.shop import AS_OF, population, train, unguarded
from training.assortment import restricted


def test_the_scale_is_the_root_mean_square_of_the_scores() -> None:
    """X = (3, 0), y = (1, 0), (0, 7): scores 3 and 0, root mean square 3 / sqrt 2."""
    y = np.array([[1, 0], [0, 7]], dtype=np.float32)
    x = np.array([[3.0, 0.0]], dtype=np.float32)
    assert cross_scale(x, gramian(y), 2) == pytest.approx([3 / 2**0.5])


def test_the_als_part_is_divided_by_its_scale() -> None:
    """However long the factor is: .5 * sqrt 2 / 3 * (3, 0)."""
    y = np.array([[1, 0], [0, 7]], dtype=np.float32)
    for length in (1.0, 100.0):
        asked = als_query(np.array([3 * length, 0], dtype=np.float32), gramian(y), 2, 0.5)
        assert asked.tolist() == pytest.approx([0.5 * 2**0.5, 0])


def test_a_factor_that_scores_nothing_has_no_als_part() -> None:
    assert als_query(np.zeros(2, dtype=np.float32), np.eye(2), 2, 0.5).tolist() == [0.0, 0.0]


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


def test_the_best_new_offer_weighs_the_cross_weight() -> None:
    """N_u is the best unseen cross part, or a hundredth of the best, if that is more."""
    assert cross_scale_of(0.5, 2.0, 8.0) == 0.25
    assert cross_scale_of(0.5, 0.001, 8.0) == pytest.approx(0.5 / 0.08)
    assert cross_scale_of(0.5, 0.0, 0.0) == 0.0


def test_what_was_bought_can_be_kept_out_of_the_cross_part() -> None:
    """With a share of 0 a customer's own rows have their own part and popularity; others stay."""
    shop = train(population(), unguarded())
    update = {"own_cross_share": 0.0}
    parameters = shop.bundle.parameters.model_copy(update=update)
    manifest = shop.bundle.manifest.model_copy(update={"parameters": parameters})
    kept = replace(shop.bundle, manifest=manifest)
    view = shop.state("c03").view
    with_cross, without = Blend(shop.bundle).score(view), Blend(kept).score(view)
    unseen = np.setdiff1d(np.arange(len(without)), view.rows)
    assert without[unseen] == pytest.approx(with_cross[unseen])
    own = kept.repeat_scale[view.rows] * view.own
    popular = parameters.popularity_weight * kept.popularity[view.rows]
    assert without[view.rows] == pytest.approx(own + popular)
    index = BundleIndex(kept)
    request = OfferRequest((Placement("home", Source.HOME, len(index.offer_rows)),))
    decision = decide(index, shop.state("c03"), request, AS_OF)
    scores = {p.offer: p.score for p in decision.placements[0].picks}
    expected = dict(enumerate(without[index.offer_rows].tolist()))
    assert scores == pytest.approx(expected, abs=1e-6)
    explainer = Explainer(index, decision, "full")
    for pick in decision.placements[0].picks:
        parts = explainer.contributions(pick)
        assert sum(part.value for part in parts) == pytest.approx(pick.score, abs=1e-6)
