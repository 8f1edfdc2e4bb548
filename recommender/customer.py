"""What a decision may know of one customer: a view, never the raw history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from recommender.types import Bools, Floats, Ints, ItemId


@dataclass(frozen=True, eq=False)
class View:
    """A customer's history without every locked row, merged and sorted by row.

    All arrays have one element an item of the history:

    rows        ascending, unique
    baskets     number of baskets with the item, > 0
    age_days    calendar days (UTC) from the latest purchase to the bundle's `as_of`, >= 0
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
    bought = {(row, at) for kind, row, at in events if kind is EventKind.PURCHASE}
    returned = {(row, at) for kind, row, at in events if kind is EventKind.RETURN}
    if not bought and not returned:
        return view
    purchases: dict[int, int] = {}
    for row, _ in bought:
        purchases[row] = purchases.get(row, 0) + 1
    returns: dict[int, int] = {}
    for row, _ in returned:
        returns[row] = returns.get(row, 0) + 1
    position = {int(row): i for i, row in enumerate(view.rows)}
    merged: list[tuple[int, int, int, float, float]] = []
    for row in sorted(position.keys() | purchases.keys()):
        at = position.get(row)
        baskets = int(view.baskets[at]) if at is not None else 0
        age = int(view.age_days[at]) if at is not None else 0
        own = float(view.own[at]) if at is not None else 0.0
        # c = floor + sqrt(d)  <=>  d = (c - floor)^2, the decayed number of baskets
        decayed = (float(view.confidence[at]) - confidence_floor) ** 2 if at is not None else 0.0
        fresh = purchases.get(row, 0)
        undone = returns.get(row, 0)
        cancelled = min(fresh, undone)
        fresh, undone = fresh - cancelled, undone - cancelled
        if undone:
            kept = max(baskets - undone, 0)
            share = kept / baskets if baskets else 0.0
            baskets, own, decayed = kept, own * share, decayed * share
        if fresh:
            baskets, own, decayed, age = baskets + fresh, own + fresh, decayed + fresh, 0
        if baskets:
            merged.append((row, baskets, age, own, confidence_floor + decayed**0.5))
    if not merged:
        return empty_view()
    rows, baskets_, ages, owns, confidences = zip(*merged, strict=True)
    return View(
        np.array(rows, dtype=np.int32),
        np.array(baskets_, dtype=np.int32),
        np.array(ages, dtype=np.int32),
        np.array(owns, dtype=np.float32),
        np.array(confidences, dtype=np.float32),
    )
