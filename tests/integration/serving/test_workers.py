"""Several worker processes behind one port: each follows the pointer, metrics are summed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from redis import Redis

from recommender.errors import ConfigError
from recommender.keys import Keys
from serving.server import run
from serving.settings import Settings
from tests.support.service import RedisServer, eventually, publish
from tests.support.shop import Shop
from training.bundle_dir import write_bundle
from training.publish import Publisher

KEYS = Keys("workers")
SERVE = """
from serving.server import run
from serving.settings import load_settings
run(load_settings())
"""


@contextmanager
def serving(url: str, workers: int, folder: Path) -> Iterator[httpx.Client]:
    """`server.run` in a process of its own, as `tactful serve` calls it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = Settings(redis_url=url, namespace=KEYS.namespace, port=port, workers=workers)
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", SERVE],
            env=os.environ | settings.as_environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=5) as http:
                eventually(lambda: process.poll() is not None or _ready(http), within=30)
                assert process.poll() is None, log.read_text()
                yield http
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM), log.read_text()


def _ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def versions(redis: Redis) -> list[str]:
    """What each worker reports to answer with."""
    reports: dict[bytes, bytes] = redis.hgetall(KEYS.workers)  # type: ignore[assignment]
    return [report.decode().split()[0] for report in reports.values()]


@pytest.mark.slow
def test_every_worker_follows_the_pointer_and_metrics_are_summed(
    server: RedisServer, shop: Shop, other_shop: Shop, tmp_path: Path
) -> None:
    with server.client() as redis:
        first = publish(redis, KEYS, tmp_path / "first", shop.bundle, shop.table).version
        with serving(server.url, 2, tmp_path) as http:
            eventually(lambda: versions(redis) == [first, first])
            for _ in range(40):
                # a connection each, so that both workers get some
                answer = httpx.post(http.base_url.join("/v1/offers"), json={"customer_id": "c03"})
                assert answer.json()["version"] == first
            counted = eventually(lambda: _counted(http, 40))
            assert counted
            folder = tmp_path / "second"
            second = write_bundle(
                folder, other_shop.bundle, other_shop.table, created_at="2026-01-01T00:00:00Z"
            ).version
            publisher = Publisher(redis, KEYS, time.time)
            publisher.publish(folder)
            publisher.activate(second)
            eventually(lambda: versions(redis) == [second, second])
        assert versions(redis) == []


def _counted(http: httpx.Client, n: int) -> bool:
    line = f'tactful_requests_total{{route="/v1/offers",status="200"}} {n}.0'
    return line in http.get("/metrics").text


def test_settings_that_cannot_work_are_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no Redis server is named"):
        run(Settings())
    with pytest.raises(ConfigError, match="cannot be read"):
        run(Settings(redis_url="redis://localhost", placements=tmp_path / "nowhere.yaml"))
