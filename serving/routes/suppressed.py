"""GET /v1/suppressed."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Security
from starlette.requests import Request
from starlette.responses import Response

from recommender.suppressed import SuppressedCounts
from recommender.times import iso_utc
from serving.audit_schemas import SuppressedAnswer
from serving.problems import RESPONSES, ROLE_RESPONSES
from serving.roles import BEARER, Role, require
from serving.routes.decisions import NOT_KEPT
from serving.services import Services

ENTRIES_AT_ONCE = 500

router = APIRouter(tags=["audit"], dependencies=[Security(BEARER)])


@router.get(
    "/v1/suppressed",
    summary="How often the guard held something back",
    response_model=SuppressedAnswer,
    responses=RESPONSES | ROLE_RESPONSES,
)
async def suppressed(request: Request) -> Response:
    """Customers from whom a life event held an offer back, by channel and policy version.

    For the roles `marketer` and `privacy`. Of the day that had most of them, rounded; what is of
    too few customers is not in the answer, and there are neither totals nor periods to choose.
    """
    require(request, Role.MARKETER, Role.PRIVACY)
    services: Services = request.app.state.services
    policy = services.bundle().index.policy
    counts = SuppressedCounts(await services.store.secret(), policy.min_audience_cell)
    oldest: int | None = None
    first = "-"
    while True:
        found = await services.store.entries(
            services.store.keys.suppressed, first, "+", ENTRIES_AT_ONCE
        )
        for _, raw in found:
            entry = orjson.loads(raw)
            oldest = entry["at"] if oldest is None else min(oldest, entry["at"])
            counts.add(entry)
        if len(found) < ENTRIES_AT_ONCE:
            break
        first = f"({found[-1][0]}"
    cells = counts.cells()
    content = {
        "cell": counts.size,
        "since": None if oldest is None or not cells else iso_utc(oldest / 1000),
        "audited_per_second": services.settings.audit_per_second,
        "held_back": [
            {
                "life_event": held.life_event,
                "channel": held.channel,
                "policy_version": held.policy,
                "at_least": cell.at_least,
                "text": cell.text,
            }
            for held, cell in cells
        ],
    }
    return Response(orjson.dumps(content), headers=NOT_KEPT, media_type="application/json")
