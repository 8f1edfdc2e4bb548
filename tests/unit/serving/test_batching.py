"""Coalesced reads: requests in flight share a command, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import StoreError
from serving.batching import CoalescedReader


class Source:
    """A source of values that counts its reads and can be told to fail or to hang."""

    def __init__(self) -> None:
        self.reads: list[list[str]] = []
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.failing: set[str] = set()

    async def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """The key itself as bytes; None for keys that start with `-`."""
        self.reads.append(list(keys))
        self.asked.set()
        await self.go.wait()
        if self.failing & set(keys):
            raise StoreError("the server is gone")
        return [None if key.startswith("-") else key.encode() for key in keys]


def test_a_request_alone_is_read_at_once() -> None:
    async def scenario() -> None:
        source = Source()
        reader = CoalescedReader(source.read, timeout=1)
        assert await reader.get(["a", "-b"]) == [b"a", None]
        assert source.reads == [["a", "-b"]]

    asyncio.run(scenario())


def test_those_who_come_during_a_read_share_the_next_one() -> None:
    async def scenario() -> None:
        source = Source()
        source.go.clear()
        reader = CoalescedReader(source.read, timeout=1)
        first = asyncio.create_task(reader.get(["a"]))
        await source.asked.wait()
        later = [asyncio.create_task(reader.get([f"k{i}"])) for i in range(5)]
        await asyncio.sleep(0)
        source.go.set()
        assert await first == [b"a"]
        assert await asyncio.gather(*later) == [[f"k{i}".encode()] for i in range(5)]
        assert source.reads == [["a"], ["k0", "k1", "k2", "k3", "k4"]]

    asyncio.run(scenario())


def test_a_failed_read_fails_its_members_and_nobody_else() -> None:
    async def scenario() -> None:
        source = Source()
        source.failing = {"bad"}
        source.go.clear()
        reader = CoalescedReader(source.read, timeout=1)
        first = asyncio.create_task(reader.get(["good"]))
        await source.asked.wait()
        others = [asyncio.create_task(reader.get([key])) for key in ("bad", "beside")]
        await asyncio.sleep(0)
        source.go.set()
        assert await first == [b"good"]
        for failed in await asyncio.gather(*others, return_exceptions=True):
            assert isinstance(failed, StoreError)
        assert await reader.get(["after"]) == [b"after"]

    asyncio.run(scenario())


def test_no_caller_waits_longer_than_the_timeout() -> None:
    """Neither the one whose read hangs nor those that queue behind it."""

    async def scenario() -> None:
        source = Source()
        source.go.clear()
        reader = CoalescedReader(source.read, timeout=0.05)
        loop = asyncio.get_running_loop()

        async def waited(key: str) -> float:
            started = loop.time()
            with pytest.raises(StoreError, match=r"within 0\.05 s"):
                await reader.get([key])
            return loop.time() - started

        async with asyncio.timeout(5):
            times = await asyncio.gather(waited("a"), waited("b"), waited("c"))
        assert max(times) < 1
        source.go.set()
        assert await reader.get(["d"]) == [b"d"]

    asyncio.run(scenario())


def test_a_caller_that_leaves_takes_nobody_along() -> None:
    async def scenario() -> None:
        source = Source()
        source.go.clear()
        reader = CoalescedReader(source.read, timeout=1)
        leaver = asyncio.create_task(reader.get(["a"]))
        await source.asked.wait()
        stayer = asyncio.create_task(reader.get(["b"]))
        await asyncio.sleep(0)
        leaver.cancel()
        source.go.set()
        assert await stayer == [b"b"]

    asyncio.run(scenario())


def test_closing_tells_whoever_waits() -> None:
    async def scenario() -> None:
        source = Source()
        source.go.clear()
        reader = CoalescedReader(source.read, timeout=60)
        waiting = asyncio.create_task(reader.get(["a"]))
        await source.asked.wait()
        queued = asyncio.create_task(reader.get(["b"]))
        await asyncio.sleep(0)
        await reader.close()
        for failed in await asyncio.gather(waiting, queued, return_exceptions=True):
            assert isinstance(failed, StoreError)

    asyncio.run(scenario())


@settings(deadline=None, max_examples=50)
@given(
    requests=st.lists(st.lists(st.text("abc-", max_size=3), max_size=4), max_size=30),
    at_once=st.integers(1, 8),
    pauses=st.lists(st.integers(0, 3), min_size=30, max_size=30),
)
def test_everyone_gets_their_own_values_whatever_the_company(
    requests: list[list[str]], at_once: int, pauses: list[int]
) -> None:
    """And no command has more keys than allowed, unless one caller alone asks for more."""

    async def scenario() -> None:
        source = Source()
        reader = CoalescedReader(source.read, timeout=5, keys_at_once=at_once)

        async def ask(keys: list[str], pause: int) -> list[bytes | None]:
            for _ in range(pause):
                await asyncio.sleep(0)
            return await reader.get(keys)

        answers = await asyncio.gather(*map(ask, requests, pauses))
        assert answers == [[None if k[:1] == "-" else k.encode() for k in r] for r in requests]
        longest = max(map(len, requests), default=0)
        assert all(len(keys) <= max(at_once, longest) for keys in source.reads)

    asyncio.run(scenario())
