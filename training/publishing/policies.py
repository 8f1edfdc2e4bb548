"""Policies in Redis, for the command: drafted, approved, published, rolled back.

Every change is computed from one reading of the ledger and written only while the ledger still is
what was read, the pointer in the same step. Who comes second looks again, or is told so.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from recommender.bundle import FactorBundle
from recommender.candidacy import (
    LivePolicy,
    no_bundle,
    overtaken,
    own_policy,
    own_version,
    published_policy,
)
from recommender.codec import bundle_arrays, decode_bundle, parse_manifest
from recommender.errors import BundleError, ConflictError
from recommender.guard.change import PolicyChange
from recommender.guard.finding import Finding
from recommender.guard.ledger import Ledger, LiveVersion, Version, parse_ledger
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
from recommender.scripts import UPDATE_POLICIES
from training.publishing.gate import against_own, same_policy

TRIES = 5
"""How often a change is computed again when somebody else changed the ledger meanwhile."""


@dataclass(frozen=True)
class Done:
    """What became of a version, and what it changes for customers."""

    version: Version
    change: PolicyChange


class Policies:
    """The ledger, the sources and the pointer under one namespace.

    client     answers in bytes
    clock      seconds since 1970, UTC
    speaking   makes a StoreError of whatever the client raises
    """

    def __init__(
        self,
        client: Any,
        keys: Keys,
        clock: Callable[[], float],
        speaking: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._redis = client
        self._keys = keys
        self._clock = clock
        self._speaking = speaking
        self._bundle: FactorBundle | None = None

    def ledger(self) -> Ledger:
        """Every version, and every change of the live one."""
        return parse_ledger(self._get(self._keys.policies))

    def source(self, version: int) -> PolicySource:
        """The text of a version, with its packs and lists; NotFound when there is none."""
        return self._source(self.ledger().version(version))

    def live_source(self) -> PolicySource | None:
        """The text of the live version; None while the bundle's own policy holds."""
        ledger = self.ledger()
        return None if ledger.live is None else self._source(ledger.version(ledger.live))

    def live(self) -> LivePolicy:
        """What holds now, over the live bundle; NotFound when no bundle is live."""
        return self._live(self.ledger())

    def draft(self, source: PolicySource, *, author: str, reason: str = "") -> Version:
        """Keeps a policy as the draft of its `guard.version`. Raises PolicyError."""
        source.check_used()
        number = source.compile().policy.version

        def step(ledger: Ledger) -> Ledger:
            return drafted(
                ledger,
                version=number,
                digest=source.digest,
                author=author,
                at=int(self._clock()),
                reason=reason,
                live=self._live_version(ledger),
            )

        return self._changed(step, source).version(number)

    def drop(self, version: int, *, by: str) -> None:
        """Takes a draft away."""
        self._changed(lambda ledger: dropped(ledger, version=version, by=by))

    def findings(self, source: PolicySource) -> tuple[Finding, ...]:
        """What lint says of a policy in this shop."""
        return self.live().findings(source, self._clock())

    def change(self, version: int, against: int | None = None) -> PolicyChange:
        """What a version changes against the live one, or against another version."""
        ledger = self.ledger()
        live = self._live(ledger)
        old = live.laid
        if against is not None:
            old = live.over(self._source(ledger.version(against)))
        return live.change(old, live.over(self._source(ledger.version(version))), self._clock())

    def approve(self, version: int, *, approver: str, reason: str = "") -> Done:
        """A second person's yes to a version, against what is live."""

        def step(ledger: Ledger) -> tuple[Ledger, PolicyChange]:
            found, change = self._candidate(ledger, ledger.version(version))
            at = int(self._clock())
            return approved(
                ledger, version=version, approver=approver, at=at, reason=reason, found=found
            ), change

        return self._decided(step, lambda ledger: ledger.version(version))

    def publish(
        self, version: int, *, by: str, reason: str = "", expected_live: int | None = None
    ) -> Done:
        """Makes a draft live. Raises ConflictError when somebody else was faster."""

        def step(ledger: Ledger) -> tuple[Ledger, PolicyChange]:
            found, change = self._candidate(ledger, ledger.version(version))
            return published(
                ledger,
                version=version,
                by=by,
                at=int(self._clock()),
                reason=reason,
                found=found,
                expected_live=expected_live,
            ), change

        return self._decided(step, lambda ledger: ledger.version(version))

    def rollback(
        self,
        *,
        by: str,
        reason: str,
        version: int | None = None,
        expected_live: int | None = None,
    ) -> Done:
        """Makes the version before live again, or a named one that was live."""

        def step(ledger: Ledger) -> tuple[Ledger, PolicyChange]:
            found, change = self._candidate(ledger, ledger.target(version))
            return rolled_back(
                ledger,
                version=version,
                by=by,
                at=int(self._clock()),
                reason=reason,
                found=found,
                expected_live=expected_live,
            ), change

        return self._decided(step, lambda ledger: ledger.version(ledger.live or 0))

    def _decided(
        self,
        step: Callable[[Ledger], tuple[Ledger, PolicyChange]],
        version: Callable[[Ledger], Version],
    ) -> Done:
        """Makes a change that rests on what is live; ConflictError when that has moved."""
        seen: LiveVersion | None = None
        found: list[PolicyChange] = []

        def once(ledger: Ledger) -> Ledger:
            nonlocal seen
            live = self._live_version(ledger)
            if live is None:
                raise no_bundle()
            if seen is not None and live != seen:
                raise overtaken(ledger, seen)
            seen = live
            after, change = step(ledger)
            found.append(change)
            return after

        after = self._changed(once)
        return Done(version(after), found[-1])

    def _changed(
        self, step: Callable[[Ledger], Ledger], source: PolicySource | None = None
    ) -> Ledger:
        for _ in range(TRIES):
            before = self._get(self._keys.policies)
            ledger = parse_ledger(before)
            update = Update(before, ledger, step(ledger), source)
            keys = update.keys(self._keys)
            with self._speaking():
                done = self._redis.eval(UPDATE_POLICIES, len(keys), *keys, *update.arguments())
            if done == 1:
                return update.new
            if done == -1:
                raise lost_source(update.new.live or 0)
        raise ConflictError(
            f"others changed the policies {TRIES} times while this change was being made",
            hint="try again in a moment",
        )

    def _candidate(self, ledger: Ledger, version: Version) -> tuple[Candidate, PolicyChange]:
        return self._live(ledger).candidate(self._source(version), self._clock())

    def _source(self, version: Version) -> PolicySource:
        raw = self._get(self._keys.policy_source(version.digest))
        return read_source(raw, version.version, version.digest)

    def _live(self, ledger: Ledger) -> LivePolicy:
        bundle = self._live_bundle()
        version = ledger.live_version
        if version is None:
            return own_policy(bundle)
        return published_policy(bundle, version, self._source(ledger.version(version.version)))

    def _live_version(self, ledger: Ledger) -> LiveVersion | None:
        """What is live, or would be in the live bundle; None when no bundle is live."""
        name = self._get(self._keys.live)
        if name is None:
            return None
        if ledger.live_version is not None:
            return ledger.live_version
        manifest = parse_manifest(self._needed(self._keys.manifest(name.decode()), "manifest"))
        return own_version(manifest.policy.version, manifest.version)

    def change_by_bundle(self, version: str) -> PolicyChange | None:
        """What the policy that a published bundle was trained under changes against what holds.

        None when nothing holds yet, when it is live already, or when it is not there.
        """
        name = self._get(self._keys.live)
        there = self._get(self._keys.manifest(version)) is not None
        if name is None or name.decode() == version or not there:
            return None
        new, ledger = self.stored(version), self.ledger()
        held = ledger.live_version
        if held is None:
            try:
                live_bundle = self._live_bundle()
            except BundleError:
                # Whoever puts a whole bundle in the place of a damaged one must not be stopped.
                return None
            if same_policy(live_bundle, new):
                return None
            return against_own(live_bundle, new, now=self._clock())
        source = self._source(ledger.version(held.version))
        live = published_policy(new, held, source)
        return live.change(live.laid, own_policy(new).laid, self._clock())

    def _live_bundle(self) -> FactorBundle:
        name = self._get(self._keys.live)
        if name is None:
            raise no_bundle()
        version = name.decode()
        if self._bundle is None or self._bundle.version != version:
            self._bundle = self.stored(version)
        return self._bundle

    def stored(self, version: str) -> FactorBundle:
        """A published bundle; BundleError when it is not whole."""
        manifest = parse_manifest(self._needed(self._keys.manifest(version), "manifest"))
        arrays = {
            array: self._needed(self._keys.array(version, array), array)
            for array in bundle_arrays(manifest)
        }
        return decode_bundle(manifest, arrays)

    def _needed(self, key: str, what: str) -> bytes:
        raw = self._get(key)
        if raw is None:
            raise BundleError(f"the live bundle has no {what}", hint="publish it again")
        return raw

    def _get(self, key: str) -> bytes | None:
        with self._speaking():
            found: bytes | None = self._redis.get(key)
        return found
