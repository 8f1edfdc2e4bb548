"""Whether Redis is worth asking at this moment."""

from __future__ import annotations

import asyncio


class Breaker:
    """Known state of the connection: requests report failures, the poller reports recovery.

    While it is open, answers are given from memory at once instead of waiting for a timeout
    each. It starts open: nothing is known to work before the first probe.
    """

    def __init__(self) -> None:
        self.reason = "Redis was not asked yet"
        self.tripped = asyncio.Event()

    @property
    def closed(self) -> bool:
        """True: the last attempt worked, ask on."""
        return not self.reason

    def fail(self, reason: str) -> None:
        """An attempt failed; wakes the poller, which probes at once."""
        if not self.reason:
            self.tripped.set()
        self.reason = reason

    def recover(self) -> None:
        """A probe worked."""
        self.reason = ""
        self.tripped.clear()
