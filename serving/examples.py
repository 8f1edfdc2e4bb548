"""Examples of the OpenAPI document with an item of the shop that answers, so that they work."""

from __future__ import annotations

import time
from typing import Any

import orjson
from fastapi import FastAPI

from serving.live import LiveBundle
from serving.services import Services

ITEM = "1082185"
"""Stands in the examples until a bundle is loaded: bananas, in the demo's shop."""


def install(app: FastAPI) -> None:
    """Makes `/openapi.json` and `/docs` name an item of the live bundle."""
    written = app.openapi

    def document() -> dict[str, Any]:
        services: Services | None = getattr(app.state, "services", None)
        bundle = None if services is None else services.swapper.bundle
        if bundle is None:
            return written()
        text = orjson.dumps(written())
        shown = text.replace(orjson.dumps(ITEM), orjson.dumps(_best_known(bundle)))
        found: dict[str, Any] = orjson.loads(shown)
        return found

    app.openapi = document  # type: ignore[method-assign]  # how FastAPI wants it extended


def _best_known(bundle: LiveBundle) -> str:
    """An item of the most popular offer that may be shown to anybody."""
    index, now = bundle.index, time.time()
    open_ = index.allowed(index.rules(now), 0, now)[index.by_popularity]
    best = index.by_popularity[open_][:1].tolist()
    return index.item_id(index.promoted(best[0])[0]) if best else ITEM
