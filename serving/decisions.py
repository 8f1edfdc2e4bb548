"""The log of decisions: written beside the answers, never in their way."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import structlog

from recommender.errors import StoreError
from recommender.keys import Keys
from serving.metrics import Metrics
from serving.store import Store
from serving.tasks import end

FLUSH_SECONDS = 0.2
"""Longest time between an answer and its entry in the log, while Redis answers."""
MOST_QUEUED = 10_000
"""Entries that wait for Redis; beyond, the oldest are dropped and counted."""
AT_ONCE = 64
"""Entries a write: packing more at once would hold up answers for milliseconds."""
PACKED_AT_ONCE = 8
"""Entries that are made in one go, before answers get their turn."""
SPAN_SECONDS = 60.0
"""Seconds between two looks at how far back the log reaches."""
SHORTEST_ASIDE = 3_600
"""Least seconds that what lies beside an entry is kept."""

log = structlog.get_logger(__name__)


class Decided(Protocol):
    """A decision that can be written down."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    def entry(self) -> bytes:
        """Its entry, as JSON."""
        ...

    def aside(self) -> bytes | None:
        """What must not stand in the log; None: nothing."""
        ...


@dataclass(frozen=True)
class _Packed:
    """An entry ready to be written, and what goes beside it."""

    id: str
    entry: bytes
    aside: bytes | None


class DecisionLog:
    """A bounded queue in front of the stream of decisions.

    An entry says which offers were shown to whom (by tag), which bundle and policy chose them,
    and what visible facts they were chosen from. It holds no score and nothing that is masked.
    """

    def __init__(
        self, store: Store, keys: Keys, metrics: Metrics, *, keep: int, aside_seconds: int
    ) -> None:
        """How much is kept.

        keep            about how many decisions the stream holds
        aside_seconds   most seconds that a record beside an entry is kept
        """
        self._store = store
        self._keys = keys
        self._metrics = metrics
        self._keep = keep
        self._aside_seconds = aside_seconds
        self._made: deque[Decided] = deque()
        self._packed: deque[_Packed] = deque()
        self._task: asyncio.Task[None] | None = None
        self._lifetime = aside_seconds
        self._span_due = 0.0

    def add(self, decided: Decided) -> None:
        """Queues a decision; never waits."""
        if len(self._made) + len(self._packed) >= MOST_QUEUED:
            (self._packed or self._made).popleft()
            self._metrics.decisions_dropped.inc()
        self._made.append(decided)

    def start(self) -> None:
        """Starts writing in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Writes what is queued, if Redis lets it."""
        await end(self._task)
        with contextlib.suppress(StoreError):  # said below, when it is more than nothing
            await self._flush()
        left = len(self._made) + len(self._packed)
        if left:
            log.warning("decisions_not_logged", count=left)
            self._metrics.decisions_dropped.inc(left)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self._flush()
            except StoreError:
                continue  # they stay queued, up to MOST_QUEUED
            except Exception:
                # Without this task no decision would be logged any more.
                log.exception("decisions_not_written")

    async def _flush(self) -> None:
        """Packs what was made, then writes it in parts."""
        while self._made:
            for _ in range(min(PACKED_AT_ONCE, len(self._made))):
                made = self._made.popleft()
                self._packed.append(_Packed(made.id, made.entry(), made.aside()))
            await asyncio.sleep(0)
        while self._packed:
            part = [self._packed.popleft() for _ in range(min(AT_ONCE, len(self._packed)))]
            try:
                await self._write(part)
            except (StoreError, asyncio.CancelledError):
                # A part that could not be written goes back to the front.
                room = MOST_QUEUED - len(self._made) - len(self._packed)
                lost = max(len(part) - room, 0)
                self._metrics.decisions_dropped.inc(lost)
                self._packed.extendleft(reversed(part[lost:]))
                raise

    async def _write(self, part: list[_Packed]) -> None:
        """First what lies beside the entries: no entry is ever without it."""
        asides = {self._keys.replay(p.id): p.aside for p in part if p.aside is not None}
        if asides:
            await self._store.put_aside(asides, seconds=await self._aside_lifetime())
        entries = [p.entry for p in part]
        await self._store.append(self._keys.decisions, entries, keep=self._keep)

    async def _aside_lifetime(self) -> int:
        """Seconds that a record beside an entry is of use: about as long as the entry lives.

        A full log lets go of its oldest entries; what lies beside them must not fill the server.
        """
        if time.monotonic() >= self._span_due:
            length, oldest = await self._store.span(self._keys.decisions)
            lived = int(time.time() - oldest / 1000)
            full = length >= self._keep
            bounded = max(SHORTEST_ASIDE, 2 * lived)
            self._lifetime = min(self._aside_seconds, bounded if full else self._aside_seconds)
            self._span_due = time.monotonic() + SPAN_SECONDS
        return self._lifetime
