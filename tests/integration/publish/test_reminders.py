"""Replenishment records: published beside a version, merged with what happened since."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from redis import Redis

from recommender.controls import Controls, dump_controls
from recommender.customer import ReplenishPurchase
from recommender.guard.replenish import RECORD_SECONDS
from recommender.keys import Keys
from recommender.record import pack_replenish, unpack_replenish
from recommender.types import ItemId
from tests.support.shop import population, train
from training.bundle_dir import write_bundle
from training.publish import Publisher
from training.replenishing import FILE

LINES = (
    b'{"customer": "ada", "purchases": [[100, "diaper-1"], [200, "diaper-1"]]}\n'
    b'{"customer": "bob", "purchases": [[150, "food-1"]]}\n'
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shop = train(population())
    extras = {FILE: LINES}
    write_bundle(tmp_path / "b", shop.bundle, shop.table, created_at="now", extras=extras)
    return tmp_path / "b"


def record(client: Redis, keys: Keys, customer: str) -> list[tuple[int, str]]:
    raw = client.get(keys.replenish(customer))
    assert isinstance(raw, bytes)
    return [(p.timestamp, p.item) for p in unpack_replenish(raw)]


def test_records_are_written_and_expire(client: Redis, keys: Keys, directory: Path) -> None:
    Publisher(client, keys, time.time).publish(directory)
    assert record(client, keys, "ada") == [(100, "diaper-1"), (200, "diaper-1")]
    assert record(client, keys, "bob") == [(150, "food-1")]
    assert RECORD_SECONDS - 60 < client.ttl(keys.replenish("ada")) <= RECORD_SECONDS


def test_what_happened_since_stays_and_nothing_counts_twice(
    client: Redis, keys: Keys, directory: Path
) -> None:
    since = (
        ReplenishPurchase(b"12345678", ItemId("diaper-1"), 200),  # training knows it too
        ReplenishPurchase(b"87654321", ItemId("diaper-2"), 300),
    )
    client.set(keys.replenish("ada"), pack_replenish(since))
    publisher = Publisher(client, keys, time.time)
    publisher.publish(directory)
    publisher.publish(directory)
    assert record(client, keys, "ada") == [(100, "diaper-1"), (200, "diaper-1"), (300, "diaper-2")]


def test_a_bundle_directory_without_the_file_reminds_of_nothing(
    client: Redis, keys: Keys, directory: Path
) -> None:
    (directory / FILE).unlink()
    Publisher(client, keys, time.time).publish(directory)
    assert not list(client.scan_iter(match=f"{keys.namespace}:r:*"))


def test_what_was_forgotten_since_the_training_does_not_come_back(
    client: Redis, keys: Keys, directory: Path
) -> None:
    told = Controls(customer="ada", forgotten={"diaper-1": 150})
    client.set(keys.controls("ada"), dump_controls(told))
    Publisher(client, keys, time.time).publish(directory)
    assert record(client, keys, "ada") == [(200, "diaper-1")]


def test_nothing_is_added_for_a_customer_whose_controls_cannot_be_read(
    client: Redis, keys: Keys, directory: Path
) -> None:
    client.set(keys.controls("ada"), b"torn")
    with pytest.warns(RuntimeWarning, match="nothing is added"):
        Publisher(client, keys, time.time).publish(directory)
    assert record(client, keys, "ada") == []
    assert record(client, keys, "bob") == [(150, "food-1")]
