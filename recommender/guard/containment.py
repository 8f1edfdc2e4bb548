"""Containment: no offer that reveals a life event leaves, whatever ranked it.

Two locks, on purpose. `allowed` takes part in the search, so that a suppressed slot is refilled
and the length of a list says nothing. `release` is the last step of every decision; it finds
nothing unless the first lock was forgotten, and then it stops the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.errors import ContainmentBreach
from recommender.guard.policy import GuardRules
from recommender.types import Bits, Bools


def allowed(target: Bits, soft: Bits, rules: GuardRules) -> Bools:
    """(n,) True where an offer may stand in a personalised slot.

    target, soft   (n,) life events that each offer reveals, and those it only hints at
    rules          those of the customer on the channel
    """
    held, hinted = np.uint64(rules.contained), np.uint64(rules.soft)
    free: Bools = ((target & held) | (soft & hinted)) == 0
    return free


def release(offers: Sequence[int], target: Bits, soft: Bits, rules: GuardRules) -> None:
    """Lets offers pass, or raises ContainmentBreach; the message names no offer and no event."""
    for offer in offers:
        if int(target[offer]) & rules.contained or int(soft[offer]) & rules.soft:
            raise ContainmentBreach(
                "a protected offer reached the last lock and was stopped",
                hint="this is a defect of Tactful: please report the version and the request",
            )


def held_in_the_slot(revealing: int, rules: GuardRules) -> bool:
    """Whether the slot `replenish` must not show an item: some life event forbids it.

    revealing   the item's evidence and target bits
    """
    return bool(revealing & (rules.masked | rules.contained) & ~rules.replenish)


def release_replenish(
    items: Sequence[int], evidence: Bits, target: Bits, rules: GuardRules
) -> None:
    """The last lock of the slot `replenish`: only items whose every locked life event allows it.

    items              catalogue indices
    evidence, target   (n_items,) bits
    """
    for item in items:
        if held_in_the_slot(int(evidence[item]) | int(target[item]), rules):
            raise ContainmentBreach(
                "an item that may not be replenished reached the last lock and was stopped",
                hint="this is a defect of Tactful: please report the version and the request",
            )
