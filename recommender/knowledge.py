"""What one score is made from: the view under the customer's rules, the context, their factor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.customer import CustomerState, View
from recommender.guard.policy import GuardRules
from recommender.guard.view import view_of_customer, visible_rows
from recommender.index import BundleIndex
from recommender.models.als import fold_in
from recommender.request import Knowledge, OfferRequest
from recommender.types import Floats, Ints, ItemId


def knowledge(
    index: BundleIndex, state: CustomerState, request: OfferRequest, rules: GuardRules, now: float
) -> Knowledge:
    """What may be known under `rules`, and the factor of it."""
    view = view_of_customer(state.view, index.evidence_of_row, rules)
    context = visible_rows(index.rows(request.context.items), index.evidence_of_row, rules)
    hidden = hidden_rows(index, state, now)
    if hidden:
        keep = ~np.isin(view.rows, list(hidden))
        view = view if keep.all() else view.where(keep)
        context = [row for row in context if row not in hidden]
    context_rows = np.array(context, dtype=np.int32)
    rows, confidence = _with_context(view, context_rows, index)
    factor = None
    if len(rows):
        factor = state.factor if view is state.view and not context else None
        factor = _fold_in(index, rows, confidence) if factor is None else factor
    return Knowledge(view, context_rows, rows, confidence, factor)


def may_chain(index: BundleIndex, known: Knowledge) -> bool:
    """Whether anything known is evidence that must not lead to another life event's target."""
    return bool((index.evidence_of_row[known.rows] & index.unchained).any())


def without_chains(index: BundleIndex, rules: GuardRules) -> GuardRules:
    """`rules` that mask such evidence too."""
    return replace(rules, masked=rules.masked | int(index.unchained))


def hidden_rows(index: BundleIndex, state: CustomerState, now: float) -> set[int]:
    """Rows of gifts whose date has not come, and of categories that are too personal."""
    controls = state.controls
    if not (controls.gifts or controls.too_personal):
        return set()
    gifts = [item for item in controls.gifts if controls.hides(item, now)]
    hidden = set(index.rows(map(ItemId, gifts)))
    return hidden | set(index.rows_in(controls.muted_categories(now)))


def _with_context(view: View, context_rows: Ints, index: BundleIndex) -> tuple[Ints, Floats]:
    """Rows and confidences to fold in: the view, and the context as one more basket."""
    if not len(context_rows):
        return view.rows, view.confidence
    floor = index.bundle.parameters.confidence_floor
    rows = np.union1d(view.rows, context_rows).astype(np.int32)
    decayed = np.zeros(len(rows))
    decayed[np.searchsorted(rows, view.rows)] = (view.confidence.astype(np.float64) - floor) ** 2
    decayed[np.searchsorted(rows, context_rows)] += 1.0
    return rows, (floor + np.sqrt(decayed)).astype(np.float32)


def _fold_in(index: BundleIndex, rows: Ints, confidence: Floats) -> Floats:
    bundle = index.bundle
    return fold_in(
        bundle.factors, bundle.gramian, bundle.parameters.regularization, rows, confidence
    )
