"""Requests that nobody thought of: made from the service's own description, valid and not."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.serving.conftest import Stage

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PATHS = [
    ("/v1/offers", "POST"),
    ("/v1/events", "POST"),
    ("/v1/basket/complements", "POST"),
    ("/v1/items/{item_id}/similar", "GET"),
    ("/v1/customers/{customer_id}", "DELETE"),
    ("/v1/customers/{customer_id}/controls", "GET"),
    ("/v1/customers/{customer_id}/declarations/{life_event}", "PUT"),
    ("/v1/customers/{customer_id}/declarations/{life_event}", "DELETE"),
    ("/v1/customers/{customer_id}/consents/{life_event}/{purpose}", "PUT"),
    ("/v1/customers/{customer_id}/consents/{life_event}/{purpose}", "DELETE"),
    ("/v1/customers/{customer_id}/objections/{life_event}", "PUT"),
    ("/v1/customers/{customer_id}/objections/{life_event}", "DELETE"),
    ("/v1/customers/{customer_id}/needs/{need_id}", "PUT"),
    ("/v1/customers/{customer_id}/needs/{need_id}", "DELETE"),
    ("/v1/customers/{customer_id}/gifts/{item_id}", "PUT"),
    ("/v1/customers/{customer_id}/gifts/{item_id}", "DELETE"),
    ("/v1/customers/{customer_id}/forgotten/{item_id}", "PUT"),
    ("/v1/customers/{customer_id}/too-personal", "PUT"),
    ("/v1/customers/{customer_id}/too-personal/{category}", "DELETE"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), PATHS)
def test_whatever_is_sent_the_answer_is_one_that_is_documented(
    stage: Stage, path: str, method: str
) -> None:
    schema = schemathesis.openapi.from_url(f"{stage.service.http.base_url}/openapi.json")
    operation = schema[path][method]
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        deadline=None,
        max_examples=40,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(cases)
    def replay(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    replay()
