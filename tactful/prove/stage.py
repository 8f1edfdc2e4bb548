"""A service of its own for a proof: `tactful serve` on an embedded server in a temporary folder."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, TypeVar

from recommender.errors import StoreError
from recommender.guard.source import PolicySource
from recommender.keys import Keys
from serving.roles import Role, token_entry
from serving.settings import PREFIX
from tactful import keeper, locks
from tactful.embedded import connect, embedded_server
from tactful.ports import next_free

NAMESPACE = "prove"
HOST = "127.0.0.1"
_ANSWER_SECONDS = 30.0
_READY_SECONDS = 120.0
_STOP_SECONDS = 40.0
_LOOK_SECONDS = 0.02
_T = TypeVar("_T")


@dataclass(frozen=True)
class Reply:
    """What came back over HTTP; header names in small letters."""

    status: int
    headers: dict[str, str]
    content: bytes

    def body(self) -> Any:
        """The JSON of it."""
        return json.loads(self.content)


@dataclass(frozen=True, eq=False)
class Stage:
    """A running service, and the bytes of its Redis server.

    redis   a client that answers in bytes
    token   of somebody with the role `privacy`
    """

    redis: Any
    keys: Keys
    token: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, method: str, path: str, body: object = None, *, token: str = "") -> Reply:
        """One request on a connection of its own; StoreError when nothing comes back."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = HTTPConnection(HOST, self.port, timeout=_ANSWER_SECONDS)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, sent, headers)
            found = connection.getresponse()
            named = {name.lower(): value for name, value in found.getheaders()}
            return Reply(found.status, named, found.read())
        except (OSError, HTTPException) as error:
            raise StoreError(
                f"the service under proof does not answer ({error}){_last_words(self.log)}",
                hint="start the proof again; see that this machine has memory left",
            ) from error
        finally:
            connection.close()

    def offers(self, query: dict[str, Any]) -> Reply:
        """POST /v1/offers."""
        return self.ask("POST", "/v1/offers", query)

    def events(self, events: list[dict[str, Any]]) -> None:
        """POST /v1/events; StoreError when they are not taken."""
        if not events:
            return
        reply = self.ask("POST", "/v1/events", {"events": events})
        if reply.status != 202:
            raise _unexpected("events", reply)

    def control(self, method: str, path: str, body: object = None) -> None:
        """A call of what customers control; StoreError when it is not taken."""
        reply = self.ask(method, path, body)
        if reply.status != 200:
            raise _unexpected(path, reply)

    def counted(self, name: str) -> float:
        """The sum of a counter over its labels."""
        lines = self.ask("GET", "/metrics").content.decode().splitlines()
        return sum(float(li.rsplit(" ", 1)[1]) for li in lines if li.startswith(f"tactful_{name}"))

    def follow(self, source: PolicySource | None) -> None:
        """Makes a policy the one that holds, None the bundle's own; workers follow."""
        name = ""
        if source is None:
            self.redis.delete(self.keys.policy)
        else:
            name = f"{source.document().version} {source.digest}"
            self.redis.set(self.keys.policy_source(source.digest), source.model_dump_json())
            self.point_at(name)

    def point_at(self, name: str) -> None:
        """Sets the pointer to the policy that holds."""
        self.redis.set(self.keys.policy, name)

    def until(self, found: Callable[[], _T | None]) -> _T:
        """What `found` gives once it is something; StoreError after two minutes."""
        return _until(found, self.process, self.log)

    def ready(self) -> dict[str, Any]:
        """What GET /readyz says."""
        said: dict[str, Any] = self.ask("GET", "/readyz").body()
        return said


@contextmanager
def service_on(url: str, folder: Path) -> Iterator[Stage]:
    """Serves from the Redis server at `url` until the context ends."""
    token = secrets.token_urlsafe(32)
    tokens, log = folder / "tokens.yaml", folder / "service.log"
    tokens.write_text(json.dumps([token_entry("proof", [Role.PRIVACY.value], token)]))
    tokens.chmod(0o600)
    port = next_free(HOST, 0)
    with connect(url) as redis, log.open("wb") as out:
        command = (sys.executable, "-m", "tactful", "serve", "--host", HOST, "--port", str(port))
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command, env=_environment(url, tokens), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        stage = Stage(redis, Keys(NAMESPACE), token, port, process, log)
        try:
            stage.until(lambda: _listens(port))
            yield stage
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def private_server() -> Iterator[tuple[str, Path]]:
    """An embedded server in a temporary folder: its address, and a folder for what else lies."""
    with tempfile.TemporaryDirectory(prefix="tactful-prove-") as name:
        folder = Path(name)
        state = folder / "state"
        try:
            with embedded_server(state) as url:
                yield url, folder
        finally:
            _wait_until_stopped(state)


def _wait_until_stopped(state: Path) -> None:
    """The folder cannot be removed while the server still saves into it."""
    deadline = time.monotonic() + _STOP_SECONDS
    while state.exists() and time.monotonic() < deadline:
        with locks.attempt(state / keeper.KEEPER) as ended:
            if ended:
                return
        time.sleep(_LOOK_SECONDS)


def _environment(url: str, tokens: Path) -> dict[str, str]:
    """Nothing of the caller's settings: a proof depends on the bundle and the policy alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    told = {
        "REDIS_URL": url,
        "NAMESPACE": NAMESPACE,
        "TOKENS": str(tokens),
        "REDIS_TIMEOUT": "5",
        "POLL_INTERVAL": "0.05",
        "LOG_LEVEL": "error",
    }
    return kept | {PREFIX + name: value for name, value in told.items()}


def _listens(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False  # it does not listen yet
    finally:
        connection.close()


def _until(found: Callable[[], _T | None], process: subprocess.Popen[bytes], log: Path) -> _T:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        value = found()
        if value:
            return value
        if process.poll() is not None:
            raise StoreError(
                f"the service under proof has ended{_last_words(log)}", hint="start it again"
            )
        if time.monotonic() > deadline:
            raise StoreError(
                f"the service under proof is not where it should be after {_READY_SECONDS:.0f} "
                f"seconds{_last_words(log)}",
                hint="start the proof again on a machine that is less busy",
            )
        time.sleep(_LOOK_SECONDS)


def _last_words(log: Path) -> str:
    last = log.read_text(errors="replace").strip().splitlines()[-3:]
    return f": {' '.join(last)}" if last else ""


def _unexpected(what: str, reply: Reply) -> StoreError:
    return StoreError(
        f"the service under proof answered {what} with {reply.status}: "
        f"{reply.content.decode(errors='replace')[:300]}",
        hint="this is a defect of Tactful: please report it",
    )
