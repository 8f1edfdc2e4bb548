"""A bundle that was trained under a looser policy than the one that holds does not become live."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from recommender.errors import Forbidden
from recommender.guard.policy import GuardPolicy, Stance
from recommender.guard.source import PolicySource
from recommender.keys import Keys
from tests.support.service import redis_server
from tests.support.shop import Shop, policy, population, train
from training.bundle_dir import write_bundle
from training.publish import Publisher

KEYS = Keys("gate")


def stance(**stances: Stance) -> GuardPolicy:
    """The corner shop's policy with other stances for some life events."""
    rules = tuple(
        rule.model_copy(update={"stance": stances.get(rule.id, rule.stance)})
        for rule in policy().life_events
    )
    return policy(life_events=rules)


@pytest.fixture
def publisher(tmp_path: Path) -> object:
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as server, server.client() as redis:
        yield Publisher(redis, KEYS, time.time)


def put(publisher: Publisher, shop: Shop, folder: Path) -> str:
    """Publishes without making live."""
    write_bundle(folder, shop.bundle, shop.table, created_at="2026-01-01T00:00:00Z")
    return publisher.publish(folder).version


def test_a_looser_bundle_is_refused_and_what_is_live_stays(
    publisher: Publisher, tmp_path: Path
) -> None:
    held = put(publisher, train(population()), tmp_path / "held")
    publisher.activate(held)
    looser = put(publisher, train(population(), policy(life_events=())), tmp_path / "looser")
    with pytest.raises(Forbidden, match="looser guard policy") as caught:
        publisher.activate(looser)
    assert "guard show live" in caught.value.hint
    assert publisher.live() == held
    publisher.activate(held)


def test_a_stricter_bundle_becomes_live_alone(publisher: Publisher, tmp_path: Path) -> None:
    publisher.activate(put(publisher, train(population()), tmp_path / "held"))
    stricter = train(population(), stance(school=Stance.BLOCK))
    version = put(publisher, stricter, tmp_path / "stricter")
    publisher.activate(version)
    assert publisher.live() == version


def test_a_bundle_is_held_against_the_policy_that_was_published(
    publisher: Publisher, tmp_path: Path
) -> None:
    """The bundle that is live stays so; the same policy in the next one is too loose by then."""
    publisher.activate(put(publisher, train(population()), tmp_path / "held"))
    text = """
guard: {version: 9, owner: anna}
packs: []
life_events:
  bread: {policy: block, targets: {keyword: [bread]}}
  infant: {policy: block, evidence: {category: [Diapers], keyword: [baby food, nursery]}}
  pregnancy: {policy: block, evidence: {keyword: [pregnancy test, crib, nursery], item: [both]}}
  recovery: {policy: block, evidence: {keyword: [alcohol free, sober], item: [both]}}
  school: {policy: block, evidence: {keyword: [school]}}
"""
    publisher.policies.draft(PolicySource(text=text), author="anna")
    done = publisher.policies.publish(9, by="anna", reason="tighter")
    assert done.change.loosens is False
    again = put(publisher, train([*population(), ("c00", "tea-1", 0)]), tmp_path / "again")
    with pytest.raises(Forbidden, match="bread"):
        publisher.activate(again)


def test_a_rollback_to_a_looser_bundle_is_refused_unless_a_published_policy_holds(
    publisher: Publisher, tmp_path: Path
) -> None:
    open_ = put(publisher, train(population(), policy(life_events=())), tmp_path / "open")
    publisher.activate(open_)
    held = put(publisher, train(population()), tmp_path / "held")
    publisher.activate(held)
    with pytest.raises(Forbidden):
        publisher.rollback()
    assert publisher.live() == held


def test_a_corrected_catalogue_is_no_looser_policy(publisher: Publisher, tmp_path: Path) -> None:
    """The same policy matches an item no more, since the shop has given it another title."""
    shop = train(population())
    named = shop.bundle.manifest.model_copy(update={"policy_digest": "same"})
    evidence = shop.bundle.evidence.copy()
    evidence[:] = 0
    before = replace(shop.bundle, manifest=named)
    after = replace(before, evidence=evidence)
    for number, bundle in enumerate((before, after)):
        folder = tmp_path / str(number)
        write_bundle(folder, bundle, shop.table, created_at="2026-01-01T00:00:00Z")
        publisher.activate(publisher.publish(folder).version)
    assert publisher.live() is not None
