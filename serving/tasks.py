"""Ending background tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any

_PATIENCE_SECONDS = 1.0


async def end(task: asyncio.Task[Any] | None) -> None:
    """Cancels a task and waits until it is over.

    A cancellation that arrives together with a timeout inside a library may be lost there; it
    is repeated until the task is over, so that stopping never waits for ever.
    """
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_PATIENCE_SECONDS)
