"""`tactful serve` and `tactful doctor` against real processes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import shop
from tests.support.command import Run, environment
from tests.support.service import eventually

READY_WITHIN = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(state: Path, *options: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """`tactful serve` on a free port, stopped at the end."""
    port = free_port()
    log = (state.parent / "serve.log").open("wb")
    command = [sys.executable, "-m", "tactful", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, env=environment(state), stdout=log, stderr=log)  # noqa: S603
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            yield http, process
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def answers(http: httpx.Client, path: str) -> httpx.Response | None:
    try:
        return http.get(path)
    except httpx.TransportError:
        return None


def ready(http: httpx.Client) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        response = answers(http, "/readyz")
        return response.json() if response is not None and response.is_success else None

    return eventually(look, within=READY_WITHIN)


def test_from_csv_files_to_offers_and_back(
    tactful: Run, state: Path, bundles: tuple[Path, Path]
) -> None:
    """Publish, serve, ask, buy, publish again, go back: nothing is restarted."""
    older, newer = (
        json.loads((bundle / "manifest.json").read_text())["version"] for bundle in bundles
    )
    tactful("publish", bundles[0])
    with serving(state) as (http, _):
        assert ready(http)["version"] == older
        query = {"customer_id": "c00", "placements": ["usuals"], "n": 5}
        answer = http.post("/v1/offers", json=query).json()
        assert not answer["fallback"]
        assert answer["placements"]["usuals"]["offers"]
        tactful("publish", bundles[1])
        eventually(lambda: ready(http)["version"] == newer)
        eventually(lambda: workers(tactful)[newer] == 1)
        tactful("rollback")
        eventually(lambda: ready(http)["version"] == older)


def workers(tactful: Run) -> dict[str, int]:
    found = json.loads(tactful("versions", "--json").stdout)
    return {version["version"]: len(version["workers"]) for version in found}


def test_two_workers_serve_from_the_embedded_server(
    tactful: Run, state: Path, bundles: tuple[Path, Path]
) -> None:
    version = json.loads(tactful("publish", bundles[0], "--json").stdout)["version"]
    with serving(state, "--workers", "2") as (http, _):
        ready(http)
        eventually(lambda: workers(tactful)[version] == 2, within=READY_WITHIN)


def test_serving_before_anything_is_published_says_how_and_then_takes_it_up(
    tactful: Run, state: Path, bundles: tuple[Path, Path]
) -> None:
    with serving(state) as (http, _):
        response = eventually(lambda: answers(http, "/readyz"), within=READY_WITHIN)
        assert response.status_code == 503
        assert "tactful publish BUNDLE_DIR" in (state.parent / "serve.log").read_text()
        tactful("publish", bundles[0])
        ready(http)


def test_ctrl_c_ends_serving_quietly(tactful: Run, state: Path, bundles: tuple[Path, Path]) -> None:
    tactful("publish", bundles[0])
    with serving(state) as (http, process):
        ready(http)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "Traceback" not in (state.parent / "serve.log").read_text()


def test_a_taken_port_is_bad_input_and_the_error_says_how_to_take_another(tactful: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = tactful("serve", "--port", port)
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr


def test_serving_says_nothing_of_listening_when_the_placements_cannot_be_read(
    tactful: Run, state: Path
) -> None:
    nowhere = str(state.parent / "nowhere.yaml")
    done = tactful("serve", "--port", str(free_port()), extra={"TACTFUL_PLACEMENTS": nowhere})
    assert done.returncode == 2
    assert nowhere in done.stderr
    assert "listening" not in done.stderr


def test_sigterm_ends_serving_by_the_signal_after_the_last_answer(
    tactful: Run, state: Path, bundles: tuple[Path, Path]
) -> None:
    tactful("publish", bundles[0])
    with serving(state) as (http, process):
        ready(http)
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    assert "Traceback" not in (state.parent / "serve.log").read_text()


def test_doctor_finds_nothing_broken_and_explains_a_known_customer(
    tactful: Run, bundles: tuple[Path, Path]
) -> None:
    tactful("publish", bundles[1])
    done = tactful("doctor", "--customer", "c00", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    levels = {finding["subject"]: finding["level"] for finding in told["findings"]}
    assert levels["server"] == "fine"
    assert levels["workers"] == "look"
    assert levels["bundle"] == "look"
    customer = told["customer"]
    assert customer["visible_items"] > 0
    assert not customer["fallback"]
    assert len(customer["offers"]) == 5
    assert "personal offers" in tactful("doctor", "--customer", "c00").stdout


def test_doctor_does_not_tell_an_unknown_customer_from_one_with_nothing_visible(
    tactful: Run, bundles: tuple[Path, Path]
) -> None:
    tactful("publish", bundles[1])
    told = json.loads(tactful("doctor", "--customer", "nobody", "--json").stdout)["customer"]
    assert told["fallback"]
    assert told["visible_items"] == 0
    text = " ".join(told["sentences"])
    assert "popular offers" in text
    assert "does not tell which" in text


def test_doctor_counts_what_came_in_since_the_training(
    tactful: Run, state: Path, bundles: tuple[Path, Path]
) -> None:
    tactful("publish", bundles[1])
    bought = {"event_id": "e1", "customer_id": "nobody", "kind": "purchase"}
    with serving(state) as (http, _):
        ready(http)
        for item in ("tea-1", shop.LOCKED[0]):
            event = bought | {"item_id": item, "event_id": item}
            assert http.post("/v1/events", json={"events": [event]}).status_code == 202
    told = json.loads(tactful("doctor", "--customer", "nobody", "--json").stdout)["customer"]
    assert told["events"] == 1
    assert told["visible_items"] == 1
    assert not told["fallback"]


@pytest.mark.parametrize("customer", ["", "a\x01b", "x" * 10_000])
def test_doctor_refuses_what_can_be_no_customer(
    tactful: Run, bundles: tuple[Path, Path], customer: str
) -> None:
    tactful("publish", bundles[1])
    done = tactful("doctor", "--customer", customer)
    assert done.returncode == 1
    assert "the customer id" in done.stdout


def test_doctor_says_when_the_server_is_unreachable(tactful: Run) -> None:
    done = tactful("doctor", "--json", extra={"TACTFUL_REDIS_URL": "redis://127.0.0.1:1/0"})
    assert done.returncode == 1
    broken = [f for f in json.loads(done.stdout)["findings"] if f["level"] == "broken"]
    assert [finding["subject"] for finding in broken] == ["server"]
    assert "TACTFUL_REDIS_URL" in broken[0]["hint"]
