"""What a shop sells and what the guard says of it: the input of training beside purchases."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recommender.bundle import Promotions
from recommender.catalogue import Catalogue, Offers
from recommender.guard.policy import GuardPolicy
from recommender.types import Bits, Bools, Ints


@dataclass(frozen=True, eq=False)
class Assortment:
    """A catalogue, its offers, and their life-event bits under a policy.

    evidence, target   (n_items,) bits an item
    soft               (n_items,) bits that are held back on outbound only
    offer_target       (n_offers,) bits of everything that an offer promotes or says
    offer_soft         (n_offers,) the same, held back on outbound only
    policy_digest      of what the policy says and matches, `CompiledGuard.digest`
    """

    catalogue: Catalogue
    offers: Offers
    evidence: Bits
    target: Bits
    soft: Bits
    offer_target: Bits
    offer_soft: Bits
    policy: GuardPolicy
    policy_digest: str = ""

    def where(self, keep: Bools) -> tuple[Assortment, Ints]:
        """Only the marked items, and (n_items,) their new positions (-1: gone).

        Offers lose items that are gone; an offer that has none left goes too. What remains
        keeps its target bits: an offer does not become harmless by losing an item.
        """
        position = np.full(len(self.catalogue), -1, dtype=np.int32)
        position[keep] = np.arange(int(keep.sum()), dtype=np.int32)
        offers, kept = restricted(self.offers, keep)
        return (
            Assortment(
                catalogue=self.catalogue.where(keep),
                offers=replace(offers, items=position[offers.items]),
                evidence=self.evidence[keep],
                target=self.target[keep],
                soft=self.soft[keep],
                offer_target=self.offer_target[kept],
                offer_soft=self.offer_soft[kept],
                policy=self.policy,
                policy_digest=self.policy_digest,
            ),
            position,
        )


def promotions(offers: Offers, kept: Bools) -> Promotions:
    """Everything that the marked offers promote."""
    sizes = np.diff(offers.indptr)
    ends = np.cumsum(sizes[kept])
    return Promotions(
        indptr=np.concatenate([[0], ends]).astype(np.int32),
        items=offers.items[np.repeat(kept, sizes)],
    )


def restricted(offers: Offers, items: Bools) -> tuple[Offers, Bools]:
    """Offers that promote any marked item, without the others, and which offers those are."""
    stays = items[offers.items]
    offer_of_element = np.repeat(np.arange(len(offers)), np.diff(offers.indptr))
    sizes = np.bincount(offer_of_element[stays], minlength=len(offers))
    kept = sizes > 0
    return (
        Offers(
            ids=tuple(o for o, k in zip(offers.ids, kept, strict=True) if k),
            titles=tuple(t for t, k in zip(offers.titles, kept, strict=True) if k),
            indptr=np.concatenate([[0], np.cumsum(sizes[kept])]).astype(np.int32),
            items=offers.items[stays],
            valid_from=offers.valid_from[kept],
            valid_until=offers.valid_until[kept],
        ),
        kept,
    )
