"""The exact search for the best rows of the offer matrix.

Rows are sorted by norm and scanned in blocks. By Cauchy-Schwarz no row scores above |u| |y|, so
once that bound for the next block falls below the k-th best score, nothing further can enter
(the idea of LEMP, Teflioudi et al. 2015, and FEXIPRO, Li et al. 2017). Filters are a mask that
takes part in the stop rule: no overfetching.

Products are float32 first and float64 last: a float32 product may differ in its last bits with
the batch and the machine, so every row within the error margin of the k-th best stays a
candidate, candidates are scored again in float64 in a fixed order, and ties break by position.
Offers are sorted by id, so that is a tie-break by id.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.types import Bools, Doubles, Floats, Ints

BLOCK = 512
"""Rows a block: small enough to stop early, large enough to keep numpy busy."""

DECIMALS = 9
"""Scores are rounded here before they are compared, so that ties are ties on every machine."""

_EPSILON = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False)
class Scanner:
    """An offer matrix ready to be searched.

    rows    (n_offers, d) float32, by descending norm
    offers  (n_offers,) the offer a sorted row belongs to
    norms   (n_offers,) descending, rounded up
    exact   (n_offers, d) the matrix as it came, by offer; reach are its norms, rounded up
    """

    rows: Floats
    offers: Ints
    norms: Floats
    exact: Floats
    reach: Floats

    @classmethod
    def of(cls, matrix: Floats) -> Scanner:
        """Sorts `matrix` (n_offers, d) once."""
        norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))
        order = np.argsort(-norms, kind="stable").astype(np.int32)
        above = np.nextafter(norms.astype(np.float32), np.float32(np.inf))
        return cls(np.ascontiguousarray(matrix[order]), order, above[order], matrix, above)

    def best(self, query: Floats, k: int, allowed: Bools | None = None) -> tuple[Ints, Doubles]:
        """The `k` best allowed offers and their scores, best first, ties by position.

        query     (d,) float32
        allowed   (n_offers,) by offer; None allows all

        Exactly what a full float64 product, rounded and sorted, would give. Fewer than `k` when
        fewer are allowed.
        """
        length = _length(query)
        margin = self._margin(query)
        offers: list[Ints] = []
        scores: list[Floats] = []
        found, kth = 0, -np.inf
        for start in range(0, len(self.rows), BLOCK):
            bound = float(self.norms[start])
            if found >= k and length * bound + margin < kth:
                break
            part = self.offers[start : start + BLOCK]
            product = self.rows[start : start + BLOCK] @ query
            if allowed is not None:
                keep = allowed[part]
                part, product = part[keep], product[keep]
            if found >= k:
                keep = product >= kth - margin
                part, product = part[keep], product[keep]
            if not len(part):
                continue
            offers.append(part)
            scores.append(product)
            found += len(part)
            if found >= k:
                merged = scores[0] if len(scores) == 1 else np.concatenate(scores)
                kth = float(np.partition(merged, found - k)[found - k])
        if not offers:
            return np.empty(0, dtype=np.int32), np.empty(0)
        merged_offers, merged = np.concatenate(offers), np.concatenate(scores)
        near = merged >= kth - margin
        return rank(merged_offers[near], self.score(merged_offers[near], query), k)

    def best_of(
        self, query: Floats, k: int, offers: Ints, bonus: Doubles
    ) -> tuple[Ints, Doubles, Doubles]:
        """The `k` best of `offers` (m,), ascending, by `bonus` (m,) plus their product.

        Positions in `offers`, sums and products, best first; exact as `best` is.
        """
        near = np.arange(len(offers))
        if len(offers) > 2 * k:
            # |product| <= |u| |y|: most offers cannot reach the k-th best of the lower bounds,
            # so their rows need not be fetched.
            reach = _length(query) * self.reach[offers].astype(np.float64)
            near = near[bonus + reach >= _kth(bonus - reach, k) - self._margin(query)]
        if len(near) > 2 * k:
            sums = bonus[near] + self.exact[offers[near]] @ query
            near = near[sums >= _kth(sums, k) - self._margin(query)]
        products = self.score(offers[near], query)
        best, sums = rank(near.astype(np.int32), bonus[near] + products, k)
        return best, sums, products[np.searchsorted(near, best)]

    def score(self, offers: Ints, query: Floats) -> Doubles:
        """Float64 scores of `offers` (m,), each computed alone: batches change nothing."""
        products = self.exact[offers].astype(np.float64) * query.astype(np.float64)
        scores: Doubles = products.sum(axis=1)
        return scores

    def _margin(self, query: Floats) -> float:
        """How far a float32 product may be from the truth, twice, and what rounding may lift.

        A product of d terms errs by at most d * eps * |u| * |y|.
        """
        widest = float(self.norms[0]) if len(self.norms) else 0.0
        error = len(query) * _EPSILON * _length(query) * widest
        return 2 * error + 10.0**-DECIMALS


def _kth(values: Doubles, k: int) -> float:
    """The k-th largest."""
    return float(np.partition(values, len(values) - k)[len(values) - k])


def _length(query: Floats) -> float:
    return float(np.sqrt(query.astype(np.float64) @ query))


def rank(offers: Ints, scores: Doubles, k: int) -> tuple[Ints, Doubles]:
    """The `k` best of some offers by rounded score, ties by position, best first."""
    rounded = np.round(scores, DECIMALS)
    order = np.lexsort((offers, -rounded))[:k]
    return offers[order], rounded[order]
