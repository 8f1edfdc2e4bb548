"""Stated needs: what a customer asked for in so many words is not an inference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.customer import CustomerState
from recommender.guard.policy import GuardRules
from recommender.guard.unlocks import rules_of_needs
from recommender.index import BundleIndex
from recommender.request import OfferRequest
from recommender.types import Bools, OfferId


@dataclass(frozen=True, eq=False)
class Needs:
    """Offers that the customer asked for by name.

    A need that names a category unlocks nothing: "furniture" does not ask for a crib.

    offers   (n_offers,) True for those that are named and may be shown; None: no need is open
    rules    what they are held to at the last lock, instead of the customer's rules
    """

    offers: Bools | None
    rules: GuardRules

    @classmethod
    def of(
        cls,
        index: BundleIndex,
        state: CustomerState,
        request: OfferRequest,
        rules: GuardRules,
        now: float,
    ) -> Needs:
        """The needs that are open at `now`; a gift is for somebody who stated none."""
        needs = () if request.gift or state.closed else state.controls.open_needs(now)
        if not needs:
            return cls(None, rules)
        theirs = rules_of_needs(index.policy, rules, state.controls, request.channel, now)
        offers = np.zeros(len(index.bundle.offers), dtype=np.bool_)
        for need in needs:
            at = index.offer_index.get(OfferId(need.offer_id))
            if at is not None:
                offers[at] = index.allowed(theirs, now)[at]
        return cls(offers, theirs)

    def opened(self, allowed: Bools) -> Bools:
        """`allowed`, and those that a need names."""
        return allowed if self.offers is None else allowed | self.offers

    def parted(self, offers: list[int]) -> tuple[list[int], list[int]]:
        """Offers that a need names, and the others."""
        if self.offers is None:
            return [], offers
        return (
            [offer for offer in offers if self.offers[offer]],
            [offer for offer in offers if not self.offers[offer]],
        )
