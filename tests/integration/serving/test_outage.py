"""Without Redis there is still an answer, it says so, and it recovers by itself."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from recommender.keys import Keys
from serving.settings import Settings
from tests.support.service import RedisServer, Running, eventually, newest, publish, running
from tests.support.shop import Shop

EVENT = {"event_id": "e", "customer_id": "c03", "kind": "purchase", "item_id": "tea-1"}


@pytest.fixture
def service(own_server: RedisServer, shop: Shop, tmp_path: Path) -> Iterator[Running]:
    """A service whose server may be killed."""
    with own_server.client() as redis:
        publish(redis, Keys(), tmp_path / "bundle", shop.bundle, shop.table)
    with running(Settings(redis_url=own_server.url)) as found:
        yield found


def readiness(service: Running) -> dict[str, Any]:
    body: dict[str, Any] = service.http.get("/readyz").json()
    return body


def test_killed_under_load_it_answers_on_and_recovers_within_two_seconds(
    service: Running, own_server: RedisServer
) -> None:
    """Every answer is 200; `degraded` begins with the outage and ends after it."""
    stop, statuses, slowest = threading.Event(), [], [0.0]

    def ask() -> None:
        with httpx.Client(base_url=service.http.base_url, timeout=10) as http:
            while not stop.is_set():
                started = time.monotonic()
                response = http.post("/v1/offers", json={"customer_id": "c03"})
                slowest[0] = max(slowest[0], time.monotonic() - started)
                statuses.append(response.status_code)

    askers = [threading.Thread(target=ask) for _ in range(8)]
    for asker in askers:
        asker.start()
    try:
        eventually(lambda: len(statuses) > 50)
        own_server.kill()
        eventually(lambda: service.offers(customer_id="c03")["degraded"])
        assert service.http.get("/readyz").status_code == 503
        own_server.start()
        returned = time.monotonic()
        eventually(lambda: not service.offers(customer_id="c03")["degraded"], within=2)
        assert time.monotonic() - returned < 2
    finally:
        stop.set()
        for asker in askers:
            asker.join()
    assert set(statuses) == {200}
    assert slowest[0] < 2
    assert readiness(service)["ready"]


def test_a_degraded_answer_is_popular_and_guarded(
    service: Running, own_server: RedisServer, shop: Shop
) -> None:
    popular: Any = service.offers(customer_id="never seen")
    own_server.kill()
    answer = eventually(
        lambda: found if (found := service.offers(customer_id="c03"))["degraded"] else None
    )
    assert answer["fallback"]
    assert answer["placements"] == popular["placements"]
    assert answer["version"] == shop.bundle.version
    visitor: Any = service.offers(placements=["basket"], context={"basket": ["tea-1"]})
    assert (visitor["degraded"], visitor["fallback"]) == (False, False)


def test_a_server_that_hangs_costs_one_timeout_and_no_more(
    service: Running, own_server: RedisServer
) -> None:
    """The first answer waits its tenth of a second; the next ones know, and do not wait."""
    process = own_server.valkey._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert service.offers(customer_id="c03")["degraded"]
        started = time.monotonic()
        for _ in range(20):
            assert service.offers(customer_id="c03")["degraded"]
        assert time.monotonic() - started < 1
    finally:
        os.kill(process.pid, signal.SIGCONT)
    eventually(lambda: not service.offers(customer_id="c03")["degraded"], within=2)


def test_events_are_refused_until_they_can_be_stored(
    service: Running, own_server: RedisServer, shop: Shop, tmp_path: Path
) -> None:
    """503 with Retry-After; the same batch is taken afterwards and counts once."""
    own_server.kill()
    refused = eventually(
        lambda: found if (found := service.events(EVENT)).status_code == 503 else None
    )
    assert refused.headers["retry-after"] == "1"
    assert "again" in refused.json()["hint"] + refused.json()["detail"]
    own_server.start()
    with own_server.client() as redis:
        publish(redis, Keys(), tmp_path / "again", shop.bundle, shop.table)
    eventually(lambda: service.events(EVENT).status_code == 202)


def test_decisions_of_an_outage_are_logged_after_it(
    service: Running, own_server: RedisServer
) -> None:
    own_server.kill()
    answer = eventually(
        lambda: found if (found := service.offers(customer_id="c03"))["degraded"] else None
    )
    own_server.start()
    wanted = answer["decision_id"]
    with own_server.client() as redis:
        eventually(
            lambda: wanted in [entry["id"] for entry in newest(redis, Keys().decisions, 100)]
        )


def test_a_service_starts_without_redis_and_finds_it_later(
    own_server: RedisServer, shop: Shop, tmp_path: Path
) -> None:
    own_server.kill()
    with running(Settings(redis_url=own_server.url)) as service:
        assert service.http.get("/livez").status_code == 200
        assert "no bundle is loaded" in readiness(service)["reasons"][0]
        for path in ("/v1/offers", "/v1/events"):
            body = {} if path == "/v1/offers" else {"events": [EVENT]}
            refused = service.http.post(path, json=body)
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "1"
        own_server.start()
        eventually(lambda: "no version is live" in readiness(service)["reasons"][0])
        with own_server.client() as redis:
            publish(redis, Keys(), tmp_path / "bundle", shop.bundle, shop.table)
        eventually(lambda: readiness(service)["ready"], within=3)
        assert not service.offers(customer_id="c03")["fallback"]
