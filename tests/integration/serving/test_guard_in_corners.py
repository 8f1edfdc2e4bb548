"""Corners of the service in which a broken guard could hide.

The bundle was trained without a guard and carries a policy that came later, so that its models and
lists know every item that must not be seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.bundle import FactorBundle
from recommender.controls import Controls, Term, dump_controls
from recommender.customer import EventKind, LiveEvent
from recommender.index import BundleIndex
from recommender.keys import Keys
from recommender.record import LiveRecord, pack_live
from recommender.types import ItemId
from serving.customers import Records, Stored
from serving.live import LiveBundle
from serving.metrics import Metrics
from serving.settings import Settings
from tests.integration.serving.conftest import Stage
from tests.support.policies import under
from tests.support.service import RedisServer, Running, eventually, newest, publish, running
from tests.support.shop import AS_OF, LIFE_EVENTS, Shop, policy, population, train

KEYS = Keys("corners")
WIDE = {"placements": [{"name": "home", "n": 80}]}
MISSING = "99 00000000000000000000000000000000"


@pytest.fixture(scope="module")
def later() -> Shop:
    """Everybody bought nappies; the policy came after the training."""
    nappies = [(f"c{c:02d}", item, 5) for c in range(40) for item in ("diaper-1", "bread-0")]
    open_shop = train([*population(), *nappies], policy(life_events=()))
    bundle: FactorBundle = under(open_shop, *LIFE_EVENTS).bundle
    return Shop(BundleIndex(bundle), open_shop.table)


@pytest.fixture
def corner(server: RedisServer, later: Shop, tmp_path: Path) -> Iterator[Stage]:
    settings = Settings(
        redis_url=server.url, namespace=KEYS.namespace, redis_timeout=2.0, poll_interval=0.05
    )
    with server.client() as redis:
        redis.delete(KEYS.policy)
        publish(redis, KEYS, tmp_path / "bundle", later.bundle, later.table)
        with running(settings) as service:
            yield Stage(service, redis, KEYS, later)


def shown(service: Running, customer: str | None = None, **query: object) -> set[str]:
    asked = WIDE | query | ({} if customer is None else {"customer_id": customer})
    placements: Any = service.offers(**asked)["placements"]
    return {offer["offer_id"] for found in placements.values() for offer in found["offers"]}


def bought(customer: str, item: str, **more: object) -> dict[str, object]:
    name = f"{customer} {item}"
    return {"event_id": name, "customer_id": customer, "kind": "purchase", "item_id": item} | more


def test_a_gift_is_in_the_raw_stream_and_in_no_record(corner: Stage) -> None:
    """Else a present would become the giver's taste."""
    assert corner.service.events(bought("giver", "tea-1", gift=True)).status_code == 202
    assert corner.redis.get(KEYS.events("giver")) is None
    assert newest(corner.redis, KEYS.raw, 1)[0]["gift"] is True


def test_the_log_names_no_locked_item_of_the_context(corner: Stage) -> None:
    context = {"basket": ["diaper-1", "bread-0"]}
    answer = corner.service.offers(customer_id="c01", context=context, **WIDE)
    decision = str(answer["decision_id"])
    entry = eventually(
        lambda: next(
            (e for e in newest(corner.redis, KEYS.decisions, 20) if e["id"] == decision), None
        )
    )
    assert entry["request"]["context"] == ["bread-0"]
    assert "diaper" not in json.dumps(entry)


def test_no_metric_names_an_item_or_a_customer(corner: Stage) -> None:
    corner.service.events(bought("metered", "diaper-1"), bought("metered", "bread-1"))
    text = corner.service.http.get("/metrics").text
    assert not [name for name in ("diaper-1", "bread-1", "metered") if name in text]


def test_events_of_a_customer_whose_controls_cannot_be_read_are_not_stored(corner: Stage) -> None:
    corner.redis.set(KEYS.controls("damaged"), b"{damaged")
    events = (bought("damaged", "tea-1"), bought("damaged", "diaper-1"))
    assert corner.service.events(*events).status_code == 202
    assert corner.redis.get(KEYS.events("damaged")) is None
    assert corner.redis.get(KEYS.replenish("damaged")) is None


def test_a_policy_that_cannot_be_read_locks_what_the_bundles_own_allows(corner: Stage) -> None:
    """School is an allowed topic; whether the policy that should hold allows it, nobody knows."""
    assert "school-1" in shown(corner.service)
    corner.redis.set(KEYS.policy, MISSING)
    eventually(lambda: "school-1" not in shown(corner.service))
    assert shown(corner.service)
    assert "held back" in " ".join(corner.service.http.get("/readyz").json()["reasons"])
    assert "tactful_policy_refusals_total 1.0" in corner.service.http.get("/metrics").text


def test_while_redis_is_away_even_allowed_topics_are_locked(
    own_server: RedisServer, later: Shop, tmp_path: Path
) -> None:
    """The customer may have objected to them, and nobody can ask: from the first answer on."""
    with own_server.client() as redis:
        publish(redis, KEYS, tmp_path / "bundle", later.bundle, later.table)
    settings = Settings(redis_url=own_server.url, namespace=KEYS.namespace, poll_interval=60)
    with running(settings) as service:
        assert "school-1" in shown(service, "c00")
        own_server.kill()
        for _ in range(2):  # one that runs into the outage, one that knows of it
            answer = service.offers(customer_id="c00", **WIDE)
            placements: Any = answer["placements"]
            offers = {offer["offer_id"] for offer in placements["home"]["offers"]}
            assert answer["degraded"]
            assert offers
            assert "school-1" not in offers
        assert "school-1" in shown(service), "visitors object to nothing"


def test_a_factor_counts_only_under_the_bundle_and_the_controls_that_it_rests_on(
    later: Shop,
) -> None:
    """Of another version, or of what was told since, it is folded in again."""
    bundle, records = LiveBundle.of(later.index), Records(Metrics())
    factor = np.ones(later.bundle.factors.shape[1], dtype=np.float32)
    event = LiveEvent(b"12345678", EventKind.PURCHASE, ItemId("tea-1"), AS_OF + 5)
    told = dump_controls(Controls(objections={"school": Term(at=AS_OF)}))

    def used(stamp: str, controls: bytes | None) -> bool:
        live = pack_live(LiveRecord((event,), stamp, factor))
        return records.state(bundle, Stored(None, live, controls)).factor is not None

    assert used(bundle.stamp(None), None)
    assert used(bundle.stamp(told), told)
    assert not used(bundle.stamp(None), told)
    assert not used(bundle.stamp(told), None)
    assert not used(replace(bundle, version="another").stamp(None), None)
