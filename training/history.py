"""Purchases that come after training, read under a bundle's own policy and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.bundle import CustomerTable
from recommender.controls import Controls
from recommender.errors import InputError
from recommender.guard.policy import UNMAPPED
from recommender.guard.view import Told, view_of_purchases
from recommender.index import BundleIndex
from recommender.interactions import Interactions
from recommender.models.als import fold_in_all
from recommender.types import Ints, ItemId
from training.fit import customer_table
from training.heads import columns_of
from training.progress import Progress, Silent
from training.split import Truth, truth_of


@dataclass(frozen=True, eq=False)
class Visible:
    """The visible lines of some purchases, and the model row of each of their items (-1: none)."""

    lines: Interactions
    row_of_item: Ints


def visible_history(
    index: BundleIndex,
    purchases: Interactions,
    items: Sequence[ItemId],
    *,
    now: float,
    controls: Mapping[str, Controls] | None = None,
) -> Visible:
    """Masks purchases with the bundle's evidence and the rules of `now`.

    items      the ids that `purchases.item` points into
    controls   what customers have told us; None: nobody has told anything

    An item that the bundle's catalogue lacks is unmapped: nothing is known of it that the
    packs could have matched.
    """
    position = np.array([index.item_index.get(item, -1) for item in items], dtype=np.int32)
    known = position >= 0
    evidence = np.full(len(items), UNMAPPED, dtype=np.uint64)
    evidence[known] = index.bundle.evidence[position[known]]
    row_of_item = np.full(len(items), -1, dtype=np.int32)
    row_of_item[known] = index.row_of_item[position[known]]
    told = None
    if controls:
        told = Told(
            controls=controls,
            policy=index.policy,
            at=now,
            items=tuple(items),
            categories=lambda item: _categories(index, int(position[item])),
        )
    return Visible(view_of_purchases(purchases, evidence, index.rules(now), told), row_of_item)


def _categories(index: BundleIndex, item: int) -> frozenset[str]:
    """Categories of a catalogue item; an item that the catalogue lacks (-1) has none."""
    return frozenset() if item < 0 else index.categories_of(item)


def learn(
    index: BundleIndex, visible: Visible, *, progress: Progress | None = None
) -> CustomerTable:
    """The customers' learned records under the bundle's parameters.

    Ages count back from the latest visible line. Customers without a modelled item are not in
    the table; decisions treat them as new.
    """
    bundle = index.bundle
    lines = visible.lines.where(visible.row_of_item[visible.lines.item] >= 0)
    columns = columns_of(lines, visible.row_of_item, visible.lines.window[1], bundle.parameters)
    with (progress or Silent()).stage("fold customers in", len(lines.customers)) as advance:
        factors = fold_in_all(
            bundle.factors,
            bundle.gramian,
            bundle.parameters.regularization,
            indptr=columns.indptr,
            rows=columns.rows,
            confidence=columns.confidence,
            progress=advance,
        )
    return customer_table(lines.customers, columns, factors)


def holdout_truth(index: BundleIndex, table: CustomerTable, visible: Visible) -> tuple[Truth, int]:
    """What the table's customers bought after the bundle's `as_of`, and until when.

    Lines up to `as_of` are history, not truth. Raises InputError when none is later.
    """
    as_of = index.bundle.manifest.as_of
    after = visible.lines.where(visible.lines.timestamp > as_of)
    if not len(after):
        raise InputError(
            "the holdout has no visible purchase after the bundle's last one",
            hint="hand in purchases that are newer than the bundle; `manifest.json` names its "
            "as_of",
        )
    return truth_of(after, table.customers, visible.row_of_item), after.window[1]
