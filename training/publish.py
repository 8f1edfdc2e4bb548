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

from recommender.errors import ConflictError, NotFound, StoreError
from recommender.keys import Keys
from training.progress import Progress, Silent
from training.publishing.cargo import load_cargo
from training.publishing.exporting import export_controls
from training.publishing.gate import refuse_looser
from training.publishing.gatekeeper import Force, Gatekeeper
from training.publishing.keyspace import Keyspace
from training.publishing.lock import Renew, publish_lock
from training.publishing.measurement import read_measurement
from training.publishing.pointers import Pointers
from training.publishing.policies import Policies
from training.publishing.reminders import write_reminders
from training.publishing.ruling import Ruling
from training.publishing.versions import (
    Collected,
    Marker,
    PublishResult,
    VersionInfo,
    gone,
    newer_than,
    reporting,
)
from training.publishing.writing import Writer

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
        self._writer = Writer(client, keys, clock, RedisError)
        self.policies = Policies(client, keys, clock, _speaking)
        self._gate = Gatekeeper(client, keys, clock, self.policies.stored, _speaking)

    def publish(
        self,
        bundle_dir: Path,
        progress: Progress | None = None,
    ) -> PublishResult:
        """Writes a bundle directory under its version; the live version is untouched.

        Doing it again with the same bundle writes nothing, or mends what is missing. Then the
        bundle is held against what is live; the ruling decides whether `activate` takes it.

        Raises ConflictError when another publish runs; BundleError and NotFound when the
        directory holds no whole bundle, InputError when its measurement is damaged; StoreError
        when what was read back is not what was written.
        """
        cargo = load_cargo(bundle_dir, self._keys)
        measurement = read_measurement(bundle_dir)
        exposure = None if measurement is None else measurement.locked_exposure
        shown = progress or Silent()
        with _speaking(), self._lock() as renew:
            with shown.stage("publish", len(cargo)) as advance:
                result = self._writer.put(cargo, renew, advance, locked_exposure=exposure)
            write_reminders(self._redis, self._keys, bundle_dir, renew)
        ruling = self._gate.judge(bundle_dir, measurement, shown)
        return replace(result, ruling=ruling)

    def activate(self, version: str, force: Force | None = None, *, back: bool = True) -> None:
        """Makes a published version answer; NotFound when there is none of that name.

        force   goes past a refusal of the gate, and is kept with it
        back    whether a version that was live before may be again, unasked: not one that
                was published just now, for whatever reason

        Raises GateRefusal when it is worse than what is live, or nobody can tell; Forbidden when
        it was trained under a looser policy than the one that holds; ConflictError when another
        version became live meanwhile.
        """
        if (change := self.policies.change_by_bundle(version)) is not None:
            refuse_looser(version, change)
        live = self._gate.admit(version, force, back=back)
        with _speaking():
            answer = self._pointers.activate(version, live)
            published = sorted(self._pointers.summaries())
        if answer == "unknown":
            names = ", ".join(published) or "none; `tactful publish BUNDLE_DIR` adds one"
            raise NotFound(f"no version {version!r} is published", hint=f"published: {names}")
        if answer == "lost":
            raise StoreError(
                f"version {version} is listed, but its keys have left Redis",
                hint="set maxmemory-policy to noeviction, then publish the bundle again",
            )
        if answer == "overtaken":
            raise ConflictError(
                f"another version became live while {version} was held against {live or 'nothing'}",
                hint="look at `tactful versions`, then publish the bundle again",
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

    def ruling(self, version: str) -> Ruling | None:
        """What the gate found of a version, and who went past it; None: nothing is kept."""
        return self._gate.rulings().get(version)

    def versions(self) -> list[VersionInfo]:
        """All published versions, the newest publish first."""
        with _speaking():
            summaries = self._pointers.summaries()
            live = self._pointers.live()
            previous = self._pointers.previous(live, summaries)
            workers = reporting(self._redis.hgetall(self._keys.workers), self._clock())
        rulings = self._gate.rulings()
        marks = {previous: Marker.PREVIOUS, live: Marker.LIVE}
        newest = sorted(summaries.values(), key=lambda s: (-s.published_at, s.version))
        return [
            VersionInfo(
                s,
                marks.get(s.version, Marker.NONE),
                workers.get(s.version, ()),
                rulings.get(s.version),
            )
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
            self._gate.forget(removed)
        return Collected(tuple(removed), tuple(leftovers))

    def export_controls(self, out: Path, progress: Callable[[int, int], None]) -> tuple[int, int]:
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

    def _lock(self) -> AbstractContextManager[Renew]:
        gone_away = (RedisConnectionError, RedisTimeoutError)
        return publish_lock(self._redis, self._keys.publishing, self._clock(), gone_away)


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
