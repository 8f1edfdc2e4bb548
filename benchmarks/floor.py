"""The floor: one FastAPI route, one Redis GET, a raw response. Nobody builds it faster by hand."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from redis.asyncio import Redis

KEY = "floor:record"


def create_app() -> FastAPI:
    """Answers every POST /v1/offers with the bytes under one key."""
    redis = Redis.from_url(os.environ["TACTFUL_REDIS_URL"])

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await redis.aclose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/offers")
    async def offers(request: Request) -> Response:
        await request.body()
        return Response(await redis.get(KEY), media_type="application/json")

    return app
