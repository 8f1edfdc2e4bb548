"""The demo never takes a dead service for a finished one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recommender.errors import StoreError
from tactful.demo.service import Service
from tactful.ports import next_free


def ended(log: Path, code: int) -> Service:
    """A service that has ended with `code`, on a port where nobody listens."""
    log.write_text("first\nout of memory\n")
    process = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code})"])  # noqa: S603
    process.wait()
    return Service(f"http://127.0.0.1:{next_free('127.0.0.1', 0)}", process, log)


@pytest.mark.parametrize("code", [0, 3])
def test_a_service_that_ends_unasked_is_an_error_that_names_its_log(
    code: int, tmp_path: Path
) -> None:
    log = tmp_path / "serve.log"
    with pytest.raises(StoreError, match=f"exit code {code}: first out of memory") as caught:
        ended(log, code).wait()
    assert str(log) in caught.value.hint
    assert caught.value.exit_code == 1


def test_a_question_that_gets_no_answer_is_an_error_that_names_the_log(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    with pytest.raises(StoreError, match="does not answer") as caught:
        ended(log, 1).offers({})
    assert str(log) in caught.value.hint


def test_a_call_that_gets_no_answer_is_an_error_that_names_the_log(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    with pytest.raises(StoreError, match="does not answer") as caught:
        ended(log, 1).call("PUT", "/v1/customers/ida/objections/alcohol")
    assert str(log) in caught.value.hint
