"""Calls that need a role: who gets in, and what the others are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.roles import Role
from serving.settings import Settings
from tests.integration.serving.conftest import Stage
from tests.support.people import login, write_tokens
from tests.support.service import RedisServer, Running, running

COUNTS = "/v1/suppressed"
TRACE = f"/v1/decisions/{'0' * 32}"


@pytest.fixture(scope="module")
def guarded(
    stage: Stage, server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("tokens")
    tokens = write_tokens(folder)
    with running(Settings(redis_url=server.url, namespace="stage", tokens=tokens)) as service:
        yield service


def test_without_a_file_of_tokens_nobody_gets_in(stage: Stage) -> None:
    for path in (COUNTS, TRACE):
        refused = stage.service.http.get(path, headers=login(Role.PRIVACY))
        assert refused.status_code == 403
        assert "TACTFUL_TOKENS" in refused.json()["hint"]


def test_a_missing_or_wrong_token_is_asked_for(guarded: Running) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic cHJpdmFjeS10b2tlbg=="},
        {"Authorization": "Bearer nobody's"},
        {"Authorization": "Bearer \xe9\xff".encode("latin-1")},
    ):
        refused = guarded.http.get(COUNTS, headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert refused.json()["hint"]
        assert "nobody's" not in refused.text


def test_a_role_opens_its_own_calls_and_no_others(guarded: Running) -> None:
    seen = {
        (role, path): guarded.http.get(path, headers=login(role)).status_code
        for role in Role
        for path in (COUNTS, TRACE)
    }
    assert seen == {
        (Role.MARKETER, COUNTS): 200,
        (Role.MARKETER, TRACE): 403,
        (Role.APPROVER, COUNTS): 403,
        (Role.APPROVER, TRACE): 403,
        (Role.PRIVACY, COUNTS): 200,
        (Role.PRIVACY, TRACE): 404,  # there is no such decision
    }


def test_who_lacks_a_role_is_told_which(guarded: Running) -> None:
    refused = guarded.http.get(TRACE, headers=login(Role.MARKETER)).json()
    assert refused["detail"] == "marketer@shop has not the role privacy"
    refused = guarded.http.get(COUNTS, headers=login(Role.APPROVER)).json()
    assert refused["detail"] == "approver@shop has not the role marketer or privacy"


def test_the_scheme_is_read_in_any_case(guarded: Running) -> None:
    token = login(Role.PRIVACY)["Authorization"].removeprefix("Bearer ")
    answer = guarded.http.get(COUNTS, headers={"authorization": f"bearer  {token}"})
    assert answer.status_code == 200


def test_shops_own_systems_need_no_token(guarded: Running) -> None:
    assert guarded.http.post("/v1/offers", json={}).status_code == 200
    assert guarded.http.get("/readyz").status_code == 200


def test_the_document_says_where_a_token_is_needed(guarded: Running) -> None:
    document = guarded.http.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    paths = document["paths"]
    for path in (COUNTS, "/v1/decisions/{decision_id}"):
        assert paths[path]["get"]["security"] == [{"HTTPBearer": []}]
        assert {"401", "403"} <= paths[path]["get"]["responses"].keys()
    assert "security" not in paths["/v1/offers"]["post"]
