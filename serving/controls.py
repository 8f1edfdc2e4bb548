"""What customers control: what they have told us, read and changed, and all of theirs erased.

One record a customer, apart from everything learned. It is read with every request, so a change
holds from the next answer on, in every worker. Writing is a compare-and-set: two changes at the
same moment both count.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from recommender.controls import Controls, Declaration, Need, Term, dump_controls
from recommender.errors import StoreError, StoreRefusal
from recommender.keys import Keys
from recommender.times import iso_utc
from recommender.types import SECONDS_A_DAY
from serving.breaker import Breaker
from serving.customers import Records
from serving.events import Intake
from serving.live import LiveBundle
from serving.store import Change, Store

_ATTEMPTS = 64
Step = Callable[[Controls], Controls]
"""One thing that a customer tells us; see `serving.wishes`."""


class ControlDesk:
    """Keeps the controls of customers. Every call may be sent again: nothing counts twice."""

    def __init__(
        self, store: Store, keys: Keys, records: Records, intake: Intake, breaker: Breaker
    ) -> None:
        self._store = store
        self._keys = keys
        self._records = records
        self._intake = intake
        self._breaker = breaker

    async def read(self, customer: str, now: int) -> Controls:
        """What holds at `now` (seconds since 1970); StoreError when nobody can tell."""
        async with self._speaking():
            return (await self._held(customer))[1].pruned(now)

    async def change(self, bundle: LiveBundle, customer: str, now: int, step: Step) -> Controls:
        """Takes one step and gives what is on record then.

        What may no longer be stored leaves the customer's other records before this returns.

        Raises what `step` raises, with nothing written, and StoreError when Redis fails: the
        call may then be sent again.
        """
        async with self._speaking():
            controls = await self._write(customer, now, step)
            await self._intake.prune(bundle, customer, now)
            return controls

    async def last_seen(self, customer: str, item: str, now: int) -> int:
        """`now`, or the moment of a later event of an item on record: clocks may be ahead.

        Raises StoreError when Redis fails.
        """
        keys = [self._keys.events(customer), self._keys.replenish(customer)]
        async with self._speaking():
            live, replenish = await self._store.read_patiently(keys)
        events, purchases = self._records.live(live).events, self._records.replenish(replenish)
        seen = [(e.item, e.timestamp) for e in events]
        seen += [(p.item, p.timestamp) for p in purchases]
        return max([now, *(at for name, at in seen if name == item)])

    async def erase(self, customer: str) -> None:
        """Removes everything that is stored under the customer, all in one step.

        Streams are the shop's own; a bundle that is published later brings back what its
        purchases still name.
        """
        keys = self._keys
        async with self._speaking():
            versions = await self._store.published()
            await self._store.erase(
                [
                    keys.controls(customer),
                    keys.events(customer),
                    keys.replenish(customer),
                    *(keys.learned(version, customer) for version in versions),
                ]
            )

    async def _write(self, customer: str, now: int, step: Step) -> Controls:
        for _ in range(_ATTEMPTS):
            raw, held = await self._held(customer)
            # What is over takes no place from what is told now.
            told = step(held.pruned(now)).model_copy(update={"customer": customer})
            record = dump_controls(told) if told else b""
            if record == (raw or b""):
                return told
            ends = told.ends()
            seconds = 0 if ends is None else ends - now + SECONDS_A_DAY
            change = Change(self._keys.controls(customer), raw, record, seconds)
            if all(await self._store.replace([change])):
                return told
        raise StoreRefusal("the customer's controls were changed by others all the time")

    async def _held(self, customer: str) -> tuple[bytes | None, Controls]:
        [raw] = await self._store.read_patiently([self._keys.controls(customer)])
        controls = self._records.controls(raw)
        if controls is None:
            # Writing a new record would lift objections that nobody can read any more.
            raise StoreRefusal(
                "the customer's controls cannot be read, so nothing can be added to them",
                hint="restore them from a backup, or erase the customer and ask again; until then "
                "everything is locked for this customer",
            )
        return raw, controls

    @asynccontextmanager
    async def _speaking(self) -> AsyncIterator[None]:
        """Refuses at once while Redis is known to be away, and notes when it goes."""
        if not self._breaker.closed:
            raise _again(self._breaker.reason)
        try:
            yield
        except StoreRefusal as error:
            raise _again(error.what, error.hint) from error  # reads may well go on
        except StoreError as error:
            self._breaker.fail(error.what)
            raise _again(error.what) from error


def shown(customer: str, controls: Controls) -> dict[str, Any]:
    """The controls as callers read them: names as the customer gave them, times as ISO 8601."""
    return {
        "customer_id": customer,
        "declarations": _terms(controls.declarations),
        "withdrawals": _terms(controls.withdrawals),
        "consents": {name: _terms(given) for name, given in sorted(controls.consents.items())},
        "objections": _terms(controls.objections),
        "needs": _terms(controls.needs),
        "gifts": _terms(controls.gifts),
        "forgotten": {item: iso_utc(at) for item, at in sorted(controls.forgotten.items())},
        "too_personal": _terms(controls.too_personal),
    }


def _terms(terms: dict[str, Any]) -> dict[str, dict[str, str | None]]:
    return {name: _term(term) for name, term in sorted(terms.items())}


def _term(term: Term) -> dict[str, str | None]:
    until = None if term.until is None else iso_utc(term.until)
    found: dict[str, str | None] = {"since": iso_utc(term.at), "until": until}
    if isinstance(term, Declaration):
        found["source"] = term.source
    if isinstance(term, Need):
        found |= {
            "text": term.text,
            "category": term.category or None,
            "offer_id": term.offer_id or None,
        }
    return found


def _again(why: str, hint: str = "") -> StoreError:
    return StoreError(
        f"what the customer controls could not be stored or read: {why}",
        hint=hint or "send the call again in a second; nothing counts twice",
    )
