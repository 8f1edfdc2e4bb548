"""The application, made by a factory: nothing happens at import."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import FastAPI

from serving import examples, problems
from serving.metrics import Metrics
from serving.routes import (
    controls,
    decisions,
    events,
    health,
    offers,
    policies,
    related,
    suppressed,
)
from serving.services import check_settings, create_services
from serving.settings import Settings, load_settings
from serving.telemetry import Telemetry

_DESCRIPTION = """
Offers that customers welcome, and never one that is built on what a shop should not know.

Every error has one shape: `title`, `detail` (what is wrong), `hint` (how to mend it) and
`where`. Ids are text of 1 to 256 characters without control characters.
"""
_COLLECT = (50_000, 50, 50)
"""Allocations between two collections of each generation; Python's own are made for less."""
_TAGS = [
    {"name": "offers", "description": "What to show to a customer or a visitor."},
    {"name": "events", "description": "What customers did."},
    {"name": "items", "description": "What goes with items, the same for everybody."},
    {"name": "controls", "description": "What customers control."},
    {"name": "policies", "description": "The guard's policy, for people with a role."},
    {"name": "audit", "description": "What was decided and why, for people with a role."},
    {"name": "health", "description": "For load balancers and dashboards."},
]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service. Settings come from `TACTFUL_*` when none are given.

    Raises ConfigError for settings or a placements file that cannot be used. Redis need not be
    there: the service starts, says so in /readyz, and finds it when it comes.
    """
    chosen = settings if settings is not None else load_settings()
    placements = check_settings(chosen)
    _configure_log(chosen.log_level)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # An answer makes hundreds of small objects and hardly a cycle: look for cycles less often.
        gc.set_threshold(*_COLLECT)
        services = create_services(chosen, placements, metrics)
        app.state.services = services
        await services.start()
        try:
            yield
        finally:
            await services.stop()

    app = FastAPI(
        title="Tactful",
        summary="Next-best-offer engine with tact",
        description=_DESCRIPTION,
        version=version("tactful"),
        openapi_tags=_TAGS,
        lifespan=lifespan,
    )
    problems.install(app)
    app.add_middleware(Telemetry, metrics=metrics)
    for router in (
        offers.router,
        events.router,
        related.router,
        related.basket_router,
        controls.router,
        controls.optional_router,
        controls.body_router,
        decisions.router,
        suppressed.router,
        policies.router,
        policies.body_router,
        policies.optional_router,
        health.router,
    ):
        app.include_router(router)
    examples.install(app)
    return app


def _configure_log(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
    )
