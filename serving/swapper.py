"""How the next bundle, or the next policy, takes its place without a restart."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time

import structlog

from recommender.bundle import Manifest
from recommender.codec import bundle_arrays, decode_bundle, parse_manifest
from recommender.customer import new_customer
from recommender.decide import decide
from recommender.errors import (
    BundleError,
    PolicyError,
    StoreError,
    StoreRefusal,
    TactfulError,
)
from recommender.index import BundleIndex
from recommender.request import BUILT_IN, OfferRequest
from serving.breaker import Breaker
from serving.live import LiveBundle
from serving.metrics import Metrics
from serving.store import Store
from serving.tasks import end

HEARTBEAT_SECONDS = 2.0
"""Seconds between two reports of a worker."""
RETRY_REFUSED_SECONDS = 5.0
"""Seconds until a version that was refused is tried again: it may have been mended."""

log = structlog.get_logger(__name__)


class Swapper:
    """Follows the pointer: loads what becomes live, refuses what is damaged, reports itself.

    The bundle in use is replaced in one assignment once the next is complete, verified and
    warmed up; until then, and whenever something is wrong with it, the old one answers.
    """

    def __init__(
        self, store: Store, breaker: Breaker, metrics: Metrics, *, worker: str, interval: float
    ) -> None:
        """`interval`: seconds between two looks at the pointer, and between probes."""
        self.bundle: LiveBundle | None = None
        self._store = store
        self._breaker = breaker
        self._metrics = metrics
        self._worker = worker
        self._interval = interval
        self._note = "no bundle was looked for yet"
        self._policy_note = ""
        self._policy_retry = 0.0
        self._refused: tuple[str, float] = ("", 0.0)
        self._loading: asyncio.Task[None] | None = None
        self._loop: asyncio.Task[None] | None = None
        self._beat_due = 0.0

    async def start(self) -> None:
        """Looks once, so that a worker whose bundle is there starts ready; then keeps looking."""
        await self._look()
        if self._loading is not None:
            await self._loading
        self._loop = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Ends the tasks and takes the worker off the list."""
        await end(self._loop)
        await end(self._loading)
        if self._breaker.closed:
            with contextlib.suppress(StoreError):  # it expires from the list by itself
                await self._store.retire(self._worker)

    def problems(self) -> list[str]:
        """What an operator should know, in sentences; empty when all is well."""
        found = []
        if self.bundle is None:
            found.append(f"no bundle is loaded: {self._note}")
        elif self._note:
            found.append(f"version {self.bundle.version} stays in use: {self._note}")
        if self._policy_note:
            found.append(self._policy_note)
        if not self._breaker.closed:
            found.append(f"answers are degraded: {self._breaker.reason}")
        return found

    async def _follow(self) -> None:
        while True:
            # A request that fails while all seemed well wakes the poller to probe at once.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._breaker.tripped.wait()
            self._breaker.tripped.clear()
            try:
                await self._look()
            except Exception:
                # Without this task a worker would keep its bundle and its outage for ever.
                log.exception("look_failed")

    async def _look(self) -> None:
        """One probe: is the server there, and which version should answer?"""
        try:
            pointer, policy = await self._store.pointers()
            with contextlib.suppress(StoreRefusal):  # answers need reads alone; /metrics tells
                await self._beat()
        except StoreError as error:
            self._breaker.fail(error.what)
            self._breaker.tripped.clear()
            self._metrics.redis_up.set(0)
            return
        self._breaker.recover()
        self._metrics.redis_up.set(1)
        if pointer is None:
            self._note = "no version is live in Redis; `tactful publish` makes one live"
        elif self.bundle is not None and pointer == self.bundle.version:
            self._note = ""
            if self._idle and self._policy_is_due(policy):
                self._loading = asyncio.create_task(self._follow_policy(self.bundle, policy))
        elif self._may_try(pointer):
            self._loading = asyncio.create_task(self._load(pointer, policy))

    def _policy_is_due(self, policy: str) -> bool:
        """Whether another policy holds now, or one that was refused may have been mended."""
        assert self.bundle is not None
        if policy != self.bundle.policy_name:
            return True
        return bool(self._policy_note) and time.monotonic() >= self._policy_retry

    @property
    def _idle(self) -> bool:
        return self._loading is None or self._loading.done()

    def _may_try(self, version: str) -> bool:
        if not self._idle:
            return False
        refused, retry = self._refused
        return version != refused or time.monotonic() >= retry

    async def _follow_policy(self, bundle: LiveBundle, policy: str) -> None:
        """Puts the bundle in use under the policy that holds now."""
        try:
            under = await self._under(bundle, policy)
        except StoreError as error:
            self._policy_note = f"policy {policy} could not be fetched: {error.what}"
            return
        self.bundle = under
        log.info("policy_in_use", policy=policy, version=bundle.version, worker=self._worker)

    async def _under(self, bundle: LiveBundle, policy: str) -> LiveBundle:
        """A bundle under the policy that the pointer names; "" is the bundle's own.

        A policy that cannot be applied locks everything that any life event touches (guard G7).
        """
        self._policy_note = ""
        if not policy:
            return await asyncio.to_thread(_warmed, LiveBundle.of(bundle.own), time.time())
        why = ""
        try:
            sources = await self._store.policy_source(policy)
            under = await asyncio.to_thread(_applied, bundle, policy, sources, time.time())
        except PolicyError as error:
            why = error.what
        if not why:
            return under
        self._policy_note = (
            f"policy {policy} cannot be applied, so everything that any life event touches is "
            f"held back: {why}"
        )
        self._policy_retry = time.monotonic() + RETRY_REFUSED_SECONDS
        self._metrics.policy_refusals.inc()
        log.error("policy_refused", policy=policy, why=why)
        return await asyncio.to_thread(_warmed, bundle.closed(policy), time.time())

    async def _load(self, version: str, policy: str) -> None:
        try:
            manifest = parse_manifest(await self._store.manifest(version))
            arrays = await self._store.arrays(version, bundle_arrays(manifest))
            own = await asyncio.to_thread(_prepare, version, manifest, arrays)
            bundle = await self._under(own, policy)
        except StoreError as error:
            self._note = f"version {version} could not be fetched: {error.what}"
        except TactfulError as error:
            self._refuse(version, error.what)
        except Exception:
            # Whatever a bundle can do to its reader, the one in use must go on answering.
            log.exception("bundle_failed", version=version)
            self._refuse(version, "it cannot be made ready; the log says why")
        else:
            self.bundle = bundle
            self._note = ""
            # A bundle is hundreds of thousands of objects that live long and form no cycle:
            # a full collection that walks them stops every answer for tens of milliseconds.
            gc.collect(1)
            gc.freeze()
            self._metrics.swaps.inc()
            self._metrics.bundle_as_of.set(bundle.as_of)
            log.info("bundle_in_use", version=version, worker=self._worker)
            self._beat_due = 0.0
            with contextlib.suppress(StoreError):  # the next look reports it
                await self._beat()

    def _refuse(self, version: str, why: str) -> None:
        self._refused = (version, time.monotonic() + RETRY_REFUSED_SECONDS)
        self._note = f"version {version} was refused: {why}"
        self._metrics.refusals.inc()
        log.error("bundle_refused", version=version, why=why)

    async def _beat(self) -> None:
        """Reports the version in use, so that nobody collects it."""
        now = time.monotonic()
        if self.bundle is not None and now >= self._beat_due:
            await self._store.heartbeat(self._worker, self.bundle.version, int(time.time()))
            self._beat_due = now + HEARTBEAT_SECONDS


def _prepare(version: str, manifest: Manifest, arrays: dict[str, bytes]) -> LiveBundle:
    """Decodes, verifies and indexes."""
    if manifest.version != version:
        raise BundleError(
            f"the bundle under this name calls itself {manifest.version}", hint="publish it again"
        )
    return LiveBundle.of(BundleIndex(decode_bundle(manifest, arrays)))


def _warmed(bundle: LiveBundle, now: float) -> LiveBundle:
    """The bundle after one answer, so that no customer waits for the first."""
    decide(bundle.index, new_customer(), OfferRequest((BUILT_IN["home"],)), now)
    return bundle


def _applied(bundle: LiveBundle, policy: str, sources: bytes, now: float) -> LiveBundle:
    return _warmed(bundle.under(policy, sources), now)
