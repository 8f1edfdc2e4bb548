"""Publishing: a bundle goes into Redis whole and verified, or not at all.

    lock -> arrays -> learned records -> manifest -> read everything back -> summary

Nothing that answers changes before `activate`. A publish that fails removes what it wrote; one
that is killed leaves keys without a summary, which nobody can activate and `collect` removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from recommender.codec import dump_manifest, parse_manifest
from recommender.errors import BundleError, ConflictError, NotFound, StoreError
from recommender.keys import Keys
from training.publishing.cargo import Cargo, load_cargo
from training.publishing.exporting import export_controls
from training.publishing.gate import refuse_looser
from training.publishing.keyspace import Keyspace
from training.publishing.lock import Renew, publish_lock
from training.publishing.pointers import Pointers
from training.publishing.policies import Policies
from training.publishing.reminders import write_reminders
from training.publishing.versions import (
    Collected,
    Marker,
    PublishResult,
    Summary,
    VersionInfo,
    dump_summary,
    gone,
    newer_than,
    reporting,
    summarise,
)

Progress = Callable[[int, int], None]
"""Called with (keys done, keys in all)."""

_WORKER_FORGOTTEN_SECONDS = 3_600.0


class Publisher:
    """Puts bundles into Redis and moves the pointer.

    client     answers in bytes (`decode_responses=False`)
    clock      seconds since 1970, UTC
    policies   the guard policies under the same keys

    Every method raises StoreError when the server cannot be reached or refuses.
    """

    def __init__(self, client: Redis, keys: Keys, clock: Callable[[], float]) -> None:
        self._redis: Any = client
        self._keys = keys
        self._clock = clock
        self._pointers = Pointers(client, keys)
        self._keyspace = Keyspace(client, keys)
        self.policies = Policies(client, keys, clock, _speaking)

    def publish(self, bundle_dir: Path, progress: Progress | None = None) -> PublishResult:
        """Writes a bundle directory under its version; the live version is untouched.

        Doing it again with the same bundle writes nothing, or mends what is missing.

        Raises ConflictError when another publish runs; BundleError and NotFound when the
        directory holds no whole bundle; StoreError when what was read back is not what was
        written.
        """
        cargo = load_cargo(bundle_dir, self._keys)
        with _speaking(), self._lock() as renew:
            result = self._put(cargo, renew, progress)
            write_reminders(self._redis, self._keys, bundle_dir, renew)
        return result

    def activate(self, version: str) -> None:
        """Makes a published version answer; NotFound when there is none of that name.

        Raises Forbidden when it was trained under a looser policy than the one that holds.
        """
        if (change := self.policies.change_by_bundle(version)) is not None:
            refuse_looser(version, change)
        with _speaking():
            answer = self._pointers.activate(version)
            published = sorted(self._pointers.summaries())
        if answer == "unknown":
            names = ", ".join(published) or "none; `tactful publish BUNDLE_DIR` adds one"
            raise NotFound(f"no version {version!r} is published", hint=f"published: {names}")
        if answer == "lost":
            raise StoreError(
                f"version {version} is listed, but its keys have left Redis",
                hint="set maxmemory-policy to noeviction, then publish the bundle again",
            )

    def rollback(self) -> str:
        """Sets the pointer back to the version before and says which that is.

        What it leaves behind is taken off `activations`, so a second rollback goes one further
        back. Raises NotFound when no earlier version is still published.
        """
        with _speaking():
            live, summaries = self._pointers.live(), self._pointers.summaries()
            previous = self._pointers.previous(live, summaries)
        # Where a published policy holds, an older bundle cannot show more than that one lets it.
        if previous and self.policies.ledger().live is None:
            change = self.policies.change_by_bundle(previous)
            if change is not None:
                refuse_looser(previous, change)
        with _speaking():
            back = self._pointers.rollback()
        if not back:
            raise NotFound(
                "there is no earlier version to go back to",
                hint="`tactful versions` lists what is published; `tactful activate` takes any",
            )
        return back

    def live(self) -> str | None:
        """The version that answers; None when nothing was ever activated."""
        with _speaking():
            return self._pointers.live() or None

    def versions(self) -> list[VersionInfo]:
        """All published versions, the newest publish first."""
        with _speaking():
            summaries = self._pointers.summaries()
            live = self._pointers.live()
            previous = self._pointers.previous(live, summaries)
            workers = reporting(self._redis.hgetall(self._keys.workers), self._clock())
        marks = {previous: Marker.PREVIOUS, live: Marker.LIVE}
        newest = sorted(summaries.values(), key=lambda s: (-s.published_at, s.version))
        return [
            VersionInfo(s, marks.get(s.version, Marker.NONE), workers.get(s.version, ()))
            for s in newest
        ]

    def collect(self) -> Collected:
        """Removes what nobody needs any more.

        That is versions that are neither live nor previous nor reported by a worker nor newer
        than the live one, and what dead publishes left. Raises ConflictError while a publish
        runs.
        """
        with _speaking(), self._lock() as renew:
            published = self._pointers.summaries()
            live = self._pointers.live()
            workers = self._redis.hgetall(self._keys.workers)
            needed = {live, self._pointers.previous(live, published)}
            needed |= reporting(workers, self._clock()).keys() | newer_than(live, published)
            unneeded = sorted(published.keys() - needed)
            removed = [v for v in unneeded if self._pointers.forget(v)]
            leftovers = sorted(self._keyspace.stored_versions() - published.keys() - needed)
            for version in (*removed, *leftovers):
                self._keyspace.unlink_version(version, renew)
            if silent := gone(workers, self._clock(), _WORKER_FORGOTTEN_SECONDS):
                self._redis.hdel(self._keys.workers, *silent)
        return Collected(tuple(removed), tuple(leftovers))

    def export_controls(self, out: Path, progress: Progress) -> tuple[int, int]:
        """Writes what customers have told us to a file; see `publishing.exporting`.

        Gives when it was taken (seconds since 1970), and the number of customers in it.
        """
        with _speaking():
            return export_controls(
                self._redis, self._keys, out, now=self._clock(), progress=progress
            )

    def size(self, version: str) -> float:
        """Bytes a customer in Redis now: keys, values and Redis' own overhead.

        The mean over all keys of all customers, or of a fixed sample where there are many.
        """
        with _speaking():
            return self._keyspace.bytes_per_customer(version)

    def _put(self, cargo: Cargo, renew: Renew, progress: Progress | None) -> PublishResult:
        version = cargo.manifest.version
        known = self._pointers.summaries().get(version)
        if known and known.digest != cargo.manifest.digest:
            raise BundleError(
                f"another bundle is already published as {version}",
                hint="train again with one more day of purchases: the version will differ",
            )
        if known and self._first_difference(cargo, renew) is None:
            if version == self._pointers.live():
                return PublishResult(known, already=True)
            # Somebody wants it now: it counts as newer than the live one, and stays.
            again = replace(known, published_at=self._clock())
            return PublishResult(self._noted(again), already=True)
        try:
            return PublishResult(self._write(cargo, renew, progress), already=False)
        except BaseException as error:
            if not known:
                self._undo(version, renew, error)
            raise

    def _write(self, cargo: Cargo, renew: Renew, progress: Progress | None) -> Summary:
        version = cargo.manifest.version
        done, payload = 0, 0
        for chunk in cargo.chunks():
            renew()
            pipe = self._redis.pipeline(transaction=False)
            for key, value in chunk.items():
                pipe.set(key, value)
            pipe.execute()
            done, payload = done + len(chunk), payload + sum(map(len, chunk.values()))
            if progress:
                progress(done, len(cargo))
        self._redis.set(self._keys.manifest(version), dump_manifest(cargo.manifest))
        if (wrong := self._first_difference(cargo, renew)) is not None:
            raise StoreError(
                f"{wrong} read back from Redis is not what was written",
                hint="check maxmemory and its policy (noeviction), and who else writes here",
            )
        summary = summarise(
            cargo.manifest,
            published_at=self._clock(),
            payload=payload,
            bytes_per_customer=round(self.size(version), 1),
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
        except (RedisError, ConflictError) as second:
            error.add_note(f"what was written stays until a later publish collects it: {second}")

    def _lock(self) -> AbstractContextManager[Renew]:
        gone_away = (RedisConnectionError, RedisTimeoutError)
        return publish_lock(self._redis, self._keys.publishing, self._clock(), gone_away)


def _is_of(cargo: Cargo, manifest: bytes | None) -> bool:
    # The date of making may differ: trained twice, equal bundles have one version.
    try:
        return manifest is not None and parse_manifest(manifest).digest == cargo.manifest.digest
    except BundleError:
        return False


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError) as error:
        raise _noted(
            StoreError(
                f"the Redis server cannot be reached: {error}",
                hint="start it or mend TACTFUL_REDIS_URL; `tactful doctor` looks at both",
            ),
            error,
        ) from error
    except RedisError as error:
        raise _noted(
            StoreError(
                # A pipeline's message repeats the whole command, customers' records included.
                f"the Redis server refused: {str(error).rpartition('caused error: ')[2]}",
                hint="raise maxmemory, free its disk, or use the primary, whichever it says",
            ),
            error,
        ) from error


def _noted(error: StoreError, cause: BaseException) -> StoreError:
    for note in getattr(cause, "__notes__", ()):
        error.add_note(note)
    return error
