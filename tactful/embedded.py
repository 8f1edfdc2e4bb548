"""The Redis server that a command talks to: the one at a URL, or a private one of its own.

Without a URL a Valkey that came with the installation runs in the state directory (`./.tactful`,
or TACTFUL_STATE). Commands that run at the same time share it; the last one to end stops it; its
data stays, so `tactful publish` and a later `tactful serve` meet in it. Only processes of the same
user can open its socket.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from recommender.errors import StorageError, StoreError
from recommender.keys import Keys
from tactful import keeper, locks

DEFAULT_STATE = Path(".tactful")
STATE_SETTING = "TACTFUL_STATE"

_CONNECT_SECONDS = 5.0
_COMMAND_SECONDS = 30.0
_START_SECONDS = 70.0
_LOOK_SECONDS = 0.05


@contextmanager
def server(redis_url: str, state_dir: Path) -> Iterator[str]:
    """The address of the server at `redis_url`, or of the embedded one when that is empty."""
    if redis_url:
        yield redis_url
    else:
        with embedded_server(state_dir) as url:
            yield url


@contextmanager
def embedded_server(state_dir: Path) -> Iterator[str]:
    """Starts the private server of a state directory, or joins those who use it already.

    Yields its `unix://` address. Raises StorageError when the directory cannot be used and
    StoreError when the server does not start.
    """
    state = state_dir.absolute()
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        (state / keeper.USERS).touch()
    except OSError as error:
        raise StorageError(
            f"the state directory {state} cannot be used: {error.strerror}",
            hint=f"set {STATE_SETTING} to a directory that you may write to",
        ) from error
    # Waits here while an earlier server is still saving its data.
    with locks.shared(state / keeper.USERS):
        with locks.alone(state / "start.lock"):
            url = _kept(state) or _start(state)
        yield url


def connect(url: str) -> Redis:
    """A client that answers in bytes, never retries and states its timeouts."""
    return Redis.from_url(
        url,
        socket_timeout=_COMMAND_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


@dataclass(frozen=True)
class ServerFacts:
    """What a server says of itself.

    used_bytes   memory in use
    most_bytes   `maxmemory`; 0 for no limit
    policy       `maxmemory-policy`; "" when the server does not tell
    """

    product: str
    version: str
    policy: str
    used_bytes: int
    most_bytes: int
    keys: int


def server_facts(url: str) -> ServerFacts:
    """Asks the server at `url`; StoreError when it does not answer."""
    with answering(), connect(url) as client:
        answers: Any = client
        info = answers.info()
        return ServerFacts(
            product=str(info.get("server_name", "redis")),
            version=str(info.get("valkey_version", info.get("redis_version", "?"))),
            policy=str(info.get("maxmemory_policy", "")),
            used_bytes=int(info.get("used_memory", 0)),
            most_bytes=int(info.get("maxmemory", 0)),
            keys=int(answers.dbsize()),
        )


def live_version(url: str, keys: Keys) -> str | None:
    """The version that answers, None when there is none; StoreError as in `server_facts`."""
    with answering(), connect(url) as client:
        raw: Any = client.get(keys.live)
        return raw.decode() if raw else None


@contextmanager
def answering() -> Iterator[None]:
    """Makes a StoreError of what the client raises when the server does not answer."""
    try:
        yield
    except RedisError as error:
        raise StoreError(
            f"the Redis server does not answer: {error}",
            hint="start it or mend TACTFUL_REDIS_URL; unset it to use the embedded server",
        ) from error


def _kept(state: Path) -> str | None:
    """The address of a server that has a keeper; None when one has to be started."""
    with locks.attempt(state / keeper.KEEPER) as abandoned:
        if abandoned:
            _end_orphan(state)
            return None
    # Its keeper may be starting it again at this moment.
    return _wait_for(state, answering=True)


def _end_orphan(state: Path) -> None:
    """Stops a server whose keeper was killed: nobody else would ever do so."""
    if url := _announced(state):
        with connect(url) as client, suppress(RedisError):
            client.shutdown()
        (state / keeper.ADDRESS).unlink(missing_ok=True)


def _announced(state: Path) -> str | None:
    try:
        socket = json.loads((state / keeper.ADDRESS).read_text())["socket"]
    except (OSError, ValueError, KeyError):
        return None
    return f"unix://{quote(socket)}"


def _start(state: Path) -> str:
    with (state / keeper.LOG).open("wb") as out:
        subprocess.run(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-m", "tactful.keeper", str(state)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return _wait_for(state, answering=False)


def _wait_for(state: Path, *, answering: bool) -> str:
    """Waits until the keeper has announced the server, and, if asked, until that answers."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        url = _announced(state)
        if url is not None and (not answering or _answers(url)):
            return url
        with locks.attempt(state / keeper.KEEPER) as ended:
            if ended:
                break
        time.sleep(_LOOK_SECONDS)
    log = state / keeper.LOG
    last = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise StoreError(
        f"the embedded server did not start in {state}: {' '.join(last) or 'it said nothing'}",
        hint=f"read {log}; or set TACTFUL_REDIS_URL to a server of your own",
    )


def _answers(url: str) -> bool:
    with connect(url) as client:
        try:
            client.ping()
        except RedisError:
            return False
    return True
