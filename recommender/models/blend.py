"""The blend: how the heads' numbers become one score (`bundle.ModelParameters`).

    score   = own + cross_weight * h * cross / N_u + popularity_weight * prior
    cross   = trend_scale_i * als_weight * x_u . y_i / s_u + e_ui

e_ui is the evidence of the edges, which hold their weights and the trend already. N_u is the
largest cross among what the customer has not bought: the best new item then weighs
`cross_weight` against an own one for every customer, with a long history or a short one. h is
`own_cross_share` for what was bought: 0 where nobody buys a thing twice. s_u is
the root mean square of x_u . y_i over all rows, so that ALS and the edges are of one size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.bundle import FactorBundle
from recommender.catalogue import Offers
from recommender.customer import View
from recommender.evidence import LEAST_UNSEEN, Evidence
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
        a = als_query(x, bundle.gramian, len(bundle.factors), parameters.als_weight)
        cross = bundle.trend_scale * (bundle.factors @ a)
        cross += Evidence.of(bundle.edges).summed(view.rows, view.confidence)
        most = float(np.delete(cross, view.rows).max(initial=0.0))
        scale = cross_scale_of(parameters.cross_weight, most, float(cross.max(initial=0.0)))
        cross[view.rows] *= parameters.own_cross_share
        own = Repeat(bundle.repeat_scale).score(view)
        popular = parameters.popularity_weight * bundle.popularity
        return np.asarray(own + scale * cross + popular, dtype=np.float32)


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


def als_query(factor: Floats, gramian: Doubles, n_rows: int, weight: float) -> Doubles:
    """a_u = weight * x_u / s_u, (k,); zeros where a factor scores nothing."""
    x = factor.astype(np.float64)
    # One customer at a time is the hot path: two small products instead of `cross_scale`.
    s = float(np.sqrt(max(float(x @ gramian @ x), 0.0) / max(n_rows, 1)))
    return x * (weight / s) if s > 0 else np.zeros_like(x)


def cross_scale_of(cross_weight: float, unseen: float, best: float) -> float:
    """cross_weight / N_u; 0 where nothing is known to go with the history.

    unseen, best   the largest cross part of what was not bought, and of everything

    Where all that was not bought is all but dead, a customer's own items would explode.
    """
    most = max(unseen, LEAST_UNSEEN * best)
    return cross_weight / most if most > 0 else 0.0


def cross_scale(factors: Floats | Doubles, gramian: Doubles, n_rows: int) -> Doubles:
    """s_u (n_customers,) of the factors (n_customers, k); 0 where a factor scores nothing."""
    x = factors.astype(np.float64)
    squares = np.einsum("uk,kl,ul->u", x, gramian, x, optimize=False)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0) / max(n_rows, 1)))
