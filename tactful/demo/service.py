"""The service as the demo runs it: `tactful serve` in a process of its own, spoken to by HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from recommender.errors import StoreError
from serving.settings import PREFIX

_READY_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_ANSWER_SECONDS = 10.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Service:
    """A running service: its address, its process, and what it says."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def offers(self, query: dict[str, Any]) -> dict[str, Any]:
        """The answer to POST /v1/offers; StoreError when none comes."""
        try:
            return self._ask("/v1/offers", query)
        except OSError as error:
            raise StoreError(
                f"the service does not answer ({error}){self._last_words()}",
                hint=f"read {self.log}",
            ) from error

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """The body of any answer below 400; StoreError for every other, and when none comes."""
        try:
            return self._call(method, path, body)
        except HTTPError as error:
            with error:
                told = error.read().decode(errors="replace")
            raise StoreError(
                f"{method} {path} was answered with {error.code}: {told}", hint=f"read {self.log}"
            ) from error
        except OSError as error:
            raise StoreError(
                f"the service does not answer ({error}){self._last_words()}",
                hint=f"read {self.log}",
            ) from error

    def wait(self) -> None:
        """Waits as long as the service runs; raises StoreError when it ends, since nobody asked."""
        # Not one long system call: a signal that came just before it would be slept through.
        while (code := self.process.poll()) is None:
            time.sleep(_LOOK_SECONDS)
        raise StoreError(
            f"the service has ended by itself with exit code {code}{self._last_words()}",
            hint=f"read {self.log}, and start the demo again",
        )

    def _ask(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self._call("GET" if query is None else "POST", path, query)
        )
        return found

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> bytes:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(self.address + path, content, headers, method=method)  # noqa: S310  # our own address
        with urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            found: bytes = answer.read()
            return found

    def not_ready(self) -> str:
        """Why it has no bundle yet, "" once it has; StoreError when it has ended instead."""
        if self.process.poll() is not None:
            raise StoreError(
                f"the service did not start{self._last_words()}", hint=f"read {self.log}"
            )
        try:
            self._ask("/readyz")
        except HTTPError as error:
            with error:
                return "; ".join(json.load(error)["reasons"])
        except (URLError, ConnectionError) as error:
            return f"it does not listen yet ({error})"
        return ""

    def _last_words(self) -> str:
        last = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        return f": {' '.join(last)}" if last else ""


@contextmanager
def service(
    url: str, host: str, port: int, log: Path, namespace: str | None = None
) -> Iterator[Service]:
    """Serves from the Redis server at `url` until the context ends.

    namespace   what its keys start with; None: what the environment says
    """
    environment = os.environ | {PREFIX + "REDIS_URL": url, PREFIX + "LOG_LEVEL": "warning"}
    if namespace is not None:
        environment[PREFIX + "NAMESPACE"] = namespace
    command = [sys.executable, "-m", "tactful", "serve", "--host", host, "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    running = Service(f"http://{host}:{port}", process, log)
    try:
        deadline = time.monotonic() + _READY_SECONDS
        while why := running.not_ready():
            if time.monotonic() > deadline:
                raise StoreError(f"the service is not ready: {why}", hint=f"read {log}")
            time.sleep(_LOOK_SECONDS)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
