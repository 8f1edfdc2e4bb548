"""POST /v1/events."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Annotated

import orjson
from fastapi import APIRouter, Body
from starlette.requests import Request
from starlette.responses import Response

from serving.body import BodyRoute
from serving.examples import ITEM
from serving.problems import RESPONSES
from serving.schemas import EventsAnswer, EventsQuery
from serving.services import Services

router = APIRouter(route_class=BodyRoute, tags=["events"])

_EXAMPLES = {
    "purchase": {
        "summary": "A purchase; the customer's next answer knows it",
        "value": {
            "events": [
                {
                    "event_id": "order-4711-line-1",
                    "customer_id": "1",
                    "kind": "purchase",
                    "item_id": ITEM,
                    "quantity": 2,
                    "order_id": "order-4711",
                }
            ]
        },
    },
    "batch": {
        "summary": "What happened to an answer: an impression and a click",
        "value": {
            "events": [
                {
                    "event_id": "impression-1",
                    "customer_id": "1",
                    "kind": "impression",
                    "item_id": ITEM,
                    "decision_id": "0123456789abcdef0123456789abcdef",
                    "placement": "home",
                    "channel": "site",
                },
                {
                    "event_id": "click-1",
                    "customer_id": "1",
                    "kind": "click",
                    "item_id": ITEM,
                    "timestamp": "2026-01-31T18:30:00Z",
                },
            ]
        },
    },
}


@router.post(
    "/v1/events",
    summary="What customers did",
    status_code=HTTPStatus.ACCEPTED,
    response_model=EventsAnswer,
    responses=RESPONSES,
)
async def events(
    request: Request,
    query: Annotated[EventsQuery, Body(openapi_examples=_EXAMPLES)],
) -> Response:
    """Takes 1 to 500 events. Sending the same `event_id` again changes nothing.

    Purchases and returns change the customer's next answer; every event is kept for training.
    The answer is the same whatever the items are. On 503 send the whole batch again.
    """
    services: Services = request.app.state.services
    await services.intake.accept(services.bundle(), query.events, time.time())
    for event in query.events:
        services.metrics.events.labels(event.kind.value).inc()
    content = orjson.dumps({"accepted": len(query.events)})
    return Response(content, HTTPStatus.ACCEPTED, media_type="application/json")
