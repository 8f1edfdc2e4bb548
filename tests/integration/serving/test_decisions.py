"""The log of decisions never holds up an answer and never grows without bound."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import orjson

from recommender.keys import Keys
from serving.decisions import MOST_QUEUED, SHORTEST_ASIDE, DecisionLog
from serving.metrics import Metrics
from serving.store import Store
from tests.support.service import RedisServer, newest

KEYS = Keys("decisions")
DAYS = 30 * 86_400


@dataclass(frozen=True)
class Numbered:
    """A decision that is nothing but its number."""

    number: int
    beside: bytes | None = None

    @property
    def id(self) -> str:
        """32 digits."""
        return f"{self.number:032x}"

    def entry(self) -> bytes:
        """The number."""
        return orjson.dumps({"id": self.number})

    def aside(self) -> bytes | None:
        """What it was given."""
        return self.beside


def dropped(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("tactful_decisions_dropped_total") or 0.0


def test_what_is_queued_is_written_in_order_when_the_service_stops(server: RedisServer) -> None:
    async def scenario() -> None:
        store = Store(server.url, KEYS, timeout=1)
        log = DecisionLog(store, KEYS, Metrics(), keep=1_000, aside_seconds=DAYS)
        log.start()
        for number in range(150):
            log.add(Numbered(number))
        await log.stop()
        await store.close()

    asyncio.run(scenario())
    entries = newest(server.client(), KEYS.decisions, 200)
    assert [entry["id"] for entry in entries] == list(range(149, -1, -1))


def test_a_full_queue_drops_the_oldest_and_counts_them() -> None:
    """Nobody listens at port 1: everything stays queued, and at the end is counted as lost."""
    metrics = Metrics()

    async def scenario() -> None:
        store = Store("redis://127.0.0.1:1", KEYS, timeout=1)
        log = DecisionLog(store, KEYS, metrics, keep=1_000, aside_seconds=DAYS)
        for number in range(MOST_QUEUED + 7):
            log.add(Numbered(number))
        assert dropped(metrics) == 7
        await log.stop()
        await store.close()

    asyncio.run(scenario())
    assert dropped(metrics) == MOST_QUEUED + 7


def test_an_entry_that_cannot_be_written_waits_for_the_next_time(server: RedisServer) -> None:
    """The stream's key is taken by something else, and then free again."""
    keys, metrics = Keys("waiting"), Metrics()
    with server.client() as redis:
        redis.set(keys.decisions, b"no stream")

        async def scenario() -> None:
            store = Store(server.url, keys, timeout=1)
            log = DecisionLog(store, keys, metrics, keep=1_000, aside_seconds=DAYS)
            for number in range(3):
                log.add(Numbered(number))
            await log.stop()
            assert dropped(metrics) == 3
            redis.delete(keys.decisions)
            await log.stop()
            await store.close()

        asyncio.run(scenario())
        assert [entry["id"] for entry in newest(redis, keys.decisions, 9)] == [2, 1, 0]


def test_what_lies_beside_an_entry_expires_with_the_setting(server: RedisServer) -> None:
    keys = Keys("beside")
    asyncio.run(_written(server, keys, [Numbered(1, b"told"), Numbered(2)], keep=1_000))
    with server.client() as redis:
        beside = keys.replay(f"{1:032x}")
        assert redis.get(beside) == b"told"
        assert DAYS - 100 < int(str(redis.ttl(beside))) <= DAYS
        assert not redis.exists(keys.replay(f"{2:032x}"))


def test_beside_a_full_log_nothing_is_kept_much_longer_than_its_entries(
    server: RedisServer,
) -> None:
    """The oldest entry is two hours old, so a new one will live about as long."""
    keys = Keys("full")
    two_hours_ago = int(time.time() - 7_200) * 1000
    with server.client() as redis:
        redis.xadd(keys.decisions, {"json": b"{}"}, id=f"{two_hours_ago}-0")
        asyncio.run(_written(server, keys, [Numbered(1, b"told")], keep=1))
        assert 2 * 7_200 - 100 < int(str(redis.ttl(keys.replay(f"{1:032x}")))) <= 2 * 7_200 + 100
        redis.delete(keys.decisions)
        redis.xadd(keys.decisions, {"json": b"{}"})
        asyncio.run(_written(server, keys, [Numbered(2, b"told")], keep=1))
        assert 0 < int(str(redis.ttl(keys.replay(f"{2:032x}")))) <= SHORTEST_ASIDE


async def _written(
    server: RedisServer, keys: Keys, decisions: list[Numbered], *, keep: int
) -> None:
    store = Store(server.url, keys, timeout=1)
    log = DecisionLog(store, keys, Metrics(), keep=keep, aside_seconds=DAYS)
    for decided in decisions:
        log.add(decided)
    await log.stop()
    await store.close()
