"""Items and offers by the life events that two policies see in them, each combination once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.guard.layout import GuardBits
from recommender.guard.opening import Marks, bits_of
from recommender.guard.policy import UNMAPPED, GuardPolicy
from recommender.guard.situations import Pair
from recommender.types import Bits, Ints

UNMAPPED_ID = "unmapped"
"""What stands for items that could not be matched, where life events are named."""
_NOTHING = np.empty(0, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Laid:
    """A policy, and its bits over one catalogue and its offers."""

    policy: GuardPolicy
    bits: GuardBits


@dataclass(frozen=True, eq=False)
class Group:
    """Everything that carries the same marks; `members` are positions, none for a probe."""

    marks: Marks
    members: Ints


@dataclass(frozen=True, eq=False)
class Numbering:
    """One number for each life event of either policy, by id; the last is `UNMAPPED_ID`."""

    pairs: tuple[Pair, ...]
    old: dict[int, int]
    new: dict[int, int]

    @classmethod
    def of(cls, old: GuardPolicy, new: GuardPolicy) -> Numbering:
        """Numbers the life events of two policies."""
        before = {rule.id: rule for rule in old.life_events}
        after = {rule.id: rule for rule in new.life_events}
        ids = sorted(before.keys() | after.keys())
        number = {id_: bit for bit, id_ in enumerate(ids)}
        pairs = tuple(Pair(before.get(id_), after.get(id_)) for id_ in ids)
        return cls(pairs, _numbers(old, number), _numbers(new, number))

    def name(self, bit: int) -> str:
        """The life event of a number."""
        return self.pairs[bit].id if bit < len(self.pairs) else UNMAPPED_ID

    @property
    def unmapped(self) -> int:
        """The number of `UNMAPPED_ID`."""
        return len(self.pairs)

    def items(self, old: GuardBits, new: GuardBits) -> list[Group]:
        """Items by their evidence, and a probe a life event."""
        nothing = np.zeros_like(old.evidence)
        return self._groups(old.evidence, nothing, new.evidence, nothing) + self._probes()

    def named(self, old: GuardBits, new: GuardBits) -> list[Group]:
        """Items by their targets."""
        return self._groups(old.target, old.soft, new.target, new.soft)

    def offers(self, old: GuardBits, new: GuardBits) -> list[Group]:
        """Offers by what they reveal, and probes."""
        found = self._groups(old.offer_target, old.offer_soft, new.offer_target, new.offer_soft)
        return found + self._probes() + self._probes(soft=True)

    def _groups(self, *columns: Bits) -> list[Group]:
        """Everything with equal columns: hard and soft bits, old and new."""
        if not len(columns[0]):
            return []
        distinct, group = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        group = group.reshape(-1)
        order = np.argsort(group, kind="stable").astype(np.int32)
        ends = np.cumsum(np.bincount(group, minlength=len(distinct)))
        found = []
        for at, (hard_old, soft_old, hard_new, soft_new) in enumerate(distinct.tolist()):
            marks = Marks(
                numbered(hard_old, self.old),
                numbered(soft_old, self.old),
                numbered(hard_new, self.new),
                numbered(soft_new, self.new),
            )
            found.append(Group(marks, order[ends[at - 1] if at else 0 : ends[at]]))
        return found

    def _probes(self, *, soft: bool = False) -> list[Group]:
        found = []
        for bit in range(len(self.pairs) + (not soft)):
            known = self.pairs[bit] if bit < self.unmapped else (True, True)
            old, new = (0 if rule is None else 1 << bit for rule in known)
            marks = Marks(0, old, 0, new) if soft else Marks(old, 0, new, 0)
            found.append(Group(marks, _NOTHING.astype(np.int32)))
        return found


def members(groups: Sequence[Group]) -> Ints:
    """The positions in all groups, ascending."""
    if not groups:
        return _NOTHING.astype(np.int32)
    return np.sort(np.concatenate([group.members for group in groups]))


def _numbers(policy: GuardPolicy, number: dict[str, int]) -> dict[int, int]:
    """Bit of a policy -> number."""
    bits = {bit: number[rule.id] for bit, rule in enumerate(policy.life_events)}
    return bits | {UNMAPPED.bit_length() - 1: len(number)}


def numbered(bits: int, numbers: dict[int, int]) -> int:
    """Bits of a policy as bits by number; what the policy does not know is left out."""
    return sum(1 << numbers[bit] for bit in bits_of(bits) if bit in numbers)
