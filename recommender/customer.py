"""What a decision may know of one customer: a view, never the raw history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from recommender.types import Bools, Floats, Ints, ItemId

SINCE_TRAINING = -1
"""The age of what was bought after the bundle's `as_of`."""


@dataclass(frozen=True, eq=False)
class View:
    """A customer's history without every locked row, merged and sorted by row.

    All arrays have one element an item of the history:

    rows        ascending, unique
    baskets     number of baskets with the item, > 0
    age_days    calendar days (UTC) from the latest purchase to the bundle's `as_of`;
                `SINCE_TRAINING` when it was bought after that
    own         sum over baskets of 2^(-age / half-life), the repeat head's evidence
    confidence  c_ui of the ALS head

    Only `recommender.guard.view` makes views from purchases; the rest of the engine
    receives them.
    """

    rows: Ints
    baskets: Ints
    age_days: Ints
    own: Floats
    confidence: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, keep: Bools) -> View:
        """The items that `keep` marks."""
        return View(
            self.rows[keep],
            self.baskets[keep],
            self.age_days[keep],
            self.own[keep],
            self.confidence[keep],
        )


def empty_view() -> View:
    """The view of a customer nobody knows."""
    none = np.empty(0, dtype=np.int32)
    return View(none, none, none, np.empty(0, dtype=np.float32), np.empty(0, dtype=np.float32))


class EventKind(StrEnum):
    """What a customer did.

    Purchases and returns change the next answer; the others are kept for training.
    """

    PURCHASE = "purchase"
    RETURN = "return"
    VIEW = "view"
    CLICK = "click"
    IMPRESSION = "impression"
    ACCEPT = "accept"
    DISMISS = "dismiss"


@dataclass(frozen=True)
class LiveEvent:
    """A visible purchase or return since the bundle was trained.

    event_hash  8 bytes of the event's id, for idempotency
    timestamp   seconds since 1970, UTC
    """

    event_hash: bytes
    kind: EventKind
    item: ItemId
    timestamp: int


@dataclass(frozen=True)
class ReplenishPurchase:
    """One purchase of an item whose life event is `replenish_only`.

    event_hash  8 bytes of the event's id, for idempotency
    timestamp   seconds since 1970, UTC
    """

    event_hash: bytes
    item: ItemId
    timestamp: int


@dataclass(frozen=True, eq=False)
class CustomerState:
    """Everything about one customer that a decision reads.

    factor              (k,) the customer's ALS factor for exactly this view; None: fold in
    unlocked_targets    bits of life events whose offers the customer asked for
    unlocked_history    bits of life events whose purchases the customer lets us use
    replenish           the customer's purchases of `replenish_only` life events; they are kept
                        apart from the view and fill only the slot `replenish` (guard G5)
    """

    view: View
    factor: Floats | None = None
    unlocked_targets: int = 0
    unlocked_history: int = 0
    replenish: tuple[ReplenishPurchase, ...] = ()

    def without_factor(self) -> CustomerState:
        """The same customer, to be folded in again."""
        return replace(self, factor=None)


def new_customer() -> CustomerState:
    """A customer of whom nothing is known."""
    return CustomerState(view=empty_view())


def apply_events(
    view: View, events: list[tuple[EventKind, int, int]], *, confidence_floor: float
) -> View:
    """The view after purchases and returns that happened since the bundle's `as_of`.

    `events` holds (kind, row, timestamp), in any order. A purchase since `as_of` counts as one
    made at `as_of`, so that a weight never exceeds one a basket however old the bundle is. The
    same item twice in the same second is one basket. A return undoes one basket of its item.
    """
    baskets = _net_baskets(events)
    touched = np.array(sorted(baskets), dtype=np.int32)
    rows = np.union1d(view.rows, touched).astype(np.int32)
    if not len(touched):
        return view
    old = np.searchsorted(rows, view.rows)
    count, age = np.zeros(len(rows), dtype=np.int32), np.zeros(len(rows), dtype=np.int32)
    own, decayed = np.zeros(len(rows)), np.zeros(len(rows))
    count[old], age[old], own[old] = view.baskets, view.age_days, view.own
    # c = floor + sqrt(d)  <=>  d = (c - floor)^2, the decayed number of baskets
    decayed[old] = (view.confidence.astype(np.float64) - confidence_floor) ** 2
    for at, row in zip(np.searchsorted(rows, touched).tolist(), touched.tolist(), strict=True):
        change = baskets[row]
        if change > 0:
            own[at], decayed[at], age[at] = own[at] + change, decayed[at] + change, SINCE_TRAINING
        elif count[at]:
            share = max(int(count[at]) + change, 0) / int(count[at])
            own[at], decayed[at] = own[at] * share, decayed[at] * share
        count[at] = max(int(count[at]) + change, 0)
    confidence = np.where(decayed > 0, confidence_floor + np.sqrt(decayed), 0.0)
    merged = View(rows, count, age, own.astype(np.float32), confidence.astype(np.float32))
    return merged.where(count > 0)


def _net_baskets(events: list[tuple[EventKind, int, int]]) -> dict[int, int]:
    """Row to baskets bought less baskets returned, where that is not zero."""
    net: dict[int, int] = {}
    for kind, row, _ in set(events):
        change = {EventKind.PURCHASE: 1, EventKind.RETURN: -1}.get(kind, 0)
        net[row] = net.get(row, 0) + change
    return {row: change for row, change in net.items() if change}
