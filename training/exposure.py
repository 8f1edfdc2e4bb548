"""Counting what must not be shown, apart from the locks that hold it back.

The locks look at the bits that the bundle has of every offer. This count goes back to the items:
an offer reveals what anything that it promotes reveals, as well as what the offer itself says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.channel import Channel
from recommender.guard.policy import GuardRules
from recommender.guard.unlocks import rules_of_needs
from recommender.index import BundleIndex
from recommender.types import Bits, Ints, OfferId
from training.cases import Case


class Exposure:
    """What every offer of a bundle reveals, and how often that was shown to someone locked."""

    def __init__(self, index: BundleIndex) -> None:
        bundle = index.bundle
        self._index = index
        self._target = bundle.offer_target | _joined(bundle.target, index)
        self._soft = bundle.offer_soft | _joined(bundle.soft, index)

    def count(self, case: Case, offers: Ints) -> int:
        """Places of one list whose offer is locked for this customer.

        What the customer asked for by name is held to what their need leaves locked.
        """
        asked = self._named(case)
        if not asked:
            return self._held(offers, case.rules)
        now, controls = self._index.bundle.manifest.as_of, case.state.controls
        theirs = rules_of_needs(self._index.policy, case.rules, controls, Channel.SITE, now)
        named = np.isin(offers, asked)
        return self._held(offers[~named], case.rules) + self._held(offers[named], theirs)

    def _named(self, case: Case) -> list[int]:
        needs = case.state.controls.open_needs(self._index.bundle.manifest.as_of)
        found = (self._index.offer_index.get(OfferId(need.offer_id)) for need in needs)
        return [offer for offer in found if offer is not None]

    def _held(self, offers: Ints, rules: GuardRules) -> int:
        target = self._target[offers] & np.uint64(rules.contained)
        soft = self._soft[offers] & np.uint64(rules.soft)
        return int(np.count_nonzero(target | soft))


def _joined(bits: Bits, index: BundleIndex) -> NDArray[np.uint64]:
    """(n_offers,) the bits of everything that each offer promotes."""
    whole = index.bundle.promotions
    if not len(index.bundle.offers):
        return np.empty(0, dtype=np.uint64)
    joined: Bits = np.bitwise_or.reduceat(bits[whole.items], whole.indptr[:-1].astype(np.intp))
    return joined
