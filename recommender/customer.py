"""What a decision may know of one customer: a view, never the raw history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from recommender.controls import NOTHING_TOLD, Controls
from recommender.types import Bools, Floats, Ints, ItemId

SINCE_TRAINING = -1
"""The age of what was bought after the bundle's `as_of`."""
UNDATED = -2
"""The age of what is left after a return: nobody knows which basket it undid."""


@dataclass(frozen=True, eq=False)
class View:
    """A customer's history without every locked row, merged and sorted by row.

    All arrays have one element an item of the history:

    rows        ascending, unique
    baskets     number of baskets with the item, > 0
    age_days    calendar days (UTC) from the latest purchase to the bundle's `as_of`;
                `SINCE_TRAINING` when it was bought after that, `UNDATED` after a return
    own         sum over baskets of m 2^(-age / fast) + (1 - m) 2^(-age / slow), the repeat
                head's evidence (`bundle.ModelParameters`)
    confidence  c_ui of the ALS head and of the item-to-item heads

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
    quantity    units, > 0
    """

    event_hash: bytes
    kind: EventKind
    item: ItemId
    timestamp: int
    quantity: float = 1.0


@dataclass(frozen=True)
class ReplenishPurchase:
    """One purchase, or return, of an item whose life event is `replenish_only`.

    event_hash  8 bytes of the event's id, for idempotency
    timestamp   seconds since 1970, UTC
    """

    event_hash: bytes
    item: ItemId
    timestamp: int
    returned: bool = False


@dataclass(frozen=True, eq=False)
class CustomerState:
    """Everything about one customer that a decision reads.

    factor      (k,) the customer's ALS factor for exactly this view; None: fold in
    replenish   the customer's purchases of `replenish_only` life events; they are kept apart
                from the view and fill only the slot `replenish` (guard G5)
    controls    what the customer has told us
    closed      True: the controls could not be read, so everything is locked (guard G7)
    """

    view: View
    factor: Floats | None = None
    replenish: tuple[ReplenishPurchase, ...] = ()
    controls: Controls = NOTHING_TOLD
    closed: bool = False

    def without_factor(self) -> CustomerState:
        """The same customer, to be folded in again."""
        return replace(self, factor=None)


def new_customer() -> CustomerState:
    """A customer of whom nothing is known."""
    return CustomerState(view=empty_view())


def closed_customer() -> CustomerState:
    """A customer whose controls cannot be read: nothing is known, everything is locked."""
    return CustomerState(view=empty_view(), closed=True)


Happening = tuple[EventKind, int, int, float]
"""What happened to a row: kind, row, seconds since 1970, units."""


def apply_events(view: View, events: list[Happening], *, confidence_floor: float) -> View:
    """The view after purchases and returns that happened since the bundle's `as_of`.

    `events` may come in any order. A purchase since `as_of` counts as one made at `as_of`, so
    that a weight never exceeds one a basket however old the bundle is. The same item twice in
    the same second is one basket. A return takes units back from the latest earlier purchase
    since `as_of`, and a basket without units is gone; what is left of it undoes one basket that
    training knew. A return of what was never bought changes nothing.
    """
    changes = _changes(events)
    if not changes:
        return view
    touched = np.array(sorted(changes), dtype=np.int32)
    rows = np.union1d(view.rows, touched).astype(np.int32)
    old = np.searchsorted(rows, view.rows)
    count, age = np.zeros(len(rows), dtype=np.int32), np.zeros(len(rows), dtype=np.int32)
    own, decayed = np.zeros(len(rows)), np.zeros(len(rows))
    count[old], age[old], own[old] = view.baskets, view.age_days, view.own
    # c = floor + sqrt(d)  <=>  d = (c - floor)^2, the decayed number of baskets
    decayed[old] = (view.confidence.astype(np.float64) - confidence_floor) ** 2
    for at, row in zip(np.searchsorted(rows, touched).tolist(), touched.tolist(), strict=True):
        fresh, undone = changes[row]
        known = int(count[at])
        kept = max(known - undone, 0)
        share = kept / known if known else 0.0
        own[at], decayed[at] = own[at] * share + fresh, decayed[at] * share + fresh
        count[at] = kept + fresh
        if fresh or kept < known:
            age[at] = SINCE_TRAINING if fresh else UNDATED
    confidence = np.where(decayed > 0, confidence_floor + np.sqrt(decayed), 0.0)
    merged = View(rows, count, age, own.astype(np.float32), confidence.astype(np.float32))
    return merged.where(count > 0)


def _changes(events: list[Happening]) -> dict[int, tuple[int, int]]:
    """Row to (new baskets, baskets that training knew and a return undid), in time order."""
    units: dict[tuple[int, int, bool], float] = {}
    for kind, row, at, quantity in events:
        if kind in (EventKind.PURCHASE, EventKind.RETURN):
            key = (row, at, kind is EventKind.RETURN)
            units[key] = units.get(key, 0.0) + quantity
    fresh: dict[int, list[float]] = {}
    undone: dict[int, int] = {}
    for (row, _, returned), quantity in sorted(units.items()):
        baskets = fresh.setdefault(row, [])
        if not returned:
            baskets.append(quantity)
            continue
        left = quantity
        while baskets and left > 0:
            taken = min(left, baskets[-1])
            left -= taken
            baskets[-1] -= taken
            if baskets[-1] <= 0:
                baskets.pop()
        undone[row] = undone.get(row, 0) + (left > 0)
    return {
        row: (len(baskets), undone.get(row, 0))
        for row, baskets in fresh.items()
        if baskets or undone.get(row)
    }
