"""The log of what the guard held back: off the hot path, read in counts, no customer in it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis import Redis

from recommender.keys import Keys, customer_tag
from recommender.suppressed import mark_of
from serving.roles import Role
from serving.settings import Settings
from tests.support.people import login, write_tokens
from tests.support.service import (
    RedisServer,
    Running,
    eventually,
    newest,
    publish,
    running,
)
from tests.support.shop import Shop

KEYS = Keys("suppressed")


@dataclass(frozen=True, eq=False)
class Desk:
    """A service that looks at a thousand decisions a second."""

    service: Running
    redis: Redis

    def counts(self) -> Any:
        """The answer to GET /v1/suppressed."""
        response = self.service.http.get("/v1/suppressed", headers=login(Role.MARKETER))
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        return response.json()

    def entries(self) -> list[dict[str, Any]]:
        """Everything in the log, the newest first."""
        return newest(self.redis, KEYS.suppressed, 10_000)

    def wait_for(self, count: int) -> None:
        """Until so many entries are in the log."""
        eventually(lambda: self.redis.xlen(KEYS.suppressed) >= count)

    def audited(self) -> float:
        """Decisions that were looked at so far."""
        return value(self.service, "tactful_decisions_audited_total")


def value(service: Running, name: str) -> float:
    return service.services.metrics.registry.get_sample_value(name) or 0.0


def settings(server: RedisServer, folder: Path, **changes: Any) -> Settings:
    chosen: dict[str, Any] = {
        "redis_url": server.url,
        "namespace": "suppressed",
        "redis_timeout": 2.0,
        "audit_per_second": 1_000,
        "tokens": write_tokens(folder),
    }
    return Settings(**chosen | changes)


@pytest.fixture
def desk(server: RedisServer, shop: Shop, tmp_path: Path) -> Iterator[Desk]:
    with server.client() as redis:
        redis.delete(KEYS.suppressed)
        publish(redis, KEYS, tmp_path / "bundle", shop.bundle, shop.table)
        with running(settings(server, tmp_path)) as service:
            yield Desk(service, redis)


def test_what_was_held_back_is_logged_without_a_customer(desk: Desk) -> None:
    answer = desk.service.offers(customer_id="c00", placements=["home"])
    entry = eventually(lambda: next(iter(desk.entries()), None))
    hour = entry.pop("at")
    assert hour % 3_600_000 == 0
    assert hour <= int(answer["decision_id"][:12], 16) < hour + 3_600_000  # type: ignore[index]
    held = {found["offer"]: found for found in entry.pop("held")}
    assert held["crib"] == {
        "placement": "home",
        "offer": "crib",
        "life_events": ["pregnancy"],
        "rules": ["target"],
    }
    assert entry == {
        "version": answer["version"],
        "policy": 3,
        "channel": "site",
        "cell": 20,
        "mark": entry["mark"],
    }
    raw = str(desk.redis.xrange(KEYS.suppressed))
    assert "c00" not in raw
    assert customer_tag("c00") not in raw
    assert str(answer["decision_id"]) not in raw


def test_it_cannot_be_laid_beside_the_log_of_decisions(desk: Desk) -> None:
    """Not by the ids of the stream either: they tell the hour, and go on from what was there."""
    later = int(time.time() * 1000) + 7_200_000
    for known in ((), (f"{later}-7",)):
        for entry in known:
            desk.redis.xadd(KEYS.suppressed, {"json": b"{}"}, id=entry)
        before = desk.redis.xlen(KEYS.suppressed)
        for n in (30, 31, 32):
            desk.service.offers(customer_id="c00", placements=[{"name": "home", "n": n}])
        desk.wait_for(before + 3)
        found: Any = desk.redis.xrange(KEYS.suppressed)
        ids = [tuple(map(int, entry.decode().split("-"))) for entry, _ in found]
        assert ids == sorted(set(ids))
        assert all(at % 3_600_000 == 0 or at == later for at, _ in ids)
        for _, fields in found[before:]:
            assert not {"id", "decision", "customer"} & orjson.loads(fields[b"json"]).keys()


def test_locked_events_change_nothing_in_it(desk: Desk) -> None:
    """A purchase of nappies is masked: the audit of the next answer sees what it saw before."""
    for name in ("plain", "secretive"):
        if name == "secretive":
            event = {
                "event_id": "1",
                "customer_id": name,
                "kind": "purchase",
                "item_id": "diaper-1",
            }
            assert desk.service.events(event).status_code == 202
        desk.service.offers(customer_id=name, placements=["home", "discovery"])
    entries = eventually(lambda: found if len(found := desk.entries()) == 2 else None)
    for entry in entries:
        del entry["at"], entry["mark"]
    assert entries[0] == entries[1]


def test_customers_are_counted_and_not_decisions(desk: Desk) -> None:
    assert desk.counts()["held_back"] == []
    for _ in range(45):
        desk.service.offers(customer_id="c00")
    desk.wait_for(45)
    told = desk.counts()
    assert (told["cell"], told["held_back"], told["since"]) == (20, [], None)
    for customer in range(50):
        desk.service.offers(customer_id=f"somebody-{customer}")
    desk.service.offers(customer_id="c00", channel="app")
    desk.wait_for(96)
    told = desk.counts()
    found = {(c["life_event"], c["channel"]): c for c in told["held_back"]}
    assert ("pregnancy", "app") not in found
    count = found["pregnancy", "site"]
    assert count["at_least"] in {20, 40}
    assert count["text"] == f"about {count['at_least']}"
    assert told["since"].endswith("Z")
    marks = {entry["mark"] for entry in desk.entries()}
    assert 51 <= len(marks) <= 2 * 51  # a day may have ended
    assert not any(mark in json.dumps(told) for mark in marks)


def test_a_mark_does_not_follow_from_what_the_log_of_decisions_holds(desk: Desk) -> None:
    """It needs the secret of the namespace, which is made once and kept."""
    desk.service.offers(customer_id="c00")
    entry = eventually(lambda: next(iter(desk.entries()), None))
    secret: Any = desk.redis.get(KEYS.secret)
    assert len(secret) == 32
    moment = entry["at"]
    assert entry["mark"] == mark_of(customer_tag("c00"), moment, secret)
    assert entry["mark"] != mark_of(customer_tag("c00"), moment, b"")


def test_a_long_log_is_counted_to_its_end(desk: Desk) -> None:
    held = [{"life_events": ["x"]}]
    entry = {"at": 1, "channel": "site", "policy": 3, "cell": 20, "held": held}
    pipe = desk.redis.pipeline()
    for customer in range(1_240):
        pipe.xadd(KEYS.suppressed, {"json": json.dumps(entry | {"mark": str(customer)})})
    pipe.execute()
    [cell] = desk.counts()["held_back"]
    assert cell["at_least"] in {1_220, 1_240}


def test_no_more_decisions_are_looked_at_than_the_setting_allows(
    server: RedisServer, shop: Shop, tmp_path: Path
) -> None:
    """One in a thousand seconds: whatever does not fit into the queue is counted as passed over."""
    with server.client() as redis:
        publish(redis, KEYS, tmp_path / "bundle", shop.bundle, shop.table)
    with running(settings(server, tmp_path, audit_per_second=0.001)) as service:
        for _ in range(70):
            service.offers(customer_id="c00")
        assert value(service, "tactful_decisions_audited_total") == 0
        assert value(service, "tactful_decisions_not_audited_total") == 6
    with running(settings(server, tmp_path, audit_per_second=0)) as service:
        service.offers(customer_id="c00")
        assert value(service, "tactful_decisions_not_audited_total") == 0


def test_what_could_not_be_written_is_written_when_redis_lets_it(desk: Desk) -> None:
    desk.redis.set(KEYS.suppressed, b"no stream")
    desk.service.offers(customer_id="c00")
    eventually(lambda: desk.audited() == 1)
    desk.redis.delete(KEYS.suppressed)
    assert eventually(desk.entries)
