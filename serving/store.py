"""Redis, as serving uses it: the one module of this package that knows the client.

Plain commands of Redis 6 and newer or Valkey, any database, no modules. Every timeout is stated,
nothing is retried behind the caller's back, and every failure is a StoreError.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from recommender.errors import BundleError, PolicyError, StoreError, StoreRefusal
from recommender.guard.update import Update
from recommender.keys import Keys
from recommender.scripts import REPLACE, UPDATE_POLICIES
from serving.appends import APPEND, APPEND_BY_HOUR

CONNECT_TIMEOUT = 1.0
"""Seconds to reach the server."""
SLACK = 0.1
"""Seconds beyond the reader's deadline until the client gives up a short read."""
BULK_TIMEOUT = 5.0
"""Seconds for one step of loading a bundle or writing events: work no customer waits for."""
SCANNED_AT_ONCE = 500
"""Keys looked at in one command while a sample of customers is drawn."""
ARRAYS_AT_ONCE = 8
"""Arrays asked for in one command while a bundle loads."""
SECRET_BYTES = 32
"""Length of the secret of a namespace."""


@dataclass(frozen=True)
class Change:
    """A record to be replaced if it still is what was read.

    expected   the bytes that were read; None when there was no record
    record     the new bytes; empty: the record is removed
    seconds    until the new record expires; 0: it never does
    """

    key: str
    expected: bytes | None
    record: bytes
    seconds: int


class Store:
    """One Redis server: short reads for answers, patient ones for bundles and events."""

    def __init__(self, url: str, keys: Keys, *, timeout: float) -> None:
        """`timeout`: seconds that one read for an answer may take."""
        self.keys = keys
        # Readers keep the deadline themselves; the client's own limit only ends what they left.
        limit = timeout + SLACK
        self._quick = _client(url, timeout=limit, connect_timeout=min(limit, CONNECT_TIMEOUT))
        self._patient = _client(url, timeout=BULK_TIMEOUT, connect_timeout=CONNECT_TIMEOUT)

    async def close(self) -> None:
        """Closes every connection."""
        await self._quick.aclose()
        await self._patient.aclose()

    async def ping(self) -> None:
        """Returns when the server answers; StoreError when it does not."""
        async with _translated("be reached"):
            await cast("Any", self._quick.ping())

    async def pointers(self) -> tuple[str | None, str]:
        """The version that should answer, None when none was ever activated, and its policy.

        The policy is "" while none was published: the bundle's own holds.
        """
        async with _translated("say which version is live"):
            pipe = self._quick.pipeline(transaction=False)
            pipe.get(self.keys.live)
            pipe.get(self.keys.policy)
            live, policy = await pipe.execute()
        return None if live is None else _text(live), "" if policy is None else _text(policy)

    async def policy_source(self, policy: str) -> bytes:
        """The sources of the policy that a pointer names; PolicyError when they are gone."""
        digest = policy.rpartition(" ")[2]
        async with _translated("read a policy"):
            raw = await self._patient.get(self.keys.policy_source(digest))
        if raw is None:
            raise PolicyError(
                f"the sources of policy {policy} are not in Redis",
                hint="publish the policy again; see that the server's policy is noeviction",
            )
        return cast("bytes", raw)

    async def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of `keys`, None where there is none, in one command."""
        async with _translated("read records"):
            return cast("list[bytes | None]", await self._quick.mget(keys))

    async def read_patiently(self, keys: Sequence[str]) -> list[bytes | None]:
        """`read` for work that nobody waits for."""
        async with _translated("read records"):
            return cast("list[bytes | None]", await self._patient.mget(keys))

    async def manifest(self, version: str) -> bytes:
        """The manifest of a version; BundleError when the version is not there."""
        async with _translated("read a manifest"):
            raw = await self._patient.get(self.keys.manifest(version))
        if raw is None:
            raise BundleError(
                f"version {version} is live but has no manifest",
                hint="publish its bundle again, or `tactful rollback`",
            )
        return cast("bytes", raw)

    async def arrays(self, version: str, names: Sequence[str]) -> dict[str, bytes]:
        """The named arrays of a version; BundleError when one is not there."""
        found: dict[str, bytes] = {}
        for start in range(0, len(names), ARRAYS_AT_ONCE):
            part = names[start : start + ARRAYS_AT_ONCE]
            values = await self.read_patiently([self.keys.array(version, name) for name in part])
            for name, value in zip(part, values, strict=True):
                if value is None:
                    raise BundleError(
                        f"version {version} lacks the array {name}",
                        hint="publish its bundle again, or `tactful rollback`",
                    )
                found[name] = value
        return found

    async def replace(self, changes: Sequence[Change]) -> list[bool]:
        """Makes each change whose record is still as it was read; says which were made."""
        if not changes:
            return []
        async with _translated("write records"):
            pipe = self._patient.pipeline(transaction=False)
            for change in changes:
                pipe.eval(
                    REPLACE, 1, change.key, change.expected or b"", change.record, change.seconds
                )
            return [bool(done) for done in await pipe.execute()]

    async def published(self) -> list[str]:
        """The versions that are published."""
        async with _translated("list the versions"):
            names = await cast("Any", self._patient.hkeys(self.keys.versions))
        return [name.decode(errors="replace") for name in names]

    async def erase(self, keys: Sequence[str]) -> None:
        """Removes records, all in one step."""
        async with _translated("erase records"):
            await self._patient.unlink(*keys)

    async def update_policies(self, update: Update) -> int:
        """Changes the ledger of policies: 1 when done, 0 when it was another one by then.

        -1 when the source that should become live is not there.
        """
        keys = update.keys(self.keys)
        async with _translated("change the policies"):
            done = await cast(
                "Any", self._patient.eval(UPDATE_POLICIES, len(keys), *keys, *update.arguments())
            )
        return int(done)

    async def sample(self, version: str, most: int) -> list[str]:
        """The tags of at most `most` customers with a learned record, whichever come first."""
        prefix = self.keys.learned_under(version, "")
        found: dict[str, None] = {}
        cursor = 0
        while True:
            async with _translated("look for customers"):
                cursor, keys = await self._patient.scan(cursor, f"{prefix}*", SCANNED_AT_ONCE)
            found.update(dict.fromkeys(_text(key).removeprefix(prefix) for key in keys))
            if not cursor or len(found) >= most:
                return list(found)[:most]

    async def secret(self) -> bytes:
        """Bytes that whoever asks this service does not know; made when first asked for."""
        fresh = token_bytes(SECRET_BYTES)
        async with _translated("keep a secret"):
            pipe = self._patient.pipeline(transaction=False)
            pipe.set(self.keys.secret, fresh, nx=True)
            pipe.get(self.keys.secret)
            _, held = await pipe.execute()
        return cast("bytes", held)

    async def append(self, stream: str, entries: Sequence[bytes], *, keep: int) -> None:
        """Appends entries to a stream in one round trip; it is trimmed to about `keep`."""
        async with _translated("append to a stream"):
            await cast("Any", self._patient.eval(APPEND, 1, stream, keep, *entries))

    async def append_by_hour(self, stream: str, entries: Sequence[bytes], *, keep: int) -> None:
        """`append`, but the ids of the entries tell only the hour in which they were written."""
        async with _translated("append to a stream"):
            await cast("Any", self._patient.eval(APPEND_BY_HOUR, 1, stream, keep, *entries))

    async def entries(
        self, stream: str, first: str, last: str, count: int
    ) -> list[tuple[str, bytes]]:
        """At most `count` entries of a stream, oldest first: their ids and their JSON.

        first, last   ids or milliseconds since 1970; `-` and `+` are the ends, `(` leaves one out
        """
        async with _translated("read a stream"):
            found = await cast("Any", self._patient.xrange(stream, first, last, count))
        return [(entry.decode(), fields.get(b"json", b"")) for entry, fields in found]

    async def span(self, stream: str) -> tuple[int, int]:
        """How many entries a stream holds, and the milliseconds since 1970 of the oldest."""
        oldest = await self.entries(stream, "-", "+", 1)
        async with _translated("measure a stream"):
            length = await cast("Any", self._patient.xlen(stream))
        return length, int(oldest[0][0].partition("-")[0]) if oldest else 0

    async def put_aside(self, records: Mapping[str, bytes], *, seconds: int) -> None:
        """Writes records that expire, in one round trip."""
        async with _translated("write records"):
            pipe = self._patient.pipeline(transaction=False)
            for key, record in records.items():
                pipe.set(key, record, ex=seconds)
            await pipe.execute()

    async def heartbeat(self, worker: str, version: str, seconds: int) -> None:
        """Reports the version that a worker answers with at `seconds` since 1970."""
        async with _translated("take a heartbeat"):
            await cast("Any", self._quick.hset(self.keys.workers, worker, f"{version} {seconds}"))

    async def retire(self, worker: str) -> None:
        """Takes a worker off the list: it answers no more."""
        async with _translated("retire a worker"):
            await cast("Any", self._quick.hdel(self.keys.workers, worker))


def _client(url: str, *, timeout: float, connect_timeout: float) -> Redis:
    # A Unix socket knows no keepalive, and its connection refuses the option.
    tcp: dict[str, Any] = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=connect_timeout,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=False,
        max_connections=64,
        **tcp,
    )


@asynccontextmanager
async def _translated(what: str) -> AsyncIterator[None]:
    """Makes a StoreError of whatever the client raises; the address stays out of it."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        raise StoreError(
            f"the Redis server could not {what}: {type(error).__name__}",
            hint="see that the server runs and that TACTFUL_REDIS_URL names it; `tactful doctor`",
        ) from error
    except RedisError as error:
        raise StoreRefusal(
            f"the Redis server refused to {what}: {type(error).__name__}",
            hint="see its memory and whether it is a primary; `tactful doctor` looks at both",
        ) from error


def _text(raw: object) -> str:
    """A value that should be a name; StoreError when it is none."""
    assert isinstance(raw, bytes)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise StoreError(
            "the live version's name is not text", hint="`tactful activate VERSION` sets it again"
        ) from error
