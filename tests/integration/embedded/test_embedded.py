"""The private server: started on demand, shared, stopped by its last user, its data kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommender.errors import StorageError, StoreError
from tactful import keeper, locks
from tactful.embedded import connect, embedded_server, server, server_facts

HOLD = """
import sys
from pathlib import Path
from tactful.embedded import embedded_server
with embedded_server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def holder(state: Path) -> subprocess.Popen[str]:
    """Another process that uses the server until its input closes."""
    process = subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", HOLD, str(state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline().startswith("unix://")
    return process


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        os.sched_yield()


def stopped(state: Path) -> bool:
    with locks.attempt(state / keeper.KEEPER) as free:
        return free


def process_id(url: str) -> int:
    with connect(url) as client:
        answers: Any = client
        return int(answers.info("server")["process_id"])


def ping(url: str) -> bool:
    try:
        server_facts(url)
    except StoreError:
        return False
    return True


def test_data_survives_from_one_use_to_the_next(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as url, connect(url) as client:
        client.set("kept", b"yes")
    with embedded_server(tmp_path) as url, connect(url) as client:
        assert client.get("kept") == b"yes"


def test_nothing_runs_after_the_last_user_left(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as url:
        assert ping(url)
    wait_until(lambda: stopped(tmp_path))
    assert not ping(url)
    assert not (tmp_path / keeper.ADDRESS).exists()


def test_two_processes_share_one_server_and_either_may_leave_first(tmp_path: Path) -> None:
    first = holder(tmp_path)
    with embedded_server(tmp_path) as url:
        shared = process_id(url)
        first.communicate()
        assert first.returncode == 0
        with embedded_server(tmp_path) as again:
            assert process_id(again) == shared


def test_a_killed_user_leaves_nothing_running(tmp_path: Path) -> None:
    user = holder(tmp_path)
    user.kill()
    user.communicate()
    wait_until(lambda: stopped(tmp_path))


def test_a_server_that_dies_is_started_again_with_its_data(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as url:
        with connect(url) as client:
            client.set("kept", b"yes")
            client.execute_command("WAITAOF", 1, 0, 5_000)
        os.kill(process_id(url), signal.SIGKILL)
        wait_until(lambda: ping(url))
        with connect(url) as client:
            assert client.get("kept") == b"yes"
        with embedded_server(tmp_path) as again:
            assert again == url


def test_a_server_whose_keeper_was_killed_is_replaced(tmp_path: Path) -> None:
    with embedded_server(tmp_path) as url:
        orphan = process_id(url)
        os.kill(json.loads((tmp_path / keeper.ADDRESS).read_text())["keeper"], signal.SIGKILL)
        wait_until(lambda: stopped(tmp_path))
    with embedded_server(tmp_path) as url:
        assert process_id(url) != orphan


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    with embedded_server(tmp_path / ("deep" * 30)) as url:
        assert ping(url)


def test_its_data_are_for_the_owner_only_and_nothing_is_evicted(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with embedded_server(state) as url:
        assert server_facts(url).policy == "noeviction"
    assert state.stat().st_mode & 0o077 == 0


def test_a_url_starts_nothing(tmp_path: Path) -> None:
    with server("redis://127.0.0.1:1/0", tmp_path / "state") as url:
        assert url == "redis://127.0.0.1:1/0"
    assert not (tmp_path / "state").exists()


def test_a_state_directory_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match="cannot be used"),
        embedded_server(tmp_path / "file" / "state"),
    ):
        pass


def test_a_server_that_cannot_start_is_explained_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / keeper.DATA).write_text("a file where the data should be")
    with pytest.raises(StoreError, match="did not start"), embedded_server(tmp_path):
        pass


def test_an_address_where_nobody_listens_is_explained() -> None:
    with pytest.raises(StoreError, match="does not answer"):
        server_facts("redis://127.0.0.1:1/0")
