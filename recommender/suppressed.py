"""The log of what the guard held back, counted so that no small group shows.

An entry tells of one decision: `at` (its hour, in milliseconds since 1970), `version`, `policy`,
`channel`, `cell` (the policy's `min_audience_cell`), `held`, a list of `placement`, `offer`,
`life_events` and `rules`, and `mark`. Neither the decision nor a customer is in it.

The mark stands for a customer for one day, so that customers can be counted and not decisions. It
is a hash under a secret of the namespace, of a day and a customer's tag; nobody is shown it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from recommender.cells import Cell, Offsets
from recommender.guard.policy import MIN_AUDIENCE_CELL

MILLISECONDS_AN_HOUR = 3_600_000
MILLISECONDS_A_DAY = 86_400_000
MARK_BYTES = 6
"""Two customers of a shop of a million share a mark on about one day in five hundred."""


def hour_of(at: int) -> int:
    """The hour of a moment: as much as the log tells. Both in milliseconds since 1970."""
    return at - at % MILLISECONDS_AN_HOUR


def mark_of(tag: str, at: int, secret: bytes) -> str:
    """What stands for a customer on the day of a moment.

    tag      `recommender.keys.customer_tag`; "" for visitors, who count as one
    at       milliseconds since 1970
    secret   at most 64 bytes that readers of the log do not know
    """
    said = f"{at // MILLISECONDS_A_DAY} {tag}".encode()
    return blake2b(said, key=secret, digest_size=MARK_BYTES, person=b"tactful-held").hexdigest()


def shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as it may leave the server: without the mark."""
    return {name: value for name, value in entry.items() if name != "mark"}


class Held(NamedTuple):
    """What was counted: customers from whom a life event held something back."""

    life_event: str
    channel: str
    policy: int


class SuppressedCounts:
    """Counts the customers of the log's entries.

    secret   bytes that who asks does not know
    size     customers that a count needs before it is told; entries may ask for more
    """

    def __init__(self, secret: bytes, size: int = MIN_AUDIENCE_CELL) -> None:
        self.size = max(size, MIN_AUDIENCE_CELL)
        self._offsets = Offsets(secret, b"held back")
        self._marks: defaultdict[Held, defaultdict[int, set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )

    def add(self, entry: Mapping[str, Any]) -> None:
        """Counts the customer of one decision, once however often and whatever was held back."""
        self.size = max(self.size, int(entry["cell"]))
        names = {name for held in entry["held"] for name in held["life_events"]}
        channel, policy = str(entry["channel"]), int(entry["policy"])
        day, mark = int(entry["at"]) // MILLISECONDS_A_DAY, str(entry.get("mark", ""))
        for name in names:
            self._marks[Held(name, channel, policy)][day].add(mark)

    def cells(self) -> list[tuple[Held, Cell]]:
        """The customers of the day that had most, where they are enough to be told of, in order.

        Of one day, since nobody has the same mark on two: one customer of many days stays one.
        Everything else is left out, without a word that it was there, and there is no total.
        """
        found = [
            (held, self._offsets.cell(max(map(len, days.values())), self.size, *map(str, held)))
            for held, days in sorted(self._marks.items())
        ]
        return [(held, count) for held, count in found if count.told]
