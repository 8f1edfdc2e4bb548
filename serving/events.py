"""What customers did: appended to the raw stream, and, where it may be seen, to their record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import orjson

from recommender.customer import LiveEvent, ReplenishPurchase
from recommender.errors import StoreError, StoreRefusal
from recommender.guard.replenish import most_recent
from recommender.guard.unlocks import stored_rules
from recommender.guard.view import view_of_customer
from recommender.keys import Keys
from recommender.models.als import fold_in
from recommender.record import LiveRecord, pack_live, pack_replenish
from recommender.types import SECONDS_A_DAY, Floats
from serving.breaker import Breaker
from serving.customers import Records, Stored
from serving.live import LiveBundle
from serving.problems import FieldError
from serving.schemas import EventQuery
from serving.settings import Settings
from serving.sifting import Told, kept_of, plain_to, shown_to, sift
from serving.store import Change, Store

EARLIEST = 631_152_000
"""1990-01-01: an earlier moment is a mistake of units."""
MOST_AHEAD = SECONDS_A_DAY
"""Seconds that a caller's clock may be ahead of ours."""

_ATTEMPTS = 64
_CUSTOMERS_AT_ONCE = 100
_T = TypeVar("_T")


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

    async def prune(self, bundle: LiveBundle, customer: str, now: float) -> None:
        """Drops from a customer's records what the customer's controls no longer let be stored.

        Raises StoreError when Redis fails; answers are held to the controls all the same.
        """
        controls = (await self._controls([customer]))[customer]
        await self._update_views(bundle, {customer: []}, {customer: controls}, now)
        await self._update_replenish(bundle, {customer: []}, {customer: controls}, now)

    async def _store_all(
        self, bundle: LiveBundle, events: Sequence[EventQuery], now: float
    ) -> None:
        times = [_seconds(number, event, now) for number, event in enumerate(events)]
        raw = [_raw_entry(event, at, now) for event, at in zip(events, times, strict=True)]
        # First of all what happened, as it happened: whatever fails later can be replayed.
        await self._store.append(self._keys.raw, raw, keep=self._settings.raw_events_kept)
        told = await self._controls(sorted({event.customer_id for event in events}))
        found = sift(bundle, events, times, now, told)
        for customers in _parts(list(found.visible)):
            news = {c: found.visible[c] for c in customers}
            await self._update_views(bundle, news, told, now)
        for customers in _parts(list(found.replenish)):
            reminders = {c: found.replenish[c] for c in customers}
            await self._update_replenish(bundle, reminders, told, now)

    async def _controls(self, customers: list[str]) -> dict[str, Told]:
        """What each customer has told us, as read; unreadable: nothing of theirs is stored."""
        keys = [self._keys.controls(customer) for customer in customers]
        found = await self._store.read_patiently(keys)
        return {
            customer: Told(raw, self._records.controls(raw))
            for customer, raw in zip(customers, found, strict=True)
        }

    async def _update_views(
        self,
        bundle: LiveBundle,
        news: dict[str, list[LiveEvent]],
        told: dict[str, Told],
        now: float,
    ) -> None:
        for _ in range(_ATTEMPTS):
            live_keys = [self._keys.events(customer) for customer in news]
            learned_keys = [self._keys.learned(bundle.version, customer) for customer in news]
            found = await self._store.read_patiently([*live_keys, *learned_keys])
            changes: dict[str, Change] = {}
            for i, (customer, events) in enumerate(news.items()):
                stored = Stored(found[len(news) + i], found[i], told[customer].raw)
                record = self._with(bundle, stored, told[customer], events, now)
                if record is not None:
                    changes[customer] = Change(
                        live_keys[i], found[i], pack_live(record), self._settings.event_ttl
                    )
                await asyncio.sleep(0)  # folding in computes: answers go in between
            news, told = await self._try(changes, news, told)
            if not news:
                return
        raise _contended()

    def _with(
        self,
        bundle: LiveBundle,
        stored: Stored,
        told: Told,
        news: list[LiveEvent],
        now: float,
    ) -> LiveRecord | None:
        """The live record with `news` and the factor after them; None when all are known."""
        # What the rules of this moment lock takes no place from what they show.
        shown = shown_to(bundle, told.controls, now)
        known = self._records.live(stored.live).events
        held = {e.event_hash: e for e in known if shown(e.item, e.timestamp)}
        merged = {e.event_hash: e for e in news if shown(e.item, e.timestamp)} | held
        if len(merged) == len(held) == len(known):
            return None
        plain = plain_to(bundle, told.controls, now)
        events = _newest(merged.values(), plain, self._settings.most_live_events)
        record = LiveRecord(events, bundle.stamp(told.raw), None)
        factor = self._factor(bundle, stored._replace(live=pack_live(record)), now)
        return LiveRecord(events, bundle.stamp(told.raw), factor)

    def _factor(self, bundle: LiveBundle, stored: Stored, now: float) -> Floats | None:
        """The customer's factor after these records: computed now, so that no answer has to.

        None when the rules of this moment hide a part: what is stored must not rest on it.
        """
        index = bundle.index
        state = self._records.state(bundle, stored)
        rules = stored_rules(index.policy, index.rules(now), state.controls, now)
        view = view_of_customer(state.view, index.evidence_of_row, rules)
        if not len(view) or view is not state.view:
            return None
        model = index.bundle
        return fold_in(
            model.factors,
            model.gramian,
            model.parameters.regularization,
            view.rows,
            view.confidence,
        )

    async def _update_replenish(
        self,
        bundle: LiveBundle,
        news: dict[str, list[ReplenishPurchase]],
        told: dict[str, Told],
        now: float,
    ) -> None:
        for _ in range(_ATTEMPTS):
            keys = [self._keys.replenish(customer) for customer in news]
            found = await self._store.read_patiently(keys)
            changes: dict[str, Change] = {}
            for key, raw, (customer, purchases) in zip(keys, found, news.items(), strict=True):
                kept = kept_of(bundle, told[customer].controls, now)
                known = self._records.replenish(raw)
                held = {p.event_hash: p for p in known if kept(p)}
                merged = {p.event_hash: p for p in purchases if kept(p)} | held
                if not len(merged) == len(held) == len(known):
                    record = pack_replenish(most_recent(merged.values()))
                    changes[customer] = Change(key, raw, record, self._settings.replenish_ttl)
            news, told = await self._try(changes, news, told)
            if not news:
                return
        raise _contended()

    async def _try(
        self, changes: dict[str, Change], news: dict[str, _T], told: dict[str, Told]
    ) -> tuple[dict[str, _T], dict[str, Told]]:
        """Makes the changes; gives back what has to be read again, and the controls by then.

        That is what met a conflict, and what was written under controls that had changed: their
        cleaning may have been over before.
        """
        if not changes:
            return {}, told
        done = await self._store.replace(list(changes.values()))
        since = await self._controls(list(changes))
        again = {
            customer: news[customer]
            for customer, made in zip(changes, done, strict=True)
            if not made or since[customer].raw != told[customer].raw
        }
        return again, since


def _newest(
    events: Iterable[LiveEvent], plain: Callable[[LiveEvent], bool], most: int
) -> tuple[LiveEvent, ...]:
    """The newest `most` plain events and the newest `most` others, oldest first.

    Apart, so that what may be hidden tomorrow, or on another channel, crowds nothing out today.
    """
    ordered = sorted(events, key=lambda event: (event.timestamp, event.event_hash))
    apart: dict[bool, list[LiveEvent]] = {True: [], False: []}
    for event in ordered:
        apart[plain(event)].append(event)
    kept = {event.event_hash for group in apart.values() for event in group[-most:]}
    return tuple(event for event in ordered if event.event_hash in kept)


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
