"""What every scoring model keeps. A new model inherits `ModelSuite` and says how it is fitted."""

# ruff: noqa: D101, D102 - a test says what is true in its name or in its one sentence

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.customer import View, empty_view
from recommender.guard.view import ViewColumns
from recommender.models import als, popularity, repeat
from recommender.models.blend import Blend
from recommender.models.protocol import Model
from tests.support.histories import some_customers, view
from tests.support.shop import population, train
from training.baselines import PersonalFrequency

N_ROWS = 30
CUSTOMERS = 40


class ModelSuite(ABC):
    """Pure, finite, blind to order and to company.

    tolerance   how far scores may move when customers change places
    """

    tolerance = 1e-6

    @abstractmethod
    def fit(self, history: ViewColumns) -> Model:
        """The model of these histories over `N_ROWS` rows."""

    def rows(self) -> int:
        """How many rows a score has."""
        return N_ROWS

    @pytest.fixture
    def history(self) -> ViewColumns:
        return some_customers(CUSTOMERS, N_ROWS)

    @pytest.fixture
    def model(self, history: ViewColumns) -> Model:
        return self.fit(history)

    def test_scores_are_finite_float32(self, model: Model, history: ViewColumns) -> None:
        for c in range(CUSTOMERS):
            scores = model.score(view(history, c))
            assert scores.dtype == np.float32
            assert scores.shape == (self.rows(),)
            assert np.isfinite(scores).all()

    def test_fitting_twice_gives_the_same_bits(self, model: Model, history: ViewColumns) -> None:
        again = self.fit(history)
        for c in range(CUSTOMERS):
            one = view(history, c)
            assert model.score(one).tobytes() == again.score(one).tobytes()

    def test_scoring_changes_nothing(self, model: Model, history: ViewColumns) -> None:
        """Neither the view nor the next answer."""
        one, other = view(history, 0), view(history, 1)
        before = [array.copy() for array in arrays(one)]
        first = model.score(one).copy()
        model.score(other)
        assert model.score(one).tobytes() == first.tobytes()
        for array, kept in zip(arrays(one), before, strict=True):
            assert array.tolist() == kept.tolist()

    def test_the_order_of_customers_does_not_matter(
        self, model: Model, history: ViewColumns
    ) -> None:
        reversed_ = self.fit(turned_around(history))
        for c in range(CUSTOMERS):
            one = view(history, c)
            assert np.allclose(model.score(one), reversed_.score(one), atol=self.tolerance)

    def test_an_empty_view_is_scored(self, model: Model) -> None:
        scores = model.score(empty_view())
        assert scores.shape == (self.rows(),)
        assert np.isfinite(scores).all()

    def test_one_purchase_is_scored(self, model: Model) -> None:
        tiny = View(
            rows=np.array([3], dtype=np.int32),
            baskets=np.array([1], dtype=np.int32),
            age_days=np.array([10_000], dtype=np.int32),
            own=np.array([0.0], dtype=np.float32),
            confidence=np.array([0.1], dtype=np.float32),
        )
        assert np.isfinite(model.score(tiny)).all()


class TestAls(ModelSuite):
    """Its random starting factors belong to positions: fits agree, bits do not."""

    tolerance = 0.2

    def fit(self, history: ViewColumns) -> Model:
        shape = (len(history.indptr) - 1, N_ROWS)
        confidence = csr_matrix((history.confidence, history.rows, history.indptr), shape=shape)
        config = als.AlsConfig(factors=4, regularization=5.0, iterations=40)
        y = als.fit(confidence, config)
        return als.Als(y, als.gramian(y), config.regularization)


class TestRepeat(ModelSuite):
    def fit(self, history: ViewColumns) -> Model:
        return repeat.fit(history, N_ROWS, 0.3, repeat.RepeatConfig())


class TestPopularity(ModelSuite):
    def fit(self, history: ViewColumns) -> Model:
        return popularity.fit(history, N_ROWS, popularity.PopularityConfig())


class TestPersonalFrequency(ModelSuite):
    def fit(self, history: ViewColumns) -> Model:
        share = popularity.fit(history, N_ROWS, popularity.PopularityConfig()).share
        return PersonalFrequency(share)


class TestBlend(ModelSuite):
    """Fitted on the corner shop, asked about the same random histories."""

    def fit(self, history: ViewColumns) -> Model:  # noqa: ARG002 - the shop brings its own
        return Blend(train(population()).bundle)

    def rows(self) -> int:
        return train(population()).bundle.manifest.n_rows


def arrays(one: View) -> tuple[np.ndarray[tuple[int], np.dtype[np.generic]], ...]:
    return (one.rows, one.baskets, one.age_days, one.own, one.confidence)


def turned_around(history: ViewColumns) -> ViewColumns:
    """The same customers, last first."""
    sizes = np.diff(history.indptr)[::-1]
    order = np.concatenate(
        [
            np.arange(history.indptr[c], history.indptr[c + 1])
            for c in range(len(history.indptr) - 2, -1, -1)
        ]
    )
    return ViewColumns(
        indptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        rows=history.rows[order],
        baskets=history.baskets[order],
        age_days=history.age_days[order],
        own=history.own[order],
        confidence=history.confidence[order],
    )
