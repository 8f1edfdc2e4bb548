"""How much of a body is read before it is refused, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from serving.body import DRAIN_BYTES, BodyTooLarge, read_body

LIMIT = 1_000
PIECE = b"x" * 1_000_000


class Sender:
    """A client: sends pieces, then, unless that was the whole body, waits for ever."""

    def __init__(self, pieces: Iterator[bytes], *, whole: bool = True) -> None:
        self.pieces, self.whole, self.received = pieces, whole, 0

    async def __call__(self) -> Message:
        """The next message, as a server hands it on."""
        piece = next(self.pieces, None)
        if piece is not None:
            self.received += len(piece)
            return {"type": "http.request", "body": piece, "more_body": True}
        if not self.whole:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}


def refused(sender: Sender, **headers: str) -> None:
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "headers": sent}, sender)
    with pytest.raises(BodyTooLarge):
        asyncio.run(read_body(request, LIMIT))


@pytest.mark.parametrize("headers", [{}, {"content-length": "5000000"}])
def test_the_rest_of_a_body_too_large_is_read_before_it_is_refused(headers: dict[str, str]) -> None:
    sender = Sender(iter([PIECE] * 5))
    refused(sender, **headers)
    assert sender.received == 5_000_000


@pytest.mark.parametrize("headers", [{}, {"content-length": "9000000000"}])
def test_a_body_without_end_is_read_no_further_than_the_bound(headers: dict[str, str]) -> None:
    sender = Sender(PIECE for _ in range(9_000))
    refused(sender, **headers)
    assert DRAIN_BYTES <= sender.received <= DRAIN_BYTES + 2 * len(PIECE)


def test_a_client_that_stops_sending_is_refused_all_the_same() -> None:
    refused(Sender(iter([PIECE]), whole=False))


def test_a_client_that_waits_to_be_asked_is_refused_without_being_asked() -> None:
    sender = Sender(iter([PIECE]))
    refused(sender, **{"content-length": "1000000", "expect": "100-continue"})
    assert sender.received == 0
