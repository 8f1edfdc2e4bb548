"""Requests about policies that nobody thought of, by somebody who has every role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from recommender.keys import Keys
from serving.roles import Role
from serving.settings import Settings
from tests.integration.serving.test_fuzz import CHECKS
from tests.support.drafts import text
from tests.support.people import login, write_tokens
from tests.support.service import RedisServer, Running, publish, running
from tests.support.shop import Shop

EVERYTHING = tuple(Role)
PATHS = [
    ("/v1/policies", "GET"),
    ("/v1/policies/{version}", "GET"),
    ("/v1/policies/{version}", "PUT"),
    ("/v1/policies/{version}", "PATCH"),
    ("/v1/policies/{version}", "DELETE"),
    ("/v1/policies/{version}/lint", "POST"),
    ("/v1/policies/{version}/diff", "POST"),
    ("/v1/policies/{version}/simulation", "POST"),
    ("/v1/policies/{version}/approval", "POST"),
    ("/v1/policies/{version}/publication", "POST"),
    ("/v1/policies/rollback", "POST"),
]


@pytest.fixture(scope="module")
def service(
    server: RedisServer, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("fuzz")
    tokens = write_tokens(folder, EVERYTHING)
    with server.client() as redis:
        publish(redis, Keys("fuzz"), folder / "bundle", shop.bundle, shop.table)
    with running(Settings(redis_url=server.url, namespace="fuzz", tokens=tokens)) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), PATHS)
def test_whatever_is_sent_the_answer_is_one_that_is_documented(
    service: Running, path: str, method: str
) -> None:
    """A version that is often there is drafted first, so that more than 404 is seen."""
    headers = login(*EVERYTHING)
    schema = schemathesis.openapi.from_url(f"{service.http.base_url}/openapi.json")
    operation = schema[path][method]
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        deadline=None,
        max_examples=30,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(cases, st.booleans())
    def replay(case: schemathesis.Case[Any], there: bool) -> None:
        if there and "version" in (case.path_parameters or {}):
            case.path_parameters["version"] = 4
        case.call_and_validate(checks=CHECKS, headers=headers)

    drafted = service.http.put("/v1/policies/4", json={"text": text(4)}, headers=headers)
    assert drafted.status_code in (200, 422)
    replay()
