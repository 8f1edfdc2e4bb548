"""What customers control. Every call answers with what is on record for the customer then."""

from __future__ import annotations

import time
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Path
from starlette.requests import Request
from starlette.responses import Response

from recommender.controls import NOTHING_TOLD, Controls
from recommender.types import ID_LENGTH
from serving import wishes
from serving.body import BodyRoute, OptionalBodyRoute
from serving.control_schemas import (
    ControlsAnswer,
    DeclarationQuery,
    ForgetQuery,
    GiftQuery,
    NeedQuery,
    TermQuery,
    TooPersonalQuery,
)
from serving.controls import Step, shown
from serving.examples import CATEGORY, ITEM, LIFE_EVENT
from serving.live import LiveBundle
from serving.problems import CONTROL_RESPONSES
from serving.routes.decisions import NOT_KEPT
from serving.schemas import Id
from serving.services import Services

router = APIRouter(tags=["controls"])
optional_router = APIRouter(route_class=OptionalBodyRoute, tags=["controls"])
body_router = APIRouter(route_class=BodyRoute, tags=["controls"])
"""Routes without a body, with one that may be left out, and with one that may not."""

_CUSTOMER = "/v1/customers/{customer_id}"
_ANSWER: dict[str, Any] = {"response_model": ControlsAnswer, "responses": CONTROL_RESPONSES}
_FOR_GOOD = TermQuery()
_BY_HAND = DeclarationQuery()
_NOTHING = ForgetQuery()


def _named(example: str, description: str) -> Any:
    """A parameter of the path."""
    return Path(
        max_length=ID_LENGTH,
        description=description,
        openapi_examples={"example": {"value": example}},
    )


CustomerId = Annotated[Id, _named("1", "as the shop calls the customer; without a slash")]
LifeEvent = Annotated[Id, _named(LIFE_EVENT, "as the guard policy calls it")]
Purpose = Annotated[Id, _named("history", f"what leave is given for: {', '.join(wishes.PURPOSES)}")]
NeedId = Annotated[Id, _named("need-1", "as the caller calls it; without a slash")]
ItemId = Annotated[Id, _named(ITEM, "as the catalogue calls it")]
Category = Annotated[Id, _named(CATEGORY, "as the catalogue calls it; capitals do not matter")]

_UNTIL = {
    "for good": {"summary": "Until it is taken back", "value": {}},
    "for a while": {"summary": "Until the end of a day", "value": {"until": "2099-12-31"}},
}
_DECLARED = {
    "by hand": {"summary": "The customer says so", "value": {"source": "preference_centre"}},
    "for a while": {"summary": "With an end", "value": {"until": "2099-12-31"}},
}
_NEEDS = {
    "in words": {"summary": "Kept for people to read", "value": {"text": "a warm winter coat"}},
}
_GIFTS = {"until a day": {"summary": "Masked until then", "value": {"until": "2099-12-24"}}}
_PERSONAL = {"item": {"summary": "Its narrowest category", "value": {"item_id": ITEM}}}


@router.get(f"{_CUSTOMER}/controls", summary="What a customer has told us", **_ANSWER)
async def controls(request: Request, customer_id: CustomerId) -> Response:
    """Everything that is on record and holds now, with its terms. A new customer has nothing."""
    services: Services = request.app.state.services
    return _answer(customer_id, await services.controls.read(customer_id, int(time.time())))


@router.delete(_CUSTOMER, summary="Erase a customer", **_ANSWER)
async def erase(request: Request, customer_id: CustomerId) -> Response:
    """Removes everything that is kept to answer this customer, who is a new customer then.

    The raw stream of events, the stream of decisions and the shop's warehouse are the shop's own.
    """
    services: Services = request.app.state.services
    await services.controls.erase(customer_id)
    return _answer(customer_id, NOTHING_TOLD)


_DECLARATION = f"{_CUSTOMER}/declarations/{{life_event}}"


@optional_router.put(_DECLARATION, summary="Declare a life event", **_ANSWER)
async def declare(
    request: Request,
    customer_id: CustomerId,
    life_event: LifeEvent,
    query: Annotated[DeclarationQuery, Body(openapi_examples=_DECLARED)] = _BY_HAND,
) -> Response:
    """Unlocks offers of a life event where the policy allows it; never what was bought before.

    A life event that the policy blocks may be declared too; it unlocks nothing. What a customer
    declared by hand is not replaced by another source while it holds. Leave that was given before
    a new declaration is asked for anew; declaring again while it holds keeps it.
    """
    bundle, now = _now(request)
    step = wishes.declared(bundle.index.policy, life_event, query, now)
    return await _change(request, bundle, customer_id, step, now)


@router.delete(_DECLARATION, summary="Withdraw a declaration", **_ANSWER)
async def withdraw(request: Request, customer_id: CustomerId, life_event: LifeEvent) -> Response:
    """Takes a declaration back, with its consents. Silence follows for as long as the policy says.

    Nobody is asked why. A withdrawal stays on record for two years at the least, so that a policy
    that becomes stricter finds it; `until` says when the silence ends.
    """
    bundle, now = _now(request)
    step = wishes.withdrawn(bundle.index.policy, life_event, now)
    return await _change(request, bundle, customer_id, step, now)


_CONSENT = f"{_CUSTOMER}/consents/{{life_event}}/{{purpose}}"


@optional_router.put(_CONSENT, summary="Give leave for one purpose", **_ANSWER)
async def consent(
    request: Request,
    customer_id: CustomerId,
    life_event: LifeEvent,
    purpose: Purpose,
    query: Annotated[TermQuery, Body(openapi_examples=_UNTIL)] = _FOR_GOOD,
) -> Response:
    """Leave for a channel, for using past purchases (`history`), or a verified age.

    It counts together with a declaration of the life event, never instead of it; a verified age
    also lets own purchases come back in the slot `replenish` where the policy asks for one.
    """
    bundle, now = _now(request)
    step = wishes.consented(bundle.index.policy, life_event, purpose, query, now)
    return await _change(request, bundle, customer_id, step, now)


@router.delete(_CONSENT, summary="Take leave back", **_ANSWER)
async def unconsent(
    request: Request, customer_id: CustomerId, life_event: LifeEvent, purpose: Purpose
) -> Response:
    """Holds from the next answer on, past purchases included."""
    bundle, now = _now(request)
    step = wishes.unconsented(bundle.index.policy, life_event, purpose)
    return await _change(request, bundle, customer_id, step, now)


_OBJECTION = f"{_CUSTOMER}/objections/{{life_event}}"


@optional_router.put(_OBJECTION, summary="Object to a life event", **_ANSWER)
async def objection(
    request: Request,
    customer_id: CustomerId,
    life_event: LifeEvent,
    query: Annotated[TermQuery, Body(openapi_examples=_UNTIL)] = _FOR_GOOD,
) -> Response:
    """Nothing of it is used or offered any more, whatever else is unlocked."""
    bundle, now = _now(request)
    step = wishes.objected(bundle.index.policy, life_event, query, now)
    return await _change(request, bundle, customer_id, step, now)


@router.delete(_OBJECTION, summary="Take an objection back", **_ANSWER)
async def unobject(request: Request, customer_id: CustomerId, life_event: LifeEvent) -> Response:
    """What the policy locks for everybody stays locked."""
    bundle, now = _now(request)
    step = wishes.unobjected(bundle.index.policy, life_event)
    return await _change(request, bundle, customer_id, step, now)


_NEED = f"{_CUSTOMER}/needs/{{need_id}}"


@body_router.put(_NEED, summary="State a need", **_ANSWER)
async def need(
    request: Request,
    customer_id: CustomerId,
    need_id: NeedId,
    query: Annotated[NeedQuery, Body(openapi_examples=_NEEDS)],
) -> Response:
    """Something that the customer is looking for. It never lets past purchases be searched."""
    bundle, now = _now(request)
    step = wishes.needed(bundle.index, need_id, query, now)
    return await _change(request, bundle, customer_id, step, now)


@router.delete(_NEED, summary="Take a need back", **_ANSWER)
async def no_need(request: Request, customer_id: CustomerId, need_id: NeedId) -> Response:
    """The customer has found it, or looks for it no more."""
    bundle, now = _now(request)
    return await _change(request, bundle, customer_id, wishes.without("needs", need_id), now)


_GIFT = f"{_CUSTOMER}/gifts/{{item_id:path}}"


@body_router.put(_GIFT, summary="This was a gift", **_ANSWER)
async def gift(
    request: Request,
    customer_id: CustomerId,
    item_id: ItemId,
    query: Annotated[GiftQuery, Body(openapi_examples=_GIFTS)],
) -> Response:
    """Purchases of the item are masked until its date: no answer may spoil the surprise."""
    bundle, now = _now(request)
    step = wishes.given(item_id, query, now)
    return await _change(request, bundle, customer_id, step, now)


@router.delete(_GIFT, summary="This was no gift", **_ANSWER)
async def no_gift(request: Request, customer_id: CustomerId, item_id: ItemId) -> Response:
    """The item counts as the customer's own taste again."""
    bundle, now = _now(request)
    return await _change(request, bundle, customer_id, wishes.without("gifts", item_id), now)


@optional_router.put(
    f"{_CUSTOMER}/forgotten/{{item_id:path}}", summary="Forget a purchase", **_ANSWER
)
async def forget(
    request: Request,
    customer_id: CustomerId,
    item_id: ItemId,
    query: Annotated[ForgetQuery, Body()] = _NOTHING,  # noqa: ARG001  # refuses any field
) -> Response:
    """Every purchase of the item up to now counts no more. This cannot be taken back."""
    services: Services = request.app.state.services
    bundle, now = _now(request)
    until = await services.controls.last_seen(customer_id, item_id, now)
    return await _change(request, bundle, customer_id, wishes.forgotten(item_id, until), now)


_PERSONAL_PATH = f"{_CUSTOMER}/too-personal"


@body_router.put(_PERSONAL_PATH, summary="This is too personal", **_ANSWER)
async def too_personal(
    request: Request,
    customer_id: CustomerId,
    query: Annotated[TooPersonalQuery, Body(openapi_examples=_PERSONAL)],
) -> Response:
    """The category, or an item's narrowest one, is neither used nor offered for 365 days.

    Nobody is asked why.
    """
    bundle, now = _now(request)
    step = wishes.too_personal(bundle.index, query, now)
    return await _change(request, bundle, customer_id, step, now)


@router.delete(f"{_PERSONAL_PATH}/{{category:path}}", summary="No longer too personal", **_ANSWER)
async def not_too_personal(
    request: Request, customer_id: CustomerId, category: Category
) -> Response:
    """The category may be used and offered again, as far as the policy lets it."""
    bundle, now = _now(request)
    return await _change(request, bundle, customer_id, wishes.not_too_personal(category), now)


def _now(request: Request) -> tuple[LiveBundle, int]:
    """The bundle and the second that one call is answered under."""
    services: Services = request.app.state.services
    return services.bundle(), int(time.time())


async def _change(
    request: Request, bundle: LiveBundle, customer: str, step: Step, now: int
) -> Response:
    services: Services = request.app.state.services
    return _answer(customer, await services.controls.change(bundle, customer, now, step))


def _answer(customer: str, told: Controls) -> Response:
    # What a customer told a shop is nobody's between here and the one who asked.
    content = orjson.dumps(shown(customer, told))
    return Response(content, headers=NOT_KEPT, media_type="application/json")
