"""Runs the application in one or more worker processes."""

from __future__ import annotations

import os
import tempfile
from functools import partial

import uvicorn

from serving.metrics import MULTIPROCESS_DIR
from serving.services import check_settings
from serving.settings import Settings

APP = "serving.app:create_app"
KEEP_ALIVE_SECONDS = 75
"""Longer than load balancers keep an idle connection, so that they end it and not we."""
GRACE_SECONDS = 5
"""Seconds that requests in flight get when the server stops."""


def run(settings: Settings) -> None:
    """Serves until it is told to stop (SIGINT, SIGTERM).

    Raises ConfigError before anything starts when the settings cannot be used. With several
    workers each is a process of its own that reads the same settings from the environment, a
    worker that dies is started again, and /metrics sums them all.
    """
    check_settings(settings)
    serve = partial(
        uvicorn.run,
        factory=True,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level=settings.log_level,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    if settings.workers == 1:
        from serving.app import create_app  # noqa: PLC0415 - only here is it for this process

        serve(partial(create_app, settings))
        return
    with tempfile.TemporaryDirectory(prefix="tactful-metrics-") as shared:
        os.environ.update(settings.as_environment())
        os.environ[MULTIPROCESS_DIR] = shared
        serve(APP, workers=settings.workers)
