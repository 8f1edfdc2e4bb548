"""The log of decisions never holds up an answer and never grows without bound."""

from __future__ import annotations

import asyncio

from recommender.keys import Keys
from serving.decisions import MOST_QUEUED, DecisionLog
from serving.metrics import Metrics
from serving.store import Store
from tests.support.service import RedisServer, newest

KEYS = Keys("decisions")


def dropped(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("tactful_decisions_dropped_total") or 0.0


def test_what_is_queued_is_written_in_order_when_the_service_stops(server: RedisServer) -> None:
    async def scenario() -> None:
        store = Store(server.url, KEYS, timeout=1)
        log = DecisionLog(store, KEYS, Metrics(), keep=1_000)
        log.start()
        for number in range(150):
            log.add({"id": number})
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
        log = DecisionLog(store, KEYS, metrics, keep=1_000)
        for number in range(MOST_QUEUED + 7):
            log.add({"id": number})
        assert dropped(metrics) == 7
        await log.stop()
        await store.close()

    asyncio.run(scenario())
    assert dropped(metrics) == MOST_QUEUED + 7
