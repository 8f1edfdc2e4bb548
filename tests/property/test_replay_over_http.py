"""G10 through HTTP: whatever was asked, by whomever, is answered to the same bytes again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from recommender.controls import Controls, Term, dump_controls
from recommender.keys import Keys
from serving.roles import Role
from serving.settings import Settings
from tests.property.controls import CONTROLS
from tests.property.strategies import ANY_ITEM
from tests.support.people import login, write_tokens
from tests.support.service import (
    RedisServer,
    Running,
    eventually,
    publish,
    redis_server,
    running,
)
from tests.support.shop import AS_OF, CATEGORIES, LOCKED, PLAIN, population, train

KEYS = Keys("replayed")
_numbers = itertools.count()
_SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
HTTP = settings(suppress_health_check=_SHARED, deadline=None)

KINDS = st.sampled_from(["purchase", "purchase", "return"])
ITEMS = st.sampled_from([*PLAIN, *LOCKED, "corn", "school-1", "crib", "nobody-knows"])
HAPPENED = st.lists(st.tuples(KINDS, ITEMS, st.integers(-300, 900)), max_size=8)
QUERY = st.fixed_dictionaries(
    {
        "placements": st.lists(
            st.sampled_from(["usuals", "discovery", "home", "basket", "replenish"]),
            min_size=1,
            max_size=4,
            unique=True,
        ),
        "n": st.integers(1, 10),
        "reasons": st.sampled_from(["none", "short", "full"]),
        "gift": st.booleans(),
        "channel": st.sampled_from(["site", "app"]),
        "context": st.fixed_dictionaries(
            {
                "basket": st.lists(ANY_ITEM, max_size=3),
                "page": st.none() | ANY_ITEM,
                "session": st.lists(ANY_ITEM, max_size=3),
            }
        ),
        "filters": st.fixed_dictionaries(
            {
                "categories": st.lists(st.sampled_from([*CATEGORIES, "Baby"]), max_size=2),
                "min_price": st.none() | st.floats(0, 4),
                "max_price": st.none() | st.floats(4, 9),
                "exclude": st.lists(ANY_ITEM, max_size=4),
            }
        ),
    }
)
OUTBOUND = QUERY.map(lambda q: q | {"placements": ["discovery", "basket"], "n": 5})


@dataclass(frozen=True, eq=False)
class Stage:
    """A running service over the corner shop, whose log somebody may read."""

    service: Running
    redis: Redis

    def happen(self, customer: str, events: list[tuple[str, str, int]], name: object = "") -> None:
        """Posts events (kind, item, seconds after the training) that are called after `name`."""
        if events:
            posted = self.service.events(
                *(
                    {
                        "event_id": f"{name}-{number}",
                        "customer_id": customer,
                        "kind": kind,
                        "item_id": item,
                        "timestamp": AS_OF + at,
                    }
                    for number, (kind, item, at) in enumerate(events)
                )
            )
            assert posted.status_code == 202

    def tell(self, customer: str, controls: Controls) -> None:
        """Puts a customer's controls on record."""
        named = controls.model_copy(update={"customer": customer})
        self.redis.set(KEYS.controls(customer), dump_controls(named))

    def trace(self, decision: str) -> dict[str, Any]:
        """The trace of a decision, once it is in the log."""

        def look() -> httpx.Response | None:
            path = f"/v1/decisions/{decision}"
            found = self.service.http.get(path, headers=login(Role.PRIVACY))
            return None if found.status_code == 404 else found

        response = eventually(look)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def entry(self, decision: str) -> dict[str, Any]:
        """A decision in the log; its id, time and customer aside."""

        def look() -> dict[str, Any] | None:
            newest: Any = self.redis.xrevrange(KEYS.decisions, count=50)
            entries = [json.loads(fields[b"json"]) for _, fields in newest]
            return next((entry for entry in entries if entry["id"] == decision), None)

        found = eventually(look)
        return {k: v for k, v in found.items() if k not in ("id", "at", "customer")}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    shop, folder = train(population()), tmp_path_factory.mktemp("replayed")
    with redis_server(tmp_path_factory.mktemp("redis")) as server, server.client() as redis:
        publish(redis, KEYS, Path(folder) / "b", shop.bundle, shop.table)
        with running(_settings(server, folder)) as service:
            yield Stage(service, redis)


def _settings(server: RedisServer, folder: Path) -> Settings:
    return Settings(
        redis_url=server.url,
        namespace="replayed",
        redis_timeout=2.0,
        tokens=write_tokens(folder),
    )


@HTTP
@given(
    st.sampled_from(["c00", "c05", "c21", "new"]),
    HAPPENED,
    st.none() | CONTROLS,
    HAPPENED,
    QUERY
    | OUTBOUND.flatmap(
        lambda q: st.sampled_from(["email", "push"]).map(lambda c: q | {"channel": c})
    ),
)
def test_g10_a_decision_made_again_is_the_same_bytes(  # noqa: PLR0917
    stage: Stage,
    known: str,
    before: list[tuple[str, str, int]],
    controls: Controls | None,
    after: list[tuple[str, str, int]],
    query: dict[str, Any],
) -> None:
    customer = known if known != "new" else f"new-{next(_numbers)}"
    stage.redis.delete(KEYS.events(customer), KEYS.replenish(customer), KEYS.controls(customer))
    stage.happen(customer, before)
    if controls is not None:
        stage.tell(customer, controls)
    stage.happen(customer, after, "after")
    response = stage.service.http.post("/v1/offers", json=query | {"customer_id": customer})
    assert response.status_code == 200, response.text
    traced = stage.trace(response.json()["decision_id"])
    assert traced["replay"] == {"equal": True, "sha256": sha256(response.content).hexdigest()}
    shown = [c for c in traced["candidates"] if c["verdict"] == "shown"]
    placements = response.json()["placements"]
    assert [c["offer_id"] for c in shown] == [
        offer["offer_id"] for answer in placements.values() for offer in answer["offers"]
    ]


@HTTP
@given(
    st.lists(st.tuples(KINDS, st.sampled_from(PLAIN), st.integers(1, 900)), max_size=5),
    st.integers(1, 900),
    QUERY,
)
def test_g1_what_an_objection_locks_leaves_no_trace_in_the_log_of_decisions(
    stage: Stage, visible: list[tuple[str, str, int]], at: int, query: dict[str, Any]
) -> None:
    """The purchase was seen when it was made; since the objection it is not, in the log neither."""
    number = next(_numbers)
    plain, objecting = f"plain-{number}", f"objecting-{number}"
    stage.happen(plain, visible, number)
    stage.happen(objecting, [*visible, ("purchase", "school-1", at)], number)
    bodies, entries = [], []
    for customer in (plain, objecting):
        stage.tell(customer, Controls(objections={"school": Term(at=1)}))
        asked = query | {"customer_id": customer}
        body = stage.service.http.post("/v1/offers", json=asked).json()
        entries.append(stage.entry(body.pop("decision_id")))
        bodies.append(body)
    assert bodies[0] == bodies[1]
    assert entries[0] == entries[1]
