"""EASE: the linear item-to-item model that predicts each item from all the others.

Harald Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019. With X the
customers by items and G = X'X, his equation 8 is closed:

    P = (G + lambda I)^-1        B_ji = -P_ji / P_ii  for j != i        B_ii = 0

Here X holds the confidences of the views, so that what was bought long ago counts less. Only
the most frequent items take part, because the inverse costs their number to the third power,
and because an item with few buyers teaches little but noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.sparse import csr_matrix, vstack

from recommender.models.heaviest import heaviest
from recommender.models.protocol import History
from recommender.models.threads import one_blas_thread
from recommender.types import Doubles, Ints

_CHUNK = 256
"""Rows that are worked on at once."""


class EaseConfig(BaseModel):
    """How many items take part, how strongly they are shrunk, and how many edges they keep.

    regularization   lambda as a multiple of the mean diagonal of G, so that it means the same in
                     a small shop and in a large one
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: int = Field(default=4_000, ge=1, le=20_000)
    regularization: float = Field(default=4.0, gt=0)
    keep: int = Field(default=100, ge=1)


def fit(
    history: History,
    n_rows: int,
    config: EaseConfig,
    *,
    progress: Callable[[], None] = lambda: None,
) -> csr_matrix:
    """Edges W = max(B, 0) (n_rows, n_rows) float32: row j is what a purchase of j speaks for.

    At most `keep` a row, columns ascending, no diagonal. Equal input gives equal bits: BLAS runs
    on one thread. `progress` is called after each of the three steps: G, its inverse, the edges.
    """
    rows = _frequent(history, n_rows, config.items)
    if not len(rows):
        return csr_matrix((n_rows, n_rows), dtype=np.float64).astype(np.float32)
    g = _gram(history, n_rows, rows)
    progress()
    at = np.diag_indices_from(g)
    g[at] += config.regularization * g[at].mean()
    p = _inverse(g)
    progress()
    best = vstack(list(_edges(p, config.keep)), format="csr")
    progress()
    sizes = np.zeros(n_rows, dtype=np.int64)
    sizes[rows] = np.diff(best.indptr)
    # Both the rows and their order within a row stay ascending: `rows` is.
    return csr_matrix(
        (best.data, rows[best.indices], np.concatenate([[0], np.cumsum(sizes)])),
        shape=(n_rows, n_rows),
    )


def _frequent(history: History, n_rows: int, items: int) -> Ints:
    """The rows that most customers have, ascending; ties by row."""
    support = np.bincount(history.rows, minlength=n_rows)
    most = np.argsort(-support, kind="stable")[:items]
    return np.sort(most[support[most] > 0]).astype(np.int32)


def _gram(history: History, n_rows: int, rows: Ints) -> Doubles:
    """G (n, n) of the confidences of `rows`, in float64."""
    shape = (len(history.indptr) - 1, n_rows)
    x = csr_matrix(
        (history.confidence.astype(np.float64), history.rows, history.indptr), shape=shape
    )[:, rows]
    by_item = x.T.tocsr()
    g = np.empty((len(rows), len(rows)))
    for lo in range(0, len(rows), _CHUNK):
        g[lo : lo + _CHUNK] = (by_item[lo : lo + _CHUNK] @ x).toarray()
    return g


def _inverse(g: Doubles) -> Doubles:
    """P = g^-1, by Cholesky: a third of the work of a general inverse. Overwrites `g`."""
    with one_blas_thread():
        # LAPACK sees the transpose of a C matrix; g is symmetric, so only the triangles swap.
        factor, failed = dpotrf(g.T, lower=0, clean=0, overwrite_a=1)
        if failed:
            message = f"G + lambda I is not positive definite: dpotrf says {failed}"
            raise np.linalg.LinAlgError(message)
        upper, _ = dpotri(factor, lower=0, overwrite_c=1)
    p: Doubles = upper.T  # C again: the lower triangle holds
    for lo in range(0, len(p), _CHUNK):
        hi = min(lo + _CHUNK, len(p))
        p[lo:hi, hi:] = p[hi:, lo:hi].T
        block = np.tril(p[lo:hi, lo:hi])
        p[lo:hi, lo:hi] = block + np.tril(block, -1).T
    return p


def _edges(p: Doubles, keep: int) -> Iterator[csr_matrix]:
    """max(B, 0), the heaviest of each row, some rows at a time."""
    diagonal = p.diagonal()
    for lo in range(0, len(p), _CHUNK):
        b = p[lo : lo + _CHUNK] / -diagonal
        b[np.arange(len(b)), np.arange(lo, lo + len(b))] = 0.0
        yield heaviest(csr_matrix(np.maximum(b, 0.0).astype(np.float32)), keep)
