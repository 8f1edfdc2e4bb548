"""Which items and offers can open under a new policy, for any customer at all.

Something opens where the old policy locks it and the new one does not, in one and the same
situation. What customers told us of one life event leaves the others alone, so every combination
of situations can occur, and it is enough to look at each bit: one of the old bits must let go,
and all of the new ones must be able to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from recommender.guard.situations import Found, Locked


class Marks(NamedTuple):
    """The life events of one item or offer, as bits that are numbered alike in both policies."""

    hard_old: int
    soft_old: int
    hard_new: int
    soft_new: int

    @property
    def held(self) -> int:
        """Bits that the old policy can lock it by."""
        return self.hard_old | self.soft_old

    @property
    def lost(self) -> int:
        """Bits that it has no longer."""
        return self.hard_old & ~self.hard_new | self.soft_old & ~self.soft_new

    def at(self, bit: int) -> Locked:
        """Which of the four it has of one life event."""
        return Locked(*(bool(marks >> bit & 1) for marks in _in_order(self)))


def _in_order(marks: Marks) -> tuple[int, int, int, int]:
    return marks.hard_old, marks.hard_new, marks.soft_old, marks.soft_new


class Opening:
    """The situations of all life events on one channel, asked about marks.

    found   by bit
    """

    def __init__(self, found: Sequence[Found]) -> None:
        self._found = found
        self._lets_go = sum(1 << bit for bit, known in enumerate(found) if any(map(_freed, known)))
        self._answers: dict[tuple[int, Locked], tuple[bool, str]] = {}

    def opened(self, marks: Marks) -> Iterator[tuple[int, str]]:
        """The bits through which something with these marks opens, and for whom."""
        held = marks.held
        candidates = held & self._lets_go | marks.lost
        if not candidates:
            return
        if not all(self._at(bit, marks)[0] for bit in bits_of(marks.hard_new | marks.soft_new)):
            return
        for bit in bits_of(candidates):
            who = self._at(bit, marks)[1]
            if who:
                yield bit, who

    def _at(self, bit: int, marks: Marks) -> tuple[bool, str]:
        """Whether the new policy can let it through, and who is let through newly; "" nobody."""
        key = bit, marks.at(bit)
        if key not in self._answers:
            self._answers[key] = _answer(self._found[bit], key[1])
        return self._answers[key]


def bits_of(marks: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    while marks:
        lowest = marks & -marks
        yield lowest.bit_length() - 1
        marks ^= lowest


def _answer(found: Found, has: Locked) -> tuple[bool, str]:
    opens = False
    for lock, who in found.items():
        if (has.hard_new and lock.hard_new) or (has.soft_new and lock.soft_new):
            continue
        opens = True
        if (has.hard_old and lock.hard_old) or (has.soft_old and lock.soft_old):
            return True, who
    return opens, ""


def _freed(lock: Locked) -> bool:
    return (lock.hard_old and not lock.hard_new) or (lock.soft_old and not lock.soft_new)
