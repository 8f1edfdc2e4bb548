"""The blend: how the heads' numbers become one score (`bundle.ModelParameters`).

    explore row of an offer     [ mean_i trend_scale_i y_i ,  mean_i popularity_i ]
    query of a customer         [ cross_weight x_u / s_u   ,  popularity_weight   ]

over the promoted rows i, so that the cross and the popular part are one inner product.
s_u = sqrt(x_u' G x_u / n_rows) is the root mean square of x_u . y_i over all rows: customers
with long and short histories get cross parts of one size, whatever was masked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.bundle import FactorBundle, ModelParameters
from recommender.catalogue import Offers
from recommender.customer import View
from recommender.models.als import fold_in
from recommender.models.repeat import Repeat
from recommender.types import Doubles, Floats, Ints


@dataclass(frozen=True, eq=False)
class Blend:
    """The whole formula over the rows of a bundle: the literal twin of `decide`."""

    bundle: FactorBundle

    def score(self, view: View) -> Floats:
        """The whole score of every row, (n_rows,) float32."""
        bundle, parameters = self.bundle, self.bundle.parameters
        x = fold_in(
            bundle.factors,
            bundle.gramian,
            parameters.regularization,
            view.rows,
            view.confidence,
        )
        asked = query(x, bundle.gramian, len(bundle.factors), parameters)
        cross = bundle.trend_scale * (bundle.factors @ asked[:-1])
        own = Repeat(bundle.repeat_scale).score(view)
        scores: Floats = own + cross + asked[-1] * bundle.popularity
        return scores


def explore_matrix(bundle: FactorBundle) -> Floats:
    """(n_offers, k + 1) float32: the explore row of every offer of the bundle.

    The offers of a bundle promote modelled items only, at least one each.
    """
    row_of_item = np.full(len(bundle.catalogue), -1, dtype=np.int32)
    row_of_item[bundle.item_of_row] = np.arange(len(bundle.item_of_row), dtype=np.int32)
    rows = row_of_item[bundle.offers.items]
    scaled = bundle.factors * bundle.trend_scale[:, None]
    row_matrix = np.hstack([scaled, bundle.popularity[:, None]]).astype(np.float32)
    return mean_over_offers(row_matrix, bundle.offers, rows)


def mean_over_offers(row_matrix: Floats, offers: Offers, rows: Ints) -> Floats:
    """Mean of `row_matrix` (n_rows, m) over what each offer promotes, (n_offers, m) float32.

    rows   (len(offers.items),) model row of each element of `offers.items`
    """
    if not len(offers):
        return np.empty((0, row_matrix.shape[1]), dtype=np.float32)
    if len(rows) == len(offers):  # one item an offer: no sum to take
        return row_matrix[rows]
    sums = np.add.reduceat(row_matrix[rows].astype(np.float64), offers.indptr[:-1], axis=0)
    sizes = np.diff(offers.indptr).astype(np.float64)
    return np.asarray(sums / sizes[:, None], dtype=np.float32)


def query(factor: Floats, gramian: Doubles, n_rows: int, parameters: ModelParameters) -> Floats:
    """(k + 1,) float32: what a customer's factor x_u (k,) asks of the explore matrix.

    A factor that scores nothing (all zeros) has no cross part.
    """
    x = factor.astype(np.float64)
    # One customer at a time is the hot path: two small products instead of `cross_scale`.
    s = float(np.sqrt(max(float(x @ gramian @ x), 0.0) / max(n_rows, 1)))
    cross = x * (parameters.cross_weight / s) if s > 0 else np.zeros_like(x)
    return np.append(cross, parameters.popularity_weight).astype(np.float32)


def cross_scale(factors: Floats | Doubles, gramian: Doubles, n_rows: int) -> Doubles:
    """s_u (n_customers,) of the factors (n_customers, k); 0 where a factor scores nothing."""
    x = factors.astype(np.float64)
    squares = np.einsum("uk,kl,ul->u", x, gramian, x, optimize=False)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0) / max(n_rows, 1)))
