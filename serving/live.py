"""The bundle that answers, under the policy that holds: one object an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from typing import Any

import numpy as np
from pydantic import ValidationError

from recommender.errors import PolicyError
from recommender.guard.layout import GuardBits, lay
from recommender.guard.policy import UNMAPPED
from recommender.guard.source import PolicySource, everything_known
from recommender.index import BundleIndex
from recommender.types import Bits

_LONG_AGO = date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class LiveBundle:
    """A bundle in use: one object, so that an answer never mixes two versions.

    index         under the policy that holds
    own           under the policy that the bundle was trained with
    policy_name   the pointer's value that was followed; "" while the bundle's own policy holds
    prices        (n_offers,) as JSON shows them; None when unknown
    closed_over   the policy in use when this bundle was `closed`; None while it is not
    """

    index: BundleIndex
    own: BundleIndex
    version: str
    as_of: int
    policy_name: str
    prices: list[float | None]
    closed_over: str | None = None

    @classmethod
    def of(cls, index: BundleIndex) -> LiveBundle:
        """What answers need of an index, under the bundle's own policy."""
        manifest = index.bundle.manifest
        prices = [_price(price) for price in index.offer_price.tolist()]
        return cls(index, index, manifest.version, manifest.as_of, "", prices)

    def under(self, policy_name: str, sources: bytes) -> LiveBundle:
        """The same bundle under a published policy; PolicyError when it cannot be applied."""
        try:
            guard = PolicySource.model_validate_json(sources).compile()
        except ValidationError as error:
            raise PolicyError(
                f"the sources of policy {policy_name} are damaged", hint="publish it again"
            ) from error
        bundle = self.own.bundle
        bits = lay(guard, bundle.catalogue, bundle.guarded_offers)
        index = self.own.under(guard.policy, bits)
        return replace(self, index=index, policy_name=policy_name, closed_over=None)

    def closed(self, policy_name: str) -> LiveBundle:
        """The same bundle with everything locked: the policy that should hold is unreadable.

        Nobody knows what that policy guards. Locked is all that the bundle's own policy, the
        policy in use and any pack that ships would guard.
        """
        bundle = self.own.bundle
        guard = everything_known()
        shipped = lay(guard, bundle.catalogue, bundle.guarded_offers)
        held = [shipped, self.own.bits, self.index.bits]
        items = _touched(*(bits.evidence | bits.target | bits.soft for bits in held))
        offers = _touched(*(bits.offer_target | bits.offer_soft for bits in held))
        number = policy_name.partition(" ")[0]
        policy = guard.policy.model_copy(
            update={
                "version": int(number) if number.isdecimal() else 0,
                "valid_until": _LONG_AGO,
                "discovery_slots": self.own.policy.discovery_slots,
            }
        )
        locked = GuardBits(items, items, items, offers, offers)
        over = self.policy_name if self.closed_over is None else self.closed_over
        index = self.own.under(policy, locked)
        return replace(self, index=index, policy_name=policy_name, closed_over=over)

    @property
    def policy_version(self) -> int:
        """The number of the policy that holds."""
        return self.index.policy.version

    def stamp(self, controls: bytes | None) -> str:
        """What a stored factor rests on beside the purchases: the bundle and the controls."""
        told = "" if controls is None else "/" + blake2b(controls, digest_size=8).hexdigest()
        return self.version + told

    def offer(self, offer: int) -> dict[str, Any]:
        """An offer, numbered as in `BundleIndex.offer_id`, as callers see it."""
        offers = self.index.bundle.offers
        if offer < len(self.prices):
            offer_id, title, price = offers.ids[offer], offers.titles[offer], self.prices[offer]
        else:
            offer_id, title = self.index.offer_id(offer), self.index.offer_title(offer)
            price = _price(self.index.price(offer))
        if price is None:
            return {"offer_id": offer_id, "title": title}
        return {"offer_id": offer_id, "title": title, "price": price}


def _touched(*bits: Bits) -> Bits:
    """`UNMAPPED` for whatever carries any bit: what it is matters no more, it is locked."""
    return np.where(np.bitwise_or.reduce(bits) != 0, np.uint64(UNMAPPED), np.uint64(0))


def _price(price: float) -> float | None:
    """A float32 price without the digits that float32 does not have."""
    return None if math.isnan(price) else round(price, 4)
