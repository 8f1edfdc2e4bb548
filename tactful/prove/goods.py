"""A shop as a proof sees it: its own items and offers, sorted by what the guard says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from recommender.bundle import CustomerTable, FactorBundle
from recommender.channel import Channel
from recommender.guard.document import CompiledGuard
from recommender.guard.layout import lay
from recommender.guard.policy import UNMAPPED, GuardPolicy, GuardRules
from recommender.guard.replenish import may_replenish
from recommender.index import BundleIndex
from recommender.types import Bits
from training.bundle_dir import read_bundle

STRANGERS = ("no-such-item/1", "no-such-item/2")
"""Items that no catalogue lists: nothing says that they are harmless."""


@dataclass(frozen=True, eq=False)
class Goods:
    """A bundle under the policy that is proved.

    own     the index under the policy that the bundle was trained with
    index   the index under the policy that is proved
    now     seconds since 1970: when the proof is made
    """

    own: BundleIndex
    index: BundleIndex
    table: CustomerTable
    now: float

    @property
    def bundle(self) -> FactorBundle:
        """The bundle with the bits of the policy."""
        return self.index.bundle

    @property
    def policy(self) -> GuardPolicy:
        """The policy that is proved."""
        return self.index.policy

    @property
    def rules(self) -> GuardRules:
        """The rules of somebody who has told us nothing."""
        return self.index.rules(self.now)

    @cached_property
    def locked(self) -> tuple[str, ...]:
        """Items whose purchases may not be used, and two that nobody knows."""
        return (
            *self._where((self.bundle.evidence & np.uint64(self.rules.masked)) != 0),
            *STRANGERS,
        )

    @cached_property
    def double(self) -> tuple[str, ...]:
        """Locked items of two life events or more."""
        locked = self.bundle.evidence & np.uint64(self.rules.masked & ~UNMAPPED)
        return self._where((locked & (locked - np.uint64(locked > 0))) != 0)

    @cached_property
    def visible(self) -> tuple[str, ...]:
        """Items that the models know and that may be seen."""
        return self._where(
            (self.index.row_of_item >= 0)
            & ((self.bundle.evidence & np.uint64(self.rules.masked)) == 0)
        )

    @cached_property
    def replenishable(self) -> tuple[str, ...]:
        """Items that may fill the slot `replenish`."""
        available = self.bundle.catalogue.available
        return tuple(
            self.bundle.catalogue.ids[i]
            for i in np.flatnonzero(self.bundle.evidence).tolist()
            if available[i] and may_replenish(int(self.bundle.evidence[i]), self.rules)
        )

    def evidence_of(self, life_event: str) -> tuple[str, ...]:
        """Items that are evidence of a life event."""
        return self._where((self.bundle.evidence & np.uint64(self.policy.bit(life_event))) != 0)

    def targets_of(self, bits: int, *, soft: int = 0) -> frozenset[str]:
        """Offers that reveal, or hint at, any of these life events."""
        bundle = self.bundle
        held = (bundle.offer_target & np.uint64(bits)) | (bundle.offer_soft & np.uint64(soft))
        return frozenset(bundle.offers.ids[o] for o in np.flatnonzero(held).tolist())

    def held_back(self, rules: GuardRules, channel: Channel) -> frozenset[str]:
        """Offers that nobody under `rules` may be shown on a channel."""
        here = rules.on(channel)
        return self.targets_of(here.contained, soft=here.soft)

    def names(self, items: Iterable[str]) -> frozenset[str]:
        """Titles of items, where they have one."""
        catalogue = self.bundle.catalogue
        at = (self.index.item_index.get(item) for item in items)  # type: ignore[call-overload]
        return frozenset(catalogue.titles[i] for i in at if i is not None and catalogue.titles[i])

    def _where(self, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[str, ...]:
        return tuple(self.bundle.catalogue.ids[i] for i in np.flatnonzero(keep).tolist())


def goods_of(directory: Path, guard: CompiledGuard | None, now: float) -> Goods:
    """Reads a bundle and lays the policy over it; None: the bundle's own.

    Raises NotFound and BundleError when there is no whole bundle in `directory`.
    """
    bundle, table = read_bundle(directory)
    own = BundleIndex(bundle)
    if guard is None:
        return Goods(own, own, table, now)
    bits = lay(guard, bundle.catalogue, bundle.guarded_offers)
    return Goods(own, own.under(guard.policy, bits), table, now)


def counts(goods: Goods) -> tuple[tuple[str, int], ...]:
    """What the page says of the shop's catalogue."""
    bundle = goods.bundle

    def of(bits: Bits, wanted: int) -> int:
        return int(np.count_nonzero(bits & np.uint64(wanted)))

    return (
        ("customers", len(goods.table)),
        ("items", len(bundle.catalogue)),
        ("items never used", of(bundle.evidence, goods.rules.masked)),
        ("items without title and category", of(bundle.evidence, UNMAPPED)),
        ("offers", len(bundle.offers)),
        ("offers held back", of(bundle.offer_target, goods.rules.contained)),
        ("life events", len(goods.policy.life_events)),
    )
