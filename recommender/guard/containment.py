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


def allowed(offer_target: Bits, rules: GuardRules, unlocked_targets: int = 0) -> Bools:
    """(n_offers,) True where an offer may stand in a personalised slot.

    unlocked_targets   bits of U(c, channel): declared, unexpired, allowed on this channel
    """
    held = np.uint64(rules.contained & ~unlocked_targets)
    free: Bools = (offer_target & held) == 0
    return free


def release(
    offers: Sequence[int], offer_target: Bits, rules: GuardRules, unlocked_targets: int = 0
) -> None:
    """Lets offers pass, or raises ContainmentBreach; the message names no offer and no event."""
    held = rules.contained & ~unlocked_targets
    for offer in offers:
        if int(offer_target[offer]) & held:
            raise ContainmentBreach(
                "a protected offer reached the last lock and was stopped",
                hint="this is a defect of Tactful: please report the version and the request",
            )


def release_replenish(items: Sequence[int], evidence: Bits, rules: GuardRules) -> None:
    """The last lock of the slot `replenish`: only items whose every locked life event allows it.

    items      catalogue indices
    evidence   (n_items,) bits
    """
    held = rules.contained & ~rules.replenish
    release(items, evidence & np.uint64(held), rules)
