"""GET /v1/decisions/{decision_id}."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import orjson
import structlog
from fastapi import APIRouter, Path, Query, Security
from starlette.requests import Request
from starlette.responses import Response

from serving.audit_schemas import TraceAnswer
from serving.problems import RESPONSES, ROLE_RESPONSES
from serving.roles import BEARER, Role, require
from serving.services import Services
from serving.tracing import trace

NOT_KEPT = {"Cache-Control": "no-store"}
"""Nothing between here and the reader may keep what only a role may read."""

router = APIRouter(tags=["audit"], dependencies=[Security(BEARER)])
log = structlog.get_logger(__name__)


@router.get(
    "/v1/decisions/{decision_id}",
    summary="Why an answer was what it was",
    response_model=TraceAnswer,
    responses=RESPONSES | ROLE_RESPONSES,
)
async def decision(
    request: Request,
    decision_id: Annotated[
        str,
        Path(
            pattern="^[0-9a-f]{32}$",
            description="as the answer called it",
            openapi_examples={"answered": {"value": "018d2a2f3b40c0ffee1234567890abcd"}},
        ),
    ],
    answer: Annotated[bool, Query(description="also the answer itself, made again")] = False,
) -> Response:
    """The full trace of a decision, for the role `privacy`.

    Every candidate with its stage, score and verdict, the rules of that moment with their
    reasons, the versions, and whether the decision gives the same bytes when it is made again.
    A decision is kept for about `TACTFUL_DECISIONS_KEPT` others.
    """
    person = require(request, Role.PRIVACY)
    services: Services = request.app.state.services
    logged = await services.replays.find(decision_id)
    replayed = await services.replays.replay(services.bundle(), logged)
    content: dict[str, Any] = await asyncio.to_thread(trace, replayed)
    log.info("decision_traced", decision=decision_id, by=person.name)
    if answer:
        content["answer"] = orjson.Fragment(replayed.body)
    return Response(orjson.dumps(content), headers=NOT_KEPT, media_type="application/json")
