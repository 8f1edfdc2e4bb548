"""Every error as HTTP: one shape, after RFC 9457, and nothing of a customer's history in it.

{"title": ..., "status": 422, "detail": what is wrong, "hint": how to mend it,
 "where": "$.placements[1].n", "problems": [{"where": ..., "detail": ...}, ...]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from recommender.errors import InputError, TactfulError
from serving.schemas import Problem

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
MOST_PROBLEMS = 5
_LONGEST = 300


def _documented(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }


RESPONSES: dict[int | str, dict[str, Any]] = {
    400: _documented("The body is not JSON"),
    404: _documented("An item is not known"),
    413: _documented("The body is too large"),
    422: _documented("A field breaks its rule; `where` says which"),
    503: _documented("Redis or the bundle is missing; try again"),
}
"""The errors of the calls under /v1, for their documentation."""

CONTROL_RESPONSES = RESPONSES | {
    404: _documented("A life event or a purpose is not known; `hint` names the nearest"),
}
"""The errors of what customers control."""

ROLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    401: _documented("No token, or one that nobody was given"),
    403: _documented("The token's owner lacks the role, or the service has no tokens"),
}
"""The further errors of calls that need a role."""

POLICY_RESPONSES = RESPONSES | {
    401: _documented("No token, or one that nobody was given"),
    403: _documented("The role is missing, or another person has to agree; `hint` says who"),
    404: _documented("There is no such version of the policy, or no bundle to hold it against"),
    409: _documented("Somebody else was faster; the detail names what is live now"),
}
"""The errors of calls about policies."""

log = structlog.get_logger(__name__)


class FieldError(InputError):
    """A field of the request breaks a rule that its schema cannot express; `where` is its path."""

    def __init__(self, what: str, *, where: str, hint: str) -> None:
        super().__init__(what, hint=hint)
        self.where = where


def problem(
    status: int,
    detail: str,
    *,
    hint: str = "",
    where: str = "",
    problems: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for one error; empty parts are left out."""
    parts: dict[str, object] = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "hint": hint,
        "where": where,
        "problems": list(problems) if len(problems) > 1 else (),
    }
    content = orjson.dumps({name: value for name, value in parts.items() if value})
    # An error names versions and people as its answer would, and is true for this moment only.
    sent = {"Cache-Control": "no-store", **(headers or {})}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        sent["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == HTTPStatus.UNAUTHORIZED:
        sent["WWW-Authenticate"] = "Bearer"
    return Response(content, status, sent, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes `app` answer every error in this module's shape."""
    app.add_exception_handler(TactfulError, _tactful)
    app.add_exception_handler(ValidationError, _validation)
    app.add_exception_handler(RequestValidationError, _request_validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def json_path(location: Sequence[int | str]) -> str:
    """`$.placements[1].n` for ("placements", 1, "n")."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "$" + "".join(parts)[:_LONGEST]


def _tactful(_: Request, error: Exception) -> Response:
    assert isinstance(error, TactfulError)
    where = error.where if isinstance(error, FieldError) else ""
    if error.http_status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("not_answered", kind=type(error).__name__, what=error.what)
    return problem(error.http_status, error.what, hint=error.hint, where=where)


def _validation(_: Request, error: Exception) -> Response:
    """A body that broke the schema; malformed JSON is the sender's bug and not its data."""
    assert isinstance(error, ValidationError)
    found = error.errors(include_url=False, include_context=False, include_input=False)
    within = [e["loc"] for e in found]
    # A list whose elements are wrong is also reported as too short: only the cause helps.
    kept = [
        e
        for e in found
        if e["type"] != "too_short" or not any(len(x) > len(e["loc"]) for x in within)
    ]
    return _of_pydantic([(json_path(e["loc"]), e["type"], e["msg"]) for e in kept])


def _request_validation(_: Request, error: Exception) -> Response:
    """A path or query parameter that broke its rule."""
    assert isinstance(error, RequestValidationError)
    return _of_pydantic(
        [(".".join(str(x) for x in e["loc"]), e["type"], e["msg"]) for e in error.errors()]
    )


def _of_pydantic(found: list[tuple[str, str, str]]) -> Response:
    where, kind, message = found[0]
    if kind == "json_invalid":
        return problem(
            HTTPStatus.BAD_REQUEST,
            message[:_LONGEST],
            hint="send a JSON object in UTF-8; /docs has examples",
        )
    listed = [
        {"where": where, "detail": _sentence(message)}
        for where, _, message in found[:MOST_PROBLEMS]
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _sentence(message),
        hint="/docs shows what this call takes",
        where=where,
        problems=listed,
    )


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")[:_LONGEST]


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    hints = {404: "/docs lists every path", 405: "/docs lists the methods of every path"}
    return problem(
        error.status_code,
        str(error.detail)[:_LONGEST],
        hint=hints.get(error.status_code, ""),
        headers=error.headers,
    )


def _unexpected(request: Request, error: Exception) -> Response:
    """A defect: the log has it all, the caller nothing that could be about a customer."""
    route: Any = request.scope.get("route")
    log.error("unhandled", route=getattr(route, "path", "unmatched"), exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "the service failed on this request",
        hint="this is a defect of Tactful: please report what was sent",
    )
