"""A small closed-loop HTTP client for the benchmarks: N connections, one request in flight each."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass
class Load:
    """What came back. Times in seconds, in order of completion."""

    times: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """A quantile of the request time, in milliseconds."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def post(path: str, body: object) -> bytes:
    """The bytes of one POST."""
    raw = json.dumps(body, separators=(",", ":")).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(raw) + raw


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, bytes]:
    """Sends one request; the status and the body of its response."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.index(b"content-length:") + len(b"content-length:")
    length = int(lowered[at : lowered.index(b"\r\n", at)])
    return int(head[9:12]), await reader.readexactly(length)


async def drive(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
    check: Callable[[int, bytes], str | None] | None = None,
) -> Load:
    """Sends `requests` in turn over `connections` for `seconds`, then stops.

    check   says what is wrong with (number of the request, body); None when nothing is
    """
    load = Load()
    until = time.perf_counter() + seconds
    turn = iter(range(10**12))

    async def one() -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            while time.perf_counter() < until:
                number = next(turn) % len(requests)
                started = time.perf_counter()
                status, body = await exchange(reader, writer, requests[number])
                load.times.append(time.perf_counter() - started)
                load.statuses[status] = load.statuses.get(status, 0) + 1
                problem = check(number, body) if check is not None and status == 200 else None
                if problem:
                    load.errors.append(problem)
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            load.errors.append(repr(error))
        finally:
            writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    load.seconds = time.perf_counter() - started
    return load
