"""What one customer asks of the offers: a product with the explore matrix, and edges beside it.

    cross part of an offer = scale * (a_u . explore row + mean of e_ui over its promoted rows)
    scale                  = cross_weight / N_u,   a_u = als_weight * x_u / s_u

N_u is the largest cross evidence of any offer that promotes nothing of the history, whether it
may be shown or not: what is held back then never moves the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.index import BundleIndex
from recommender.models.blend import als_query, cross_scale_of
from recommender.request import Knowledge
from recommender.types import Bools, Doubles, Floats, Ints


@dataclass(frozen=True, eq=False)
class Question:
    """A customer's side of every product.

    query    (k + 1,) float32: scale * a_u, then the weight of popularity
    edges    (n_offers,) scale times the edges' part; zeros nearly everywhere
    nearly   (n_offers,) the whole sum, off by at most the scanner's margin
    scale    cross_weight / N_u; 0 where nothing is known to go with the history
    """

    query: Floats
    edges: Doubles
    nearly: Doubles
    scale: float

    def best(self, index: BundleIndex, k: int, allowed: Bools) -> tuple[Ints, Doubles]:
        """The `k` best allowed offers and their scores, best first, ties by position."""
        nearly = np.where(allowed, self.nearly, -np.inf)
        return index.scanner.best(self.query, k, nearly, self.edges)

    def best_own(
        self, index: BundleIndex, k: int, offers: Ints, own: Doubles
    ) -> tuple[Ints, Doubles]:
        """The `k` best of the customer's own offers (m,), ascending, with their own part (m,).

        Positions in `offers`, and scores.
        """
        share = index.bundle.parameters.own_cross_share
        popular = float(self.query[-1]) * index.explore[offers, -1].astype(np.float64)
        nearly = own + popular + share * (self.nearly[offers] - popular)
        query = np.append(self.query[:-1] * np.float32(share), self.query[-1])
        bonus = own + share * self.edges[offers]
        return index.scanner.best(query, k, nearly, bonus, offers)


def ask(index: BundleIndex, knowledge: Knowledge) -> Question:
    """The question of a customer of whom something is known (`knowledge.factor`)."""
    bundle, parameters = index.bundle, index.bundle.parameters
    assert knowledge.factor is not None
    a = als_query(knowledge.factor, bundle.gramian, len(bundle.factors), parameters.als_weight)
    edges = index.mean_over_offers(index.evidence.summed(knowledge.rows, knowledge.confidence))
    unseen = np.ones(len(edges), dtype=np.bool_)
    unseen[index.owned(knowledge.rows, np.zeros(len(knowledge.rows)))[0]] = False
    query = np.append(a, 0.0).astype(np.float32)
    nearly = index.scanner.products(query) + edges
    most = index.scanner.best(query, 1, np.where(unseen, nearly, -np.inf), edges)[1]
    best = index.scanner.best(query, 1, nearly, edges)[1]
    scale = cross_scale_of(
        parameters.cross_weight, float(most.max(initial=0.0)), float(best.max(initial=0.0))
    )
    return Question(
        query=np.append(a * scale, index.popularity_weight).astype(np.float32),
        edges=edges * scale,
        nearly=nearly * scale + index.popularity_weight * index.explore[:, -1],
        scale=scale,
    )


def ask_for_popular(index: BundleIndex) -> Question:
    """The question of a customer of whom nothing may be used: popularity alone."""
    query = np.zeros(index.explore.shape[1], dtype=np.float32)
    query[-1] = index.popularity_weight
    nothing = np.zeros(len(index.explore))
    return Question(query, nothing, index.scanner.products(query), 0.0)
