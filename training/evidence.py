"""What each head says of every item to a customer, before weights and exponents.

    als           x_u . y_i / s_u
    item-to-item  e_ui = sum_j c_uj W_ji / sum_j c_uj

as in `recommender.bundle.ModelParameters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from recommender.guard.view import ViewColumns
from recommender.interactions import Interactions
from recommender.models.blend import cross_scale
from recommender.types import CustomerId, Doubles, Floats, Ints, Longs

ALS = "als"
"""The name of the ALS head; item-to-item heads have their own."""


class Fitted(Protocol):
    """The fitted models before exponents and weights, as tuning reads them (`training.fit.Heads`).

    Rows are the n_rows items that the models know.
    """

    @property
    def lines(self) -> Interactions:
        """The visible lines of modelled items; its customers are `customers`."""
        ...

    @property
    def as_of(self) -> int:
        """Seconds since 1970; ages count back from here."""
        ...

    @property
    def row_of_item(self) -> Ints:
        """The row of what `lines.item` points into, -1 where there is none."""
        ...

    @property
    def columns(self) -> ViewColumns:
        """The views of all customers."""
        ...

    @property
    def factors(self) -> Floats:
        """(n_rows, k) y_i of ALS."""
        ...

    @property
    def gramian(self) -> Doubles:
        """(k, k) Y'Y."""
        ...

    @property
    def customer_factors(self) -> Floats:
        """(n_customers, k) x_u."""
        ...

    @property
    def rate(self) -> Doubles:
        """(n_rows,) repeat rate."""
        ...

    @property
    def tau(self) -> Doubles:
        """(n_rows,) trend."""
        ...

    @property
    def recent(self) -> Mapping[float, Doubles]:
        """Half-life in weeks -> (n_rows,) recent buyers."""
        ...

    @property
    def edges(self) -> Mapping[str, csr_matrix]:
        """Head -> (n_rows, n_rows) item-to-item weights, scaled so that heads compare."""
        ...

    @property
    def customers(self) -> tuple[CustomerId, ...]:
        """Those whose view has a row, sorted."""
        ...

    @property
    def n_rows(self) -> int:
        """How many items the models know."""
        ...


class Evidence:
    """What each head says of every row, for a few customers at once."""

    def __init__(self, heads: Fitted, customers: Longs) -> None:
        columns = heads.columns
        shape = (len(columns.indptr) - 1, heads.n_rows)
        whole = csr_matrix((columns.confidence, columns.rows, columns.indptr), shape=shape)
        confidence = whole[customers]
        total = np.maximum(np.asarray(confidence.sum(axis=1)).ravel(), 1e-12)
        confidence.data /= np.repeat(total, np.diff(confidence.indptr)).astype(np.float32)
        self._confidence = confidence
        x = heads.customer_factors[customers].astype(np.float64)
        s = cross_scale(x, heads.gramian, heads.n_rows)[:, None]
        self._x = np.divide(x, s, out=np.zeros_like(x), where=s > 0).astype(np.float32)
        self._factors = heads.factors
        self._edges = {name: heads.edges[name] for name in sorted(heads.edges)}
        self.names = (ALS, *self._edges)
        self.tau = heads.tau.astype(np.float32)
        self.n_rows = heads.n_rows

    def of(self, name: str, lo: int, hi: int) -> Floats:
        """(hi - lo, n_rows) float32 of the sampled customers from `lo` to before `hi`."""
        if name == ALS:
            return np.asarray(self._x[lo:hi] @ self._factors.T, dtype=np.float32)
        product = self._confidence[lo:hi] @ self._edges[name]
        return np.asarray(product.toarray(), dtype=np.float32)
