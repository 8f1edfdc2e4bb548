"""What is stored of a customer, read and made into what a decision takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import structlog

from recommender.controls import NOTHING_TOLD, Controls, parse_controls
from recommender.customer import (
    CustomerState,
    Happening,
    LiveEvent,
    ReplenishPurchase,
    View,
    apply_events,
    closed_customer,
    empty_view,
    new_customer,
)
from recommender.errors import StoreError
from recommender.keys import Keys
from recommender.record import LiveRecord, unpack_learned, unpack_live, unpack_replenish
from recommender.types import Floats, ItemId
from serving.batching import CoalescedReader
from serving.live import LiveBundle
from serving.metrics import Metrics

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Customers:
    """Reads customers: one coalesced command each, whatever the placements."""

    def __init__(self, reader: CoalescedReader, keys: Keys, records: Records) -> None:
        self._reader = reader
        self._keys = keys
        self._records = records

    async def state(
        self, bundle: LiveBundle, customer: str, *, replenish: bool = False
    ) -> tuple[CustomerState, Stored]:
        """What is known of a customer, under the version of `bundle`, and what it was read from.

        replenish   True: also what may fill the slot `replenish`; nothing else reads it

        Raises StoreError when Redis does not answer in time.
        """
        keys = [
            self._keys.learned(bundle.version, customer),
            self._keys.events(customer),
            self._keys.controls(customer),
        ]
        if replenish:
            keys.append(self._keys.replenish(customer))
        values = await self._reader.get(keys)
        if not any(values):
            return new_customer(), _NO_RECORDS
        found = Stored(values[0], values[1], values[2], values[3] if replenish else None)
        return self._records.state(bundle, found), found


class Stored(NamedTuple):
    """What Redis holds of one customer; None where there is no record."""

    learned: bytes | None = None
    live: bytes | None = None
    controls: bytes | None = None
    replenish: bytes | None = None


_NO_RECORDS = Stored()


class Records:
    """Stored bytes to values.

    What cannot be read counts as unknown and is counted aloud: a customer of whom too little is
    known is served popular offers, never an error (guard G7).
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def state(self, bundle: LiveBundle, stored: Stored) -> CustomerState:
        """The customer of these records.

        When the controls cannot be read, nobody knows what the customer objects to: everything
        is locked, and nothing personal is known.
        """
        controls = self.controls(stored.controls)
        if controls is None:
            return closed_customer()
        view, factor = self.learned(bundle, stored.learned)
        remembered = without_forgotten(bundle, view, controls)
        factor = factor if remembered is view else None
        view = remembered
        if stored.live is not None:
            record = self.live(stored.live)
            changed = with_events(bundle, view, record.events, controls)
            if changed is not view:
                fits = record.stamp == bundle.stamp(stored.controls) and _fits(
                    bundle, record.factor
                )
                view, factor = changed, record.factor if fits else None
        return CustomerState(
            view=view,
            factor=factor if len(view) else None,
            replenish=self.replenish(stored.replenish),
            controls=controls,
        )

    def controls(self, raw: bytes | None) -> Controls | None:
        """What the customer has told us; None when the record cannot be read."""
        return NOTHING_TOLD if raw is None else self._read("controls", parse_controls, raw)

    def learned(self, bundle: LiveBundle, raw: bytes | None) -> tuple[View, Floats | None]:
        """The view and the factor that training stored; nothing when it stored none."""
        if raw is None:
            return empty_view(), None
        found = self._read("learned", unpack_learned, raw)
        if found is None or not sound(bundle, *found):
            if found is not None:
                self._alarm("learned", "numbers outside the bundle")
            return empty_view(), None
        return found

    def live(self, raw: bytes | None) -> LiveRecord:
        """The visible events since the last training."""
        found = None if raw is None else self._read("live", unpack_live, raw)
        return LiveRecord() if found is None else found

    def replenish(self, raw: bytes | None) -> tuple[ReplenishPurchase, ...]:
        """The purchases for the slot `replenish`."""
        found = None if raw is None else self._read("replenish", unpack_replenish, raw)
        return () if found is None else found

    def _read(self, kind: str, unpack: Callable[[bytes], _T], raw: bytes) -> _T | None:
        try:
            return unpack(raw)
        except StoreError as error:
            self._alarm(kind, error.what)
            return None

    def _alarm(self, kind: str, why: str) -> None:
        self._metrics.unreadable.labels(kind).inc()
        log.error("unreadable_record", record=kind, why=why)


def without_forgotten(bundle: LiveBundle, view: View, controls: Controls) -> View:
    """`view` without purchases that the customer had forgotten after the bundle was trained.

    Nobody can say which of an item's purchases training merged, so all of them go.
    """
    trained = bundle.index.bundle.manifest.controls_at
    gone = [ItemId(item) for item, at in controls.forgotten.items() if at > trained]
    rows = bundle.index.rows(gone)
    keep = ~np.isin(view.rows, rows)
    return view if keep.all() else view.where(keep)


def with_events(
    bundle: LiveBundle,
    view: View,
    events: tuple[LiveEvent, ...],
    controls: Controls = NOTHING_TOLD,
) -> View:
    """`view` after the events that the bundle does not know yet; itself when there is none.

    Items without a row in this bundle are left out: nothing can be computed from them.
    """
    index = bundle.index
    fresh: list[Happening] = []
    for event in events:
        item = index.item_index.get(event.item, -1) if event.timestamp > bundle.as_of else -1
        row = int(index.row_of_item[item]) if item >= 0 else -1
        if row >= 0 and not controls.forgets(event.item, event.timestamp):
            fresh.append((event.kind, row, event.timestamp, event.quantity))
    floor = index.bundle.parameters.confidence_floor
    return apply_events(view, fresh, confidence_floor=floor)


def _fits(bundle: LiveBundle, factor: Floats | None) -> bool:
    width = bundle.index.bundle.factors.shape[1]
    return factor is not None and len(factor) == width and math.isfinite(factor.sum())


def sound(bundle: LiveBundle, view: View, factor: Floats) -> bool:
    """True when nothing in a learned record can lead a decision outside the bundle's arrays."""
    if not _fits(bundle, factor):
        return False
    if not len(view):
        return True
    rows, n_rows = view.rows, len(bundle.index.evidence_of_row)
    ascending = len(rows) == 1 or bool((rows[1:] > rows[:-1]).all())
    numbers = float(view.own.sum()) + float(view.confidence.sum())
    within = ascending and bool(rows[0] >= 0) and bool(rows[-1] < n_rows)
    return within and bool(view.baskets.min() > 0) and math.isfinite(numbers)
