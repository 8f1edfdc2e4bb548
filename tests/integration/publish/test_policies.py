"""Policies of the command: over a real server, what is drafted, approved, live, and kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from redis import Redis

from recommender.errors import (
    BundleError,
    ConflictError,
    Forbidden,
    InputError,
    NotFound,
    PolicyError,
    StoreError,
)
from recommender.guard.ledger import LiveVersion, State
from recommender.guard.source import PolicySource
from recommender.keys import Keys
from tests.integration.publish.conftest import Clock
from tests.support.drafts import source
from tests.support.service import publish as publish_bundle
from tests.support.shop import Shop, population, train
from training.publish import Publisher
from training.publishing.policies import Policies


@pytest.fixture(scope="module")
def shop() -> Shop:
    return train(population())


@pytest.fixture
def policies(
    client: Redis, keys: Keys, publisher: Publisher, shop: Shop, tmp_path: Path
) -> Policies:
    """With the shop's bundle live, whose own policy is version 3."""
    publish_bundle(client, keys, tmp_path / "bundle", shop.bundle, shop.table)
    return publisher.policies


def live(client: Redis, keys: Keys) -> object:
    return client.get(keys.policy)


def sources(client: Redis, keys: Keys) -> int:
    return sum(1 for _ in client.scan_iter(match=keys.policy_source("*")))


def test_a_tightening_is_drafted_and_published_by_one_person(
    policies: Policies, client: Redis, keys: Keys
) -> None:
    wanted = source(4, infant="block")
    assert policies.draft(wanted, author="anna").state is State.DRAFT
    assert live(client, keys) is None
    done = policies.publish(4, by="anna")
    assert not done.change.loosens
    assert live(client, keys) == f"4 {wanted.digest}".encode()
    assert policies.source(4) == policies.live_source() == wanted
    assert policies.live().version == LiveVersion(version=4, digest=wanted.digest)


def test_the_bundles_own_text_changes_nothing(policies: Policies, shop: Shop) -> None:
    policies.draft(source(4), author="anna")
    found = policies.change(4)
    assert not found.loosens
    assert found.life_events == {}
    assert policies.live().version == LiveVersion(version=3, digest=shop.bundle.version)
    assert policies.live_source() is None


def test_a_loosening_needs_a_second_person(policies: Policies) -> None:
    policies.draft(source(4, pregnancy="allow"), author="anna", reason="the summer range")
    with pytest.raises(Forbidden, match="nobody has approved it: 1 item of `pregnancy`"):
        policies.publish(4, by="anna")
    with pytest.raises(Forbidden, match="anna wrote it"):
        policies.approve(4, approver="Anna", reason="please")
    with pytest.raises(InputError, match="no reason"):
        policies.approve(4, approver="ben")
    assert policies.approve(4, approver="ben", reason="agreed").version.state is State.APPROVED
    done = policies.publish(4, by="anna")
    assert done.change.life_events["pregnancy"].offers_offerable
    [step] = policies.ledger().activations
    assert (step.by, step.approver) == ("anna", "ben")


def test_rolling_back_moves_the_pointer_and_a_loosening_one_needs_a_second_person(
    policies: Policies, client: Redis, keys: Keys
) -> None:
    first, second = source(4), source(5, infant="block")
    for wanted in (first, second):
        policies.publish(policies.draft(wanted, author="anna").version, by="anna")
    with pytest.raises(Forbidden, match="loosens the guard"):
        policies.rollback(by="anna", reason="nappies are gone")
    policies.approve(4, approver="ben", reason="agreed")
    done = policies.rollback(by="anna", reason="nappies are gone", expected_live=5)
    assert done.version.version == 4
    assert live(client, keys) == f"4 {first.digest}".encode()
    policies.rollback(by="carl", reason="no, block", version=5)
    assert live(client, keys) == f"5 {second.digest}".encode()


def test_a_diff_may_be_against_another_version(policies: Policies) -> None:
    policies.draft(source(4), author="anna")
    policies.draft(source(5, infant="block"), author="anna")
    assert policies.change(4, against=5).loosens
    assert not policies.change(5, against=4).loosens


def test_lint_looks_at_what_the_live_bundle_sells(policies: Policies) -> None:
    found = policies.findings(source(4, keyword="skateboard"))
    assert any("skateboard" in finding.what for finding in found)


def test_a_pattern_that_matches_half_the_shop_needs_a_reason(policies: Policies) -> None:
    policies.draft(source(4, keyword='school, "no"', school="block"), author="anna")
    with pytest.raises(InputError, match="half the catalogue"):
        policies.publish(4, by="anna")
    assert policies.publish(4, by="anna", reason="we mean it").change.whole_catalogue == ("school",)


def test_an_expired_policy_and_unknown_proxies_are_not_published(policies: Policies) -> None:
    policies.draft(source(4, until="2020-01-01"), author="anna")
    with pytest.raises(PolicyError, match="ended on 2020-01-01"):
        policies.publish(4, by="anna")
    text = source(5).text.replace(
        "    policy: allow", "    policy: allow\n    proxies: {list: p.csv, status: approved}"
    )
    policies.draft(
        PolicySource(text=text, proxy_lists={"p.csv": "item_id\nno-such-item\n"}), author="anna"
    )
    with pytest.raises(PolicyError, match=r"cannot be published: .*no-such-item"):
        policies.publish(5, by="anna")


def test_a_text_that_cannot_be_applied_is_no_draft(policies: Policies) -> None:
    with pytest.raises(PolicyError, match="line 7"):
        policies.draft(source(4, infant="sometimes"), author="anna")
    assert policies.ledger().versions == {}


def test_without_a_bundle_drafting_works_and_publishing_says_what_is_missing(
    publisher: Publisher,
) -> None:
    policies = publisher.policies
    policies.draft(source(1), author="anna")
    for step in (
        lambda: policies.publish(1, by="anna"),
        lambda: policies.approve(1, approver="ben"),
        policies.live,
    ):
        with pytest.raises(NotFound, match="no bundle is live") as caught:
            step()
        assert "publish a bundle first" in caught.value.hint


def test_a_draft_that_is_replaced_or_dropped_leaves_no_text(
    policies: Policies, client: Redis, keys: Keys
) -> None:
    policies.draft(source(4), author="anna")
    policies.draft(source(4, infant="block"), author="anna")
    policies.draft(source(5, infant="block"), author="anna")
    assert sources(client, keys) == 2
    policies.drop(5, by="anna")
    assert policies.source(4) == source(4, infant="block")
    policies.drop(4, by="anna")
    assert sources(client, keys) == 0
    with pytest.raises(NotFound, match="no version 4"):
        policies.source(4)


def test_of_two_who_publish_at_once_the_second_is_told_what_is_live(
    policies: Policies, publisher: Publisher, client: Redis, keys: Keys
) -> None:
    """Both have read the ledger before either writes it."""
    for version in (4, 5):
        policies.draft(source(version, infant="block"), author="anna")
    both = threading.Barrier(2)
    found: dict[int, object] = {}

    def publish(version: int) -> None:
        waited: list[None] = []

        def clock() -> float:
            if not waited:
                waited.append(None)
                both.wait(timeout=20)
            return 1_700_000_000.0

        try:
            found[version] = Publisher(client, keys, clock).policies.publish(version, by="anna")
        except ConflictError as error:
            found[version] = error

    racers = [threading.Thread(target=publish, args=(version,)) for version in (4, 5)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    [lost] = [error for error in found.values() if isinstance(error, ConflictError)]
    won = policies.ledger().live
    assert f"version {won} of the policy is live now, published by anna" in lost.what
    assert len(policies.ledger().activations) == 1


def test_whoever_changes_something_else_meanwhile_makes_nobody_fail(
    policies: Policies, client: Redis, keys: Keys
) -> None:
    policies.draft(source(4, infant="block"), author="anna")
    other = Publisher(client, keys, Clock()).policies
    done: list[None] = []

    def clock() -> float:
        if not done:
            done.append(None)
            other.draft(source(9), author="ben")
        return 1_700_000_000.0

    Publisher(client, keys, clock).policies.publish(4, by="anna")
    assert policies.ledger().live == 4
    assert 9 in policies.ledger().versions


def test_who_never_gets_a_quiet_moment_is_told_so(
    policies: Policies, client: Redis, keys: Keys
) -> None:
    other = Publisher(client, keys, Clock()).policies
    taken = iter(range(10, 40))

    def clock() -> float:
        other.draft(source(next(taken)), author="ben")
        return 1_700_000_000.0

    with pytest.raises(ConflictError, match="others changed the policies 5 times"):
        Publisher(client, keys, clock).policies.draft(source(4), author="anna")


def test_a_text_that_left_redis_or_was_altered_is_never_published(
    policies: Policies, client: Redis, keys: Keys
) -> None:
    wanted = source(4, infant="block")
    policies.draft(wanted, author="anna")
    key = keys.policy_source(wanted.digest)
    for value in (b"{}", source(4).model_dump_json().encode()):
        client.set(key, value)
        with pytest.raises(StoreError, match="not in Redis, or was altered"):
            policies.publish(4, by="anna")
    client.delete(key)
    with pytest.raises(StoreError, match="not in Redis"):
        policies.publish(4, by="anna")
    assert live(client, keys) is None


def test_a_text_that_leaves_redis_at_the_last_moment_does_not_go_live(
    policies: Policies, client: Redis, keys: Keys
) -> None:
    wanted = source(4, infant="block")
    policies.draft(wanted, author="anna")

    def clock() -> float:
        client.delete(keys.policy_source(wanted.digest))
        return 1_700_000_000.0

    with pytest.raises(StoreError, match=r"version 4 .* is not in Redis"):
        Publisher(client, keys, clock).policies.publish(4, by="anna")
    assert live(client, keys) is None
    assert policies.ledger().live is None


def test_garbage_in_the_ledger_is_named_and_left_alone(
    policies: Policies, client: Redis, keys: Keys
) -> None:
    client.set(keys.policies, b"?")
    with pytest.raises(StoreError, match="ledger of policies"):
        policies.draft(source(4), author="anna")
    assert client.get(keys.policies) == b"?"


def test_a_bundle_that_lost_a_part_cannot_be_held_against(
    policies: Policies, client: Redis, keys: Keys, shop: Shop
) -> None:
    policies.draft(source(4, infant="block"), author="anna")
    client.delete(keys.array(shop.bundle.version, "evidence"))
    with pytest.raises(BundleError, match="has no evidence"):
        policies.publish(4, by="anna")


def test_a_server_that_is_away_is_named(keys: Keys) -> None:
    away = Publisher(Redis(host="127.0.0.1", port=1), keys, Clock()).policies
    with pytest.raises(StoreError, match="cannot be reached"):
        away.ledger()
