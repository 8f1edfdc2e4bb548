"""The exact search for the best rows of the offer matrix.

One float32 product of the whole matrix with a customer's query says nearly what every offer
scores; it may differ in its last bits with the batch and the machine. So every offer within the
error margin of the k-th best stays a candidate, candidates are scored again in float64 in a fixed
order, and ties break by position. Offers are sorted by id, so that is a tie-break by id. Filters
are part of the search: no overfetching.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.types import Doubles, Floats, Ints

LANE = 64
"""Offers whose best is found together."""

DECIMALS = 9
"""Scores are rounded here before they are compared, so that ties are ties on every machine."""

_EPSILON = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False)
class Scanner:
    """An offer matrix ready to be searched.

    rows     (n_offers, d) float32
    widest   the largest norm of a row
    """

    rows: Floats
    widest: float

    @classmethod
    def of(cls, matrix: Floats) -> Scanner:
        """Measures `matrix` (n_offers, d) once."""
        squares = np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)
        return cls(np.ascontiguousarray(matrix), float(np.sqrt(squares.max(initial=0.0))))

    def products(self, query: Floats) -> Doubles:
        """Every offer's product with the query, (n_offers,), off by less than the margin."""
        return (self.rows @ query).astype(np.float64)

    def best(
        self, query: Floats, k: int, nearly: Doubles, bonus: Doubles, offers: Ints | None = None
    ) -> tuple[Ints, Doubles]:
        """Positions and sums of the `k` best by `bonus` plus product, best first, ties by position.

        nearly, bonus   (m,); nearly is the sum as far as `products` knows it, -inf for an offer
                        that may not be shown
        offers          (m,) which offers they are of, ascending; None: all of them

        Exactly what float64 sums, rounded and sorted, would give. Fewer than `k` when fewer may
        be shown.
        """
        near = self._near(query, k, nearly)
        rows = near if offers is None else offers[near]
        return rank(near, bonus[near] + self.score(rows, query), k)

    def score(self, offers: Ints, query: Floats) -> Doubles:
        """Float64 products of `offers` (m,), each computed alone: batches change nothing."""
        products = self.rows[offers].astype(np.float64) * query.astype(np.float64)
        scores: Doubles = products.sum(axis=1)
        return scores

    def _near(self, query: Floats, k: int, nearly: Doubles) -> Ints:
        """Positions that may belong to the `k` best, ascending.

        At least k offers are as good as the k-th best lane is at its best: a bar that costs less
        than finding the k-th best offer.
        """
        lanes = np.full(-(-len(nearly) // LANE) * LANE, -np.inf)
        lanes[: len(nearly)] = nearly
        best = lanes.reshape(-1, LANE).max(axis=1) if len(nearly) > LANE * k else nearly
        bar = -np.inf
        if len(best) >= k:
            bar = float(np.partition(best, len(best) - k)[len(best) - k]) - self._margin(query)
        # What may not be shown never reaches the bar, however low that is.
        least = max(bar, float(np.finfo(np.float64).min))
        return np.flatnonzero(nearly >= least).astype(np.int32)

    def _margin(self, query: Floats) -> float:
        """How far a float32 product may be from the truth, twice, and what rounding may lift.

        A product of d terms errs by at most d * eps * |u| * |y|; one term more is for a query
        that was scaled and rounded after its products were taken.
        """
        length = float(np.sqrt(query.astype(np.float64) @ query))
        error = (len(query) + 1) * _EPSILON * length * self.widest
        return 2 * error + 10.0**-DECIMALS


def rank(offers: Ints, scores: Doubles, k: int) -> tuple[Ints, Doubles]:
    """The `k` best of some offers by rounded score, ties by position, best first."""
    rounded = np.round(scores, DECIMALS)
    order = np.lexsort((offers, -rounded))[:k]
    return offers[order], rounded[order]
