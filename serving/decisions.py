"""The log of decisions: written beside the answers, never in their way."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any

import orjson
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

log = structlog.get_logger(__name__)


class DecisionLog:
    """A bounded queue in front of the stream of decisions.

    An entry says which offers were shown to whom (by tag) and which bundle and policy chose
    them. It holds no score and no history.
    """

    def __init__(self, store: Store, keys: Keys, metrics: Metrics, *, keep: int) -> None:
        """`keep`: about how many decisions the stream holds."""
        self._store = store
        self._keys = keys
        self._metrics = metrics
        self._keep = keep
        self._queue: deque[dict[str, Any]] = deque()
        self._task: asyncio.Task[None] | None = None

    def add(self, entry: dict[str, Any]) -> None:
        """Queues an entry; never waits."""
        if len(self._queue) >= MOST_QUEUED:
            self._queue.popleft()
            self._metrics.decisions_dropped.inc()
        self._queue.append(entry)

    def start(self) -> None:
        """Starts writing in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Writes what is queued, if Redis lets it."""
        await end(self._task)
        with contextlib.suppress(StoreError):  # said below, when it is more than nothing
            await self._flush()
        if self._queue:
            log.warning("decisions_not_logged", count=len(self._queue))
            self._metrics.decisions_dropped.inc(len(self._queue))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            with contextlib.suppress(StoreError):  # they stay queued, up to MOST_QUEUED
                await self._flush()

    async def _flush(self) -> None:
        """Writes the queue in parts; a part that could not be written goes back to its front."""
        while self._queue:
            part = [self._queue.popleft() for _ in range(min(AT_ONCE, len(self._queue)))]
            entries = [orjson.dumps(entry) for entry in part]
            try:
                await self._store.append(self._keys.decisions, entries, keep=self._keep)
            except (StoreError, asyncio.CancelledError):
                room = MOST_QUEUED - len(self._queue)
                self._metrics.decisions_dropped.inc(max(len(part) - room, 0))
                self._queue.extendleft(reversed(part[max(len(part) - room, 0) :]))
                raise
