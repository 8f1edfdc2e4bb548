"""Policies over HTTP: drafted, looked at, approved, published, rolled back.

Every change is computed from one reading of the ledger, in a thread where it takes long, and
written only while the ledger still is what was read, the pointer in the same step. Who comes
second looks again, or is told so.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from recommender.candidacy import LivePolicy, no_bundle, overtaken, own_policy, published_policy
from recommender.errors import ConflictError, InputError
from recommender.guard.change import Laid, PolicyChange
from recommender.guard.edit import edit_policy, remove_from_policy
from recommender.guard.finding import Finding
from recommender.guard.ledger import Ledger, LiveVersion, State, Version, parse_ledger
from recommender.guard.source import PolicySource
from recommender.guard.transitions import (
    Candidate,
    approved,
    drafted,
    dropped,
    published,
    rolled_back,
)
from recommender.guard.update import Update, lost_source, read_source
from recommender.keys import Keys
from serving.live import LiveBundle
from serving.problems import FieldError
from serving.store import Store
from serving.swapper import Swapper

TRIES = 5
"""How often a change is computed again when somebody else changed the ledger meanwhile."""


@dataclass(frozen=True)
class Done:
    """What became of a version, what it changes, and what is live then."""

    version: Version
    change: PolicyChange
    live: LiveVersion


class PolicyDesk:
    """Keeps policies: the ledger, their sources, and the pointer that workers follow."""

    def __init__(self, store: Store, keys: Keys, swapper: Swapper) -> None:
        self._store = store
        self._keys = keys
        self._swapper = swapper
        self._laid: tuple[object, Laid] | None = None
        # One look at a whole catalogue at a time: answers share the processor with it.
        self._turn = asyncio.Lock()

    async def ledger(self) -> Ledger:
        """Every version, and every change of the live one."""
        return (await self._read())[1]

    async def source(self, version: Version) -> PolicySource:
        """The text of a version, with its packs and lists."""
        [raw] = await self._store.read_patiently([self._keys.policy_source(version.digest)])
        return read_source(raw, version.version, version.digest)

    def live_version(self, ledger: Ledger) -> LiveVersion | None:
        """What holds: published, or the bundle's own; None while no bundle is in use."""
        if ledger.live_version is not None or self._swapper.bundle is None:
            return ledger.live_version
        return own_policy(self._swapper.bundle.own.bundle).version

    async def live(self, ledger: Ledger) -> tuple[LiveBundle, LivePolicy]:
        """The bundle in use, and what holds over it; NotFound while no bundle is in use."""
        bundle = self._swapper.bundle
        if bundle is None:
            raise no_bundle()
        version, whole = ledger.live_version, bundle.own.bundle
        if version is None:
            return bundle, own_policy(whole)
        # Only what was computed is kept: a bundle that was replaced has to leave memory.
        name = bundle.version, version
        if self._laid is None or self._laid[0] != name:
            source = await self.source(ledger.version(version.version))
            found = await asyncio.to_thread(published_policy, whole, version, source)
            self._laid = name, found.laid
        return bundle, LivePolicy(whole, version, self._laid[1])

    async def draft(self, number: int, source: PolicySource, author: str, reason: str) -> Version:
        """Keeps a policy as the draft of its number. Raises PolicyError."""
        _check_number(number, await asyncio.to_thread(_applied, source))

        async def step(ledger: Ledger) -> Ledger:
            return drafted(
                ledger,
                version=number,
                digest=source.digest,
                author=author,
                at=int(time.time()),
                reason=reason,
                live=self.live_version(ledger),
            )

        return (await self._changed(step, source)).version(number)

    async def edit(
        self,
        number: int,
        changes: dict[str, Any],
        removed: tuple[str, ...],
        *,
        author: str,
        reason: str | None,
    ) -> Version:
        """A draft with some values changed, and its comments as they were."""
        held = (await self.ledger()).version(number)
        if held.state is State.PUBLISHED:
            raise InputError(
                f"version {number} of the policy was published, and is kept as it is",
                hint="draft its text under a higher number, and edit that",
            )
        source = await self.source(held)
        text = await asyncio.to_thread(_edited, source, changes, removed)
        edited = PolicySource.model_validate({**source.model_dump(), "text": text})
        edited = await asyncio.to_thread(edited.without_unused)
        return await self.draft(number, edited, author, held.reason if reason is None else reason)

    async def drop(self, number: int, by: str) -> None:
        """Takes a draft away."""

        async def step(ledger: Ledger) -> Ledger:
            return dropped(ledger, version=number, by=by)

        await self._changed(step)

    async def findings(self, number: int) -> tuple[Finding, ...]:
        """What lint says of a version in this shop."""
        ledger = await self.ledger()
        source = await self.source(ledger.version(number))
        _, live = await self.live(ledger)
        async with self._turn:
            return await asyncio.to_thread(live.findings, source, time.time())

    async def change(self, number: int, against: int | None) -> PolicyChange:
        """What a version changes against the live one, or against another version."""
        ledger = await self.ledger()
        source = await self.source(ledger.version(number))
        other = None if against is None else await self.source(ledger.version(against))
        _, live = await self.live(ledger)

        def compared() -> PolicyChange:
            old = live.laid if other is None else live.over(other)
            return live.change(old, live.over(source), time.time())

        async with self._turn:
            return await asyncio.to_thread(compared)

    async def approve(self, number: int, approver: str, reason: str) -> Done:
        """A second person's yes to a version, against what is live."""

        def step(ledger: Ledger, found: Candidate) -> Ledger:
            return approved(
                ledger,
                version=number,
                approver=approver,
                at=int(time.time()),
                reason=reason,
                found=found,
            )

        return await self._decided(lambda ledger: ledger.version(number), step)

    async def publish(self, number: int, by: str, reason: str, expected: int | None) -> Done:
        """Makes a draft live. Raises ConflictError when somebody else was faster."""

        def step(ledger: Ledger, found: Candidate) -> Ledger:
            return published(
                ledger,
                version=number,
                by=by,
                at=int(time.time()),
                reason=reason,
                found=found,
                expected_live=expected,
            )

        return await self._decided(lambda ledger: ledger.version(number), step)

    async def rollback(
        self, number: int | None, by: str, reason: str, expected: int | None
    ) -> Done:
        """Makes the version before live again, or a named one that was live."""

        def step(ledger: Ledger, found: Candidate) -> Ledger:
            return rolled_back(
                ledger,
                version=number,
                by=by,
                at=int(time.time()),
                reason=reason,
                found=found,
                expected_live=expected,
            )

        return await self._decided(lambda ledger: ledger.target(number), step)

    async def _decided(
        self,
        wanted: Callable[[Ledger], Version],
        step: Callable[[Ledger, Candidate], Ledger],
    ) -> Done:
        """Makes a change that rests on what is live; ConflictError when that has moved."""
        seen: list[LiveVersion] = []
        done: list[tuple[int, PolicyChange]] = []

        async def once(ledger: Ledger) -> Ledger:
            version = wanted(ledger)
            source = await self.source(version)
            _, live = await self.live(ledger)
            if seen and live.version != seen[0]:
                raise overtaken(ledger, seen[0])
            async with self._turn:
                found, change = await asyncio.to_thread(live.candidate, source, time.time())
            seen.append(live.version)
            done.append((version.version, change))
            return step(ledger, found)

        after = await self._changed(once)
        number, change = done[-1]
        return Done(after.version(number), change, after.live_version or seen[0])

    async def _read(self) -> tuple[bytes | None, Ledger]:
        [raw] = await self._store.read_patiently([self._keys.policies])
        return raw, parse_ledger(raw)

    async def _changed(
        self,
        step: Callable[[Ledger], Awaitable[Ledger]],
        source: PolicySource | None = None,
    ) -> Ledger:
        for _ in range(TRIES):
            before, ledger = await self._read()
            update = Update(before, ledger, await step(ledger), source)
            done = await self._store.update_policies(update)
            if done > 0:
                return update.new
            if done < 0:
                raise lost_source(update.new.live or 0)
        raise ConflictError(
            f"others changed the policies {TRIES} times while this change was being made",
            hint="try again in a moment",
        )


def _check_number(number: int, written: int) -> None:
    if number != written:
        raise FieldError(
            f"the path says version {number}, and the policy's guard.version is {written}",
            where="$.text",
            hint="write the same number in both",
        )


def _applied(source: PolicySource) -> int:
    """The number of a policy that can be applied as it was handed in. Raises PolicyError."""
    source.check_used()
    return source.compile().policy.version


def _edited(source: PolicySource, changes: dict[str, Any], removed: tuple[str, ...]) -> str:
    text = source.text
    for key, value in changes.items():
        written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        text = edit_policy(text, key, written, source.name)
    for key in removed:
        text = remove_from_policy(text, key, source.name)
    return text
