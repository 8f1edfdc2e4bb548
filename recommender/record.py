"""A customer's learned and live records as packed bytes: no JSON, no pickle, no I/O.

    learned   "TL1" | k uint16 | n uint32 | factor float32[k] | rows int32[n] | own float32[n]
              | confidence float32[n] | baskets uint16[n] | age uint16[n]
    live      "TE2" | n uint16 | n times (hash 8 | kind uint8 | timestamp int64 | units float32
              | length uint16 | item id as UTF-8)
              | length uint8 | stamp | k uint16 | factor float32[k]
    replenish "TR1" | n uint16 | n times (hash 8 | returned uint8 | timestamp int64 | length uint16
              | item id)

All little-endian. The live record ends with the factor of the view *after* its events, and the
stamp of what it was folded in under: bundle, policy and controls.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from recommender.customer import EventKind, LiveEvent, ReplenishPurchase, View
from recommender.errors import StoreError
from recommender.types import Floats, ItemId

_LEARNED = b"TL1"
_LIVE = b"TE2"
_REPLENISH = b"TR1"
_KINDS = (EventKind.PURCHASE, EventKind.RETURN)
_MOST = 0xFFFF


def pack_learned(view: View, factor: Floats) -> bytes:
    """The learned record of one customer."""
    return b"".join(
        (
            _LEARNED,
            struct.pack("<HI", len(factor), len(view)),
            factor.astype("<f4").tobytes(),
            view.rows.astype("<i4").tobytes(),
            view.own.astype("<f4").tobytes(),
            view.confidence.astype("<f4").tobytes(),
            np.minimum(view.baskets, _MOST).astype("<u2").tobytes(),
            np.minimum(view.age_days, _MOST).astype("<u2").tobytes(),
        )
    )


def unpack_learned(raw: bytes) -> tuple[View, Floats]:
    """The view and the factor of a learned record; StoreError when it is not one."""
    if raw[:3] != _LEARNED or len(raw) < 9:
        raise _unreadable("learned", raw)
    k, n = struct.unpack_from("<HI", raw, 3)
    if len(raw) != 9 + 4 * k + 16 * n:
        raise _unreadable("learned", raw)
    at = 9 + 4 * k
    view = View(
        rows=np.frombuffer(raw, "<i4", n, at),
        own=np.frombuffer(raw, "<f4", n, at + 4 * n),
        confidence=np.frombuffer(raw, "<f4", n, at + 8 * n),
        baskets=np.frombuffer(raw, "<u2", n, at + 12 * n).astype(np.int32),
        age_days=np.frombuffer(raw, "<u2", n, at + 14 * n).astype(np.int32),
    )
    return view, np.frombuffer(raw, "<f4", k, 9)


@dataclass(frozen=True, eq=False)
class LiveRecord:
    """Visible events since the cut-off, oldest first, and the factor folded in after them."""

    events: tuple[LiveEvent, ...] = ()
    stamp: str = ""
    factor: Floats | None = None


def pack_live(record: LiveRecord) -> bytes:
    """The live record of one customer."""
    parts = [_LIVE, struct.pack("<H", len(record.events))]
    for event in record.events:
        item = event.item.encode()
        parts.append(event.event_hash)
        kind = _KINDS.index(event.kind)
        parts.append(struct.pack("<BqfH", kind, event.timestamp, event.quantity, len(item)))
        parts.append(item)
    stamp = record.stamp.encode()
    factor = record.factor if record.factor is not None else np.empty(0, dtype=np.float32)
    parts += [struct.pack("<B", len(stamp)), stamp, struct.pack("<H", len(factor))]
    parts.append(factor.astype("<f4").tobytes())
    return b"".join(parts)


def unpack_live(raw: bytes) -> LiveRecord:
    """Reads `pack_live`; StoreError when the bytes are not a live record."""
    if raw[:3] != _LIVE:
        raise _unreadable("live", raw)
    try:
        (n,) = struct.unpack_from("<H", raw, 3)
        at = 5
        events = []
        for _ in range(n):
            kind, timestamp, units, size = struct.unpack_from("<BqfH", raw, at + 8)
            item = ItemId(raw[at + 23 : at + 23 + size].decode())
            events.append(LiveEvent(raw[at : at + 8], _KINDS[kind], item, timestamp, units))
            at += 23 + size
        size = raw[at]
        stamp = raw[at + 1 : at + 1 + size].decode()
        at += 1 + size
        (k,) = struct.unpack_from("<H", raw, at)
        if len(raw) != at + 2 + 4 * k:
            raise _unreadable("live", raw)
        factor = np.frombuffer(raw, "<f4", k, at + 2) if k else None
    except (struct.error, IndexError, ValueError) as error:
        raise _unreadable("live", raw) from error
    return LiveRecord(tuple(events), stamp, factor)


def pack_replenish(purchases: tuple[ReplenishPurchase, ...]) -> bytes:
    """The replenishment record of one customer; it is kept apart from every other record."""
    parts = [_REPLENISH, struct.pack("<H", len(purchases))]
    for purchase in purchases:
        item = purchase.item.encode()
        head = struct.pack("<BqH", purchase.returned, purchase.timestamp, len(item))
        parts += [purchase.event_hash, head, item]
    return b"".join(parts)


def unpack_replenish(raw: bytes) -> tuple[ReplenishPurchase, ...]:
    """Reads `pack_replenish`; StoreError when the bytes are not a replenishment record."""
    if raw[:3] != _REPLENISH:
        raise _unreadable("replenish", raw)
    try:
        (n,) = struct.unpack_from("<H", raw, 3)
        at = 5
        purchases = []
        for _ in range(n):
            returned, timestamp, size = struct.unpack_from("<BqH", raw, at + 8)
            item = ItemId(raw[at + 19 : at + 19 + size].decode())
            purchases.append(ReplenishPurchase(raw[at : at + 8], item, timestamp, bool(returned)))
            at += 19 + size
        if len(raw) != at:
            raise _unreadable("replenish", raw)
    except (struct.error, ValueError) as error:
        raise _unreadable("replenish", raw) from error
    return tuple(purchases)


def _unreadable(kind: str, raw: bytes) -> StoreError:
    return StoreError(
        f"a {kind} record of {len(raw)} bytes starts with {raw[:3]!r} and cannot be read",
        hint="publish the bundle again; `tactful doctor` says which release wrote it",
    )
