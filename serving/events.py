"""What customers did: appended to the raw stream, and, where it may be seen, to their record."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import orjson

from recommender.customer import EventKind, LiveEvent, ReplenishPurchase
from recommender.errors import StoreError, StoreRefusal
from recommender.guard.replenish import may_replenish, most_recent
from recommender.guard.view import view_of_customer
from recommender.keys import Keys, event_hash
from recommender.models.als import fold_in
from recommender.record import LiveRecord, pack_live, pack_replenish
from recommender.types import SECONDS_A_DAY, Floats, ItemId
from serving.breaker import Breaker
from serving.customers import Records, with_events
from serving.live import LiveBundle
from serving.problems import FieldError
from serving.schemas import EventQuery
from serving.settings import Settings
from serving.store import Change, Store

EARLIEST = 631_152_000
"""1990-01-01: an earlier moment is a mistake of units."""
MOST_AHEAD = SECONDS_A_DAY
"""Seconds that a caller's clock may be ahead of ours."""

_ATTEMPTS = 64
_CUSTOMERS_AT_ONCE = 100
_T = TypeVar("_T")


@dataclass(eq=False)
class _Sorted:
    """A batch by what becomes of it: customers to what enters each of their records."""

    visible: dict[str, list[LiveEvent]] = field(default_factory=lambda: defaultdict(list))
    replenish: dict[str, list[ReplenishPurchase]] = field(default_factory=lambda: defaultdict(list))


class Intake:
    """Takes events. Sending a batch again, after a failure or by mistake, changes nothing."""

    def __init__(
        self, store: Store, keys: Keys, records: Records, breaker: Breaker, settings: Settings
    ) -> None:
        self._store = store
        self._keys = keys
        self._records = records
        self._breaker = breaker
        self._settings = settings

    async def accept(self, bundle: LiveBundle, events: Sequence[EventQuery], now: float) -> None:
        """Writes a batch; returns when all of it is stored.

        now   seconds since 1970, the time of events that state none

        Raises FieldError for an impossible time, before anything is written, and StoreError
        when Redis fails: the whole batch may then be sent again.
        """
        if not self._breaker.closed:
            raise _again(self._breaker.reason)
        try:
            await self._store_all(bundle, events, now)
        except StoreRefusal as error:
            raise _again(error.what) from error  # reads may well go on
        except StoreError as error:
            self._breaker.fail(error.what)
            raise _again(error.what) from error

    async def _store_all(
        self, bundle: LiveBundle, events: Sequence[EventQuery], now: float
    ) -> None:
        times = [_seconds(number, event, now) for number, event in enumerate(events)]
        raw = [_raw_entry(event, at, now) for event, at in zip(events, times, strict=True)]
        # First of all what happened, as it happened: whatever fails later can be replayed.
        await self._store.append(self._keys.raw, raw, keep=self._settings.raw_events_kept)
        found = _sort(bundle, events, times, now)
        for customers in _parts(list(found.visible)):
            await self._update_views(bundle, {c: found.visible[c] for c in customers}, now)
        for customers in _parts(list(found.replenish)):
            await self._update_replenish({c: found.replenish[c] for c in customers})

    async def _update_views(
        self, bundle: LiveBundle, news: dict[str, list[LiveEvent]], now: float
    ) -> None:
        for _ in range(_ATTEMPTS):
            live_keys = [self._keys.events(customer) for customer in news]
            learned_keys = [self._keys.learned(bundle.version, customer) for customer in news]
            found = await self._store.read_patiently([*live_keys, *learned_keys])
            changes: dict[str, Change] = {}
            for i, (customer, events) in enumerate(news.items()):
                record = self._with(bundle, found[i], found[len(news) + i], events, now)
                if record is not None:
                    changes[customer] = Change(
                        live_keys[i], found[i], pack_live(record), self._settings.event_ttl
                    )
                await asyncio.sleep(0)  # folding in computes: answers go in between
            news = await self._try(changes, news)
            if not news:
                return
        raise _contended()

    def _with(
        self,
        bundle: LiveBundle,
        live: bytes | None,
        learned: bytes | None,
        news: list[LiveEvent],
        now: float,
    ) -> LiveRecord | None:
        """The live record with `news` and the factor after them; None when all are known."""
        # What the rules of this moment lock takes no place from what they show.
        shown = _shown(bundle, now)
        stored = self._records.live(live).events
        held = {event.event_hash: event for event in stored if shown(event.item)}
        merged = {event.event_hash: event for event in news} | held
        if len(merged) == len(held) == len(stored):
            return None
        ordered = sorted(merged.values(), key=lambda event: (event.timestamp, event.event_hash))
        events = tuple(ordered[-self._settings.most_live_events :])
        return LiveRecord(events, bundle.version, self._factor(bundle, learned, events, now))

    def _factor(
        self,
        bundle: LiveBundle,
        learned: bytes | None,
        events: tuple[LiveEvent, ...],
        now: float,
    ) -> Floats | None:
        """The customer's factor after `events`: computed now, so that no answer has to."""
        index = bundle.index
        view = with_events(bundle, self._records.learned(bundle, learned)[0], events)
        view = view_of_customer(view, index.evidence_of_row, index.rules(now), 0)
        if not len(view):
            return None
        model = index.bundle
        return fold_in(
            model.factors,
            model.gramian,
            model.parameters.regularization,
            view.rows,
            view.confidence,
        )

    async def _update_replenish(self, news: dict[str, list[ReplenishPurchase]]) -> None:
        for _ in range(_ATTEMPTS):
            keys = [self._keys.replenish(customer) for customer in news]
            found = await self._store.read_patiently(keys)
            changes: dict[str, Change] = {}
            for key, raw, (customer, purchases) in zip(keys, found, news.items(), strict=True):
                held = {p.event_hash: p for p in self._records.replenish(raw)}
                merged = {p.event_hash: p for p in purchases} | held
                if len(merged) > len(held):
                    record = pack_replenish(most_recent(merged.values()))
                    changes[customer] = Change(key, raw, record, self._settings.replenish_ttl)
            news = await self._try(changes, news)
            if not news:
                return
        raise _contended()

    async def _try(self, changes: dict[str, Change], news: dict[str, _T]) -> dict[str, _T]:
        """Makes the changes; gives back what met a conflict and has to be read again."""
        done = await self._store.replace(list(changes.values()))
        return {c: news[c] for c, made in zip(changes, done, strict=True) if not made}


def _shown(bundle: LiveBundle, now: float) -> Callable[[ItemId], bool]:
    """Whether an item may be seen now; one that the catalogue lacks may not (guard G7)."""
    index, masked = bundle.index, bundle.index.rules(now).masked

    def shown(item: ItemId) -> bool:
        position = index.item_index.get(item)
        return position is not None and not int(index.bundle.evidence[position]) & masked

    return shown


def _sort(
    bundle: LiveBundle, events: Sequence[EventQuery], times: list[int], now: float
) -> _Sorted:
    """Decides what may be seen, under the rules of this moment.

    Locked evidence goes nowhere but to the raw stream (and, where the policy says so, to the
    replenishment record). So does an item that the catalogue does not have: nothing says that
    it is harmless (guard G7).
    """
    index, rules = bundle.index, bundle.index.rules(now)
    shown = _shown(bundle, now)
    found = _Sorted()
    for event, at in zip(events, times, strict=True):
        item, mark = ItemId(event.item_id), event_hash(event.event_id)
        position = index.item_index.get(item)
        if position is None or event.kind not in (EventKind.PURCHASE, EventKind.RETURN):
            continue
        if shown(item):
            what = LiveEvent(mark, event.kind, item, at, event.quantity)
            found.visible[event.customer_id].append(what)
        elif may_replenish(int(index.bundle.evidence[position]), rules):
            returned = event.kind is EventKind.RETURN
            found.replenish[event.customer_id].append(ReplenishPurchase(mark, item, at, returned))
    return found


def _seconds(number: int, event: EventQuery, now: float) -> int:
    """When it happened, whole seconds since 1970; FieldError for an impossible moment."""
    if event.timestamp is None:
        return int(now)
    if not EARLIEST <= event.timestamp <= now + MOST_AHEAD:
        side = "before 1990" if event.timestamp < EARLIEST else "more than a day ahead"
        raise FieldError(
            f"the timestamp of event {number} is {side}",
            where=f"$.events[{number}].timestamp",
            hint="send seconds (not milliseconds) since 1970 in UTC, or ISO 8601 with an offset",
        )
    return int(event.timestamp)


def _raw_entry(event: EventQuery, at: int, now: float) -> bytes:
    """The event as JSON, for training to read; `received` in milliseconds since 1970."""
    entry = event.model_dump(mode="json", exclude_none=True)
    return orjson.dumps(entry | {"timestamp": at, "received": int(now * 1000)})


def _parts(customers: list[str]) -> list[list[str]]:
    return [
        customers[start : start + _CUSTOMERS_AT_ONCE]
        for start in range(0, len(customers), _CUSTOMERS_AT_ONCE)
    ]


def _contended() -> StoreRefusal:
    return StoreRefusal("a customer's record was changed by others all the time")


def _again(why: str) -> StoreError:
    return StoreError(
        f"the events could not be stored: {why}",
        hint="send the whole batch again in a second; what was stored is not counted twice",
    )
