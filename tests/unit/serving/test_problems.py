"""Every error becomes HTTP in one shape, and tells nothing that it should not."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from recommender.errors import (
    BundleError,
    ConflictError,
    ContainmentBreach,
    InputError,
    NotFound,
    StorageError,
    StoreError,
    TactfulError,
)
from serving.metrics import Metrics
from serving.problems import FieldError, install, json_path
from serving.telemetry import REQUEST_ID, Telemetry


def answer(error: Exception, metrics: Metrics | None = None) -> httpx.Response:
    """The response of an application whose one route raises `error`."""
    app = FastAPI()
    install(app)
    app.add_middleware(Telemetry, metrics=metrics or Metrics())

    @app.get("/things/{thing}")
    async def fail(thing: str) -> None:
        raise error

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            return await http.get("/things/secret-thing")

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("what", hint="how"), 422),
        (NotFound("what", hint="how"), 404),
        (ConflictError("what", hint="how"), 409),
        (BundleError("what", hint="how"), 503),
        (StoreError("what", hint="how"), 503),
        (StorageError("what", hint="how"), 507),
        (ContainmentBreach("what", hint="how"), 500),
    ],
)
def test_the_error_tree_knows_its_status(error: TactfulError, status: int) -> None:
    response = answer(error)
    body = response.json()
    assert (response.status_code, body["status"]) == (status, status)
    assert (body["detail"], body["hint"]) == ("what", "how")
    assert response.headers["content-type"] == "application/problem+json"
    assert ("retry-after" in response.headers) == (status == 503)


def test_a_field_error_says_where() -> None:
    assert answer(FieldError("what", where="$.n", hint="how")).json()["where"] == "$.n"


def test_an_error_of_the_framework_has_the_same_shape() -> None:
    body = answer(HTTPException(418, "short and stout")).json()
    assert body == {"title": "I'm a Teapot", "status": 418, "detail": "short and stout"}


def test_a_defect_tells_the_caller_nothing_of_itself() -> None:
    response = answer(RuntimeError("customer 12 bought secrets"))
    assert response.status_code == 500
    assert "secrets" not in response.text
    assert "defect" in response.json()["hint"]


def test_every_request_is_counted_by_its_route_and_never_by_its_path() -> None:
    metrics = Metrics()
    answer(RuntimeError("boom"), metrics)
    response = answer(NotFound("no"), metrics)
    text = metrics.exposition().decode()
    assert 'tactful_requests_total{route="/things/{thing}",status="500"} 1.0' in text
    assert 'tactful_requests_total{route="/things/{thing}",status="404"} 1.0' in text
    assert "secret-thing" not in text
    assert len(response.headers[REQUEST_ID]) == 32


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ((), "$"),
        (("n",), "$.n"),
        (("placements", 1, "n"), "$.placements[1].n"),
        (("x" * 10_000,), "$." + "x" * 299),
    ],
)
def test_a_place_is_a_json_path(location: tuple[int | str, ...], path: str) -> None:
    assert json_path(location) == path
