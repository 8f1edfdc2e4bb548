"""A new version takes over without a restart; a damaged one does not."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from redis import Redis

from recommender.bundle import SCHEMA_VERSION
from recommender.codec import dump_manifest
from recommender.errors import BundleError
from recommender.keys import Keys
from serving.settings import Settings
from tests.support.service import RedisServer, Running, eventually, publish, running
from tests.support.shop import Shop
from training.bundle_dir import write_bundle
from training.publish import Publisher

KEYS = Keys("swap")


@dataclass(frozen=True, eq=False)
class Desk:
    """A running service, and a publisher beside it."""

    service: Running
    redis: Redis
    publisher: Publisher

    def version(self) -> object:
        """The version that answers, as the service says."""
        return self.service.http.get("/readyz").json()["version"]

    def reasons(self) -> str:
        """What the service says of its state."""
        return " ".join(self.service.http.get("/readyz").json()["reasons"])


@pytest.fixture
def desk(server: RedisServer, shop: Shop, tmp_path: Path) -> Iterator[Desk]:
    with server.client() as redis:
        for key in redis.scan_iter(match="swap:*"):
            redis.delete(key)
        publish(redis, KEYS, tmp_path / "first", shop.bundle, shop.table)
        chosen = Settings(redis_url=server.url, namespace="swap", redis_timeout=2.0)
        with running(chosen) as service:
            yield Desk(service, redis, Publisher(redis, KEYS, time.time))


def publish_without_activating(desk: Desk, shop: Shop, folder: Path) -> str:
    manifest = write_bundle(folder, shop.bundle, shop.table, created_at="2026-01-01T00:00:00Z")
    desk.publisher.publish(folder)
    return manifest.version


def test_activating_and_rolling_back_change_the_answers(
    desk: Desk, shop: Shop, other_shop: Shop, tmp_path: Path
) -> None:
    version = publish_without_activating(desk, other_shop, tmp_path / "second")
    assert desk.service.offers()["version"] == shop.bundle.version
    desk.publisher.activate(version)
    eventually(lambda: desk.version() == version, within=2)
    desk.publisher.rollback()
    eventually(lambda: desk.version() == shop.bundle.version, within=2)


def test_a_bundle_that_was_replaced_leaves_memory(
    desk: Desk, other_shop: Shop, tmp_path: Path
) -> None:
    """Nothing keeps it: neither the collector, which is told to leave bundles alone, nor us."""
    old = weakref.ref(desk.service.services.bundle().index.bundle)
    desk.publisher.activate(publish_without_activating(desk, other_shop, tmp_path / "second"))
    eventually(lambda: old() is None)


def test_a_worker_reports_the_version_that_it_answers_with(desk: Desk, shop: Shop) -> None:
    def reported() -> list[bytes]:
        found: dict[bytes, bytes] = desk.redis.hgetall(KEYS.workers)  # type: ignore[assignment]
        return list(found.values())

    [value] = eventually(reported)
    version, seconds = value.decode().split()
    assert version == shop.bundle.version
    assert abs(int(seconds) - time.time()) < 60


def test_a_worker_that_stops_takes_itself_off_the_list(server: RedisServer, desk: Desk) -> None:
    before = desk.redis.hlen(KEYS.workers)
    with running(Settings(redis_url=server.url, namespace="swap")):
        eventually(lambda: desk.redis.hlen(KEYS.workers) == before + 1)
    assert desk.redis.hlen(KEYS.workers) == before


def test_twenty_swaps_under_load_make_no_error_and_no_mixed_answer(
    desk: Desk, shop: Shop, other_shop: Shop, tmp_path: Path
) -> None:
    """Every answer equals what its own version would say to this customer, byte for byte."""
    versions = [
        shop.bundle.version,
        publish_without_activating(desk, other_shop, tmp_path / "second"),
    ]
    customers = [f"c{n:02d}" for n in range(0, 40, 5)]
    truth: dict[tuple[str, str], Any] = {}
    for version in versions[::-1]:
        desk.publisher.activate(version)
        eventually(lambda v=version: desk.version() == v)  # type: ignore[misc]
        for customer in customers:
            truth[version, customer] = desk.service.offers(customer_id=customer)["placements"]
    stop, wrong, answered = threading.Event(), [], set()

    def ask(customer: str) -> None:
        with httpx.Client(base_url=desk.service.http.base_url, timeout=10) as http:
            while not stop.is_set():
                response = http.post("/v1/offers", json={"customer_id": customer})
                answer = orjson.loads(response.content)
                answered.add(answer.get("version"))
                if (
                    response.status_code != 200
                    or answer["degraded"]
                    or answer["placements"] != truth[answer["version"], customer]
                ):
                    wrong.append(answer)

    askers = [threading.Thread(target=ask, args=(customer,)) for customer in customers * 2]
    for asker in askers:
        asker.start()
    try:
        for n in range(20):
            version = versions[(n + 1) % 2]
            desk.publisher.activate(version)
            eventually(lambda v=version: desk.version() == v)  # type: ignore[misc]
    finally:
        stop.set()
        for asker in askers:
            asker.join()
    assert wrong == []
    assert answered == set(versions)


def test_a_damaged_bundle_is_refused_and_the_old_one_stays(
    desk: Desk, shop: Shop, other_shop: Shop, tmp_path: Path
) -> None:
    version = publish_without_activating(desk, other_shop, tmp_path / "second")
    array = KEYS.array(version, "factors")
    whole = desk.redis.get(array)
    assert isinstance(whole, bytes)
    desk.redis.set(array, whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BundleError, match="checksum"):
        desk.publisher.activate(version)
    desk.redis.set(KEYS.live, version)
    eventually(lambda: "factors" in desk.reasons())
    assert desk.service.offers()["version"] == shop.bundle.version
    assert desk.service.http.get("/readyz").status_code == 200
    desk.publisher.activate(shop.bundle.version)
    eventually(lambda: desk.reasons() == "")


def test_a_bundle_of_a_newer_schema_is_refused(
    desk: Desk, shop: Shop, other_shop: Shop, tmp_path: Path
) -> None:
    version = publish_without_activating(desk, other_shop, tmp_path / "second")
    raw = desk.redis.get(KEYS.manifest(version))
    assert isinstance(raw, bytes)
    newer = raw.replace(
        f'"schema_version": {SCHEMA_VERSION}'.encode(),
        f'"schema_version": {SCHEMA_VERSION + 1}'.encode(),
    )
    assert newer != raw
    desk.redis.set(KEYS.manifest(version), newer)
    told = f"schema {SCHEMA_VERSION + 1}"
    with pytest.raises(BundleError, match=told):
        desk.publisher.activate(version)
    desk.redis.set(KEYS.live, version)
    eventually(lambda: told in desk.reasons())
    assert desk.service.offers()["version"] == shop.bundle.version


def test_a_bundle_under_a_wrong_name_is_refused(desk: Desk, shop: Shop) -> None:
    desk.redis.set(KEYS.manifest("impostor"), dump_manifest(shop.bundle.manifest))
    for key in desk.redis.scan_iter(match=f"swap:v:{shop.bundle.version}:a:*"):
        desk.redis.copy(key, key.replace(shop.bundle.version.encode(), b"impostor"))
    desk.redis.set(KEYS.live, "impostor")
    eventually(lambda: "calls itself" in desk.reasons())
    assert desk.service.offers()["version"] == shop.bundle.version


def test_when_the_keys_of_a_version_vanish_the_one_in_use_stays(desk: Desk, shop: Shop) -> None:
    desk.redis.set(KEYS.live, "vanished")
    eventually(lambda: "has no manifest" in desk.reasons())
    assert desk.service.offers()["version"] == shop.bundle.version
    desk.redis.delete(KEYS.live)
    eventually(lambda: "no version is live" in desk.reasons())
    assert desk.service.offers()["version"] == shop.bundle.version
