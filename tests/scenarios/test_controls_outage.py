"""Outage: consents that cannot be read, and a Redis that is gone. Locked, answered, counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.examples import Stage, Trained, serve
from tests.support.service import RedisServer, eventually, redis_server

CRIB = "CRIB"
EVERY_HOME: dict[str, Any] = {"n": 100}


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_server(folder) as found:
        yield found


@pytest.fixture
def shop(own_server: RedisServer, grocer_trained: Trained) -> Iterator[Stage]:
    """A grocer whose Redis may be killed, and whose customer `rosa` has declared a pregnancy."""
    for stage in serve(own_server, grocer_trained, "outage"):
        stage.tell("PUT", "rosa/declarations/pregnancy", source="baby_registry")
        assert CRIB in stage.shown("rosa", **EVERY_HOME)
        yield stage


def test_unreadable_controls_lock_everything_and_are_counted(shop: Stage) -> None:
    """The customer may have objected to anything: nothing personal is used, nothing unlocked."""
    unknown = shop.body("never-seen", **EVERY_HOME)
    shop.redis.set(shop.keys.controls("rosa"), b"{damaged")
    answer = shop.ask("rosa", **EVERY_HOME)
    shown = {offer["offer_id"] for offer in answer["placements"]["home"]["offers"]}
    assert answer["fallback"]
    assert shown
    assert shown <= set(shop.shown("never-seen", **EVERY_HOME))
    assert CRIB not in shown
    assert 'unreadable_records_total{record="controls"}' in shop.service.http.get("/metrics").text
    # The rest is served as ever.
    assert shop.body("never-seen", **EVERY_HOME) == unknown
    assert not shop.ask("ida")["fallback"]


def test_what_cannot_be_read_is_not_written_over(shop: Stage) -> None:
    shop.redis.set(shop.keys.controls("rosa"), b"{damaged")
    refused = shop.service.http.put("/v1/customers/rosa/objections/alcohol", json={})
    assert refused.status_code == 503
    assert shop.redis.get(shop.keys.controls("rosa")) == b"{damaged"


def test_without_redis_the_shop_answers_and_nothing_is_unlocked(
    shop: Stage, own_server: RedisServer
) -> None:
    own_server.kill()
    answer = eventually(
        lambda: found if (found := shop.ask("rosa", **EVERY_HOME))["degraded"] else None
    )
    shown = {offer["offer_id"] for offer in answer["placements"]["home"]["offers"]}
    assert shown
    assert CRIB not in shown
    assert answer["fallback"]
    refused = shop.service.http.put("/v1/customers/rosa/objections/alcohol", json={})
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
