"""The pointer: which version answers, which one before, and which are no longer needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from recommender.errors import ConflictError, NotFound, StoreError
from recommender.keys import Keys
from training.publish import Publisher
from training.publishing.gatekeeper import Force
from training.publishing.versions import Marker


def all_keys(client: Redis) -> list[str]:
    answers: Any = client
    return sorted(key.decode() for key in answers.keys())  # noqa: SIM118


def test_activate_makes_a_version_live(publisher: Publisher, bundle_dir: Path) -> None:
    version = publisher.publish(bundle_dir).version
    publisher.activate(version)
    assert publisher.live() == version


def test_an_unknown_version_cannot_be_activated_and_the_error_lists_those_that_can(
    publisher: Publisher, bundle_dir: Path
) -> None:
    version = publisher.publish(bundle_dir).version
    with pytest.raises(NotFound) as caught:
        publisher.activate("no-such")
    assert version in caught.value.hint
    assert publisher.live() is None


def test_a_version_whose_keys_were_evicted_cannot_be_activated(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path
) -> None:
    version = publisher.publish(bundle_dir).version
    client.delete(keys.manifest(version))
    with pytest.raises(StoreError, match="have left Redis"):
        publisher.activate(version)


def test_rollback_goes_one_back_each_time_as_an_undo_does(
    publisher: Publisher, bundle_dir: Path, other_dir: Path, third_dir: Path
) -> None:
    one, two, three = (publisher.publish(d).version for d in (bundle_dir, other_dir, third_dir))
    for version in (one, two, two, three):
        publisher.activate(version)
    assert publisher.rollback() == two
    assert publisher.rollback() == one
    with pytest.raises(NotFound, match="no earlier version"):
        publisher.rollback()
    assert publisher.live() == one
    publisher.activate(three)
    assert publisher.rollback() == one


def test_rollback_passes_over_versions_that_are_gone(
    publisher: Publisher, bundle_dir: Path, other_dir: Path, third_dir: Path
) -> None:
    one = publisher.publish(bundle_dir).version
    publisher.activate(one)
    two = publisher.publish(other_dir).version
    publisher.activate(two)
    publisher.activate(one)
    publisher.activate(two)
    three = publisher.publish(third_dir).version
    publisher.activate(three)
    assert publisher.collect().versions == (one,)
    assert publisher.rollback() == two
    with pytest.raises(NotFound):
        publisher.rollback()


def test_versions_are_listed_newest_first_with_what_a_person_asks_for(
    *,
    publisher: Publisher,
    client: Redis,
    keys: Keys,
    clock: Any,
    bundle_dir: Path,
    other_dir: Path,
) -> None:
    one = publisher.publish(bundle_dir).version
    publisher.activate(one)
    clock.now += 100
    two = publisher.publish(other_dir).version
    publisher.activate(two)
    client.hset(keys.workers, "b", f"{one} {int(clock.now) - 59}")
    client.hset(keys.workers, "a", f"{two} {int(clock.now)}")
    client.hset(keys.workers, "dead", f"{two} {int(clock.now) - 61}")
    listed = publisher.versions()
    assert [(v.version, v.marker, v.workers) for v in listed] == [
        (two, Marker.LIVE, ("a",)),
        (one, Marker.PREVIOUS, ("b",)),
    ]
    newest = listed[0].summary
    assert newest.published_at == clock.now
    assert newest.as_of == 1_600_600_000
    assert newest.metrics == {"ndcg@10": 0.42}
    assert newest.n_customers == 5
    assert newest.bytes > newest.bytes_per_customer > 0


def test_collect_keeps_live_previous_and_what_a_worker_still_answers_with(
    *,
    publisher: Publisher,
    client: Redis,
    keys: Keys,
    clock: Any,
    bundle_dir: Path,
    other_dir: Path,
    third_dir: Path,
) -> None:
    one, two, three = (publisher.publish(d).version for d in (bundle_dir, other_dir, third_dir))
    for version in (one, two, three):
        publisher.activate(version)
    client.hset(keys.workers, "slow", f"{one} {int(clock.now)}")
    assert publisher.collect().versions == ()
    clock.now += 61
    assert publisher.collect().versions == (one,)
    assert not [key for key in all_keys(client) if one in key]
    assert {v.version for v in publisher.versions()} == {two, three}
    with pytest.raises(NotFound):
        publisher.activate(one)


def test_collect_keeps_what_was_published_and_not_yet_activated(
    publisher: Publisher, clock: Any, bundle_dir: Path, other_dir: Path, third_dir: Path
) -> None:
    live = publisher.publish(bundle_dir).version
    publisher.activate(live)
    for directory in (other_dir, third_dir):
        clock.now += 1
        publisher.publish(directory)
    assert publisher.collect().versions == ()
    assert len(publisher.versions()) == 3


def test_publishing_again_protects_an_old_version_until_it_is_activated(
    publisher: Publisher, clock: Any, bundle_dir: Path, other_dir: Path, third_dir: Path
) -> None:
    old = publisher.publish(bundle_dir).version
    for directory in (other_dir, third_dir):
        clock.now += 1
        publisher.activate(publisher.publish(directory).version)
    clock.now += 1
    assert publisher.publish(bundle_dir).already
    assert publisher.collect().versions == ()
    publisher.activate(old, Force(by="anna", reason="the newest ones are broken"))
    assert publisher.live() == old


def test_collect_removes_what_a_killed_publish_left_and_forgets_silent_workers(
    publisher: Publisher, client: Redis, keys: Keys, clock: Any, bundle_dir: Path
) -> None:
    version = publisher.publish(bundle_dir).version
    publisher.activate(version)
    before = all_keys(client)
    client.set(keys.array("half-written", "factors"), b"...")
    client.hset(keys.workers, "long gone", f"{version} {int(clock.now) - 4_000}")
    assert publisher.collect().leftovers == ("half-written",)
    assert all_keys(client) == before


def test_collect_waits_for_nobody_and_disturbs_nobody_who_publishes(
    publisher: Publisher, client: Redis, keys: Keys
) -> None:
    client.set(keys.publishing, b"not even JSON")
    client.set(keys.array("being-written", "factors"), b"...")
    with pytest.raises(ConflictError, match="somebody else"):
        publisher.collect()
    assert client.exists(keys.array("being-written", "factors"))


def test_a_namespace_that_looks_like_a_pattern_touches_no_other(
    client: Redis, clock: Any, bundle_dir: Path
) -> None:
    other = Keys("shop")
    client.set(other.array("draft", "factors"), b"...")
    odd = Publisher(client, Keys("s*[p]?"), clock)
    odd.activate(odd.publish(bundle_dir).version)
    assert odd.collect().leftovers == ()
    assert client.exists(other.array("draft", "factors"))


def test_live_records_survive_every_collection(
    publisher: Publisher, client: Redis, keys: Keys, bundle_dir: Path, other_dir: Path
) -> None:
    client.set(keys.events("customer 1"), b"live")
    client.set(keys.replenish("customer 1"), b"again")
    publisher.publish(bundle_dir)
    publisher.activate(publisher.publish(other_dir).version)
    publisher.collect()
    assert client.get(keys.events("customer 1")) == b"live"
    assert client.get(keys.replenish("customer 1")) == b"again"
