"""Counts of customers as people may read them: in cells, so that no small group shows.

    what was counted + the question + a secret -> an offset -> where the cells begin

Were cells to begin at 0, who asks twice and adds one pattern in between would see whether one
more customer makes a cell full. So each question has cells of its own: the same question is always
answered alike, and nobody who does not know the secret knows how full a cell is.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import NamedTuple

_PARTS = 2**64
_SECRET_BYTES = 64


class Cell(NamedTuple):
    """A count of customers: at least `at_least`, and fewer than `below`."""

    at_least: int
    below: int

    @property
    def told(self) -> bool:
        """False for a group that is too small to say anything of."""
        return self.at_least > 0

    @property
    def text(self) -> str:
        """`about 1,240`, or `fewer than 40`."""
        if self.below == 1:
            return "none"
        return f"about {self.at_least:,}" if self.told else f"fewer than {self.below}"


NOBODY = Cell(0, 1)
"""What cannot have happened to anybody, whoever the customers are."""


class Offsets:
    """Where the cells of one question begin."""

    def __init__(self, secret: bytes, question: bytes) -> None:
        """Offsets that are fixed, and that nobody can guess.

        secret     at most 64 bytes that who asks does not know
        question   whatever tells this question from another one
        """
        self._key = blake2b(question, key=secret[:_SECRET_BYTES], person=b"tactful-cells").digest()

    def part(self, *what: str) -> float:
        """A number of [0, 1) for one thing that is counted."""
        named = "\0".join(what).encode()
        digest = blake2b(named, key=self._key, digest_size=8).digest()
        # The last bits would round up to 1.
        return (int.from_bytes(digest) >> 11 << 11) / _PARTS

    def cell(self, count: int, size: int, *what: str) -> Cell:
        """A count of one thing, in its cell."""
        return cell(count, size, int(self.part(*what) * size))


def cell(count: int, size: int, offset: int) -> Cell:
    """A count in cells of `size`, of which the first ends `offset` later than it might.

    offset   at least 0, less than `size`

    A group of less than `size` is never told, and how much larger one has to be nobody knows.
    Every count is rounded, not only small ones: else a small group would be what is left when one
    exact count is taken from another.
    """
    at_least = max((count - offset) // size * size, 0)
    return Cell(at_least, at_least + 2 * size)


def unit_of(amount: float) -> float:
    """An amount rounded up to one digit: 300 for 240; 0 for what is none."""
    if amount <= 0 or not math.isfinite(amount):
        return 0.0
    power = math.floor(math.log10(amount))
    return round(math.ceil(round(amount / 10.0**power, 9)) * 10.0**power, max(-power, 0))


def about(amount: float, unit: float, part: float) -> float:
    """A sum over customers to a multiple of `unit`, and to two digits at most.

    unit   what a cell of customers could make
    part   of [0, 1): how much of a unit is added before the rest is cut off
    """
    if amount == 0 or unit == 0 or not math.isfinite(amount):
        return 0.0
    power = math.floor(math.log10(abs(amount))) - 1
    step = max(unit, 10.0**power)
    digits = max(1 - math.floor(math.log10(step)), 0)
    return round(math.floor(amount / step + part) * step, digits)
