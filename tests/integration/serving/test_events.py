"""POST /v1/events: what customers did changes the next answer, once."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from recommender.customer import EventKind
from recommender.record import unpack_live, unpack_replenish
from recommender.request import Source
from tests.integration.serving.conftest import Stage
from tests.support.service import newest
from tests.support.shop import AS_OF, LOCKED

_names = itertools.count()


def event(customer: str, item: str, **fields: object) -> dict[str, object]:
    """A purchase with an id of its own."""
    unique = {"event_id": f"event-{next(_names)}"}
    return unique | {"customer_id": customer, "kind": "purchase", "item_id": item} | fields


def live(stage: Stage, customer: str) -> Any:
    raw = stage.redis.get(stage.keys.events(customer))
    assert isinstance(raw, bytes)
    return unpack_live(raw)


def usuals(stage: Stage, customer: str) -> list[str]:
    answer: Any = stage.service.offers(customer_id=customer, placements=["usuals"])
    return [offer["offer_id"] for offer in answer["placements"]["usuals"]["offers"]]


def test_a_purchase_changes_the_next_answer(stage: Stage) -> None:
    assert stage.service.offers(customer_id="newcomer")["fallback"]
    response = stage.service.events(event("newcomer", "tea-1"))
    assert (response.status_code, response.json()) == (202, {"accepted": 1})
    assert not stage.service.offers(customer_id="newcomer")["fallback"]
    assert usuals(stage, "newcomer") == ["tea-1"]


def test_a_known_customers_purchase_joins_the_history(stage: Stage) -> None:
    before = usuals(stage, "c05")
    fresh = next(i for i in ("tea-0", "soap-0", "paper-0") if i not in before)
    stage.service.events(*(event("c05", fresh, timestamp=AS_OF + 100 + i) for i in range(9)))
    assert usuals(stage, "c05")[0] == fresh


def test_a_return_takes_a_purchase_back(stage: Stage) -> None:
    stage.service.events(event("returner", "tea-2"), event("returner", "tea-3"))
    stage.service.events(event("returner", "tea-2", kind="return"))
    assert usuals(stage, "returner") == ["tea-3"]


def test_the_factor_after_an_event_is_the_one_that_a_decision_would_fold_in(stage: Stage) -> None:
    """Folding in when the event comes, or when the offer is asked for, is the same."""
    stage.service.events(event("c07", "fruit-4"))
    record = live(stage, "c07")
    assert record.stamp == stage.shop.bundle.version
    stored: Any = stage.service.offers(customer_id="c07", reasons="full")
    stale = stage.redis.get(stage.keys.events("c07"))
    assert isinstance(stale, bytes)
    version = record.stamp.encode()
    stage.redis.set(stage.keys.events("c07"), stale.replace(version, b"x" * len(version)))
    folded: Any = stage.service.offers(customer_id="c07", reasons="full")
    assert folded["placements"] == stored["placements"]
    assert np.isfinite(record.factor).all()


def test_the_same_event_counts_once(stage: Stage) -> None:
    purchase = event("twice", "tea-4", timestamp=AS_OF + 50)
    stage.service.events(purchase, purchase)
    first = stage.redis.get(stage.keys.events("twice"))
    again = stage.service.events(purchase)
    assert again.json() == {"accepted": 1}
    assert stage.redis.get(stage.keys.events("twice")) == first
    assert len(live(stage, "twice").events) == 1


def test_the_order_of_arrival_leaves_no_trace(stage: Stage) -> None:
    at = [AS_OF + 30, AS_OF + 10, AS_OF + 20]
    for customer, order in (("one-way", at), ("other-way", at[::-1])):
        for moment in order:
            stage.service.events(
                event(customer, "tea-1", timestamp=moment, event_id=f"order-{moment}")
            )
    records = [stage.redis.get(stage.keys.events(c)) for c in ("one-way", "other-way")]
    assert records[0] == records[1]


def test_the_newest_events_are_kept(stage: Stage) -> None:
    most = stage.service.services.settings.most_live_events
    numbers = list(range(most + 30))
    stage.service.events(*(event("busy", "tea-1", timestamp=AS_OF + 1 + n) for n in numbers))
    kept = [e.timestamp for e in live(stage, "busy").events]
    assert kept == [AS_OF + 1 + n for n in numbers[-most:]]


def test_records_expire(stage: Stage) -> None:
    stage.service.events(event("mortal", "tea-1"))
    seconds = stage.redis.ttl(stage.keys.events("mortal"))
    assert isinstance(seconds, int)
    assert 0 < seconds <= stage.service.services.settings.event_ttl


@pytest.mark.parametrize("item", [*LOCKED, "no-such-item"])
def test_locked_and_unknown_items_reach_the_raw_stream_only(stage: Stage, item: str) -> None:
    """The answer is the one that every event gets, and no key comes into being."""
    customer = f"private-{item}"
    before = set(stage.redis.scan_iter(match="stage:*"))
    response = stage.service.events(event(customer, item, event_id=f"private {item}"))
    assert (response.status_code, response.json()) == (202, {"accepted": 1})
    logs = {b"stage:raw", b"stage:decisions", b"stage:suppressed"}
    created = set(stage.redis.scan_iter(match="stage:*")) - before - logs
    assert created <= {stage.keys.replenish(customer).encode()}
    [stored] = newest(stage.redis, stage.keys.raw, 1)
    assert stored["event_id"] == f"private {item}"


def test_other_kinds_of_events_are_kept_for_training(stage: Stage) -> None:
    kinds = [kind for kind in EventKind if kind not in (EventKind.PURCHASE, EventKind.RETURN)]
    stage.service.events(*(event("looker", "tea-1", kind=kind.value) for kind in kinds))
    assert stage.redis.get(stage.keys.events("looker")) is None
    entries = newest(stage.redis, stage.keys.raw, len(kinds))
    assert {entry["kind"] for entry in entries} == {kind.value for kind in kinds}


def test_the_raw_stream_holds_what_was_sent(stage: Stage) -> None:
    sent = event(
        "c03",
        "tea-1",
        timestamp="2023-11-20T10:00:00+01:00",
        quantity=2.5,
        order_id="o1",
        decision_id="d1",
        placement="home",
        channel="app",
    )
    stage.service.events(sent)
    [stored] = newest(stage.redis, stage.keys.raw, 1)
    assert stored.pop("received") == pytest.approx(time.time() * 1000, abs=60_000)
    assert stored == sent | {"timestamp": 1_700_470_800, "gift": False}


def test_replenishment_is_kept_apart_and_fills_only_its_slot(stage: Stage) -> None:
    day, now = 86_400, int(time.time())
    bought = [
        event("parent", "diaper-1", timestamp=now - 40 * day),
        event("parent", "diaper-1", timestamp=now - 10 * day),
    ]
    stage.service.events(*bought)
    stage.service.events(*bought)
    raw = stage.redis.get(stage.keys.replenish("parent"))
    assert isinstance(raw, bytes)
    assert len(unpack_replenish(raw)) == 2
    seconds = stage.redis.ttl(stage.keys.replenish("parent"))
    assert isinstance(seconds, int)
    assert 0 < seconds <= 400 * day
    others = [s.value for s in Source if s is not Source.REPLENISH]
    answer: Any = stage.service.offers(customer_id="parent", placements=[*others, "replenish"])
    slot = answer["placements"].pop("replenish")
    assert [offer["offer_id"] for offer in slot["offers"]] == ["diaper-1"]
    nobody: Any = stage.service.offers(customer_id="no parent", placements=others)
    assert answer["placements"] == nobody["placements"]


def test_a_batch_of_many_customers_is_one_answer(stage: Stage) -> None:
    batch = [event(f"crowd-{n % 250}", f"tea-{n % 6}") for n in range(500)]
    assert stage.service.events(*batch).json() == {"accepted": 500}
    for n in (0, 99, 100, 249):
        assert len(live(stage, f"crowd-{n}").events) == 2


def test_concurrent_events_of_one_customer_lose_nothing(stage: Stage) -> None:
    """Sixteen connections write one record; each purchase is there once."""
    purchases = [event("contended", f"tea-{n % 6}") for n in range(96)]
    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(stage.service.events, purchases))
    assert {response.status_code for response in responses} == {202}
    assert len(live(stage, "contended").events) == 96


def test_a_record_that_cannot_be_read_is_begun_anew(stage: Stage) -> None:
    stage.redis.set(stage.keys.events("broken"), b"TE2 garbage")
    stage.service.events(event("broken", "tea-1"))
    assert len(live(stage, "broken").events) == 1
