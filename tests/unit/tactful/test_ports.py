"""A taken port is found before a server is started on it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from recommender.errors import ConfigError
from tactful.ports import next_free, refuse_taken


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_taken_port_is_refused_with_the_remedy(taken: int) -> None:
    with pytest.raises(ConfigError, match=str(taken)) as caught:
        refuse_taken("127.0.0.1", taken)
    assert "--port" in caught.value.hint


def test_the_next_free_port_is_above_a_taken_one(taken: int) -> None:
    free = next_free("127.0.0.1", taken)
    assert taken < free < taken + 50
    refuse_taken("127.0.0.1", free)


def test_a_free_port_is_taken_as_it_is() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    assert next_free("127.0.0.1", port) == port


def test_port_0_becomes_a_port_that_somebody_can_be_told() -> None:
    free = next_free("127.0.0.1", 0)
    assert free > 0
    refuse_taken("127.0.0.1", free)


def test_an_address_of_another_machine_is_refused() -> None:
    for look in (refuse_taken, next_free):
        with pytest.raises(ConfigError, match=r"nothing can listen on 192\.0\.2\.1"):
            look("192.0.2.1", 8000)


def test_a_name_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"nothing can listen on no\.such\.invalid"):
        refuse_taken("no.such.invalid", 8000)
