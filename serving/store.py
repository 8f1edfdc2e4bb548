"""Redis, as serving uses it: the one module of this package that knows the client.

Plain commands of Redis 6 and newer or Valkey, any database, no modules. Every timeout is stated,
nothing is retried behind the caller's back, and every failure is a StoreError.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from recommender.errors import BundleError, StoreError, StoreRefusal
from recommender.keys import Keys
from recommender.scripts import REPLACE

CONNECT_TIMEOUT = 1.0
"""Seconds to reach the server."""
SLACK = 0.1
"""Seconds beyond the reader's deadline until the client gives up a short read."""
BULK_TIMEOUT = 5.0
"""Seconds for one step of loading a bundle or writing events: work no customer waits for."""
ARRAYS_AT_ONCE = 8
"""Arrays asked for in one command while a bundle loads."""


# One command for many entries: packing a command is most of what an entry costs the client.
_APPEND = """
for i = 2, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'json', ARGV[i])
end
"""


@dataclass(frozen=True)
class Change:
    """A record to be replaced if it still is what was read.

    expected   the bytes that were read; None when there was no record
    seconds    until the new record expires
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

    async def pointer(self) -> str | None:
        """The version that should answer; None when none was ever activated."""
        async with _translated("say which version is live"):
            raw = await self._quick.get(self.keys.live)
        return None if raw is None else _text(raw)

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

    async def append(self, stream: str, entries: Sequence[bytes], *, keep: int) -> None:
        """Appends entries to a stream in one round trip; it is trimmed to about `keep`."""
        async with _translated("append to a stream"):
            await cast("Any", self._patient.eval(_APPEND, 1, stream, keep, *entries))

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
