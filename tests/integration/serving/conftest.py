"""One server, one trained shop and one running service for the tests that only ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from recommender.keys import Keys
from serving.settings import Settings
from tests.support.service import RedisServer, Running, publish, redis_server, running
from tests.support.shop import Shop, population, train


@dataclass(frozen=True, eq=False)
class Stage:
    """A service that answers from `shop`, and what lies in Redis under it."""

    service: Running
    redis: Redis
    keys: Keys
    shop: Shop


@pytest.fixture(scope="session")
def shop() -> Shop:
    return train(population())


@pytest.fixture(scope="session")
def other_shop() -> Shop:
    """The same shop with other customers' habits: another version."""
    return train(population(seed=6))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture(scope="session")
def stage(
    server: RedisServer, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """The service that most tests ask; nobody kills its server."""
    folder, keys = tmp_path_factory.mktemp("stage"), Keys("stage")
    placements = folder / "placements.yaml"
    placements.write_text("placements: {checkout: {source: basket, n: 4}}", encoding="utf-8")
    settings = Settings(
        redis_url=server.url, namespace="stage", redis_timeout=2.0, placements=placements
    )
    with server.client() as redis:
        publish(redis, keys, folder / "bundle", shop.bundle, shop.table)
        with running(settings) as service:
            yield Stage(service, redis, keys, shop)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server to kill."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_server(folder) as found:
        yield found
