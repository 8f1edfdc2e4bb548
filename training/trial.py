"""What a blend is worth on the validation window, customer by customer.

The formula of `recommender.bundle.ModelParameters` over the candidates. Both questions are
NDCG@10: *new* ranks what a customer has never bought, *all* ranks everything. Own purchases
cannot change the order of unseen items, so once the unseen part is decided, *all* needs only
the ten best unseen candidates of each customer: `Narrow`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.bundle import ModelParameters
from recommender.models.blend import cross_scale_of
from recommender.types import Bools, Doubles, Floats, Longs
from training.candidates import Block, Candidates
from training.metrics import ndcg
from training.spaces import weights_of

DEPTH = 10
"""Lists are judged to this depth, NDCG@10, whatever the report shows."""

_ROOM = 16
"""So many are sorted exactly: ties at the end of the list are then broken by row."""


def explore(
    candidates: Candidates, parameters: ModelParameters, *, own_too: bool = True
) -> tuple[Floats, Floats]:
    """Cross part plus prior, of own and of unseen candidates; both float32, as the blocks.

    Of own ones at an `own_cross_share` of 1. Without `own_too` the first is empty, and N_u is the
    best unseen cross part however little that is: nothing of own ones is computed.
    """
    unseen = _cross(candidates, candidates.unseen, parameters)
    known = _best(unseen, candidates.unseen)
    prior = _prior(candidates, parameters)
    own, bought = np.empty((len(unseen), 0), dtype=np.float32), known
    if own_too:
        own = _cross(candidates, candidates.own, parameters)
        bought = np.maximum(known, _best(own, candidates.own))
    pairs = zip(known.tolist(), bought.tolist(), strict=True)
    scales = [cross_scale_of(parameters.cross_weight, *pair) for pair in pairs]
    scale = np.array(scales, dtype=np.float32)[:, None]
    unseen = scale * unseen + prior[candidates.unseen.rows]
    return (scale * own + prior[candidates.own.rows] if own_too else own), unseen


def _best(values: Floats, block: Block) -> Floats:
    """The largest of each customer's rows, at least 0."""
    best: Floats = np.where(block.known, values, np.float32(0)).max(axis=1, initial=0.0)
    return best


def _prior(candidates: Candidates, parameters: ModelParameters) -> Floats:
    """(n_rows,) popularity_weight * prior_i."""
    share = candidates.share[parameters.popularity_half_life_weeks]
    weighted = parameters.popularity_weight * share**parameters.popularity_exponent
    return np.asarray(weighted, dtype=np.float32)


def _cross(candidates: Candidates, block: Block, parameters: ModelParameters) -> Floats:
    total = np.zeros(block.rows.shape, dtype=np.float32)
    for name, weight in weights_of(parameters).items():
        if weight and name in block.evidence:
            total += np.float32(weight) * block.evidence[name]
    trend = (candidates.tau**parameters.cross_trend_exponent).astype(np.float32)
    total *= trend[block.rows]
    return total


def own_part(candidates: Candidates, parameters: ModelParameters) -> Floats:
    """own_ui of the own candidates, float32."""
    counts, m = candidates.own_counts, np.float32(parameters.own_fast_share)
    own = m * counts[parameters.own_fast_half_life_weeks]
    own = own + (1 - m) * counts[parameters.own_slow_half_life_weeks]
    scale = candidates.rate**parameters.repeat_exponent
    scale = scale * candidates.tau**parameters.trend_exponent
    found: Floats = own * scale.astype(np.float32)[candidates.own.rows]
    return found


def new_values(candidates: Candidates, parameters: ModelParameters) -> Doubles:
    """NDCG@10 of *new* for each customer who bought something new in the window."""
    _, scores = explore(candidates, parameters, own_too=False)
    block = candidates.unseen
    return _values(scores, block.open, block.taken, candidates.n_new)


def both_values(candidates: Candidates, parameters: ModelParameters) -> tuple[Doubles, Doubles]:
    """NDCG@10 of *all*, for each customer who bought something in the window, and of *new*."""
    own, unseen = explore(candidates, parameters)
    block = candidates.unseen
    return (
        Narrow.between(candidates, parameters, own, unseen).values(parameters),
        _values(unseen, block.open, block.taken, candidates.n_new),
    )


@dataclass(frozen=True, eq=False)
class Narrow:
    """The contest of own items with the ten best unseen ones, the unseen part decided.

    own, unseen   what `explore` says at `cross_weight` of the parameters it was made with
    prior         what of `own` is popularity
    base          that cross weight's stand-in: scores are scaled by `cross_weight / base`
    """

    candidates: Candidates
    own: Floats
    prior: Floats
    unseen: Floats
    open: Bools
    taken: Bools
    base: float

    @classmethod
    def of(cls, candidates: Candidates, parameters: ModelParameters) -> Narrow:
        """At these parameters; `values` may then change the own part and the scale."""
        return cls.between(candidates, parameters, *explore(candidates, parameters))

    @classmethod
    def between(
        cls, candidates: Candidates, parameters: ModelParameters, own: Floats, unseen: Floats
    ) -> Narrow:
        """The same of what `explore` said already."""
        block = candidates.unseen
        top = _top(np.where(block.open, unseen, np.float32(-np.inf)))
        is_open = np.take_along_axis(block.open, top, axis=1)
        taken = np.take_along_axis(block.taken, top, axis=1)
        return cls(
            candidates,
            own,
            _prior(candidates, parameters)[candidates.own.rows],
            np.take_along_axis(unseen, top, axis=1),
            np.hstack([candidates.own.open, is_open]),
            np.hstack([candidates.own.taken, taken]),
            scale_of(parameters),
        )

    def values(self, parameters: ModelParameters) -> Doubles:
        """NDCG@10 of *all* with another own part, or with cross part and prior scaled alike."""
        scale = np.float32(scale_of(parameters) / self.base if self.base else 1.0)
        explored = self.own
        if parameters.own_cross_share != 1.0:
            share = np.float32(parameters.own_cross_share)
            explored = self.prior + share * (self.own - self.prior)
        own = own_part(self.candidates, parameters) + scale * explored
        scores = np.hstack([own, scale * self.unseen])
        return _values(scores, self.open, self.taken, self.candidates.n_all)


def scale_of(parameters: ModelParameters) -> float:
    """How much cross part and prior weigh together beside the own part."""
    return parameters.cross_weight + parameters.popularity_weight


def _values(scores: Floats, is_open: Bools, taken: Bools, sizes: Longs) -> Doubles:
    """NDCG@10 of customers with a truth; what is not open takes no place."""
    wanted = sizes > 0
    scores = np.where(is_open[wanted], scores[wanted], np.float32(-np.inf))
    if scores.shape[1] < DEPTH:
        room = ((0, 0), (0, DEPTH - scores.shape[1]))
        scores = np.pad(scores, room, constant_values=-np.inf)
        taken = np.pad(taken, room)
    top = _top(scores)
    hits = np.take_along_axis(taken[wanted], top, axis=1)
    return ndcg(hits, sizes[wanted])


def _top(scores: Floats) -> Longs:
    """Places of the ten best of each customer, best first, ties by place; fewer if there are."""
    width = scores.shape[1]
    if width > 2 * _ROOM:
        room = np.sort(np.argpartition(-scores, _ROOM - 1, axis=1)[:, :_ROOM], axis=1)
    else:
        room = np.broadcast_to(np.arange(width), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, room, axis=1), axis=1, kind="stable")
    return np.take_along_axis(room, order[:, :DEPTH], axis=1)
