"""Non-interference through real HTTP and over the bytes in a real Redis-protocol server."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from recommender.keys import Keys, customer_tag
from recommender.request import Source
from serving.settings import Settings
from tests.property.strategies import (
    ANY_ITEM,
    LOCKED_PURCHASES,
    VISIBLE_PURCHASES,
)
from tests.support.policies import PUBLISHED, open_shop, publish_policy
from tests.support.service import (
    RedisServer,
    Running,
    eventually,
    publish,
    redis_server,
    running,
)
from tests.support.shop import (
    AS_OF,
    CATEGORIES,
    CONTAINED,
    LOCKED,
    PLAIN,
    Purchase,
    population,
    train,
)

_numbers = itertools.count()
_SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
HTTP = settings(suppress_health_check=_SHARED, deadline=None)
ANSWERED_APART = {"date", "x-request-id"}
KEPT_APART = re.compile(rb":(raw|decisions|workers|r:\{[^}]*\})$")
"""The raw stream, the decision log (looked at below), heartbeats, replenishment records."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A running service over the corner shop."""

    service: Running
    redis: Redis
    keys: Keys


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture(scope="module")
def stage(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    shop, keys = train(population()), Keys("guard")
    folder: Path = tmp_path_factory.mktemp("bundle") / "b"
    with server.client() as redis:
        publish(redis, keys, folder, shop.bundle, shop.table)
        chosen = Settings(redis_url=server.url, namespace="guard", redis_timeout=2.0)
        with running(chosen) as service:
            yield Stage(service, redis, keys)


@pytest.fixture(scope="module")
def laid(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A shop whose bundle was trained without a guard, under a policy that came later.

    Its offers, lists and records hold everything that must not be seen.
    """
    shop, keys = open_shop(), Keys("laid")
    folder: Path = tmp_path_factory.mktemp("laid") / "b"
    with server.client() as redis:
        publish(redis, keys, folder, shop.bundle, shop.table)
        chosen = Settings(redis_url=server.url, namespace="laid", redis_timeout=2.0)
        with running(chosen) as service:
            assert offered_at_home(service) >= set(CONTAINED), "the doors were open before"
            assert beside(service, "bread-0") >= set(LOCKED), "so were those of the lists"
            version = publish_policy(redis, keys, PUBLISHED)
            eventually(lambda: service.offers()["policy_version"] == version)
            yield Stage(service, redis, keys)


def offered_at_home(service: Running) -> set[str]:
    """Everything that a visitor may be offered."""
    answer: Any = service.offers(placements=["home"], n=60)
    return {o["offer_id"] for o in answer["placements"]["home"]["offers"]}


def beside(service: Running, item: str) -> set[str]:
    """Everything that is similar to an item."""
    answer = service.http.get(f"/v1/items/{item}/similar", params={"n": 30})
    return {o["offer_id"] for o in answer.json()["offers"]}


def test_g2_would_notice_an_open_door(laid: Stage) -> None:
    """The same bundle offered every target, until the policy was published: see `laid`."""
    assert set(PLAIN) <= offered_at_home(laid.service)
    assert not offered_at_home(laid.service) & set(CONTAINED)
    assert not beside(laid.service, "bread-0") & set(CONTAINED)


KINDS = st.sampled_from(["purchase", "purchase", "purchase", "return", "view", "click"])
SECONDS = st.integers(-5 * 86_400, 20 * 86_400).map(lambda s: AS_OF + s)


def happened(items: tuple[str, ...], *, most: int) -> st.SearchStrategy[list[tuple[str, str, int]]]:
    """Kind, item, seconds since 1970; the same second and the same item again are likely."""
    moments = st.one_of(SECONDS, st.just(AS_OF + 7))
    return st.lists(st.tuples(KINDS, st.sampled_from(items), moments), max_size=most)


VISIBLE = happened((*PLAIN, "corn", "school-1", "crib"), most=8)
LOCKED_EVENTS = happened((*LOCKED, "nobody-knows"), most=8)
CONTEXT = st.fixed_dictionaries(
    {
        "basket": st.lists(ANY_ITEM, max_size=3),
        "page": st.none() | ANY_ITEM,
        "session": st.lists(ANY_ITEM, max_size=3),
    }
)
QUERY = st.fixed_dictionaries(
    {
        "placements": st.lists(
            st.sampled_from(["usuals", "discovery", "home", "basket"]),
            min_size=1,
            max_size=4,
            unique=True,
        ),
        "n": st.integers(1, 10),
        "reasons": st.sampled_from(["none", "short", "full"]),
        "context": CONTEXT,
        "filters": st.fixed_dictionaries(
            {
                "categories": st.lists(st.sampled_from([*CATEGORIES, "Baby"]), max_size=2),
                "exclude": st.lists(ANY_ITEM, max_size=3),
            }
        ),
    }
)


def event(customer: str, name: str, what: tuple[str, str, int]) -> dict[str, object]:
    kind, item, at = what
    return {
        "event_id": name,
        "customer_id": customer,
        "kind": kind,
        "item_id": item,
        "timestamp": at,
    }


def comparable(response: httpx.Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    """A whole response; date, request id and decision id aside."""
    body = response.json()
    body.pop("decision_id", None)
    headers = {k: v for k, v in response.headers.items() if k not in ANSWERED_APART}
    return response.status_code, headers, body


def stored(stage: Stage, customer: str) -> dict[bytes, bytes | None]:
    """All that online keys hold of a customer, under keys without the customer's own tag."""
    tag = customer_tag(customer).encode()
    found = {}
    for key in stage.redis.scan_iter(match=b"*" + tag.replace(b"{", b"\\{") + b"*"):
        if not KEPT_APART.search(key):
            found[key.replace(tag, b"TAG")] = stage.redis.get(key)
    return found


def logged(stage: Stage, customer: str, decision: str) -> dict[str, object]:
    """The entry of a decision in the log, once it is there; its id, time and customer aside."""

    def look() -> dict[str, object] | None:
        for _, fields in stage.redis.xrevrange(stage.keys.decisions, count=50):
            for line in fields.values():
                parsed = json.loads(line)
                for entry in parsed if isinstance(parsed, list) else [parsed]:
                    if entry.get("id") == decision:
                        return dict(entry)
        return None

    entry = eventually(look)
    assert entry.pop("customer") == customer_tag(customer)
    return {k: v for k, v in entry.items() if k not in ("id", "at")}


def label_sets(stage: Stage) -> set[str]:
    """Every metric with its labels, without the values.

    Left out: how often metrics were read, and what the caller itself sent as events.
    """
    lines = stage.service.http.get("/metrics").text.splitlines()
    names = {line.rsplit(" ", 1)[0] for line in lines if line and not line.startswith("#")}
    return {name for name in names if "/metrics" not in name and "events" not in name}


@HTTP
@given(VISIBLE, LOCKED_EVENTS, QUERY, st.lists(st.sampled_from(LOCKED), max_size=3), st.randoms())
def test_g1_and_g8_locked_evidence_changes_no_response_and_no_stored_byte(  # noqa: PLR0917
    stage: Stage,
    visible: list[tuple[str, str, int]],
    locked: list[tuple[str, str, int]],
    query: dict[str, Any],
    locked_context: list[str],
    random: Any,
) -> None:
    number = next(_numbers)
    plain, secretive = f"plain-{number}", f"secretive-{number}"
    post, ask = stage.service.events, stage.service.http
    seen = [(f"{number}-{i}", what) for i, what in enumerate(visible)]
    mixed = seen + [(f"{number}-locked-{i}", what) for i, what in enumerate(locked)]
    random.shuffle(mixed)
    if seen:
        assert post(*(event(plain, name, what) for name, what in seen)).status_code == 202
    context = query["context"]
    first = ask.post("/v1/offers", json=query | {"customer_id": plain})
    labels = label_sets(stage)
    if mixed:
        assert post(*(event(secretive, name, what) for name, what in mixed)).status_code == 202
    more = context | {
        "basket": locked_context + context["basket"],
        "session": context["session"] + locked_context,
    }
    second = ask.post("/v1/offers", json=query | {"customer_id": secretive, "context": more})
    assert first.status_code == 200
    assert comparable(second) == comparable(first)
    assert stored(stage, secretive) == stored(stage, plain)
    entries = [
        logged(stage, customer, response.json()["decision_id"])
        for customer, response in ((plain, first), (secretive, second))
    ]
    assert entries[0] == entries[1]
    assert label_sets(stage) == labels


@HTTP
@given(LOCKED_EVENTS, QUERY)
def test_g1_a_history_of_locked_evidence_equals_a_new_customer(
    stage: Stage, locked: list[tuple[str, str, int]], query: dict[str, Any]
) -> None:
    number = next(_numbers)
    events = [event(f"only-{number}", f"o{number}-{i}", what) for i, what in enumerate(locked)]
    if events:
        assert stage.service.events(*events).status_code == 202
    known = stage.service.http.post("/v1/offers", json=query | {"customer_id": f"only-{number}"})
    new = stage.service.http.post("/v1/offers", json=query | {"customer_id": f"new-{number}"})
    assert comparable(known) == comparable(new)
    assert stored(stage, f"only-{number}") == {}


def test_g1_would_notice_a_visible_event(stage: Stage) -> None:
    """The properties above can fail: one visible purchase changes answer and bytes."""
    number = next(_numbers)
    customer = f"seen-{number}"
    before = comparable(stage.service.http.post("/v1/offers", json={"customer_id": customer}))
    stage.service.events(event(customer, f"v{number}", ("purchase", "tea-1", AS_OF + 5)))
    after = comparable(stage.service.http.post("/v1/offers", json={"customer_id": customer}))
    assert before != after
    assert stored(stage, customer) != {}


def test_g5_replenishment_changes_only_its_slot_and_leaves_no_trace_in_the_log(
    stage: Stage,
) -> None:
    query = {"customer_id": "c05", "placements": ["replenish", "home"]}
    before = stage.service.offers(**query)
    days = (int(time.time()) - 9 * 86_400, int(time.time()) - 2 * 86_400)
    bought = [event("c05", f"slot-{at}", ("purchase", "diaper-1", at)) for at in days]
    stage.service.events(*bought)
    after = stage.service.offers(**query)
    slots: Any = [answer["placements"] for answer in (before, after)]
    assert [o["offer_id"] for o in slots[0]["replenish"]["offers"]] == []
    assert [o["offer_id"] for o in slots[1]["replenish"]["offers"]] == ["diaper-1"]
    assert slots[0]["home"] == slots[1]["home"]
    entry = logged(stage, "c05", str(after["decision_id"]))
    assert "diaper" not in json.dumps(entry)
    assert entry == logged(stage, "c05", str(before["decision_id"]))
    outbound = stage.service.http.post("/v1/offers", json=query | {"channel": "email"})
    assert outbound.status_code == 422


@HTTP
@given(QUERY, st.sampled_from(["c03", "c21", "nobody", None]), st.booleans())
def test_g2_no_response_offers_a_target(
    laid: Stage, query: dict[str, Any], customer: str | None, everything: bool
) -> None:
    asked = query | ({"customer_id": customer} if customer else {})
    if everything:
        asked |= {"placements": [s.value for s in Source]}
    body = laid.service.offers(**asked)
    placements: Any = body["placements"]
    shown = [o["offer_id"] for p in placements.values() for o in p["offers"]]
    assert not set(shown) & set(CONTAINED)
    assert len(shown) == len(set(shown))


@HTTP
@given(ANY_ITEM, st.integers(1, 30))
def test_g2_no_target_stands_beside_an_item(laid: Stage, item: str, n: int) -> None:
    similar = laid.service.http.get(f"/v1/items/{item}/similar", params={"n": n})
    beside = laid.service.http.post("/v1/basket/complements", json={"basket": [item], "n": n})
    for response in (similar, beside):
        if item == "nobody-knows":
            assert response.status_code == 404
            continue
        assert response.status_code == 200
        assert not {o["offer_id"] for o in response.json()["offers"]} & set(CONTAINED)


@settings(HTTP, max_examples=HTTP.max_examples // 5)  # two trainings each
@given(VISIBLE_PURCHASES, LOCKED_PURCHASES)
def test_g4_and_g8_published_bytes_are_equal_with_and_without_locked_evidence(
    server: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
    visible: list[Purchase],
    locked: list[Purchase],
) -> None:
    contents = []
    for extra in ([], locked):
        shop = train(extra + population() + visible)
        keys = Keys(f"bytes-{next(_numbers)}")
        with server.client() as redis:
            publish(redis, keys, tmp_path_factory.mktemp("g4") / "b", shop.bundle, shop.table)
            prefix = keys.namespace.encode()
            contents.append(
                {
                    key.removeprefix(prefix): redis.get(key)
                    for key in redis.scan_iter(match=prefix + b":v:*")
                }
            )
    assert contents[0] == contents[1]
    assert len(contents[0]) > len(population()) / 40
