"""Writing a bundle into Redis: whole and verified, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from recommender.codec import dump_manifest, parse_manifest
from recommender.errors import BundleError, ConflictError, StoreError
from recommender.keys import Keys
from training.progress import Advance
from training.publishing.cargo import Cargo
from training.publishing.keyspace import Keyspace
from training.publishing.lock import Renew
from training.publishing.pointers import Pointers
from training.publishing.versions import PublishResult, Summary, dump_summary, summarise


class Writer:
    """Puts a bundle's keys into Redis, and its summary last.

    client     answers in bytes
    clock      seconds since 1970, UTC
    failures   base of what the client raises
    """

    def __init__(
        self,
        client: Any,
        keys: Keys,
        clock: Callable[[], float],
        failures: type[Exception],
    ) -> None:
        self._redis = client
        self._keys = keys
        self._clock = clock
        self._failures = failures
        self._pointers = Pointers(client, keys)
        self._keyspace = Keyspace(client, keys)

    def put(
        self,
        cargo: Cargo,
        renew: Renew,
        advance: Advance,
        *,
        locked_exposure: int | None,
    ) -> PublishResult:
        """Writes what is not there yet, or mends what is missing.

        renew             called before every batch
        advance           called with the number of keys that were just written
        locked_exposure   for the summary, as in `versions.Summary`
        """
        version = cargo.manifest.version
        known = self._pointers.summaries().get(version)
        if known and known.digest != cargo.manifest.digest:
            raise BundleError(
                f"another bundle is already published as {version}",
                hint="train again with one more day of purchases: the version will differ",
            )
        # What was once counted stays counted, whatever a later directory says.
        before = known.locked_exposure if known else None
        exposure = max((e for e in (before, locked_exposure) if e is not None), default=None)
        if known and self._first_difference(cargo, renew) is None:
            again = replace(known, locked_exposure=exposure)
            if version != self._pointers.live():
                # Somebody wants it now: it counts as newer than the live one, and stays.
                again = replace(again, published_at=self._clock())
            return PublishResult(again if again == known else self._noted(again), already=True)
        try:
            written = self._write(cargo, renew, advance, exposure)
            return PublishResult(written, already=False)
        except BaseException as error:
            if not known:
                self._undo(version, renew, error)
            raise

    def _write(
        self,
        cargo: Cargo,
        renew: Renew,
        advance: Advance,
        locked_exposure: int | None,
    ) -> Summary:
        version = cargo.manifest.version
        payload = 0
        for chunk in cargo.chunks():
            renew()
            pipe = self._redis.pipeline(transaction=False)
            for key, value in chunk.items():
                pipe.set(key, value)
            pipe.execute()
            payload += sum(map(len, chunk.values()))
            advance(len(chunk))
        self._redis.set(self._keys.manifest(version), dump_manifest(cargo.manifest))
        if (wrong := self._first_difference(cargo, renew)) is not None:
            raise StoreError(
                f"{wrong} read back from Redis is not what was written",
                hint="check maxmemory and its policy (noeviction), and who else writes here",
            )
        live = self._pointers.live()
        summary = summarise(
            cargo.manifest,
            published_at=self._clock(),
            payload=payload,
            bytes_per_customer=round(self._keyspace.bytes_per_customer(version), 1),
            parent=live if live != version else "",
            locked_exposure=locked_exposure,
        )
        renew()
        return self._noted(summary)

    def _noted(self, summary: Summary) -> Summary:
        self._redis.hset(self._keys.versions, summary.version, dump_summary(summary))
        return summary

    def _first_difference(self, cargo: Cargo, renew: Renew) -> str | None:
        if not _is_of(cargo, self._redis.get(self._keys.manifest(cargo.manifest.version))):
            return "the manifest"
        for chunk in cargo.chunks():
            renew()
            pipe = self._redis.pipeline(transaction=False)
            for key in chunk:
                pipe.get(key)
            for (key, written), read in zip(chunk.items(), pipe.execute(), strict=True):
                if read != written:
                    return f"the key {key}"
        return None

    def _undo(self, version: str, renew: Renew, error: BaseException) -> None:
        try:
            self._keyspace.unlink_version(version, renew)
        except (self._failures, ConflictError) as second:
            error.add_note(f"what was written stays until a later publish collects it: {second}")


def _is_of(cargo: Cargo, manifest: bytes | None) -> bool:
    # The date of making may differ: trained twice, equal bundles have one version.
    try:
        return manifest is not None and parse_manifest(manifest).digest == cargo.manifest.digest
    except BundleError:
        return False
