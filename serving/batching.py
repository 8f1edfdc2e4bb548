"""Coalesced reads: requests in flight at the same time share one command.

With asyncio the client, not Redis, is what a read costs, so one command for sixteen requests
costs hardly more than one for one. A request that is alone is never kept waiting for company:
its read starts at once. Those that come while a read is under way go together in the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from recommender.errors import StoreError
from serving.tasks import end

Read = Callable[[Sequence[str]], Awaitable[list[bytes | None]]]

_LATE_SECONDS = 0.02
"""How far past a deadline the loop must wake up to be called late."""
_LAST_LOOK_SECONDS = 0.05

KEYS_AT_ONCE = 512
"""Most keys in one command: a bound on how long one answer of the server can be."""


@dataclass(frozen=True, eq=False)
class _Member:
    """One caller: what it wants, where its values go, and when it stops waiting."""

    keys: Sequence[str]
    values: asyncio.Future[list[bytes | None]]
    deadline: float


class CoalescedReader:
    """Turns many small reads into few; see the module's first lines.

    read       asks the server for values in the order of the keys
    timeout    seconds after which a caller is told that the server did not answer
    """

    def __init__(self, read: Read, *, timeout: float, keys_at_once: int = KEYS_AT_ONCE) -> None:
        self._read = read
        self._timeout = timeout
        self._keys_at_once = keys_at_once
        self._waiting: deque[_Member] = deque()
        self._pump: asyncio.Task[None] | None = None

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of `keys` in their order, None where there is none.

        Raises StoreError when the read fails or `timeout` is over; never waits longer.
        """
        loop = asyncio.get_running_loop()
        member = _Member(keys, loop.create_future(), loop.time() + self._timeout)
        self._waiting.append(member)
        if self._pump is None:
            self._pump = loop.create_task(self._serve_all())
        return await member.values

    async def close(self) -> None:
        """Stops reading; whoever still waits is told so."""
        await end(self._pump)
        _fail(self._waiting, StoreError("the service is stopping", hint="ask another worker"))
        self._waiting.clear()

    async def _serve_all(self) -> None:
        try:
            while self._waiting:
                await self._serve(self._next_batch())
        finally:
            self._pump = None

    def _next_batch(self) -> list[_Member]:
        """As many waiting members as fit in one command, in order; always at least one."""
        batch = [self._waiting.popleft()]
        size = len(batch[0].keys)
        while self._waiting and size + len(self._waiting[0].keys) <= self._keys_at_once:
            member = self._waiting.popleft()
            batch.append(member)
            size += len(member.keys)
        return batch

    async def _serve(self, batch: list[_Member]) -> None:
        """One read for all members; its failure is theirs and nobody else's."""
        reading = asyncio.ensure_future(self._read([k for member in batch for k in member.keys]))
        try:
            # The first member has waited longest, so its deadline holds for all of them.
            values = await _within(reading, batch[0].deadline)
        except TimeoutError:
            _fail(batch, _too_slow(self._timeout))
        except asyncio.CancelledError:
            _fail(batch, StoreError("the service is stopping", hint="ask another worker"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the members must hear of it
            _fail(batch, error)
        else:
            start = 0
            for member in batch:
                if not member.values.done():
                    member.values.set_result(values[start : start + len(member.keys)])
                start += len(member.keys)


async def _within(
    reading: asyncio.Future[list[bytes | None]], deadline: float
) -> list[bytes | None]:
    """What `reading` gives, or TimeoutError after the deadline; it is cancelled then.

    A worker that was itself too busy to look in time takes a last look: the answer may have been
    there all along, and a slow worker is no reason to call Redis slow.
    """
    loop = asyncio.get_running_loop()
    try:
        await asyncio.wait({reading}, timeout=max(deadline - loop.time(), 0.0))
        if not reading.done() and loop.time() - deadline > _LATE_SECONDS:
            await asyncio.wait({reading}, timeout=_LAST_LOOK_SECONDS)
        if not reading.done():
            raise TimeoutError
        return reading.result()
    finally:
        reading.cancel()


def _fail(members: Sequence[_Member], error: Exception) -> None:
    for member in members:
        if not member.values.done():
            member.values.set_exception(error)


def _too_slow(timeout: float) -> StoreError:
    return StoreError(
        f"the Redis server did not answer within {timeout:g} s",
        hint="see its slow log, or raise TACTFUL_REDIS_TIMEOUT",
    )
