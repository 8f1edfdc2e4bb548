"""The cross head: implicit-feedback ALS, and its exact fold-in.

Symbols follow Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
ICDM 2008: users u with factors x_u, items i with factors y_i (rows of Y), confidence c_ui,
preference p_ui = 1 where c_ui > 0, regularization lambda. Their equation 4,

    x_u = (Y'Y + Y'(C_u - I)Y + lambda I)^-1 Y'C_u p(u)

sums over the bought items only, because C_u - I is zero elsewhere and Y'Y, the Gramian, is
shared by everyone. Confidences below one are fine: Y'Y holds each y_i y_i' once already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_matrix

from recommender.customer import View
from recommender.models.threads import one_blas_thread
from recommender.types import Doubles, Floats, Ints, Longs

_CHUNK = 256
"""Customers whose normal equations are held at once: 8 MiB at 64 factors."""


class AlsConfig(BaseModel):
    """How the item factors are fitted.

    regularization   lambda; larger shrinks more. With purchases, 5 to 50 is usual
    threads          0 = one a core; the result does not depend on it
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factors: int = Field(default=64, ge=1, le=512)
    regularization: float = Field(default=20.0, gt=0)
    iterations: int = Field(default=15, ge=1, le=200)
    seed: int = Field(default=0, ge=0)
    threads: int = Field(default=0, ge=0)


@dataclass(frozen=True, eq=False)
class Als:
    """A fitted model: `factors` (n_rows, k) and their Gramian (k, k)."""

    factors: Floats
    gramian: Doubles
    regularization: float

    def score(self, view: View) -> Floats:
        """x_u . y_i for every row, (n_rows,) float32."""
        x = fold_in(self.factors, self.gramian, self.regularization, view.rows, view.confidence)
        return np.asarray(self.factors @ x)

    def contributions(self, view: View, rows: Ints) -> Doubles:
        """c_uj y_i' W y_j of each row i and each bought j (`explain_parts`)."""
        return explain_parts(
            self.factors,
            self.gramian,
            self.regularization,
            view.rows,
            view.confidence,
            self.factors[rows],
        )


def fit(
    confidence: csr_matrix,
    config: AlsConfig,
    *,
    progress: Callable[[], None] = lambda: None,
) -> Floats:
    """Item factors (n_items, k) of the confidences (n_customers, n_items).

    `progress` is called after each iteration. Equal input gives equal bits: seeds are fixed,
    BLAS runs on one thread, and implicit's own threads share no sum. implicit solves each
    row by conjugate gradients (Takacs, Pilaszy, Tikk, "Applications of the conjugate gradient
    method for implicit feedback collaborative filtering", RecSys 2011).
    """
    if not confidence.nnz:
        return np.zeros((confidence.shape[1], config.factors), dtype=np.float32)
    # Only training needs it.
    from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415

    with one_blas_thread():  # implicit asks for that
        model = AlternatingLeastSquares(
            factors=config.factors,
            regularization=config.regularization,
            alpha=1.0,
            iterations=config.iterations,
            random_state=config.seed,
            num_threads=config.threads,
        )
        model.fit(
            confidence.astype(np.float32),
            show_progress=False,
            callback=lambda *_: progress(),
        )
    factors: Floats = np.ascontiguousarray(model.item_factors, dtype=np.float32)
    return factors


def gramian(factors: Floats) -> Doubles:
    """Y'Y (k, k) in float64."""
    y = factors.astype(np.float64)
    return np.asarray(y.T @ y)


def fold_in(
    factors: Floats, gramian: Doubles, regularization: float, rows: Ints, confidence: Floats
) -> Floats:
    """x_u (k,) float32 of one customer: equation 4, exact, in float64.

    factors        (n_rows, k)
    gramian        (k, k), of all rows
    rows           (n,) bought rows, ascending
    confidence     (n,) c_ui > 0

    Nothing bought gives zeros. Never depends on who else is folded in.
    """
    indptr = np.array([0, len(rows)], dtype=np.int64)
    x: Floats = fold_in_all(
        factors, gramian, regularization, indptr=indptr, rows=rows, confidence=confidence
    )[0]
    return x


def fold_in_all(
    factors: Floats,
    gramian: Doubles,
    regularization: float,
    *,
    indptr: Longs,
    rows: Ints,
    confidence: Floats,
    progress: Callable[[int], None] = lambda _: None,
) -> Floats:
    """x_u of many customers (n_customers, k) float32, the same bits as one by one.

    Customer c has `rows[indptr[c]:indptr[c + 1]]`. `progress` is told how many are done.
    Memory beyond the result does not grow with the number of customers.
    """
    n, k = len(indptr) - 1, factors.shape[1]
    x = np.zeros((n, k), dtype=np.float32)
    for lo, hi in _chunks(n):
        a = np.empty((hi - lo, k, k))
        b = np.empty((hi - lo, k, 1))
        for j in range(lo, hi):
            at = slice(int(indptr[j]), int(indptr[j + 1]))
            a[j - lo], b[j - lo, :, 0] = _normal_equations(
                factors, gramian, regularization, rows[at], confidence[at]
            )
        x[lo:hi] = np.linalg.solve(a, b)[:, :, 0]
        progress(hi - lo)
    return x


def explain_parts(  # noqa: PLR0917 - the order of the equation
    factors: Floats,
    gramian: Doubles,
    regularization: float,
    rows: Ints,
    confidence: Floats,
    target_vectors: Floats | Doubles,
) -> Doubles:
    """What each bought row adds to x_u . y_t, (n_targets, n) float64; rows sum to x_u . y_t.

    Section 5 of the paper: with W = (Y'C_u Y + lambda I)^-1, the score of t is the sum over
    bought j of c_uj y_t' W y_j.

    target_vectors   (n_targets, k): y_t, or any mixture of item factors
    """
    a, _ = _normal_equations(factors, gramian, regularization, rows, confidence)
    y = factors[rows].astype(np.float64)
    # A is symmetric, so W y_t needs one right-hand side a target, not one a bought row.
    parts = np.linalg.solve(a, target_vectors.astype(np.float64).T).T @ y.T
    return np.asarray(parts * confidence.astype(np.float64))


def _normal_equations(
    factors: Floats, gramian: Doubles, regularization: float, rows: Ints, confidence: Floats
) -> tuple[Doubles, Doubles]:
    """A = Y'Y + Y'(C_u - I)Y + lambda I and b = Y'C_u p(u)."""
    y = factors[rows].astype(np.float64)
    c = confidence.astype(np.float64)
    a = gramian + (y * (c - 1.0)[:, None]).T @ y
    a[np.diag_indices_from(a)] += regularization
    return a, c @ y


def _chunks(n: int) -> Iterator[tuple[int, int]]:
    for lo in range(0, n, _CHUNK):
        yield lo, min(lo + _CHUNK, n)
