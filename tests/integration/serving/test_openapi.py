"""The documentation works: every example, pasted, is answered with 2xx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recommender.keys import Keys
from serving.settings import Settings
from tests.support.service import RedisServer, Running, publish, running
from tests.support.shop import Shop


@pytest.fixture(scope="module")
def service(
    server: RedisServer, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    with server.client() as redis:
        folder = tmp_path_factory.mktemp("examples") / "bundle"
        publish(redis, Keys("examples"), folder, shop.bundle, shop.table)
    with running(Settings(redis_url=server.url, namespace="examples")) as found:
        yield found


def documented(service: Running) -> dict[str, Any]:
    document: dict[str, Any] = service.http.get("/openapi.json").json()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_example_is_answered(service: Running) -> None:
    replayed = 0
    for path, method, operation in operations(documented(service)):
        if "security" in operation:
            continue  # calls that need a role are made in tests of their own
        values = {p["name"]: p for p in operation.get("parameters", ()) if p["in"] == "path"}
        for name, parameter in values.items():
            [example] = parameter["examples"].values()
            path = path.replace(f"{{{name}}}", example["value"])  # noqa: PLW2901
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in body.get("examples", {"none": {"value": None}}).values():
            response = service.http.request(method, path, json=example["value"])
            assert response.is_success, (path, example, response.text)
            replayed += 1
    assert replayed >= 10


def test_every_operation_is_described_and_every_body_has_examples(service: Running) -> None:
    for path, method, operation in operations(documented(service)):
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path
        if method == "post" and "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["examples"], path


def test_the_documentation_page_opens(service: Running) -> None:
    response = service.http.get("/docs")
    assert response.status_code == 200
    assert "swagger" in response.text


def test_the_description_of_an_answer_is_what_an_answer_is(
    service: Running, tmp_path: Path
) -> None:
    """Every field that is sent is documented, and every required one is sent."""
    schemas = documented(service)["components"]["schemas"]
    answer: Any = service.offers(customer_id="c03", reasons="full")
    offer = answer["placements"]["home"]["offers"][0]
    for name, sent in (
        ("OffersAnswer", answer),
        ("FilledPlacement", answer["placements"]["home"]),
        ("OfferAnswer", offer),
        ("ReasonAnswer", offer["reasons"][0]),
        ("Readiness", service.http.get("/readyz").json()),
    ):
        assert (
            set(schemas[name].get("required", ())) <= set(sent) <= set(schemas[name]["properties"])
        )
