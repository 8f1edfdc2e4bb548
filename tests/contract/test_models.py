"""What every scoring model keeps. A new one inherits a suite here and says how it is fitted."""

# ruff: noqa: D101, D102 - a test says what is true in its name or in its one sentence

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.customer import View, empty_view
from recommender.evidence import Evidence
from recommender.guard.view import ViewColumns
from recommender.models import als, ease, edges, kin, path, popularity, repeat
from recommender.models.blend import Blend
from recommender.models.protocol import Head, Model
from tests.support.histories import some_customers, view
from tests.support.shop import population, train
from training.baselines import PersonalFrequency

N_ROWS = 30
CUSTOMERS = 40
KIN = (np.arange(N_ROWS) % 7 - 1).astype(np.int32)


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


class HeadSuite(ModelSuite):
    """Says which purchase a score comes from, and nothing of what is masked."""

    @abstractmethod
    def fit(self, history: ViewColumns) -> Head:
        """The head of these histories over `N_ROWS` rows."""

    @pytest.fixture
    def head(self, history: ViewColumns) -> Head:
        return self.fit(history)

    def test_contributions_sum_to_the_score(self, head: Head, history: ViewColumns) -> None:
        """But for what everybody gets, which is the score of an empty view."""
        asked = np.random.default_rng(2).permutation(N_ROWS).astype(np.int32)
        everybody = head.score(empty_view())
        for c in range(CUSTOMERS):
            one = view(history, c)
            parts = head.contributions(one, asked)
            assert parts.shape == (N_ROWS, len(one))
            assert parts.dtype == np.float64
            owed = head.score(one)[asked] - everybody[asked]
            assert parts.sum(axis=1) == pytest.approx(owed, rel=1e-5, abs=1e-5)

    def test_explaining_twice_gives_the_same_bits(self, head: Head, history: ViewColumns) -> None:
        asked = np.array([7, 3, 3], dtype=np.int32)
        again = self.fit(history)
        for c in range(CUSTOMERS):
            one = view(history, c)
            parts = head.contributions(one, asked)
            assert parts.tobytes() == again.contributions(one, asked).tobytes()
            assert parts[1].tobytes() == parts[2].tobytes()

    def test_a_row_is_explained_alike_alone_and_in_company(
        self, head: Head, history: ViewColumns
    ) -> None:
        one, everything = view(history, 0), np.arange(N_ROWS, dtype=np.int32)
        together = head.contributions(one, everything)
        for row in range(N_ROWS):
            alone = head.contributions(one, everything[row : row + 1])
            assert alone[0] == pytest.approx(together[row], abs=1e-12)

    def test_what_is_masked_contributes_nothing(self, head: Head, history: ViewColumns) -> None:
        """A head that has just seen the whole view answers like one that never did."""
        asked = np.arange(N_ROWS, dtype=np.int32)
        ignorant = self.fit(history)
        for c in range(CUSTOMERS):
            whole = view(history, c)
            head.score(whole)
            head.contributions(whole, asked)
            masked = whole.where(whole.rows % 3 != 0)
            parts = head.contributions(masked, asked)
            assert parts.shape == (N_ROWS, len(masked))
            assert parts.tobytes() == ignorant.contributions(masked, asked).tobytes()
            assert head.score(masked).tobytes() == ignorant.score(masked).tobytes()

    def test_an_empty_view_owes_nothing(self, head: Head) -> None:
        assert head.contributions(empty_view(), np.array([1, 4], dtype=np.int32)).shape == (2, 0)

    def test_no_row_is_asked(self, head: Head, history: ViewColumns) -> None:
        one = view(history, 0)
        assert head.contributions(one, np.empty(0, dtype=np.int32)).shape == (0, len(one))


class TestAls(HeadSuite):
    """Its random starting factors belong to positions: fits agree, bits do not."""

    tolerance = 0.2

    def fit(self, history: ViewColumns) -> Head:
        shape = (len(history.indptr) - 1, N_ROWS)
        confidence = csr_matrix((history.confidence, history.rows, history.indptr), shape=shape)
        config = als.AlsConfig(factors=4, regularization=5.0, iterations=40)
        y = als.fit(confidence, config)
        return als.Als(y, als.gramian(y), config.regularization)


class TestRepeat(HeadSuite):
    def fit(self, history: ViewColumns) -> Head:
        return repeat.fit(history, N_ROWS, 0.3, repeat.RepeatConfig())


class TestPopularity(HeadSuite):
    def fit(self, history: ViewColumns) -> Head:
        return popularity.fit(history, N_ROWS, popularity.PopularityConfig())


class TestEase(HeadSuite):
    def fit(self, history: ViewColumns) -> Head:
        return head_of(ease.fit(history, N_ROWS, ease.EaseConfig(keep=10)))


class TestPath(HeadSuite):
    def fit(self, history: ViewColumns) -> Head:
        config = path.PathConfig(half_life_weeks=4.0, cells=64)
        return head_of(path.fit(history, N_ROWS, config))


class TestKin(HeadSuite):
    def fit(self, history: ViewColumns) -> Head:
        return head_of(kin.fit(history, N_ROWS, KIN, kin.KinConfig(keep=5)))


class TestHeadsTogether(HeadSuite):
    """Scaled, weighted, and with the trend, as a bundle keeps them."""

    def fit(self, history: ViewColumns) -> Head:
        heads = {
            "ease": edges.scaled(ease.fit(history, N_ROWS, ease.EaseConfig()), history),
            "brand": edges.scaled(kin.fit(history, N_ROWS, KIN, kin.KinConfig()), history),
        }
        config = popularity.PopularityConfig()
        trend = popularity.trend(history, N_ROWS, config).astype(np.float32)
        weights = {"ease": 0.7, "brand": 0.3}
        return edges.Edges(Evidence.of(edges.combine(heads, weights, trend, keep=N_ROWS)))


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


def head_of(fitted: csr_matrix) -> Head:
    return edges.Edges(Evidence.of(edges.as_neighbours(fitted)))


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
