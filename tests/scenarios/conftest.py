"""The two invented shops, each trained and served once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.examples import Stage, Trained, serve, trained
from tests.support.service import RedisServer, redis_server


@pytest.fixture(scope="session")
def bank_trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained("bank", tmp_path_factory.mktemp("bank") / "bundle")


@pytest.fixture(scope="session")
def grocer_trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained("grocer", tmp_path_factory.mktemp("grocer") / "bundle")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture(scope="session")
def bank(server: RedisServer, bank_trained: Trained) -> Iterator[Stage]:
    yield from serve(server, bank_trained, "bank")


@pytest.fixture(scope="session")
def grocer(server: RedisServer, grocer_trained: Trained) -> Iterator[Stage]:
    yield from serve(server, grocer_trained, "grocer")
