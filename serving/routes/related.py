"""Offers that go with items, the same for everybody."""

from __future__ import annotations

import time
from typing import Annotated

import orjson
from fastapi import APIRouter, Body, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from recommender.bundle import Neighbours
from recommender.related import item_picks
from recommender.types import ID_LENGTH, ItemId
from serving.body import BodyRoute
from serving.examples import ITEM
from serving.live import LiveBundle
from serving.placements import MOST_OFFERS
from serving.problems import RESPONSES
from serving.schemas import BasketQuery, RelatedAnswer
from serving.services import Services

router = APIRouter(tags=["items"])
basket_router = APIRouter(route_class=BodyRoute, tags=["items"])

_EXAMPLES = {
    "basket": {
        "summary": "What goes with a basket",
        "value": {"basket": [ITEM], "n": 5},
    }
}


@router.get(
    "/v1/items/{item_id:path}/similar",
    summary="Offers similar to an item",
    response_model=RelatedAnswer,
    responses=RESPONSES,
)
async def similar(
    request: Request,
    item_id: Annotated[
        str,
        Path(
            min_length=1,
            max_length=ID_LENGTH,
            openapi_examples={"item": {"value": ITEM}},
        ),
    ],
    n: Annotated[int, Query(ge=1, le=MOST_OFFERS, description="offers wanted")] = 10,
) -> Response:
    """What customers who buy this item tend to buy as well, in place of it."""
    services: Services = request.app.state.services
    bundle = services.bundle()
    return _answer(bundle, bundle.index.bundle.similar, (ItemId(item_id),), n)


@basket_router.post(
    "/v1/basket/complements",
    summary="Offers that complete a basket",
    response_model=RelatedAnswer,
    responses=RESPONSES,
)
async def complements(
    request: Request,
    query: Annotated[BasketQuery, Body(openapi_examples=_EXAMPLES)],
) -> Response:
    """What customers put into the same basket."""
    services: Services = request.app.state.services
    bundle = services.bundle()
    items = tuple(map(ItemId, query.basket))
    return _answer(bundle, bundle.index.bundle.complements, items, query.n)


def _answer(
    bundle: LiveBundle, neighbours: Neighbours, items: tuple[ItemId, ...], n: int
) -> Response:
    picks, fallback = item_picks(bundle.index, neighbours, items, n, time.time())
    content = {
        "version": bundle.version,
        "policy_version": bundle.policy_version,
        "fallback": fallback,
        "offers": [bundle.offer(pick.offer) for pick in picks],
    }
    return Response(orjson.dumps(content), media_type="application/json")
