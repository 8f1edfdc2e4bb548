"""GET /v1/decisions/{id}: a decision is made again to the same bytes, and says why (guard G10)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from recommender.controls import (
    Controls,
    Declaration,
    Need,
    Term,
    dump_controls,
    parse_controls,
)
from recommender.guard.source import PolicySource
from recommender.keys import Keys, customer_tag
from serving.logged import parse_aside
from serving.roles import Role
from serving.settings import Settings
from tests.support.people import login, write_tokens
from tests.support.service import RedisServer, Running, eventually, publish, running
from tests.support.shop import AS_OF, Shop
from training.publish import Publisher

KEYS = Keys("replays")
DAY = 86_400
POLICY = """
guard: {version: 9, owner: anna@shop, approved_by: dpo@shop}
life_events:
  pregnancy:
    policy: block_unless_declared
    evidence: {keyword: [pregnancy test]}
    targets: {keyword: [crib], soft: [bread]}
"""


@dataclass(frozen=True, eq=False)
class Desk:
    """A service with people, and a publisher beside it."""

    service: Running
    redis: Redis
    publisher: Publisher
    shop: Shop

    def ask(self, **query: object) -> httpx.Response:
        """The response to POST /v1/offers."""
        response = self.service.http.post("/v1/offers", json=query)
        assert response.status_code == 200, response.text
        return response

    def trace(self, decision: str, *, answer: bool = False) -> dict[str, Any]:
        """The trace of a decision, once it is in the log."""

        def look() -> httpx.Response | None:
            found = self.get(decision, answer=answer)
            return None if found.status_code == 404 else found

        response = eventually(look)
        assert response.status_code == 200, response.text
        traced: dict[str, Any] = response.json()
        return traced

    def get(self, decision: str, *, answer: bool = False) -> httpx.Response:
        """The response to GET /v1/decisions."""
        path = f"/v1/decisions/{decision}"
        asked = {"answer": "true"} if answer else {}
        return self.service.http.get(path, params=asked, headers=login(Role.PRIVACY))

    def told(self, controls: Controls) -> None:
        """Puts what a customer has told us on record."""
        self.redis.set(KEYS.controls(controls.customer), dump_controls(controls))

    def wait_for(self, key: str, value: object) -> None:
        """Until `/readyz` says so."""
        eventually(lambda: self.service.http.get("/readyz").json()[key] == value)


@pytest.fixture(scope="module")
def desk(
    server: RedisServer, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("replays")
    chosen = Settings(
        redis_url=server.url, namespace="replays", redis_timeout=2.0, tokens=write_tokens(folder)
    )
    with server.client() as redis:
        publish(redis, KEYS, folder / "first", shop.bundle, shop.table)
        with running(chosen) as service:
            yield Desk(service, redis, Publisher(redis, KEYS, time.time), shop)


def event(customer: str, name: str, item: str, at: int, kind: str = "purchase") -> dict[str, Any]:
    return {
        "event_id": f"{customer}-{name}",
        "customer_id": customer,
        "kind": kind,
        "item_id": item,
        "timestamp": at,
    }


QUERIES: list[dict[str, Any]] = [
    {},
    {"customer_id": "c03"},
    {"customer_id": "nobody", "placements": ["home"], "n": 3},
    {
        "customer_id": "c03",
        "placements": ["usuals", {"name": "discovery", "n": 4}, "basket"],
        "n": 5,
        "reasons": "full",
        "context": {"basket": ["tea-1", "diaper-1"], "page": "soap-2", "session": ["bread-0"]},
        "filters": {"min_price": 1.5, "max_price": 8.25, "exclude": ["tea-2", "diaper-1", "?"]},
    },
    {"customer_id": "c07", "filters": {"categories": ["Tea", "Soap"], "min_price": 0}},
    {"customer_id": "c07", "gift": True, "context": {"page": "tea-3"}, "reasons": "none"},
    {"customer_id": "c11", "placements": ["discovery"], "channel": "email", "n": 3},
    {"placements": ["basket"], "context": {"basket": ["bread-1", "bread-2"]}},
]


@pytest.mark.parametrize("query", QUERIES)
def test_the_same_bytes_are_answered_again(desk: Desk, query: dict[str, Any]) -> None:
    response = desk.ask(**query)
    traced = desk.trace(response.json()["decision_id"], answer=True)
    assert traced["replay"] == {"equal": True, "sha256": sha256(response.content).hexdigest()}
    assert traced["answer"] == response.json()


def test_events_since_the_training_are_replayed(desk: Desk) -> None:
    for customer in ("c05", "lately"):
        events = [
            event(customer, "a", "tea-1", AS_OF + 90),
            event(customer, "b", "soap-4", AS_OF + 100),
            event(customer, "c", "diaper-1", AS_OF + 110),
            event(customer, "d", "tea-1", AS_OF + 120, "return"),
            event(customer, "e", "bread-0", AS_OF - 5),
        ]
        assert desk.service.events(*events).status_code == 202
        for query in ({"reasons": "full"}, {"context": {"page": "tea-5"}}):
            response = desk.ask(customer_id=customer, **query)
            desk.service.events(event(customer, f"later-{query}", "paper-1", AS_OF + 900))
            traced = desk.trace(response.json()["decision_id"])
            assert traced["replay"]["equal"]
            assert traced["replay"]["sha256"] == sha256(response.content).hexdigest()


def test_what_was_told_is_replayed_and_is_not_in_the_log(desk: Desk) -> None:
    before = int(time.time()) - 100
    declared = Declaration(at=before, source="preference_centre")
    told = Controls(
        customer="c09",
        declarations={"pregnancy": declared},
        consents={"pregnancy": {"history": Term(at=before)}},
        objections={"school": Term(at=before)},
        needs={"1": Need(at=before, offer_id="sober-book")},
        gifts={"tea-1": Term(at=before)},
        too_personal={"soap": Term(at=before)},
    )
    desk.told(told)
    response = desk.ask(customer_id="c09", reasons="full", filters={"exclude": ["diaper-1"]})
    desk.redis.delete(KEYS.controls("c09"))
    traced = desk.trace(response.json()["decision_id"])
    assert traced["replay"]["equal"]
    assert traced["replay"]["sha256"] == sha256(response.content).hexdigest()
    rules = {found["life_event"]: found for found in traced["rules"]["life_events"]}
    assert not rules["pregnancy"]["targets_held"]
    assert rules["pregnancy"]["why"] == ["declared", "consent to use the history"]
    assert rules["school"]["masked"]
    assert "the customer objects" in rules["school"]["why"]
    assert rules["infant"]["why"] == ["not declared"]
    assert rules["recovery"]["why"] == ["the policy blocks it, declared or not"]
    assert traced["rules"]["too_personal"] == ["soap"]
    entry = entry_of(desk, response.json()["decision_id"])
    assert b"c09" not in entry
    beside: Any = desk.redis.get(KEYS.replay(response.json()["decision_id"]))
    kept = parse_controls(parse_aside(beside).controls or b"")
    assert kept == told.model_copy(update={"customer": ""})
    assert b"objections" not in entry
    assert b"diaper" not in entry


def test_controls_that_cannot_be_read_lock_everything_again(desk: Desk) -> None:
    desk.redis.set(KEYS.controls("c13"), b'{"customer": "c13", torn')
    response = desk.ask(customer_id="c13")
    traced = desk.trace(response.json()["decision_id"])
    beside: Any = desk.redis.get(KEYS.replay(response.json()["decision_id"]))
    assert b"c13" not in (parse_aside(beside).controls or b"c13")
    assert traced["replay"]["equal"]
    assert all(found["targets_held"] for found in traced["rules"]["life_events"])
    reasons = traced["rules"]["life_events"][0]["why"]
    assert "what the customer told us could not be read" in reasons


def test_the_slot_replenish_is_replayed_for_as_long_as_its_purchases_are_kept(desk: Desk) -> None:
    bought = [
        event("c15", str(days), "diaper-1", int(time.time()) - days * DAY) for days in (2, 9, 20)
    ]
    desk.service.events(*bought)
    response = desk.ask(customer_id="c15", placements=["replenish", "home"], n=4)
    decision = response.json()["decision_id"]
    assert [o["offer_id"] for o in response.json()["placements"]["replenish"]["offers"]]
    traced = desk.trace(decision)
    assert traced["replay"]["equal"]
    shown = [c for c in traced["candidates"] if c["placement"] == "replenish"]
    assert [(c["offer_id"], c["stage"], c["verdict"]) for c in shown] == [
        ("diaper-1", "replenish", "shown")
    ]
    desk.redis.delete(KEYS.replay(decision))
    gone = desk.get(decision)
    assert gone.status_code == 404
    assert "no longer kept" in gone.json()["detail"]


def test_an_answer_without_redis_is_replayed_as_such(
    desk: Desk, server: RedisServer, tmp_path: Path
) -> None:
    """A service that waits no time at all is answered by memory alone."""
    hasty = Settings(
        redis_url=server.url,
        namespace="replays",
        redis_timeout=1e-6,
        poll_interval=0.01,
        tokens=write_tokens(tmp_path),
    )
    with running(hasty) as service:
        response = service.http.post("/v1/offers", json={"customer_id": "c03"})
        assert response.json()["degraded"]
    traced = desk.trace(response.json()["decision_id"])
    assert traced["replay"] == {"equal": True, "sha256": sha256(response.content).hexdigest()}
    assert traced["degraded"]


def test_decisions_of_other_policies_and_other_versions_are_replayed(
    desk: Desk, other_shop: Shop, tmp_path: Path
) -> None:
    query = {"customer_id": "c03", "reasons": "full", "n": 20}
    first = desk.ask(**query)
    source = PolicySource(text=POLICY)
    desk.redis.set(KEYS.policy_source(source.digest), source.model_dump_json())
    desk.redis.set(KEYS.policy, f"9 {source.digest}")
    desk.wait_for("policy_version", 9)
    second = desk.ask(**query)
    manifest = publish(desk.redis, KEYS, tmp_path / "other", other_shop.bundle, other_shop.table)
    desk.wait_for("version", manifest.version)
    third = desk.ask(**query)
    desk.redis.set(KEYS.policy, "10 0000")
    desk.wait_for("policy_version", 10)
    fourth = desk.ask(**query)
    desk.redis.delete(KEYS.policy)
    eventually(lambda: not desk.service.http.get("/readyz").json()["reasons"])
    answers = (first, second, third, fourth)
    assert len({response.content[48:] for response in answers}) == 4
    for response, policy in zip(answers, (3, 9, 9, 10), strict=True):
        traced = desk.trace(response.json()["decision_id"])
        assert traced["replay"] == {"equal": True, "sha256": sha256(response.content).hexdigest()}
        assert traced["policy"]["version"] == policy
    assert traced["policy"]["expired"]
    desk.publisher.activate(desk.shop.bundle.version)
    desk.wait_for("version", desk.shop.bundle.version)
    desk.redis.delete(KEYS.manifest(manifest.version))
    desk.redis.hdel(KEYS.versions, manifest.version)
    desk.trace(second.json()["decision_id"])  # the one older bundle that is kept is this one now
    gone = desk.get(third.json()["decision_id"])
    assert gone.status_code == 404
    assert gone.json()["detail"] == f"version {manifest.version} is no longer published"


def test_a_learned_record_that_was_erased_is_named(desk: Desk) -> None:
    decision = desk.ask(customer_id="c17").json()["decision_id"]
    desk.trace(decision)
    key = KEYS.learned(desk.shop.bundle.version, "c17")
    desk.redis.delete(key)
    gone = desk.get(decision)
    assert gone.status_code == 404
    assert "learned record" in gone.json()["detail"]


def test_a_decision_that_is_not_in_the_log_is_404_and_what_is_no_name_422(desk: Desk) -> None:
    now = f"{int(time.time() * 1000):012x}"
    for name in (now + "0" * 20, "0" * 32, "f" * 32):
        missing = desk.get(name)
        assert missing.status_code == 404
        assert "is in the log" in missing.json()["detail"]
    for name in ("1", "g" * 32, "A" * 32, "0" * 33):
        assert desk.get(name).status_code == 422


def test_a_decision_is_found_behind_many_others(desk: Desk) -> None:
    decision = desk.ask(customer_id="c21").json()["decision_id"]
    desk.trace(decision)
    entry = entry_of(desk, decision)
    crowd, found = Keys("crowd"), int(decision[:12], 16)
    pipe = desk.redis.pipeline()
    for number in range(1_200):
        pipe.xadd(crowd.decisions, {"json": b'{"id":"%032x"}' % number}, id=f"{found + number}-1")
    pipe.xadd(crowd.decisions, {"json": entry}, id=f"{found + 1_200}-1")
    pipe.execute()
    desk.redis.rename(KEYS.decisions, "replays:kept")
    desk.redis.rename(crowd.decisions, KEYS.decisions)
    assert desk.trace(decision)["replay"]["equal"]
    desk.redis.rename("replays:kept", KEYS.decisions)


def test_an_entry_of_an_earlier_release_is_named(desk: Desk) -> None:
    at = int(time.time() * 1000)
    name = f"{at:012x}{'5' * 20}"
    desk.redis.xadd(KEYS.decisions, {"json": b'{"id":"%s","at":1}' % name.encode()})
    response = desk.get(name)
    assert response.status_code == 503
    assert "earlier release" in response.json()["hint"]


def test_a_trace_may_not_be_kept_by_anybody_on_the_way(desk: Desk) -> None:
    decision = desk.ask().json()["decision_id"]
    desk.trace(decision)
    assert desk.get(decision).headers["cache-control"] == "no-store"


def test_candidates_say_what_became_of_each(desk: Desk) -> None:
    before = desk.ask(customer_id="c01", placements=["usuals"], n=3).json()
    excluded = [offer["offer_id"] for offer in before["placements"]["usuals"]["offers"]]
    query: dict[str, Any] = {
        "customer_id": "c01",
        "placements": ["usuals", {"name": "home", "n": 30}],
        "n": 6,
        "filters": {"exclude": excluded},
    }
    response = desk.ask(**query)
    traced = desk.trace(response.json()["decision_id"])
    assert traced["customer"] == customer_tag("c01").strip("{}")
    by_verdict: dict[str, list[dict[str, Any]]] = {}
    for found in traced["candidates"]:
        by_verdict.setdefault(found["verdict"], []).append(found)
    answered = {
        name: [offer["offer_id"] for offer in answer["offers"]]
        for name, answer in response.json()["placements"].items()
    }
    shown = by_verdict["shown"]
    for name, offers in answered.items():
        assert [c["offer_id"] for c in shown if c["placement"] == name] == offers
    for found in traced["candidates"]:
        assert sum(found["parts"].values()) == pytest.approx(found["score"], abs=1e-6)
    held = {c["offer_id"]: c["held_by"] for c in by_verdict["held back"]}
    assert held["sober-book"] == [{"life_event": "recovery", "policy": "block", "rule": "target"}]
    assert {c["placement"] for c in by_verdict["taken by an earlier placement"]} == {"home"}
    assert {c["offer_id"] for c in by_verdict["taken by an earlier placement"]} <= set(
        answered["usuals"]
    )
    filtered = [c["offer_id"] for c in by_verdict["filtered"] if c["placement"] == "usuals"]
    assert filtered == excluded


def test_the_description_of_a_trace_is_what_a_trace_is(desk: Desk) -> None:
    """Every field that is sent is documented, and every required one is sent."""
    document = desk.service.http.get("/openapi.json").json()["components"]["schemas"]
    decision = desk.ask(customer_id="c00", filters={"exclude": ["bread-0"]}).json()["decision_id"]
    traced = desk.trace(decision, answer=True)
    held = next(c for c in traced["candidates"] if c["verdict"] == "held back")
    for name, sent in (
        ("TraceAnswer", traced),
        ("PolicyOfTrace", traced["policy"]),
        ("VisibleOfTrace", traced["visible"]),
        ("RulesOfTrace", traced["rules"]),
        ("StandingOfTrace", traced["rules"]["life_events"][0]),
        ("CandidateOfTrace", held),
        ("HoldOfTrace", held["held_by"][0]),
        ("PartsOfTrace", held["parts"]),
        ("ReplayOfTrace", traced["replay"]),
    ):
        assert set(document[name]["properties"]) == set(sent), name
        assert set(document[name]["required"]) <= set(sent), name


def entry_of(desk: Desk, decision: str) -> bytes:
    """The bytes of a decision in the log."""
    found: Any = desk.redis.xrange(KEYS.decisions)
    entries = [fields[b"json"] for _, fields in found]
    return next(entry for entry in entries if decision.encode() in entry)
