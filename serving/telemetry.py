"""What wraps every request: its id, its time, its count."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.metrics import Metrics

REQUEST_ID = "X-Request-Id"
_HEADER = REQUEST_ID.lower().encode()


class Telemetry:
    """Counts and times every HTTP request by its route, and gives every answer an id.

    The route's template is the label, never the path: an id in a path stays out of the metrics.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                if not any(name == _HEADER for name, _ in headers):
                    MutableHeaders(raw=headers)[REQUEST_ID] = uuid4().hex
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            route: Any = scope.get("route")
            path = getattr(route, "path", "unmatched")
            self._metrics.observe(path, status, time.perf_counter() - started)
