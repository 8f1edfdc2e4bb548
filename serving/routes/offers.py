"""POST /v1/offers."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Body
from starlette.requests import Request
from starlette.responses import Response

from serving.body import BodyRoute
from serving.examples import ITEM
from serving.problems import RESPONSES
from serving.schemas import OfferQuery, OffersAnswer
from serving.services import Services
from serving.telemetry import REQUEST_ID

router = APIRouter(route_class=BodyRoute, tags=["offers"])

_EXAMPLES = {
    "home": {
        "summary": "Ten offers for a customer's home page",
        "value": {"customer_id": "1", "placements": ["home"], "n": 10},
    },
    "several": {
        "summary": "Two placements in one call; no offer appears twice",
        "value": {
            "customer_id": "1",
            "placements": ["usuals", {"name": "discovery", "n": 4}],
            "n": 6,
            "filters": {"min_price": 0.5, "exclude": [ITEM]},
            "reasons": "full",
        },
    },
    "visitor": {
        "summary": "A visitor who is not signed in, with something in the basket",
        "value": {"placements": ["basket"], "context": {"basket": [ITEM]}, "n": 5},
    },
    "newsletter": {
        "summary": "Outbound: only what does not show the customer's own purchases",
        "value": {"customer_id": "1", "placements": ["discovery"], "n": 3, "channel": "email"},
    },
}


@router.post(
    "/v1/offers",
    summary="Offers for one customer",
    response_model=OffersAnswer,
    responses=RESPONSES,
)
async def offers(
    request: Request,
    query: Annotated[OfferQuery, Body(openapi_examples=_EXAMPLES)],
) -> Response:
    """The offers that the customer is most likely to welcome, for one or more placements.

    There is always an answer. `fallback` is true when nothing personal was known and popular
    offers stand in; `degraded` is true when the customer's history could not be read in time.
    """
    services: Services = request.app.state.services
    decision_id, content = await services.offering.answer(services.bundle(), query, time.time())
    return Response(content, headers={REQUEST_ID: decision_id}, media_type="application/json")
