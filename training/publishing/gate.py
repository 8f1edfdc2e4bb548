"""May a bundle become live? Not if it was trained under a policy looser than the one that holds.

A bundle's models and records rest on what its own policy let through, so a looser bundle would
know, and in the absence of a published policy show, what a second person has never approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from recommender.bundle import FactorBundle
from recommender.candidacy import own_policy
from recommender.errors import Forbidden
from recommender.guard.change import Laid, PolicyChange, compare
from recommender.guard.layout import GuardBits
from recommender.types import Longs

MOST_REASONS = 3
_T = TypeVar("_T", bound=str)


def against_own(live: FactorBundle, new: FactorBundle, *, now: float) -> PolicyChange:
    """What the new bundle's own policy changes against the live bundle's own.

    now   seconds since 1970

    Compared over the items and offers that both know: of the others the live policy, whose words
    nobody has kept, says nothing.
    """
    items = _common(live.catalogue.ids, new.catalogue.ids)
    offers = _common(live.offers.ids, new.offers.ids)
    old, fresh = own_policy(live).laid, own_policy(new).laid
    return compare(
        Laid(old.policy, _picked(old.bits, items[0], offers[0])),
        Laid(fresh.policy, _picked(fresh.bits, items[1], offers[1])),
        now=now,
        item_ids=[new.catalogue.ids[i] for i in items[1]],
        offer_ids=[new.offers.ids[i] for i in offers[1]],
    )


def same_policy(live: FactorBundle, new: FactorBundle) -> bool:
    """Whether both were trained under one policy: then only the catalogue can differ.

    A title that was corrected changes what is matched, and is no loosening of the policy.
    """
    return bool(live.manifest.policy_digest) and (
        live.manifest.policy_digest == new.manifest.policy_digest
    )


def refuse_looser(version: str, change: PolicyChange) -> None:
    """Raises Forbidden when `change` loosens."""
    if not change.loosens:
        return
    shown = "; ".join(change.reasons[:MOST_REASONS])
    more = len(change.reasons) - MOST_REASONS
    raise Forbidden(
        f"version {version} was trained under a looser guard policy than the one that holds: "
        f"{shown}{f'; and {more} more' if more > 0 else ''}",
        hint="train under the policy that holds (`tactful guard show live --out FILE`), or have "
        "the looser one drafted, approved by a second person and published first; what is "
        "live stays live",
    )


def _common(old: Sequence[_T], new: Sequence[_T]) -> tuple[Longs, Longs]:
    """Positions, in both, of what both have."""
    position = {name: at for at, name in enumerate(old)}
    both = [(position[name], at) for at, name in enumerate(new) if name in position]
    pairs = np.array(both, dtype=np.int64).reshape(len(both), 2)
    return pairs[:, 0], pairs[:, 1]


def _picked(bits: GuardBits, items: Longs, offers: Longs) -> GuardBits:
    return GuardBits(
        evidence=bits.evidence[items],
        target=bits.target[items],
        soft=bits.soft[items],
        offer_target=bits.offer_target[offers],
        offer_soft=bits.offer_soft[offers],
    )
