"""What crosses from held back to free at one moment, when one policy follows another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

from recommender.channel import Channel
from recommender.guard.marks import Group, Numbering
from recommender.guard.opening import Opening
from recommender.guard.policy import UNMAPPED, LifeEventRule
from recommender.guard.situations import EVERYBODY, Found, Locked, Locks, Pair, Policies


class Kind(StrEnum):
    """How something is free."""

    USE = "use"
    """An item is seen in the view."""
    FILL = "fill"
    """An own item may fill the slot `replenish`."""
    SHOW = "show"
    """An offer may be shown."""
    ASK = "ask"
    """An offer may be shown to who stated a need of it."""
    NAME = "name"
    """An item may be named, in a reason for instance."""


Groups = Mapping[Kind, Sequence[Group]]


@dataclass(frozen=True)
class Crossing:
    """Items or offers that a life event lets go of; `groups` are numbers in `Groups[kind]`."""

    kind: Kind
    life_event: str
    who: str
    channels: tuple[Channel, ...]
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Release:
    """Customers to whom the guard was closed as a whole, and is no longer.

    heard   False: they were answered like visitors; True: nothing went out to them
    """

    life_event: str
    who: str
    channels: tuple[Channel, ...]
    heard: bool


@dataclass(frozen=True)
class Crossings:
    """Everything that crosses at one moment."""

    items: tuple[Crossing, ...]
    customers: tuple[Release, ...]


def crossings(policies: Policies, numbering: Numbering, groups: Groups) -> Crossings:
    """What the new policy lets go of at `policies.moment`."""
    found: defaultdict[tuple[Kind, int, str], dict[int, list[Channel]]] = defaultdict(dict)
    released: defaultdict[tuple[str, str, bool], list[Channel]] = defaultdict(list)
    memo: dict[tuple[object, ...], Locks] = {}
    for channels in _alike(numbering.pairs):
        locks = [_locks(policies, pair, numbering, channels[0], memo) for pair in numbering.pairs]
        for pair, lock in zip(numbering.pairs, locks, strict=True):
            for heard, whom in ((False, lock.personal), (True, lock.heard)):
                for who in whom:
                    released[pair.id, who, heard] += channels
        for kind, opening in _openings(policies, locks, channels[0]):
            for number, group in enumerate(groups[kind]):
                for bit, who in opening.opened(group.marks):
                    found[kind, bit, who].setdefault(number, []).extend(channels)
    return Crossings(
        tuple(
            Crossing(kind, numbering.name(bit), who, channels_, tuple(which))
            for (kind, bit, who), on in found.items()
            for channels_, which in _by_channels(on).items()
        ),
        tuple(Release(id_, who, tuple(on), heard) for (id_, who, heard), on in released.items()),
    )


def _by_channels(found: Mapping[int, list[Channel]]) -> dict[tuple[Channel, ...], list[int]]:
    """Groups, those together that cross on the same channels."""
    alike: dict[tuple[Channel, ...], list[int]] = {}
    for number, channels in found.items():
        alike.setdefault(tuple(channels), []).append(number)
    return alike


def _alike(pairs: Sequence[Pair]) -> list[list[Channel]]:
    """Channels, those together that mean the same to every life event."""
    alike: dict[tuple[object, ...], list[Channel]] = {}
    for channel in Channel:
        meaning = (channel.private, *(pair.meaning(channel) for pair in pairs))
        alike.setdefault(meaning, []).append(channel)
    return list(alike.values())


def _locks(
    policies: Policies,
    pair: Pair,
    numbering: Numbering,
    channel: Channel,
    memo: dict[tuple[object, ...], Locks],
) -> Locks:
    """The locks of one life event; those with equal rules are looked at once."""
    key = _anonymous(pair.old), _anonymous(pair.new), pair.meaning(channel)
    if key not in memo:
        memo[key] = policies.locks(pair, channel)
    if pair.old is None or pair.new is None:
        return memo[key]
    silenced = [policies.silenced(pair, by, channel) for by in _silencing(pair, numbering.pairs)]
    return reduce(Locks.joined, silenced, memo[key])


def _anonymous(rule: LifeEventRule | None) -> str:
    return "" if rule is None else rule.model_dump_json(exclude={"id", "silences"})


def _silencing(pair: Pair, pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Other life events that the old policy silences this one with."""
    for other in pairs:
        if other.old is not None and pair.id in other.old.silences and other.id != pair.id:
            yield other


def _openings(
    policies: Policies, locks: Sequence[Locks], channel: Channel
) -> Iterator[tuple[Kind, Opening]]:
    old, new = policies.old.rules(policies.moment), policies.new.rules(policies.moment)
    unmapped: Found = {Locked(bool(old.masked & UNMAPPED), bool(new.masked & UNMAPPED)): EVERYBODY}
    show = Opening([*(lock.show for lock in locks), unmapped])
    yield Kind.USE, Opening([*(lock.use for lock in locks), unmapped])
    if channel.private:
        yield Kind.FILL, Opening([*(lock.fill for lock in locks), unmapped])
    yield Kind.SHOW, show
    yield Kind.ASK, Opening([*(lock.ask for lock in locks), unmapped])
    yield Kind.NAME, show
