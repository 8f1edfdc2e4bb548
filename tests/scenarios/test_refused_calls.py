"""The story's client tells what a service said no to, instead of telling on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.errors import StoreError
from tactful.demo.service import Service
from tests.support.examples import Stage


@pytest.fixture
def client(grocer: Stage, tmp_path: Path) -> Iterator[Service]:
    """The demo's client on the running service; its own process only stands by."""
    log = tmp_path / "serve.log"
    log.touch()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield Service(str(grocer.service.http.base_url), process, log)
        process.terminate()


def test_an_answer_is_given_byte_for_byte(client: Service, grocer: Stage) -> None:
    wanted = grocer.service.http.get("/v1/customers/new/controls").content
    assert client.call("GET", "/v1/customers/new/controls") == wanted


def test_a_refusal_names_the_call_the_status_and_the_reason(client: Service) -> None:
    with pytest.raises(StoreError, match="was answered with 404") as caught:
        client.call("PUT", "/v1/customers/ida/objections/alchohol")
    assert "did you mean alcohol" in caught.value.what
