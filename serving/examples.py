"""Examples of the OpenAPI document with names of the shop that answers, so that they work."""

from __future__ import annotations

import time
from typing import Any

import orjson
from fastapi import FastAPI

from recommender.types import ItemId
from serving.live import LiveBundle
from serving.services import Services

ITEM = "1082185"
"""Stands in the examples until a bundle is loaded: bananas, in the demo's shop."""
CATEGORY = "TROPICAL FRUIT"
"""The same for a category."""
LIFE_EVENT = "pregnancy"
"""The same for a life event."""


def install(app: FastAPI) -> None:
    """Makes `/openapi.json` and `/docs` name what the live bundle and policy know."""
    written = app.openapi

    def document() -> dict[str, Any]:
        services: Services | None = getattr(app.state, "services", None)
        bundle = None if services is None else services.swapper.bundle
        if bundle is None:
            return written()
        text = orjson.dumps(written())
        for written_name, name in _names(bundle).items():
            text = text.replace(orjson.dumps(written_name), orjson.dumps(name))
        found: dict[str, Any] = orjson.loads(text)
        return found

    app.openapi = document  # type: ignore[method-assign]  # how FastAPI wants it extended


def _names(bundle: LiveBundle) -> dict[str, str]:
    """What stands in the examples, and what to say instead."""
    index, item = bundle.index, _best_known(bundle)
    at = index.item_index.get(ItemId(item))
    path = () if at is None else index.bundle.catalogue.paths[at]
    declarable = [rule.id for rule in index.policy.life_events if rule.stance.declarable]
    return {
        ITEM: item,
        CATEGORY: path[-1] if path else CATEGORY,
        LIFE_EVENT: declarable[0] if declarable else LIFE_EVENT,
    }


def _best_known(bundle: LiveBundle) -> str:
    """An item of the most popular offer that may be shown to anybody."""
    index, now = bundle.index, time.time()
    open_ = index.allowed(index.rules(now), now)[index.by_popularity]
    best = index.by_popularity[open_][:1].tolist()
    return index.item_id(index.promoted(best[0])[0]) if best else ITEM
