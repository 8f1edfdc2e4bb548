"""Guard policies: what a marketer drafts, a second person approves, and customers then get."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from recommender.guard.change import PolicyChange
from serving.body import BodyRoute, OptionalBodyRoute
from serving.policies import Done, PolicyDesk
from serving.policy_schemas import (
    ApprovalQuery,
    DecidedAnswer,
    DraftQuery,
    EditQuery,
    ExampleAnswer,
    FindingAnswer,
    FindingsAnswer,
    Number,
    OfferName,
    PoliciesAnswer,
    PublicationQuery,
    RollbackQuery,
    SimulationAnswer,
    SimulationQuery,
    SourceAnswer,
    VersionAnswer,
    listed,
    shown,
)
from serving.problems import POLICY_RESPONSES
from serving.roles import BEARER, Role, require
from serving.routes.decisions import NOT_KEPT
from serving.services import Services

_COMMON: dict[str, Any] = {
    "prefix": "/v1/policies",
    "tags": ["policies"],
    "dependencies": [Security(BEARER)],
    "responses": POLICY_RESPONSES,
}
router = APIRouter(**_COMMON)
body_router = APIRouter(route_class=BodyRoute, **_COMMON)
optional_router = APIRouter(route_class=OptionalBodyRoute, **_COMMON)
"""Routes without a body, with one, and with one that may be left out."""

Version = Annotated[
    Number,
    Path(description="`guard.version` of the policy", openapi_examples={"next": {"value": 8}}),
]
_POLICY = """\
guard: {version: 8, owner: anna@shop, approved_by: dpo@shop, valid_until: 2099-12-31}
packs: [grocery@1]   # what ships; the entries below change it
life_events:
  infant:
    policy: block
"""
_DRAFTS = {"tighter": {"summary": "Block a life event", "value": {"text": _POLICY}}}
_EDITS = {
    "two values": {
        "summary": "Comments stay where they are",
        "value": {
            "set": {"life_events.infant.policy": "block", "defaults.discovery_slots": 6},
            "remove": ["life_events.infant.replenish"],
        },
    }
}
_APPROVALS = {"with a reason": {"value": {"reason": "agreed with the data-protection officer"}}}
_PUBLICATIONS = {
    "what I saw": {
        "summary": "Only if version 7 is still live",
        "value": {"reason": "spring range", "expected_live": 7},
    }
}
_ROLLBACKS = {"one back": {"value": {"reason": "the new patterns hit garden furniture"}}}
_SIMULATIONS = {"home": {"value": {"customers": 2000, "placement": "home", "n": 10}}}
_READERS = (Role.MARKETER, Role.APPROVER, Role.PRIVACY)
_ANALYSTS = (Role.MARKETER, Role.APPROVER)


@router.get("", summary="All versions of the policy", response_model=PoliciesAnswer)
async def policies(request: Request) -> Response:
    """Every version with its author, approvals and reasons, and every change of the live one."""
    require(request, *_READERS)
    desk = _desk(request)
    ledger = await desk.ledger()
    return _answer(listed(ledger, desk.live_version(ledger)))


@router.get("/{version}", summary="One version with its text", response_model=SourceAnswer)
async def policy(request: Request, version: Version) -> Response:
    """The text as it was drafted, comments included, with its packs and proxy lists."""
    require(request, *_READERS)
    desk = _desk(request)
    ledger = await desk.ledger()
    found = ledger.version(version)
    source = await desk.source(found)
    meta = shown(found, desk.live_version(ledger))
    return _answer(SourceAnswer(**meta.model_dump(), **source.model_dump()))


@body_router.put("/{version}", summary="Draft a version", response_model=VersionAnswer)
async def draft(
    request: Request,
    version: Version,
    query: Annotated[DraftQuery, Body(openapi_examples=_DRAFTS)],
) -> Response:
    """Keeps a policy that can be applied as a draft; nothing that answers changes.

    A draft is replaced by its own author only. Changing its text takes its approval away.
    """
    person = require(request, Role.MARKETER)
    desk = _desk(request)
    held = await desk.draft(version, query.source, person.name, query.reason)
    return _answer(shown(held, desk.live_version(await desk.ledger())))


@body_router.patch("/{version}", summary="Edit a draft", response_model=VersionAnswer)
async def edit(
    request: Request,
    version: Version,
    query: Annotated[EditQuery, Body(openapi_examples=_EDITS)],
) -> Response:
    """Sets and removes values by dotted keys; comments, order and blank lines stay."""
    person = require(request, Role.MARKETER)
    desk = _desk(request)
    held = await desk.edit(
        version, query.set, query.remove, author=person.name, reason=query.reason
    )
    return _answer(shown(held, desk.live_version(await desk.ledger())))


@router.delete(
    "/{version}", summary="Drop a draft", status_code=HTTPStatus.NO_CONTENT, response_model=None
)
async def drop(request: Request, version: Version) -> Response:
    """Takes a draft away. What was ever published is kept."""
    person = require(request, Role.MARKETER)
    await _desk(request).drop(version, person.name)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=NOT_KEPT)


@router.post("/{version}/lint", summary="Check a version", response_model=FindingsAnswer)
async def lint(request: Request, version: Version) -> Response:
    """Dead patterns, patterns that match too much, collisions: against what the shop sells."""
    require(request, *_ANALYSTS)
    found = await _desk(request).findings(version)
    return _answer(
        FindingsAnswer(
            publishable=all(finding.level != "error" for finding in found),
            findings=tuple(FindingAnswer(**asdict(finding)) for finding in found),
        )
    )


@router.post("/{version}/diff", summary="What a version changes", response_model=PolicyChange)
async def diff(
    request: Request,
    version: Version,
    against: Annotated[
        str, Query(pattern=r"^(live|[0-9]{1,9})$", description="`live`, or a version's number")
    ] = "live",
) -> Response:
    """What becomes visible or may be offered to some customer, and what no longer.

    It is computed over every situation that a customer can be in, not read off the text.
    """
    require(request, *_ANALYSTS)
    other = None if against == "live" else int(against)
    return _answer(await _desk(request).change(version, other))


@optional_router.post(
    "/{version}/simulation", summary="Try a version", response_model=SimulationAnswer
)
async def simulation(
    request: Request,
    version: Version,
    query: Annotated[SimulationQuery, Body(openapi_examples=_SIMULATIONS)],
) -> Response:
    """What would change in the lists of a sample of customers, counted in cells.

    The lists before and after are those of invented customers, never of real ones.
    """
    require(request, *_ANALYSTS)
    services: Services = request.app.state.services
    runs = services.simulations
    asked = runs.request(query.placement, query.n, query.channel)
    found = await runs.run(version, asked, query.customers)
    return _answer(
        SimulationAnswer(
            version=version,
            against=found.against,
            simulation=found.simulation.as_json(),
            examples=tuple(
                ExampleAnswer(
                    customer=example.customer,
                    before=_named(example.before),
                    after=_named(example.after),
                )
                for example in found.examples
            ),
        )
    )


@optional_router.post(
    "/{version}/approval", summary="Approve a version", response_model=DecidedAnswer
)
async def approval(
    request: Request,
    version: Version,
    query: Annotated[ApprovalQuery, Body(openapi_examples=_APPROVALS)],
) -> Response:
    """A second person's yes to this text against what is live now; never the author's own."""
    person = require(request, Role.APPROVER)
    return _decided(await _desk(request).approve(version, person.name, query.reason))


@optional_router.post(
    "/{version}/publication", summary="Publish a version", response_model=DecidedAnswer
)
async def publication(
    request: Request,
    version: Version,
    query: Annotated[PublicationQuery, Body(openapi_examples=_PUBLICATIONS)],
) -> Response:
    """Makes a draft live, in every worker within two seconds.

    What loosens the guard needs the approval of another person, with a reason; what tightens it
    needs neither.
    """
    person = require(request, Role.MARKETER)
    desk = _desk(request)
    return _decided(await desk.publish(version, person.name, query.reason, query.expected_live))


@body_router.post("/rollback", summary="Go back", response_model=DecidedAnswer)
async def rollback(
    request: Request, query: Annotated[RollbackQuery, Body(openapi_examples=_ROLLBACKS)]
) -> Response:
    """Makes the version before live again, or a named one that was.

    Going back is a change like any other: where it loosens, somebody else approves it first.
    """
    person = require(request, Role.MARKETER)
    desk = _desk(request)
    done = await desk.rollback(query.version, person.name, query.reason, query.expected_live)
    return _decided(done)


def _desk(request: Request) -> PolicyDesk:
    services: Services = request.app.state.services
    return services.policies


def _decided(done: Done) -> Response:
    return _answer(DecidedAnswer(version=shown(done.version, done.live), change=done.change))


def _named(offers: tuple[tuple[str, str], ...]) -> tuple[OfferName, ...]:
    return tuple(OfferName(offer_id=offer, title=title) for offer, title in offers)


def _answer(content: BaseModel) -> Response:
    return Response(content.model_dump_json(), headers=NOT_KEPT, media_type="application/json")
