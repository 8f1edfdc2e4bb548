"""Two customers who differ in nothing that may be used: neither log nor doctor tells them apart."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from recommender.controls import Controls, Declaration, Need, Term, dump_controls
from recommender.customer import LiveEvent
from recommender.keys import Keys
from recommender.record import unpack_live
from serving.roles import Role
from serving.settings import Settings
from tactful.doctor.customer import Story, examine
from tests.support.people import login, write_tokens
from tests.support.service import RedisServer, Running, eventually, newest, publish, running
from tests.support.shop import AS_OF, Purchase, policy, population, train

KEYS = Keys("twins")
PENS: list[Purchase] = [(name, "school-1", 5) for name in ("pens", "child", "closed")]
"""Customers of whom training knows nothing but school pens."""
NO_SCHOOL = {"objections": {"school": Term(at=1)}}
GONE = "9 0000"
"""A pointer to a policy whose sources nobody has."""


@dataclass(frozen=True, eq=False)
class Desk:
    """A service that knows customers by one trained item."""

    service: Running
    redis: Redis
    url: str

    def told(self, customer: str, **entries: Any) -> None:
        """Puts what a customer has told us on record."""
        self.redis.set(
            KEYS.controls(customer), dump_controls(Controls(customer=customer, **entries))
        )

    def bought(self, customer: str, *items: str) -> None:
        """Posts purchases, one a second after the training."""
        posted = self.service.events(
            *(
                {
                    "event_id": f"{customer}-{number}",
                    "customer_id": customer,
                    "kind": "purchase",
                    "item_id": item,
                    "timestamp": AS_OF + number,
                }
                for number, item in enumerate(items, start=1)
            )
        )
        assert posted.status_code == 202

    def entry(self, customer: str, **query: Any) -> dict[str, Any]:
        """What the log has of an answer, which is made again first."""
        response = self.service.http.post("/v1/offers", json=query | {"customer_id": customer})
        assert response.status_code == 200, response.text
        name = response.json()["decision_id"]
        found = eventually(
            lambda: next(
                (e for e in newest(self.redis, KEYS.decisions, 9) if e["id"] == name), None
            )
        )
        path = f"/v1/decisions/{name}"
        again = self.service.http.get(path, headers=login(Role.PRIVACY)).json()["replay"]
        assert again == {"equal": True, "sha256": sha256(response.content).hexdigest()}
        return {k: v for k, v in found.items() if k not in ("id", "at", "customer")}

    def story(self, customer: str) -> Story:
        """What the doctor says of a customer; the name aside."""
        told = asyncio.run(examine(self.url, KEYS, customer, time.time()))
        return replace(told, customer="")


@pytest.fixture(scope="module")
def desk(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("twins")
    rules = policy()
    school = rules.life_events[3].model_copy(update={"personal": False})
    minor = school.model_copy(update={"id": "minor"})
    shop = train(
        [*population(), *PENS],
        rules.model_copy(update={"life_events": (*rules.life_events, minor)}),
    )
    chosen = Settings(
        redis_url=server.url, namespace="twins", redis_timeout=2.0, tokens=write_tokens(folder)
    )
    with server.client() as redis:
        publish(redis, KEYS, Path(folder) / "bundle", shop.bundle, shop.table)
        with running(chosen) as service:
            yield Desk(service, redis, server.url)


def events_of(entry: dict[str, Any]) -> list[LiveEvent]:
    """The live events that an entry of the log holds."""
    return list(unpack_live(base64.b64decode(entry["live"])).events) if "live" in entry else []


@pytest.mark.parametrize("query", [{}, {"reasons": "full", "context": {"page": "tea-5"}}])
def test_the_log_does_not_say_that_a_trained_item_is_objected_to(
    desk: Desk, query: dict[str, Any]
) -> None:
    for customer in ("pens", "plain"):
        desk.told(customer, **NO_SCHOOL)
        desk.bought(customer, "bread-1", "tea-2")
    assert desk.entry("pens", **query) == desk.entry("plain", **query)


def test_the_log_holds_no_gift_nothing_too_personal_and_nothing_forgotten(desk: Desk) -> None:
    desk.bought("g", "bread-1", "cheese-3", "tea-1", "soap-2")
    desk.told(
        "g",
        gifts={"cheese-3": Term(at=1)},
        too_personal={"tea": Term(at=1)},
        forgotten={"soap-2": AS_OF + 900},
    )
    entry = desk.entry("g", filters={"exclude": ["tea-4", "bread-4"]})
    assert [event.item for event in events_of(entry)] == ["bread-1"]
    assert entry["request"]["exclude"] == ["bread-4"]


def test_trained_items_that_are_hidden_all_the_same_are_not_called_learned(desk: Desk) -> None:
    desk.bought("pens", "bread-1", "tea-2")
    for told in (
        {"gifts": {"school-1": Term(at=1)}},
        {"too_personal": {"paper": Term(at=1)}},
        {"forgotten": {"school-1": int(time.time())}},
    ):
        desk.told("pens", **told)
        entry = desk.entry("pens")
        assert not entry["learned"]
        assert [event.item for event in events_of(entry)] == ["bread-1", "tea-2"]
    desk.told("pens", needs={"1": Need(at=1, category="Tea")})
    assert desk.entry("pens")["learned"]


def test_the_doctor_does_not_say_that_a_trained_item_is_objected_to(desk: Desk) -> None:
    desk.redis.delete(KEYS.events("pens"))
    for customer in ("pens", "nobody"):
        desk.told(customer, **NO_SCHOOL)
    assert desk.story("pens") == desk.story("nobody")
    desk.told("pens")
    assert desk.story("pens").sentences[0] == "The live version knows 1 item that may be used."


def test_the_doctor_counts_no_event_that_is_hidden(desk: Desk) -> None:
    desk.bought("lately", "bread-1", "school-1", "soap-2", "tea-3")
    desk.bought("other", "bread-1")
    for customer in ("lately", "other"):
        desk.told(
            customer,
            **NO_SCHOOL,
            gifts={"soap-2": Term(at=1)},
            forgotten={"tea-3": AS_OF + 900},
        )
    assert desk.story("lately") == desk.story("other")
    assert desk.story("lately").events == 1


def test_the_doctor_knows_nothing_of_a_child_and_of_whom_controls_are_unreadable(
    desk: Desk,
) -> None:
    for customer in ("child", "stranger"):
        desk.told(customer, declarations={"minor": Declaration(at=1, source="preference_centre")})
    desk.bought("child", "bread-1")
    assert desk.story("child") == desk.story("stranger")
    for customer in ("closed", "unknown"):
        desk.redis.set(KEYS.controls(customer), b"\xff{")
    assert desk.story("closed") == desk.story("unknown")


def test_the_doctor_closes_under_a_policy_that_cannot_be_read_and_says_so(desk: Desk) -> None:
    """As the workers do (guard G7), instead of failing just when somebody needs it."""
    desk.told("closed")
    desk.redis.set(KEYS.policy, GONE)
    try:
        story = desk.story("closed")
    finally:
        desk.redis.delete(KEYS.policy)
    assert any("cannot be applied" in told for told in story.sentences)
    assert story.visible_items == 0
