"""What the guard held back, looked at beside the answers and written to a log of its own.

Of each decision that there is time for, the auditor asks what would have been shown if nothing
were held back. It sees the same view as the decision did, so its log tells of policies and offers,
not of what was masked. An entry names neither a customer nor a decision, and no moment finer than
the hour, so that nobody can lay it beside the log of decisions. Its mark says only which entries of
one day are one customer's, and to count customers is all that it is read for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

import orjson
import structlog

from recommender.decide import decide
from recommender.errors import StoreError
from recommender.index import BundleIndex
from recommender.keys import Keys, customer_tag
from recommender.needs import Needs
from recommender.suppressed import hour_of, mark_of
from recommender.trace import held_back
from serving.made import Made
from serving.metrics import Metrics
from serving.store import Store
from serving.tasks import end

MOST_WAITING = 64
"""Decisions that wait to be looked at; what comes on top is counted and passed over."""
WRITE_SECONDS = 1.0
"""Longest time from a look to its entries in the log, while Redis answers."""
MOST_UNWRITTEN = 10_000
"""Entries that wait for Redis; beyond, the oldest are dropped."""
AT_ONCE = 64
"""Entries a write."""

log = structlog.get_logger(__name__)


class Auditor:
    """Looks at as many decisions a second as it may; answers never wait for it."""

    def __init__(
        self, store: Store, keys: Keys, metrics: Metrics, *, per_second: float, keep: int
    ) -> None:
        """How much it does.

        per_second   decisions looked at, at most; 0: none
        keep         about how many entries the log holds
        """
        self._store = store
        self._keys = keys
        self._metrics = metrics
        self._pause = 1.0 / per_second if per_second else 0.0
        self._keep = keep
        self._waiting: deque[Made] = deque()
        self._entries: deque[bytes] = deque(maxlen=MOST_UNWRITTEN)
        self._secret: bytes | None = None
        self._opened: tuple[BundleIndex, BundleIndex] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def consider(self, made: Made) -> None:
        """Takes a decision to look at later, if there is time for it; never waits."""
        if not self._pause:
            return
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(made)
        else:
            self._metrics.not_audited.inc()

    def start(self) -> None:
        """Starts looking in the background."""
        if self._pause:
            self._tasks = [
                asyncio.create_task(self._look_on()),
                asyncio.create_task(self._write_on()),
            ]

    async def stop(self) -> None:
        """Ends the tasks and writes what was found, if Redis lets it."""
        for task in self._tasks:
            await end(task)
        self._metrics.not_audited.inc(len(self._waiting))
        self._waiting.clear()
        with contextlib.suppress(StoreError):
            await self._write()
        if self._entries:
            log.warning("held_back_not_logged", count=len(self._entries))

    def look(self, made: Made, secret: bytes) -> bytes | None:
        """The entry of one decision (`recommender.suppressed`); None when nothing was held back."""
        tag = "" if made.customer is None else customer_tag(made.customer)
        index, request, now = made.bundle.index, made.request, made.now
        opened = decide(self._uncontained(index), made.state, request, now)
        needs = Needs.of(index, made.state, request, made.decision.rules, now)
        found = held_back(index, needs, made.decision, opened)
        if not found:
            return None
        return orjson.dumps(
            {
                "at": hour_of(made.at),
                "version": made.bundle.version,
                "policy": made.bundle.policy_version,
                "channel": request.channel.value,
                "mark": mark_of(tag, made.at, secret),
                "cell": index.policy.min_audience_cell,
                "held": [
                    {
                        "placement": placement,
                        "offer": index.offer_id(pick.offer),
                        "life_events": [hold.life_event for hold in holds],
                        "rules": [hold.kind.value for hold in holds],
                    }
                    for placement, pick, holds in found
                ],
            }
        )

    def _uncontained(self, index: BundleIndex) -> BundleIndex:
        if self._opened is None or self._opened[0] is not index:
            self._opened = index, index.uncontained()
        return self._opened[1]

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            if not self._waiting:
                continue
            if self._secret is None:
                try:
                    self._secret = await self._store.secret()
                except StoreError:
                    await asyncio.sleep(WRITE_SECONDS)  # until Redis is back they wait
                    continue
            made = self._waiting.popleft()
            try:
                entry = self.look(made, self._secret)
            except Exception:
                # One decision that cannot be looked at must not end the looking.
                log.exception("not_audited", decision=made.id)
                self._metrics.not_audited.inc()
            else:
                self._metrics.audited.inc()
                if entry is not None:
                    self._entries.append(entry)

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            with contextlib.suppress(StoreError):  # they stay, up to MOST_UNWRITTEN
                await self._write()

    async def _write(self) -> None:
        while self._entries:
            part = [self._entries.popleft() for _ in range(min(AT_ONCE, len(self._entries)))]
            try:
                # Sorted: the order in which answers were given is nobody's business either.
                entries = sorted(part)
                await self._store.append_by_hour(self._keys.suppressed, entries, keep=self._keep)
            except (StoreError, asyncio.CancelledError):
                room = MOST_UNWRITTEN - len(self._entries)
                self._entries.extendleft(reversed(part[max(len(part) - room, 0) :]))
                raise
