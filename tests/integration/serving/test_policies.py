"""Policies over HTTP: the life of a tightening and of a loosening, and who may do what."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from recommender.keys import Keys
from serving.policies import TRIES
from serving.roles import Role
from serving.settings import Settings
from tests.support.drafts import text
from tests.support.people import login, write_tokens
from tests.support.service import RedisServer, Running, eventually, publish, running
from tests.support.shop import Shop

KEYS = Keys("policies")
ANNA = login(Role.MARKETER)
BEN = login(Role.APPROVER)
CARL = login(Role.MARKETER, Role.APPROVER)
DORA = login(Role.PRIVACY)
PEOPLE = [(Role.MARKETER,), (Role.APPROVER,), (Role.MARKETER, Role.APPROVER), (Role.PRIVACY,)]
NAME = "marketer@shop"
PATH = "/v1/policies"


@dataclass(frozen=True, eq=False)
class Desk:
    """Two workers of one Redis, and people who ask the first of them."""

    service: Running
    second: Running
    redis: Redis

    def draft(self, version: int, who: dict[str, str] = ANNA, **words: str) -> httpx.Response:
        """PUT of the shop's policy with some words changed."""
        body = {"text": text(version, **words), "reason": "spring"}
        return self.service.http.put(f"{PATH}/{version}", json=body, headers=who)

    def post(self, path: str, who: dict[str, str] = ANNA, **body: object) -> httpx.Response:
        """POST under /v1/policies."""
        return self.service.http.post(f"{PATH}/{path}", json=body, headers=who)

    def get(self, path: str = "", who: dict[str, str] = ANNA) -> dict[str, Any]:
        """GET under /v1/policies, which must be answered."""
        response = self.service.http.get(f"{PATH}{path}", headers=who)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def publish(self, version: int, **words: str) -> None:
        """Drafts and publishes; both must be done."""
        assert self.draft(version, ANNA, **words).status_code == 200
        response = self.post(f"{version}/publication")
        assert response.status_code == 200, response.text

    def answers_with(self, version: int) -> None:
        """Returns when both workers answer with a version, which takes less than 2 seconds."""
        for service in (self.service, self.second):
            ask = partial(service.offers, customer_id="c03")
            eventually(lambda a=ask: a()["policy_version"] == version, within=2)  # type: ignore[misc]


@pytest.fixture(scope="module")
def workers(
    server: RedisServer, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, Running]]:
    folder = tmp_path_factory.mktemp("policies")
    chosen = Settings(
        redis_url=server.url,
        namespace=KEYS.namespace,
        redis_timeout=2.0,
        tokens=write_tokens(folder, *PEOPLE),
    )
    with server.client() as redis:
        publish(redis, KEYS, folder / "bundle", shop.bundle, shop.table)
    with running(chosen) as one, running(chosen) as other:
        yield one, other


@pytest.fixture
def desk(server: RedisServer, workers: tuple[Running, Running]) -> Iterator[Desk]:
    """With no policy but the bundle's own, version 3."""
    with server.client() as redis:
        redis.delete(KEYS.policies, KEYS.policy, *redis.scan_iter(match=KEYS.policy_source("*")))
        found = Desk(*workers, redis)
        found.answers_with(3)
        yield found


def problem(response: httpx.Response, status: int) -> str:
    """The detail of a refusal, which has a hint; what it is for."""
    assert response.status_code == status, response.text
    answer = response.json()
    assert answer["hint"]
    return str(answer["detail"])


def offered(service: Running, **query: object) -> set[str]:
    """The offers of a long home page."""
    answer: Any = service.offers(placements=["home"], n=100, **query)
    return {offer["offer_id"] for offer in answer["placements"]["home"]["offers"]}


# ---- lives -------------------------------------------------------------------------------------


def test_the_life_of_a_tightening_needs_one_person(desk: Desk) -> None:
    assert "school-1" in offered(desk.service, customer_id="c03")
    assert desk.get()["live"]["version"] == 3
    drafted = desk.draft(4, school="block").json()
    assert (drafted["state"], drafted["author"], drafted["live"]) == ("draft", NAME, False)
    assert desk.get("/4")["text"] == text(4, school="block")
    change = desk.post("4/diff").json()
    assert (change["loosens"], change["reasons"]) == (False, [])
    assert change["life_events"]["school"]["offers_held_back"] == 1
    assert desk.post("4/lint").json()["publishable"]
    assert "school-1" in offered(desk.service, customer_id="c03")
    done = desk.post("4/publication", reason="schools are out").json()
    assert (done["version"]["state"], done["version"]["live"]) == ("published", True)
    desk.answers_with(4)
    for service in (desk.service, desk.second):
        assert "school-1" not in offered(service, customer_id="c03")
    listed = desk.get()
    assert listed["live"]["version"] == 4
    [step] = listed["activations"]
    assert (step["kind"], step["by"], step["reason"], step["approver"]) == (
        "publish",
        NAME,
        "schools are out",
        "",
    )


def test_the_life_of_a_loosening_needs_two(desk: Desk) -> None:
    desk.publish(4)
    assert desk.draft(5, pregnancy="allow").status_code == 200
    refused = problem(desk.post("5/publication", reason="I want it"), 403)
    assert "nobody has approved it: 1 item of `pregnancy`" in refused
    assert "no reason" in problem(desk.post("5/approval", BEN), 422)
    approved = desk.post("5/approval", BEN, reason="the law allows it").json()
    assert approved["version"]["state"] == "approved"
    assert approved["change"]["loosens"]
    [approval] = desk.get("/5")["approvals"]
    assert (approval["by"], approval["holds"]) == ("approver@shop", True)
    desk.answers_with(4)
    assert "crib" not in offered(desk.service, customer_id="c03")
    assert desk.post("5/publication", expected_live=4).status_code == 200
    desk.answers_with(5)
    assert "crib" in offered(desk.second, customer_id="c03")
    problem(desk.post("rollback", version=5, reason="again"), 409)
    back = desk.post("rollback", reason="too early")
    assert back.json()["version"]["version"] == 4
    desk.answers_with(4)
    assert "crib" not in offered(desk.service, customer_id="c03")


def test_going_back_to_a_looser_policy_needs_two_as_well(desk: Desk) -> None:
    desk.publish(4)
    desk.publish(5, school="block")
    assert "nobody has approved it" in problem(desk.post("rollback", reason="school starts"), 403)
    assert desk.post("4/approval", BEN, reason="school starts").status_code == 200
    assert desk.post("rollback", reason="school starts").status_code == 200
    desk.answers_with(4)
    assert desk.get()["activations"][0]["approver"] == "approver@shop"


def test_a_draft_is_edited_value_by_value_and_keeps_its_comments(desk: Desk) -> None:
    desk.draft(4)
    changes = {"set": {"life_events.infant.policy": "block", "defaults.discovery_slots": 6}}
    body = {**changes, "remove": ["life_events.infant.replenish"]}
    response = desk.service.http.patch(f"{PATH}/4", json=body, headers=ANNA)
    assert response.status_code == 200, response.text
    edited = desk.get("/4")
    assert edited["reason"] == "spring"
    before, after = text(4).splitlines(), edited["text"].splitlines()
    assert [line for line in before if line not in after] == [
        "defaults: {discovery_slots: 10}",
        "    policy: replenish_only",
        "    replenish: {slot: replenish, min_purchases: 2, within: 365 days}",
    ]
    assert "  # Nappies come back in the slot `replenish`." in after


def test_a_dropped_draft_is_gone(desk: Desk) -> None:
    desk.draft(4)
    response = desk.service.http.delete(f"{PATH}/4", headers=ANNA)
    assert (response.status_code, response.content) == (204, b"")
    missing = desk.service.http.get(f"{PATH}/4", headers=ANNA)
    assert "no version 4" in problem(missing, 404)


def test_a_diff_may_be_against_another_version(desk: Desk) -> None:
    desk.draft(4)
    desk.draft(5, infant="block")
    assert desk.post("4/diff?against=5").json()["loosens"]
    assert not desk.post("5/diff?against=4", BEN).json()["loosens"]


# ---- who ---------------------------------------------------------------------------------------

CALLS: dict[str, tuple[str, str, dict[str, Any], list[dict[str, str]]]] = {
    "list": ("GET", "", {}, [ANNA, BEN, DORA]),
    "text": ("GET", "/4", {}, [ANNA, BEN, DORA]),
    "draft": ("PUT", "/4", {"text": text(4)}, [ANNA]),
    "edit": ("PATCH", "/4", {"set": {}}, [ANNA]),
    "drop": ("DELETE", "/4", {}, [ANNA]),
    "lint": ("POST", "/4/lint", {}, [ANNA, BEN]),
    "diff": ("POST", "/4/diff", {}, [ANNA, BEN]),
    "simulation": ("POST", "/4/simulation", {}, [ANNA, BEN]),
    "approval": ("POST", "/4/approval", {}, [BEN]),
    "publication": ("POST", "/4/publication", {}, [ANNA]),
    "rollback": ("POST", "/rollback", {"reason": "no"}, [ANNA]),
}


@pytest.mark.parametrize("call", CALLS)
def test_every_call_needs_a_token_and_a_role(desk: Desk, call: str) -> None:
    method, path, body, allowed = CALLS[call]
    for who in ({}, ANNA, BEN, DORA):
        desk.draft(4)
        content = None if method in ("GET", "DELETE") else body
        response = desk.service.http.request(method, PATH + path, json=content, headers=who)
        if who == {}:
            problem(response, 401)
        elif who in allowed:
            assert response.status_code not in (401, 403), response.text
        else:
            assert "has not the role" in problem(response, 403)


def test_the_author_never_approves_with_any_role(desk: Desk) -> None:
    desk.draft(4, CARL, pregnancy="allow")
    refused = problem(desk.post("4/approval", CARL, reason="me too"), 403)
    assert "approver-marketer@shop wrote it" in refused
    assert desk.get("/4")["approvals"] == []


def test_the_author_is_the_tokens_person_and_nobody_elses_draft_is_touched(desk: Desk) -> None:
    desk.draft(4)
    assert "a draft of marketer@shop" in problem(desk.draft(4, CARL), 403)
    edit = desk.service.http.patch(f"{PATH}/4", json={"set": {}}, headers=CARL)
    assert "a draft of" in problem(edit, 403)
    assert "a draft of" in problem(desk.service.http.delete(f"{PATH}/4", headers=CARL), 403)
    body = {"text": text(5), "author": "ben@shop"}
    response = desk.service.http.put(f"{PATH}/5", json=body, headers=ANNA)
    assert problem(response, 422)
    assert response.json()["where"] == "$.author"


# ---- bad input ---------------------------------------------------------------------------------


def test_the_number_in_the_path_is_the_policys_own(desk: Desk) -> None:
    body = {"text": text(5)}
    response = desk.service.http.put(f"{PATH}/4", json=body, headers=ANNA)
    assert "the policy's guard.version is 5" in problem(response, 422)
    assert response.json()["where"] == "$.text"
    desk.draft(4)
    moved = {"set": {"guard.version": 6}}
    response = desk.service.http.patch(f"{PATH}/4", json=moved, headers=ANNA)
    assert "guard.version is 6" in problem(response, 422)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("", "is empty"),
        ("guard: {version: 4}", "guards nothing"),
        ("guard: {version: 4}\nguard: {version: 4}\npacks: []", "line 2"),
        ("guard: {version: 4, schema: 9}\npacks: []", "newer release"),
        ("guard: {version: 4}\npacks: [nowhere@1]", "nowhere@1"),
        ("guard: {version: 4}\npacks: []\nlife_events: {infant: {policy: yes}}", "yes"),
        ("guard: {version: 4}\npacks: !!python/object:os.system []", "line 2"),
        ("a: &a [1]\nb: *a\n", "line"),
        ("\x00", ""),
        ("[]", ""),
    ],
)
def test_a_text_that_cannot_be_applied_is_422_and_says_why(
    desk: Desk, wrong: str, said: str
) -> None:
    response = desk.service.http.put(f"{PATH}/4", json={"text": wrong}, headers=ANNA)
    assert said in problem(response, 422)
    assert desk.get()["versions"] == []


def test_five_megabytes_are_refused(desk: Desk) -> None:
    body = {"text": "#" * 5_000_000}
    response = desk.service.http.put(f"{PATH}/4", json=body, headers=ANNA)
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("PUT", "/4", {"text": 4}, "$.text"),
        ("PUT", "/x", {"text": ""}, "path.version"),
        ("PATCH", "/4", {"set": []}, "$.set"),
        ("POST", "/4/approval", {"reason": 4}, "$.reason"),
        ("POST", "/4/publication", {"expected_live": "3"}, "$.expected_live"),
        ("POST", "/rollback", {}, "$.reason"),
        ("POST", "/rollback", {"reason": ""}, "$.reason"),
        ("POST", "/4/simulation", {"customers": 20_001}, "$.customers"),
        ("POST", "/4/simulation", {"placement": "nowhere"}, "$.placement"),
        ("POST", "/4/diff?against=yesterday", None, "query.against"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(
    desk: Desk, method: str, path: str, body: object, where: str
) -> None:
    desk.draft(4)
    response = desk.service.http.request(method, PATH + path, json=body, headers=CARL)
    assert problem(response, 422)
    assert response.json()["where"] == where


def test_a_key_that_nobody_knows_is_not_edited(desk: Desk) -> None:
    desk.draft(4)
    body = {"set": {"life_events.infant.polici": "block"}}
    response = desk.service.http.patch(f"{PATH}/4", json=body, headers=ANNA)
    assert "life_events.infant.polici" in problem(response, 422)
    assert "policy" in response.json()["hint"]
    assert desk.get("/4")["text"] == text(4)


def test_what_was_published_is_not_edited_and_its_number_not_taken_again(desk: Desk) -> None:
    desk.publish(4)
    edit = desk.service.http.patch(f"{PATH}/4", json={"set": {}}, headers=ANNA)
    assert "was published" in problem(edit, 422)
    response = desk.draft(4)
    assert "not above 4" in problem(response, 422)
    assert response.json()["hint"] == "raise guard.version to 5"


def test_an_expired_policy_and_one_that_hits_everything_are_refused(desk: Desk) -> None:
    desk.draft(4, until="2020-01-01")
    assert "ended on 2020-01-01" in problem(desk.post("4/publication"), 422)
    desk.draft(5, keyword='school, "no"', school="block")
    assert "half the catalogue" in problem(desk.post("5/publication"), 422)
    assert desk.post("5/publication", reason="we mean it").status_code == 200


def test_a_version_that_is_not_there_is_404(desk: Desk) -> None:
    for path in ("9/lint", "9/diff", "9/simulation", "9/publication"):
        assert "no version 9" in problem(desk.post(path), 404)
    assert "no earlier version" in problem(desk.post("rollback", reason="no"), 404)


def test_without_a_bundle_there_are_drafts_and_no_publications(
    server: RedisServer, tmp_path: Path
) -> None:
    chosen = Settings(redis_url=server.url, namespace="bare", tokens=write_tokens(tmp_path))
    with running(chosen) as service, server.client() as redis:
        desk = Desk(service, service, redis)
        assert desk.draft(1).status_code == 200
        assert desk.get()["live"] is None
        for path in ("1/publication", "1/diff", "1/lint", "1/simulation"):
            response = desk.post(path)
            assert "no bundle is live" in problem(response, 404)
            assert "publish a bundle first" in response.json()["hint"]
        assert "no bundle" in problem(desk.post("1/approval", BEN, reason="yes"), 404)


# ---- at once -----------------------------------------------------------------------------------


def at_once(*calls: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """The responses to calls that are made at the same moment."""
    start = threading.Barrier(len(calls))
    found: list[httpx.Response] = []

    def make(call: Callable[[], httpx.Response]) -> None:
        start.wait(timeout=10)
        found.append(call())

    threads = [threading.Thread(target=make, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_two_who_publish_at_once_one_gets_409(desk: Desk) -> None:
    """Both saw version 3 live; it does not matter which worker they ask."""
    desk.draft(4, school="block")
    desk.draft(5, school="block")

    def publish(service: Running, version: int) -> Callable[[], httpx.Response]:
        path, body = f"{PATH}/{version}/publication", {"expected_live": 3}
        return lambda: service.http.post(path, json=body, headers=ANNA)

    found = at_once(publish(desk.service, 4), publish(desk.second, 5))
    assert sorted(response.status_code for response in found) == [200, 409]
    [lost] = [response for response in found if response.status_code == 409]
    won = desk.get()["live"]["version"]
    assert f"version {won} of the policy is live" in problem(lost, 409)
    assert len(desk.get()["activations"]) == 1


def test_drafts_of_many_at_once_are_all_kept(desk: Desk) -> None:
    found = at_once(*(lambda v=v: desk.draft(v) for v in range(4, 4 + TRIES)))
    assert [response.status_code for response in found] == [200] * TRIES
    assert len(desk.get()["versions"]) == TRIES


def test_no_answer_mixes_two_policies_while_they_change_under_load(desk: Desk) -> None:
    """Every answer is, but for its id, what its own policy version says to this customer."""
    desk.publish(4)
    desk.draft(5, school="block")
    truth: dict[int, object] = {}

    def lists(answer: dict[str, Any]) -> object:
        return answer["placements"]

    def ask() -> dict[str, Any]:
        return desk.second.offers(customer_id="c03", n=60)

    desk.answers_with(4)
    truth[4] = lists(ask())
    assert desk.post("5/publication").status_code == 200
    desk.answers_with(5)
    truth[5] = lists(ask())
    assert truth[4] != truth[5]
    stop, wrong, seen = threading.Event(), [], set()

    def keep_asking() -> None:
        while not stop.is_set():
            answer = ask()
            seen.add(answer["policy_version"])
            if lists(answer) != truth[answer["policy_version"]]:
                wrong.append(answer)

    askers = [threading.Thread(target=keep_asking) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        for version in (4, 5, 4, 5):
            if version == 4:
                assert desk.post("4/approval", BEN, reason="back").status_code == 200
            gone = desk.post("rollback", version=version, reason="to and fro")
            assert gone.status_code == 200
            desk.answers_with(version)
    finally:
        stop.set()
        for asker in askers:
            asker.join()
    assert wrong == []
    assert seen == {4, 5}


def test_a_worker_that_starts_later_answers_with_the_published_policy(
    desk: Desk, server: RedisServer
) -> None:
    desk.publish(4, school="block")
    with running(Settings(redis_url=server.url, namespace=KEYS.namespace)) as third:
        assert third.offers()["policy_version"] == 4


# ---- simulation --------------------------------------------------------------------------------


def test_a_simulation_counts_in_cells_and_shows_invented_customers_only(desk: Desk) -> None:
    desk.draft(4, school="block")
    found = desk.post("4/simulation", customers=2000, n=30).json()
    counted = found["simulation"]
    assert counted["customers"] == 40
    assert counted["cell"] >= 20
    assert counted["changed"]["at_least"] % 20 == 0
    assert found["against"]["version"] == 3
    [example] = [e for e in found["examples"] if e["customer"].startswith("bought evidence")]
    assert "school-1" not in {offer["offer_id"] for offer in example["after"]}
    assert len(example["after"]) == len(example["before"]) > 0
    names = " ".join(e["customer"] for e in found["examples"])
    assert not any(customer in names for customer in ("c00", "c01", "c39"))
    assert desk.get()["live"]["version"] == 3


def test_a_sample_grows_by_a_hundred_and_none_is_of_one_customer(desk: Desk) -> None:
    """Else the price of one customer's list shows, or what one more customer changes."""
    desk.draft(4)
    for customers in (1, 7, 99, 101):
        response = desk.post("4/simulation", customers=customers)
        assert problem(response, 422)
        assert response.json()["where"] == "$.customers"
    assert desk.post("4/simulation", customers=100).status_code == 200


def test_the_same_simulation_is_told_alike_by_every_worker(desk: Desk) -> None:
    desk.draft(4, school="block")
    first, again = (desk.post("4/simulation").json()["simulation"] for _ in range(2))
    assert first == again


def test_one_simulation_at_a_time_and_answers_go_on(desk: Desk) -> None:
    desk.draft(4, school="block")

    def simulate() -> httpx.Response:
        return desk.post("4/simulation", n=100)

    codes = sorted(response.status_code for response in at_once(*[simulate] * 4))
    assert codes[0] == 200
    assert set(codes) <= {200, 409}
    began = time.monotonic()
    assert desk.service.offers(customer_id="c03")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"proxy_lists": {"../../evil.csv": "x"}}, "cannot be the name of a proxy list"),
        ({"proxy_lists": {"/etc/evil.csv": "x"}}, "cannot be the name of a proxy list"),
        ({"packs": {"../evil": "x"}}, "cannot be the name of a pack"),
        ({"packs": {"mine@1": "x"}}, "cannot be the name of a pack"),
        ({"proxy_lists": {"evil.csv": "x"}}, "the policy does not use it"),
        ({"packs": {"evil": "x"}}, "the policy does not use it"),
    ],
)
def test_files_that_the_policy_does_not_name_are_not_taken(
    desk: Desk, files: dict[str, Any], says: str
) -> None:
    response = desk.service.http.put(f"{PATH}/4", json={"text": text(4), **files}, headers=ANNA)
    assert says in problem(response, 422)


def test_no_answer_about_policies_is_kept_on_its_way(desk: Desk) -> None:
    http = desk.service.http
    edit = {"set": {"defaults.discovery_slots": 6}}
    answers = [
        desk.draft(4),
        http.patch(f"{PATH}/4", json=edit, headers=ANNA),
        http.get(PATH, headers=ANNA),
        http.get(f"{PATH}/4", headers=ANNA),
        desk.post("4/diff"),
        desk.post("4/lint"),
        desk.post("9/lint"),
        http.get(PATH),
        http.delete(f"{PATH}/4", headers=ANNA),
    ]
    assert [a.status_code for a in answers] == [200, 200, 200, 200, 200, 200, 404, 401, 204]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
