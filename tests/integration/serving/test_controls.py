"""What customers control, over HTTP: at once, in every worker, and apart from what was learned."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from recommender.controls import Controls, Declaration, Term, dump_controls, parse_controls
from recommender.keys import Keys
from recommender.record import unpack_live, unpack_replenish
from serving.settings import Settings
from tests.support.service import RedisServer, Running, eventually, publish, running
from tests.support.shop import CONTAINED, Shop

DAY = 86_400
NAMESPACE = "controls"
SOON = "2099-12-31"
EMPTY: dict[str, Any] = {
    "declarations": {},
    "withdrawals": {},
    "consents": {},
    "objections": {},
    "needs": {},
    "gifts": {},
    "forgotten": {},
    "too_personal": {},
}


@dataclass(frozen=True, eq=False)
class Desk:
    """Two workers on one store."""

    service: Running
    other: Running
    redis: Redis
    keys: Keys
    shop: Shop

    def put(self, path: str, body: object = None) -> Any:
        """What is on record after a PUT, which must be 200."""
        response = self.service.http.put(f"/v1/customers/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def delete(self, path: str) -> Any:
        """What is on record after a DELETE, which must be 200."""
        response = self.service.http.delete(f"/v1/customers/{path}")
        assert response.status_code == 200, response.text
        return response.json()

    def refused(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and problem of a call that must fail."""
        response = self.service.http.request(method, f"/v1/customers/{path}", json=body)
        assert response.status_code >= 400, response.text
        return response.status_code, response.json()

    def record(self, customer: str) -> Controls | None:
        """What lies in Redis."""
        raw: Any = self.redis.get(self.keys.controls(customer))
        return None if raw is None else parse_controls(raw)

    def shown(self, customer: str, *placements: str, **query: object) -> list[str]:
        """Offers that the other worker shows: a change holds there too."""
        wanted = [{"name": name, "n": 10} for name in placements or ("usuals",)]
        answer: Any = self.other.offers(customer_id=customer, placements=wanted, **query)
        return [o["offer_id"] for p in answer["placements"].values() for o in p["offers"]]

    def beds(self, customer: str, **query: object) -> list[str]:
        """What is shown of a category that only reveals a pregnancy."""
        return self.shown(customer, "discovery", filters={"categories": ["Furniture"]}, **query)

    def buy(self, customer: str, *items: str, at: float | None = None) -> None:
        """Purchases, a second apart, just now or at `at`."""
        start = time.time() - 10 * DAY if at is None else at
        events = [
            {
                "event_id": f"{customer}-{item}-{start}-{n}",
                "customer_id": customer,
                "kind": "purchase",
                "item_id": item,
                "timestamp": start + n,
            }
            for n, item in enumerate(items)
        ]
        assert self.service.events(*events).status_code == 202

    def live_items(self, customer: str) -> list[str]:
        """Items of the live record."""
        raw: Any = self.redis.get(self.keys.events(customer))
        return [] if raw is None else [event.item for event in unpack_live(raw).events]

    def reminders(self, customer: str) -> list[str]:
        """Items of the replenishment record."""
        raw: Any = self.redis.get(self.keys.replenish(customer))
        return [] if raw is None else [p.item for p in unpack_replenish(raw)]


@pytest.fixture(scope="module")
def desk(
    server: RedisServer, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    keys = Keys(NAMESPACE)
    settings = Settings(redis_url=server.url, namespace=NAMESPACE, redis_timeout=2.0)
    with server.client() as redis:
        folder = tmp_path_factory.mktemp("controls") / "bundle"
        publish(redis, keys, folder, shop.bundle, shop.table)
        with running(settings) as service, running(settings) as other:
            yield Desk(service, other, redis, keys, shop)


def test_a_new_customer_has_nothing_on_record(desk: Desk) -> None:
    response = desk.service.http.get("/v1/customers/nobody/controls")
    assert response.json() == {"customer_id": "nobody"} | EMPTY


def test_a_declaration_unlocks_targets_and_a_withdrawal_ends_that(desk: Desk) -> None:
    desk.buy("dora", "tea-1", "tea-2")
    assert desk.beds("dora") == []
    told = desk.put("dora/declarations/pregnancy")
    assert told["declarations"]["pregnancy"]["source"] == "preference_centre"
    assert told["declarations"]["pregnancy"]["until"] is None
    assert desk.beds("dora") == ["crib"]
    assert desk.beds("dora", channel="email") == []
    desk.put("dora/consents/pregnancy/email", {"until": SOON})
    assert desk.beds("dora", channel="email") == ["crib"]
    assert desk.beds("dora", channel="push") == []
    gone = desk.delete("dora/declarations/pregnancy")
    assert {kind for kind in EMPTY if gone[kind]} == {"withdrawals"}
    [(life_event, term)] = gone["withdrawals"].items()
    assert (life_event, term["until"]) == ("pregnancy", term["since"])  # no silence
    assert 730 * DAY < desk.redis.ttl(desk.keys.controls("dora")) <= 731 * DAY
    assert desk.beds("dora") == []


def test_leave_is_asked_for_anew_with_a_new_declaration(desk: Desk) -> None:
    """One that was given before counts for nothing; saying it again while it holds keeps it."""
    desk.buy("nora", "tea-1")
    desk.put("nora/consents/pregnancy/email")
    assert desk.put("nora/declarations/pregnancy")["consents"] == {}
    assert desk.beds("nora", channel="email") == []
    desk.put("nora/consents/pregnancy/email")
    assert list(desk.put("nora/declarations/pregnancy")["consents"]) == ["pregnancy"]
    assert desk.beds("nora", channel="email") == ["crib"]


def test_a_declaration_that_is_over_takes_its_leave_along(desk: Desk) -> None:
    at = int(time.time()) - 9 * DAY
    hand = Declaration(at=at, until=at + DAY, source="preference_centre")
    told = Controls(
        customer="olga",
        declarations={"pregnancy": hand},
        consents={"pregnancy": {"history": Term(at=at), "age_verification": Term(at=at)}},
    )
    desk.redis.set(desk.keys.controls("olga"), dump_controls(told))
    found = desk.service.http.get("/v1/customers/olga/controls").json()
    assert found["declarations"] == {}
    assert list(found["consents"]["pregnancy"]) == ["age_verification"]
    assert list(desk.put("olga/declarations/pregnancy")["consents"]["pregnancy"]) == [
        "age_verification"
    ]


def test_a_declaration_never_unlocks_the_history(desk: Desk) -> None:
    desk.put("hana/declarations/pregnancy")
    desk.buy("hana", "test-1", "tea-1")
    assert desk.live_items("hana") == ["tea-1"]
    desk.put("hana/consents/pregnancy/history")
    desk.buy("hana", "test-1", at=time.time() - DAY)
    assert desk.live_items("hana") == ["tea-1", "test-1"]
    told = desk.delete("hana/consents/pregnancy/history")
    assert told["consents"] == {}
    assert desk.live_items("hana") == ["tea-1"]


def test_a_blocked_life_event_can_be_declared_and_unlocks_nothing(desk: Desk) -> None:
    desk.buy("rita", "tea-1")
    told = desk.put("rita/declarations/recovery")
    assert list(told["declarations"]) == ["recovery"]
    assert not set(desk.shown("rita", "discovery", "home")) & set(CONTAINED)


def test_saying_it_again_changes_nothing_but_when_it_was_said(desk: Desk) -> None:
    calls: tuple[tuple[str, object], ...] = (
        ("ida/declarations/pregnancy", {"until": SOON}),
        ("ida/consents/pregnancy/history", {}),
        ("ida/objections/school", {"until": SOON}),
        ("ida/needs/coat", {"text": "a coat", "category": "tea"}),
        ("ida/gifts/tea-1", {"until": SOON}),
        ("ida/forgotten/tea-2", None),
        ("ida/too-personal", {"item_id": "soap-1"}),
    )
    once = [desk.put(path, body) for path, body in calls][-1]
    again = [desk.put(path, body) for path, body in calls][-1]
    assert timeless(once) == timeless(again)
    gone = (
        "ida/declarations/pregnancy",
        "ida/objections/school",
        "ida/needs/coat",
        "ida/gifts/tea-1",
        "ida/too-personal/SOAP",
    )
    once = [desk.delete(path) for path in gone][-1]
    again = [desk.delete(path) for path in gone][-1]
    assert timeless(once) == timeless(again)
    assert {kind for kind in EMPTY if once[kind]} == {"forgotten", "withdrawals"}


def timeless(told: Any) -> Any:
    """What is on record without when it was said."""
    text = json.dumps(told["forgotten"], sort_keys=True)
    dated = {k: v for k, v in told.items() if k not in ("forgotten", "needs", "too_personal")}
    names = [sorted(told[k]) for k in ("needs", "too_personal")]
    for gone in dated["withdrawals"].values():
        gone.pop("until")
    for term in (t for kind in dated.values() if isinstance(kind, dict) for t in kind.values()):
        term.pop("since", None)
        for purpose in term.values():
            if isinstance(purpose, dict):
                purpose.pop("since", None)
    return dated, names, len(text)


def test_an_objection_locks_even_what_the_policy_allows(desk: Desk) -> None:
    desk.buy("otto", "school-1", "tea-1")
    assert "school-1" in desk.shown("otto")
    told = desk.put("otto/objections/school")
    assert told["objections"]["school"]["until"] is None
    assert desk.shown("otto") == ["tea-1"]
    assert desk.live_items("otto") == ["tea-1"]
    assert "school-1" not in desk.shown("otto", "home", "discovery")
    assert desk.delete("otto/objections/school")["objections"] == {}


def test_a_need_is_offered_and_says_nothing_of_the_past(desk: Desk) -> None:
    desk.buy("nina", "test-1", "tea-1")
    told = desk.put("nina/needs/crib", {"text": "a bed for the baby", "offer_id": "crib"})
    term = told["needs"]["crib"]
    assert (term["text"], term["category"], term["offer_id"]) == (
        "a bed for the baby",
        None,
        "crib",
    )
    assert desk.live_items("nina") == ["tea-1"]
    assert desk.beds("nina") == ["crib"]
    assert desk.delete("nina/needs/crib")["needs"] == {}
    assert desk.beds("nina") == []


def test_a_need_ends_after_ninety_days(desk: Desk) -> None:
    desk.put("nele/needs/tea", {"text": "tea", "category": "TEA"})
    record = desk.record("nele")
    assert record is not None
    need = record.needs["tea"]
    assert need.until == need.at + 90 * DAY
    life = desk.redis.ttl(desk.keys.controls("nele"))
    assert 90 * DAY < life <= 91 * DAY


def test_a_gift_is_not_the_customers_own_taste(desk: Desk) -> None:
    desk.buy("gina", "tea-1", "soap-1")
    assert set(desk.shown("gina")) == {"tea-1", "soap-1"}
    desk.put("gina/gifts/soap-1", {"until": SOON})
    assert desk.shown("gina") == ["tea-1"]
    assert desk.delete("gina/gifts/soap-1")["gifts"] == {}


def test_a_forgotten_purchase_leaves_every_record_at_once(desk: Desk) -> None:
    now = time.time()
    desk.buy("fred", "tea-1", "soap-1", "diaper-1", at=now - 9 * DAY)
    desk.buy("fred", "diaper-1", "diaper-2", at=now - 5 * DAY)
    assert desk.shown("fred", "replenish") == ["diaper-1"]
    desk.put("fred/forgotten/soap-1")
    desk.put("fred/forgotten/diaper-1", {})
    assert desk.live_items("fred") == ["tea-1"]
    assert desk.reminders("fred") == ["diaper-2"]
    assert desk.shown("fred") == ["tea-1"]
    assert desk.shown("fred", "replenish") == []


def test_a_purchase_stamped_ahead_is_forgotten_and_forgetting_again_keeps_that(
    desk: Desk,
) -> None:
    """A till whose clock is two hours ahead: what it has sent is forgotten too."""
    ahead = int(time.time()) + 7_200
    desk.buy("flip", "tea-1", "soap-1", "diaper-1", at=ahead)
    desk.put("flip/forgotten/tea-1")
    desk.put("flip/forgotten/diaper-1")
    assert desk.live_items("flip") == ["soap-1"]
    assert desk.reminders("flip") == []
    assert desk.shown("flip") == ["soap-1"]
    desk.put("flip/forgotten/tea-1")
    record = desk.record("flip")
    assert record is not None
    assert record.forgotten == {"tea-1": ahead, "diaper-1": ahead + 2}
    desk.buy("flip", "tea-1", at=ahead)
    assert desk.live_items("flip") == ["soap-1"]


def test_what_is_bought_after_it_was_forgotten_counts(desk: Desk) -> None:
    desk.buy("fine", "tea-1", "soap-1")
    desk.put("fine/forgotten/tea-1")
    desk.buy("fine", "tea-1", at=time.time() + 60)
    assert desk.live_items("fine") == ["soap-1", "tea-1"]
    assert set(desk.shown("fine")) == {"soap-1", "tea-1"}


def test_what_training_learned_can_be_forgotten(desk: Desk) -> None:
    before = desk.shown("c03")
    assert before
    desk.put(f"c03/forgotten/{before[0]}")
    after = desk.shown("c03")
    assert before[0] not in after
    assert len(after) == len(before) - 1


def test_forgetting_cannot_be_taken_back(desk: Desk) -> None:
    status, problem = desk.refused("DELETE", "fred/forgotten/soap-1")
    assert (status, problem["title"]) == (405, "Method Not Allowed")


def test_what_is_too_personal_is_neither_used_nor_offered(desk: Desk) -> None:
    desk.buy("paul", "tea-1", "soap-1")
    told = desk.put("paul/too-personal", {"item_id": "soap-1"})
    assert list(told["too_personal"]) == ["soap"]
    shown = desk.shown("paul", "usuals", "home", "discovery")
    assert "tea-1" in shown
    assert not [offer for offer in shown if offer.startswith("soap")]
    record = desk.record("paul")
    assert record is not None
    term = record.too_personal["soap"]
    assert term.until == term.at + 365 * DAY
    assert desk.delete("paul/too-personal/Soap")["too_personal"] == {}


def test_ids_may_hold_slashes_and_blanks(desk: Desk) -> None:
    told = desk.put("slim/gifts/a/b c", {"until": SOON})
    assert list(told["gifts"]) == ["a/b c"]
    assert desk.delete("slim/gifts/a/b c")["gifts"] == {}


def test_the_record_is_apart_and_expires_with_its_last_entry(desk: Desk) -> None:
    key = desk.keys.controls("ewa")
    desk.put("ewa/gifts/tea-1", {"until": time.time() + 3 * DAY})
    assert 3 * DAY < desk.redis.ttl(key) <= 4 * DAY
    desk.put("ewa/objections/infant")
    assert desk.redis.ttl(key) == -1
    desk.delete("ewa/objections/infant")
    assert 3 * DAY < desk.redis.ttl(key) <= 4 * DAY
    desk.delete("ewa/gifts/tea-1")
    assert desk.redis.exists(key) == 0
    names: Any = desk.redis.keys(f"{NAMESPACE}:*")
    assert not [name for name in names if b"infant" in name or b"ewa" in name]


def test_a_date_is_the_last_day_on_which_it_holds(desk: Desk) -> None:
    told = desk.put("dan/objections/school", {"until": "2099-12-31"})
    assert told["objections"]["school"]["until"] == "2100-01-01T00:00:00Z"
    told = desk.put("dan/objections/school", {"until": "2099-12-31T12:00:00+02:00"})
    assert told["objections"]["school"]["until"] == "2099-12-31T10:00:00Z"


def test_changes_at_the_same_moment_all_count(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: desk.put(f"many/needs/n{n}", {"text": str(n)}), range(24)))
    record = desk.record("many")
    assert record is not None
    assert set(record.needs) == {f"n{n}" for n in range(24)}


def test_an_erased_customer_is_a_new_customer(desk: Desk) -> None:
    desk.buy("c05", "tea-1", "diaper-1", "diaper-2")
    desk.put("c05/objections/school")
    assert desk.delete("c05") == {"customer_id": "c05"} | EMPTY
    own = [
        desk.keys.controls("c05"),
        desk.keys.events("c05"),
        desk.keys.replenish("c05"),
        desk.keys.learned(desk.shop.bundle.version, "c05"),
    ]
    assert desk.redis.exists(*own) == 0
    answer: Any = desk.other.offers(customer_id="c05")
    new: Any = desk.other.offers(customer_id="nobody")
    assert answer["fallback"] is True
    assert answer["placements"] == new["placements"]
    assert desk.delete("c05") == {"customer_id": "c05"} | EMPTY


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "where", "hint"),
    [
        ("PUT", "x/declarations/pregnansy", {}, 404, None, "did you mean pregnancy?"),
        ("DELETE", "x/declarations/pregnansy", None, 404, None, "did you mean pregnancy?"),
        ("PUT", "x/objections/zzz", {}, 404, None, "infant, pregnancy, recovery, school"),
        ("DELETE", "x/objections/zzz", None, 404, None, "infant, pregnancy"),
        ("PUT", "x/consents/infant/e-mail", {}, 404, None, "did you mean email?"),
        ("DELETE", "x/consents/infant/e-mail", None, 404, None, "did you mean email?"),
        ("DELETE", "x/consents/zzz/email", None, 404, None, "infant"),
        ("PUT", "x/declarations/infant", {"source": "a_friend"}, 422, "$.source", "preference"),
        ("PUT", "x/declarations/infant", {"reason": "?"}, 422, "$.reason", "/docs"),
        ("PUT", "x/declarations/infant", {"until": 1.7e9}, 422, "$.until", "milliseconds"),
        ("PUT", "x/objections/infant", {"until": "2001-01-01"}, 422, "$.until", "seconds"),
        ("PUT", "x/objections/infant", {"until": 1e300}, 422, "$.until", "milliseconds"),
        ("PUT", "x/objections/infant", {"until": "2099-01-01T10:00"}, 422, "$.until", "/docs"),
        ("PUT", "x/objections/infant", {"until": "9999-12-31"}, 422, "$.until", "good"),
        ("PUT", "x/objections/infant", {"until": "soon"}, 422, "$.until", "/docs"),
        ("PUT", "x/objections/infant", {"until": True}, 422, "$.until", "/docs"),
        ("PUT", "x/needs/n", {}, 422, "$.text", "/docs"),
        ("PUT", "x/needs/n", {"text": "a", "category": "Cars"}, 422, "$.category", "spell it"),
        ("PUT", "x/needs/n", {"text": "a", "offer_id": "car"}, 422, "$.offer_id", "answers"),
        ("PUT", "x/needs/n", {"text": "a" * 2_001}, 422, "$.text", "/docs"),
        ("PUT", "x/gifts/tea-1", {}, 422, "$.until", "/docs"),
        ("PUT", "x/forgotten/tea-1", {"until": SOON}, 422, "$.until", "/docs"),
        ("PUT", "x/too-personal", {}, 422, "$", "/docs"),
        ("PUT", "x/too-personal", {"item_id": "tea-1", "category": "Tea"}, 422, "$", "/docs"),
        ("PUT", "x/too-personal", {"item_id": "car"}, 422, "$.item_id", "category"),
        ("PUT", "x/too-personal", {"item_id": "blank"}, 422, "$.item_id", "category"),
        ("PUT", "x/too-personal", {"category": "Cars"}, 422, "$.category", "catalogue"),
        ("PUT", "%01/objections/infant", {}, 422, "path.customer_id", "/docs"),
        ("PUT", "x/gifts/", {"until": SOON}, 422, "path.item_id", "/docs"),
        ("GET", f"{'x' * 257}/controls", None, 422, "path.customer_id", "/docs"),
        ("PUT", "x/declarations/infant/more", {}, 404, None, "/docs"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_what_mends_it(  # noqa: PLR0917 - a table
    desk: Desk,
    method: str,
    path: str,
    body: object,
    status: int,
    where: str | None,
    hint: str,
) -> None:
    found, problem = desk.refused(method, path, body)
    assert (found, problem.get("where")) == (status, where), problem
    assert hint in problem["hint"]
    assert desk.record("x") is None


def test_a_body_that_is_no_json_is_400(desk: Desk) -> None:
    response = desk.service.http.put("/v1/customers/x/needs/n", content=b"{")
    assert response.status_code == 400
    assert desk.service.http.put("/v1/customers/x/needs/n").status_code == 400


def test_a_record_is_bounded(desk: Desk) -> None:
    full = Controls.model_validate({"forgotten": {f"i{n}": 1 for n in range(200)}})
    desk.redis.set(desk.keys.controls("full"), full.model_dump_json())
    status, problem = desk.refused("PUT", "full/forgotten/one-more", {})
    assert (status, problem["hint"][:18]) == (422, "erase the customer")
    desk.put("full/forgotten/i7")


def test_entries_that_are_over_take_no_place(desk: Desk) -> None:
    over = {f"i{n}": Term(at=1, until=2) for n in range(200)}
    told = Controls(customer="fuller", gifts=over, objections=over)
    desk.redis.set(desk.keys.controls("fuller"), dump_controls(told))
    assert list(desk.put("fuller/gifts/tea-1", {"until": SOON})["gifts"]) == ["tea-1"]
    assert list(desk.put("fuller/objections/school")["objections"]) == ["school"]


def test_nothing_is_added_to_a_record_that_nobody_can_read(desk: Desk) -> None:
    key = desk.keys.controls("torn")
    desk.redis.set(key, b"{torn")
    status, problem = desk.refused("PUT", "torn/objections/school", {})
    assert status == 503
    assert "erase the customer" in problem["hint"]
    assert desk.redis.get(key) == b"{torn"
    assert desk.refused("GET", "torn/controls")[0] == 503
    assert desk.delete("torn") == {"customer_id": "torn"} | EMPTY


def test_a_life_event_that_left_the_policy_can_still_be_taken_back(desk: Desk) -> None:
    term = {"at": int(time.time())}
    told = {
        "declarations": {"sailing": term | {"source": "preference_centre"}},
        "consents": {"sailing": {"email": term, "history": term}},
        "objections": {"sailing": term},
    }
    desk.redis.set(desk.keys.controls("sven"), Controls.model_validate(told).model_dump_json())
    desk.delete("sven/consents/sailing/email")
    desk.delete("sven/objections/sailing")
    assert desk.delete("sven/declarations/sailing") == {"customer_id": "sven"} | EMPTY


def test_the_metrics_name_no_customer_and_no_life_event(desk: Desk) -> None:
    desk.put("metrics-customer/objections/infant")
    text = desk.service.http.get("/metrics").text
    assert "/v1/customers/{customer_id}/objections/{life_event}" in text
    assert "metrics-customer" not in text
    assert "infant" not in text


def test_without_redis_every_call_is_503_and_nothing_is_half_written(
    own_server: RedisServer, shop: Shop, tmp_path: Path
) -> None:
    keys = Keys("gone")
    with own_server.client() as redis:
        publish(redis, keys, tmp_path / "bundle", shop.bundle, shop.table)
    settings = Settings(redis_url=own_server.url, namespace="gone", poll_interval=0.1)
    with running(settings) as service:
        own_server.kill()
        calls = (
            ("GET", "/v1/customers/a/controls"),
            ("PUT", "/v1/customers/a/objections/infant"),
            ("DELETE", "/v1/customers/a/objections/infant"),
            ("DELETE", "/v1/customers/a"),
        )
        for method, path in calls:
            response = service.http.request(method, path)
            assert response.status_code == 503, (method, path)
            assert response.headers["Retry-After"]
        own_server.start()
        with own_server.client() as redis:
            publish(redis, keys, tmp_path / "bundle", shop.bundle, shop.table)

        def stored() -> httpx.Response | None:
            response = service.http.put("/v1/customers/a/objections/infant")
            return response if response.status_code == 200 else None

        assert list(eventually(stored).json()["objections"]) == ["infant"]


def test_no_answer_about_a_customer_is_kept_on_its_way(desk: Desk) -> None:
    http, path = desk.service.http, "/v1/customers/kept-by-nobody"
    answers = [
        http.put(f"{path}/objections/pregnancy"),
        http.get(f"{path}/controls"),
        http.delete(f"{path}/objections/pregnancy"),
        http.put(f"{path}/objections/nonsense"),
        http.delete(path),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 200]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
