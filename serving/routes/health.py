"""Whether a worker lives, whether it should get traffic, and what it counted."""

from __future__ import annotations

from http import HTTPStatus

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from recommender.times import iso_utc
from serving.metrics import CONTENT_TYPE
from serving.schemas import Liveness, Readiness
from serving.services import Services

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Is the process alive?", response_model=Liveness)
async def livez() -> Response:
    """Answers as long as the process can answer anything."""
    return Response(b'{"alive":true}', media_type="application/json")


@router.get(
    "/readyz",
    summary="Should this worker get traffic?",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "No bundle, or Redis is unreachable"}},
)
async def readyz(request: Request) -> Response:
    """200 when a bundle is loaded and Redis answers. Otherwise 503; `reasons` says why.

    A worker that is not ready still answers: with popular offers while Redis is away.
    """
    services: Services = request.app.state.services
    bundle = services.swapper.bundle
    degraded = not services.breaker.closed
    ready = bundle is not None and not degraded
    content = {
        "ready": ready,
        "version": None if bundle is None else bundle.version,
        "policy_version": None if bundle is None else bundle.policy_version,
        "as_of": None if bundle is None else iso_utc(bundle.as_of),
        "degraded": degraded,
        "reasons": services.swapper.problems(),
    }
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    headers = {} if ready else {"Retry-After": "1"}
    return Response(orjson.dumps(content), status, headers, "application/json")


@router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
async def metrics(request: Request) -> Response:
    """The Prometheus text format; with several workers, the sum of all of them."""
    services: Services = request.app.state.services
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE)
