"""What customers control, through real HTTP, in two workers, and over the bytes in Redis."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from recommender.channel import Channel
from recommender.controls import NOTHING_TOLD, dump_controls, parse_controls
from recommender.keys import Keys, customer_tag
from recommender.record import unpack_live
from serving.settings import Settings
from tests.property.controls import may_offer
from tests.property.test_controls_in_the_core import rich_policy
from tests.support.policies import PUBLISHED, open_shop, publish_policy
from tests.support.service import Running, eventually, publish, redis_server, running
from tests.support.shop import AS_OF, CONTAINED, LOCKED, PLAIN
from tests.support.shop import LIFE_EVENTS as SHOP_LIFE_EVENTS

_numbers = itertools.count()
HTTP = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
LIFE_EVENTS = ("infant", "pregnancy", "recovery", "school")
TARGETS = {
    "infant": {"diaper-1", "diaper-2", "food-1"},
    "pregnancy": {"crib", "test-1", "both"},
    "recovery": {"sober-book", "beer-0", "both"},
    "school": {"school-1"},
}
NEVER = {"sober-book", "beer-0", "both", "blank", "unlisted"}
"""Targets of a blocked life event, and what could not be matched."""

Step = tuple[str, str, dict[str, object] | None]
"""Method, path below the customer, body."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Two workers of one shop, whose bundle was trained without a guard.

    before   what a visitor was offered before the policy was published
    """

    one: Running
    other: Running
    redis: Redis
    keys: Keys
    before: frozenset[str]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    shop, keys = open_shop(), Keys("told")
    with redis_server(tmp_path_factory.mktemp("redis")) as server, server.client() as redis:
        publish(redis, keys, tmp_path_factory.mktemp("bundle") / "b", shop.bundle, shop.table)
        chosen = Settings(redis_url=server.url, namespace="told", redis_timeout=2.0)
        with running(chosen) as one, running(chosen) as other:
            before = frozenset(shown(one, ""))
            version = publish_policy(redis, keys, PUBLISHED)
            eventually(lambda: {w.offers()["policy_version"] for w in (one, other)} == {version})
            yield Stage(one, other, redis, keys, before)


def steps(*, history: bool) -> st.SearchStrategy[list[Step]]:
    """What customers do with their controls, in any order."""
    life_event = st.sampled_from(LIFE_EVENTS)
    purposes = ["email", "push", "sms", "age_verification", *(["history"] if history else [])]
    purpose = st.sampled_from(purposes)
    until = st.sampled_from([{}, {"until": "2099-01-01"}])
    return st.lists(
        st.one_of(
            st.tuples(st.just("PUT"), life_event.map(lambda e: f"declarations/{e}"), until),
            st.tuples(st.just("DELETE"), life_event.map(lambda e: f"declarations/{e}"), st.none()),
            st.tuples(
                st.sampled_from(["PUT", "DELETE"]),
                st.tuples(life_event, purpose).map(lambda p: f"consents/{p[0]}/{p[1]}"),
                st.none(),
            ),
            st.tuples(
                st.sampled_from(["PUT", "DELETE"]),
                life_event.map(lambda e: f"objections/{e}"),
                st.none(),
            ),
            st.tuples(st.just("PUT"), st.just("gifts/tea-1"), st.just({"until": "2099-01-01"})),
            st.tuples(st.just("PUT"), st.just("forgotten/fruit-1"), st.none()),
        ),
        max_size=6,
    )


def do(service: Running, customer: str, step: Step) -> httpx.Response:
    """Takes a step; everything here is allowed, so it must succeed."""
    method, path, body = step
    url = f"/v1/customers/{customer}/{path}"
    response = (
        service.http.request(method, url, json=body) if body else service.http.request(method, url)
    )
    assert response.status_code == 200, response.text
    return response


def shown(service: Running, customer: str, **query: object) -> set[str]:
    """What a customer, or with "" a visitor, is offered, the slot `replenish` aside."""
    asked = {"placements": ["home", "usuals"], "n": 60} | query
    asked |= {"customer_id": customer} if customer else {}
    answer: Any = service.offers(**asked)
    return {o["offer_id"] for p in answer["placements"].values() for o in p["offers"]}


def comparable(service: Running, customer: str, query: dict[str, Any]) -> tuple[Any, ...]:
    """A whole response; date and ids aside."""
    response = service.http.post("/v1/offers", json=query | {"customer_id": customer})
    body = response.json()
    body.pop("decision_id")
    headers = {k: v for k, v in response.headers.items() if k not in {"date", "x-request-id"}}
    return response.status_code, headers, body


def bought(customer: str, name: str, item: str, at: int) -> dict[str, object]:
    return {
        "event_id": name,
        "customer_id": customer,
        "kind": "purchase",
        "item_id": item,
        "timestamp": at,
    }


def stored(stage: Stage, customer: str) -> dict[str, bytes]:
    """What Redis holds of a customer; the replenishment record aside."""
    keys = stage.keys
    found: dict[str, Any] = {
        name: stage.redis.get(key)
        for name, key in (("events", keys.events(customer)), ("controls", keys.controls(customer)))
    }
    if found["controls"] is not None:
        told = parse_controls(found["controls"])
        assert told.customer == customer
        found["controls"] = told.model_copy(update={"customer": ""})
    return found


@HTTP
@given(
    steps(history=False),
    st.lists(st.sampled_from(LOCKED), min_size=1, max_size=6),
    st.lists(st.sampled_from(PLAIN), max_size=4),
    st.sampled_from(["site", "app", "email", "push"]),
)
def test_g1_and_g8_locked_evidence_leaves_no_trace_whatever_was_told(
    stage: Stage, told: list[Step], locked: list[str], seen: list[str], channel: str
) -> None:
    """No consent to the history: then whatever else was told, locked purchases change nothing."""
    number = next(_numbers)
    names = (f"plain-{number}", f"secretive-{number}")
    query = {
        "placements": ["home"] if channel in ("site", "app") else ["discovery"],
        "channel": channel,
        "reasons": "full",
        "context": {"basket": ["bread-1"]},
    }
    for customer in names:
        events = [
            bought(customer, f"{number}-{i}", item, AS_OF + 60 + i) for i, item in enumerate(seen)
        ]
        if customer == names[1]:
            events += [
                bought(customer, f"{number}-l{i}", item, AS_OF + 30 + i)
                for i, item in enumerate(locked)
            ]
        if events:
            assert stage.one.events(*events[::-1]).status_code == 202
        for step in told:
            do(stage.one, customer, step)
    assert comparable(stage.other, names[0], query) == comparable(stage.other, names[1], query)
    first, second = stored(stage, names[0]), stored(stage, names[1])
    assert _live(first["events"]) == _live(second["events"])
    assert _without_moments(first["controls"]) == _without_moments(second["controls"])


def _live(raw: bytes | None) -> tuple[object, ...]:
    """A live record; the stamp, which names the controls' own bytes, aside."""
    if raw is None:
        return ()
    record = unpack_live(raw)
    return record.events, None if record.factor is None else record.factor.tobytes()


def _without_moments(told: Any) -> str:
    """The controls with every moment cut down: the two customers told us seconds apart."""
    if told is None:
        return ""
    text = dump_controls(told).decode()
    return "".join("#" if c.isdigit() else c for c in text)


@HTTP
@given(
    steps(history=True),
    st.sampled_from(LIFE_EVENTS),
    st.sampled_from(["objections", "declarations"]),
    st.lists(st.sampled_from([*PLAIN, *LOCKED, "crib", "school-1"]), max_size=6),
)
def test_g6_a_lock_holds_from_the_next_request_on_in_every_worker(
    stage: Stage, told: list[Step], life_event: str, kind: str, items: list[str]
) -> None:
    """Told to one worker, the other shows no target of it, and no other sensitive item more."""
    customer = f"lock-{next(_numbers)}"
    for step in told:
        do(stage.one, customer, step)
    if items:
        events = [bought(customer, f"{customer}-{i}", x, AS_OF + i) for i, x in enumerate(items)]
        assert stage.one.events(*events).status_code == 202
    before = shown(stage.other, customer)
    assert not before & NEVER
    lock: Step = ("PUT" if kind == "objections" else "DELETE", f"{kind}/{life_event}", None)
    do(stage.one, customer, lock)
    after = shown(stage.other, customer)
    if kind == "objections" or life_event != "school":
        assert not after & TARGETS[life_event]
    assert after & set(CONTAINED) <= before & set(CONTAINED)
    do(stage.one, customer, lock)
    assert shown(stage.one, customer) == after


@HTTP
@given(steps(history=True), st.sampled_from(["email", "push", "sms", "print"]))
def test_g2_outbound_needs_a_consent_that_names_the_channel(
    stage: Stage, told: list[Step], channel: str
) -> None:
    customer = f"out-{next(_numbers)}"
    for step in told:
        do(stage.one, customer, step)
    offered = shown(stage.other, customer, placements=["discovery"], n=60, channel=channel)
    raw = stage.redis.get(stage.keys.controls(customer))
    controls = NOTHING_TOLD if raw is None else parse_controls(raw)
    now, free = time.time(), set(TARGETS)
    for rule in rich_policy().life_events:
        if not may_offer(rule, controls, Channel(channel), now):
            free.discard(rule.id)
    expected = {
        item
        for item in set().union(*TARGETS.values())
        if all(name in free for name, targets in TARGETS.items() if item in targets)
    }
    assert offered & {*CONTAINED, "school-1"} == expected, controls


def test_g2_would_notice_an_open_door(stage: Stage) -> None:
    """The same bundle offered all that is sensitive to everybody, until the policy came."""
    assert {*CONTAINED, "school-1"} <= stage.before
    assert not shown(stage.one, "") & set(CONTAINED)


def test_the_published_text_says_what_the_properties_expect() -> None:
    """The second opinion reads the rules of the core's tests."""
    compiled = PUBLISHED.compile()
    expected = rich_policy()
    assert compiled.policy.life_events == expected.life_events
    assert compiled.policy.no_chaining == expected.no_chaining
    for known, event in zip(compiled.life_events, SHOP_LIFE_EVENTS, strict=True):
        assert (known.evidence, known.targets) == (event.evidence, event.targets)


def test_g2_would_notice_a_consent_that_is_missing(stage: Stage) -> None:
    """The property above can fail: with a declaration and a consent the nappies go out."""
    customer = f"posts-{next(_numbers)}"
    asked: dict[str, Any] = {"placements": ["discovery"], "n": 60, "channel": "email"}
    do(stage.one, customer, ("PUT", "declarations/infant", None))
    assert not shown(stage.other, customer, **asked) & TARGETS["infant"]
    do(stage.one, customer, ("PUT", "consents/infant/email", None))
    assert shown(stage.other, customer, **asked) >= TARGETS["infant"]
    do(stage.one, customer, ("DELETE", "consents/infant/email", None))
    assert not shown(stage.other, customer, **asked) & TARGETS["infant"]


def test_g2_would_notice_a_declaration(stage: Stage) -> None:
    """The properties above can fail: who declares a pregnancy is offered the crib at home."""
    customer = f"declares-{next(_numbers)}"
    assert "crib" not in shown(stage.one, customer)
    do(stage.one, customer, ("PUT", "declarations/pregnancy", None))
    assert "crib" in shown(stage.other, customer)
    do(stage.other, customer, ("DELETE", "declarations/pregnancy", None))
    assert "crib" not in shown(stage.one, customer)
    do(stage.one, customer, ("PUT", "declarations/pregnancy", {"source": "baby_registry"}))
    assert "crib" not in shown(stage.one, customer), "silence is not ended by a register"


def test_g7_unreadable_controls_are_answered_closed_and_counted(stage: Stage) -> None:
    """What the customer objects to is unknown: nothing of any life event, the rest is served."""
    customer = "c05"
    assert "school-1" in shown(stage.one, customer)
    stage.redis.set(stage.keys.controls(customer), b"{not json")
    try:
        answer: Any = stage.one.offers(customer_id=customer, placements=["home"], n=60)
        offers = {o["offer_id"] for o in answer["placements"]["home"]["offers"]}
        assert answer["fallback"]
        assert offers
        assert not offers & {*CONTAINED, "school-1"}
        counted = stage.one.http.get("/metrics").text
        assert 'tactful_unreadable_records_total{record="controls"}' in counted
    finally:
        stage.redis.delete(stage.keys.controls(customer))


def test_no_key_names_a_customer_an_item_or_a_life_event(stage: Stage) -> None:
    """G8: controls stand under a tag, whatever they say."""
    customer = "somebody-nameable"
    do(stage.one, customer, ("PUT", "declarations/pregnancy", None))
    do(stage.one, customer, ("PUT", "gifts/diaper-1", {"until": "2099-01-01"}))
    names = [key.decode() for key in stage.redis.scan_iter(match="told:*")]
    assert any(customer_tag(customer) in name for name in names)
    for name in names:
        assert not any(word in name for word in (customer, "diaper", *LIFE_EVENTS))
