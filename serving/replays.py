"""A decision of the log made again: same bundle, policy, view, request and moment (guard G10)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from recommender.codec import bundle_arrays, decode_bundle, parse_manifest
from recommender.customer import CustomerState, closed_customer, new_customer
from recommender.decide import decide
from recommender.errors import BundleError, NotFound, PolicyError
from recommender.index import BundleIndex
from recommender.keys import Keys
from recommender.record import pack_live, unpack_live
from recommender.request import Decision, OfferRequest
from serving.answers import answer_body, body_hash
from serving.customers import Records, Stored
from serving.live import LiveBundle
from serving.logged import Aside, Logged, made_at, parse_aside, parse_logged
from serving.store import Store

LATEST_SECONDS = 900
"""How long after a decision its entry may have been written: Redis may have been away."""
SKEW_SECONDS = 60
"""How far the clocks of a worker and of Redis may be apart."""
ENTRIES_AT_ONCE = 500
MOST_ENTRIES = 50_000
"""Entries that one search reads in each direction."""


@dataclass(frozen=True, eq=False)
class Replayed:
    """A decision made again.

    equal   True when the body is, byte for byte, what was answered
    """

    logged: Logged
    bundle: LiveBundle
    request: OfferRequest
    state: CustomerState
    decision: Decision
    body: bytes
    equal: bool


class Replays:
    """Finds decisions in the log and makes them again; one older bundle is kept for the next."""

    def __init__(self, store: Store, keys: Keys, records: Records) -> None:
        self._store = store
        self._keys = keys
        self._records = records
        self._older: LiveBundle | None = None
        self._one_at_a_time = asyncio.Lock()

    async def find(self, decision_id: str) -> Logged:
        """The entry of a decision; NotFound when the log has none, StoreError as the store."""
        at = made_at(decision_id)
        for first, last in (
            (at, at + LATEST_SECONDS * 1000),
            (at - SKEW_SECONDS * 1000, at - 1),
        ):
            entry = await self._search(decision_id, str(max(first, 0)), str(max(last, 0)))
            if entry is not None:
                return parse_logged(entry)
        raise NotFound(
            f"no decision {decision_id} is in the log",
            hint="the log holds the last TACTFUL_DECISIONS_KEPT decisions; one that was made a "
            "moment ago may still be on its way",
        )

    async def replay(self, live: LiveBundle, logged: Logged) -> Replayed:
        """The decision made again, under the bundle and the policy of its time.

        live   the bundle in use, which often is the one

        Raises NotFound when something that it was made from is no longer kept.
        """
        async with self._one_at_a_time:
            bundle = await self._bundle(live, logged)
            aside = await self._aside(logged)
            stored = await self._stored(bundle, logged, aside)
        return await asyncio.to_thread(self._decided, bundle, logged, aside, stored)

    async def _search(self, decision_id: str, first: str, last: str) -> bytes | None:
        start = b'{"id":"' + decision_id.encode() + b'"'
        for _ in range(0, MOST_ENTRIES, ENTRIES_AT_ONCE):
            found = await self._store.entries(self._keys.decisions, first, last, ENTRIES_AT_ONCE)
            for _, entry in found:
                if entry.startswith(start):
                    return entry
            if len(found) < ENTRIES_AT_ONCE:
                return None
            first = f"({found[-1][0]}"
        return None

    async def _bundle(self, live: LiveBundle, logged: Logged) -> LiveBundle:
        """The bundle of the decision, under the policy of the decision."""
        for known in (live, self._older):
            if known is not None and _answered(known, logged):
                return known
        base = next(
            (b for b in (live, self._older) if b is not None and b.version == logged.version), None
        )
        if base is None:
            self._older = None  # two at once would take twice the memory
            base = await self._load(logged.version)
        self._older = await self._under(LiveBundle.of(base.own), logged)
        return self._older

    async def _load(self, version: str) -> LiveBundle:
        gone = NotFound(
            f"version {version} is no longer published",
            hint="publish its bundle directory again, and ask once more",
        )
        if version not in await self._store.published():
            raise gone
        try:
            manifest = parse_manifest(await self._store.manifest(version))
            arrays = await self._store.arrays(version, bundle_arrays(manifest))
            index = await asyncio.to_thread(lambda: BundleIndex(decode_bundle(manifest, arrays)))
        except BundleError as error:
            raise gone from error
        return LiveBundle.of(index)

    async def _under(self, own: LiveBundle, logged: Logged) -> LiveBundle:
        """A bundle under the policy that held; closed where that one could not be applied."""
        if logged.over is None:
            return await self._applied(own, logged.name)
        before = await self._applied(own, logged.over)
        return await asyncio.to_thread(before.closed, logged.name)

    async def _applied(self, own: LiveBundle, policy: str) -> LiveBundle:
        if not policy:
            return own
        try:
            sources = await self._store.policy_source(policy)
            return await asyncio.to_thread(own.under, policy, sources)
        except PolicyError as error:
            raise NotFound(
                f"policy {policy} can no longer be applied: {error.what}", hint=error.hint
            ) from error

    async def _aside(self, logged: Logged) -> Aside | None:
        if not logged.aside:
            return None
        key = self._keys.replay(logged.id)
        raw = (await self._store.read_patiently([key]))[0]
        if raw is None:
            raise NotFound(
                f"what decision {logged.id} was made from is no longer kept",
                hint="what customers told us is kept for a replay as long as TACTFUL_REPLAY_TTL",
            )
        return parse_aside(raw)

    async def _stored(self, bundle: LiveBundle, logged: Logged, aside: Aside | None) -> Stored:
        """The customer's records as they were read."""
        learned = None
        if logged.learned:
            key = self._keys.learned_under(logged.version, logged.customer)
            learned = (await self._store.read_patiently([key]))[0]
            if learned is None:
                raise NotFound(
                    f"the learned record of decision {logged.id} is no longer kept",
                    hint="it went with its version, or the customer's data was erased",
                )
        controls = None if aside is None else aside.controls
        live = None
        if logged.live is not None:
            # The factor rests on these controls; their hash is no matter for the log.
            record = replace(unpack_live(logged.live), stamp=bundle.stamp(controls))
            live = pack_live(record)
        return Stored(learned, live, controls, None if aside is None else aside.replenish)

    def _decided(
        self, bundle: LiveBundle, logged: Logged, aside: Aside | None, stored: Stored
    ) -> Replayed:
        request = logged.asked(() if aside is None else aside.exclude)
        if logged.customer and logged.degraded:
            state = closed_customer()
        elif any(stored):
            state = self._records.state(bundle, stored)
        else:
            state = new_customer()
        decision = decide(bundle.index, state, request, logged.now)
        body = answer_body(
            bundle, decision, logged.request.reasons, logged.id, degraded=logged.degraded
        )
        told = logged.body if aside is None else aside.body
        return Replayed(
            logged, bundle, request, state, decision, body, equal=body_hash(body) == told
        )


def _answered(bundle: LiveBundle, logged: Logged) -> bool:
    """Whether this is the bundle, under the policy, that made a decision."""
    return (
        bundle.version == logged.version
        and bundle.policy_name == logged.name
        # A policy that could not be applied then may be readable now.
        and bundle.closed_over == logged.over
    )
