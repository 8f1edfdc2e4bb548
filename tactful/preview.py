"""Which items and offers of a shop a guard policy matches, and by which of its patterns.

Counted before anything is live, and without a customer: nothing here depends on what anybody
bought.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.catalogue import Catalogue, Offers
from recommender.errors import NotFound, PolicyError
from recommender.guard.document import CompiledGuard
from recommender.guard.finding import Finding, of_error
from recommender.guard.life_event import LifeEvent
from recommender.guard.lint import lint
from recommender.guard.marked import suggestion
from recommender.guard.policy import UNMAPPED, GuardRules
from recommender.guard.source import PolicySource
from recommender.types import Bits
from tactful.because import because
from tactful.matches import EventMatches, Item, Matches, Offer, Shelf
from training.assortment import Assortment
from training.config import TrainConfig
from training.guarding import compile_guard, guarded, read_policy_source
from training.progress import Silent
from training.reading.catalogue import TABLE, read_catalogue
from training.reading.offers import read_offers
from training.reading.problems import Problems

_EXAMPLES = 3


def source_of(config: TrainConfig) -> PolicySource | None:
    """The policy file that the settings name; None where the packs hold as they ship."""
    return None if config.guard.policy is None else read_policy_source(config.guard.policy)


@dataclass(frozen=True, eq=False)
class Preview:
    """A policy over a shop's assortment.

    packs   as in `Matches`
    """

    guard: CompiledGuard
    shop: Assortment
    packs: tuple[str, ...]

    @classmethod
    def of(cls, config: TrainConfig) -> Preview:
        """Matches the policy of the settings against their catalogue and offers.

        Raises PolicyError and what reading a catalogue or offers raises.
        """
        guard = compile_guard(config.guard)
        source = source_of(config)
        packs = config.guard.packs if source is None else tuple(_named(source))
        return cls(guard, assortment(config, guard), packs)

    def matches(self) -> Matches:
        """Counts and examples of every life event."""
        shop, rules = self.shop, _always(self.guard)
        unmapped = np.flatnonzero(shop.evidence & np.uint64(UNMAPPED))
        return Matches(
            n_items=len(shop.catalogue),
            n_offers=len(shop.offers),
            n_masked=_count(shop.evidence, rules.masked),
            n_contained=_count(shop.target, rules.contained),
            n_unmapped=len(unmapped),
            packs=self.packs,
            unmapped=tuple(str(shop.catalogue.ids[i]) for i in unmapped[:_EXAMPLES]),
            events=tuple(self._event(bit) for bit in range(len(self.guard.life_events))),
        )

    def life_event(self, id_: str) -> Shelf:
        """All items and offers of one life event; NotFound names the nearest one."""
        ids = [event.id for event in self.guard.life_events]
        if id_ not in ids:
            raise NotFound(
                f"the policy knows no life event {id_!r}", hint=suggestion(id_, ids, "life events")
            )
        bit = ids.index(id_)
        event = self.guard.life_events[bit]
        return Shelf(
            id=id_,
            title=event.title,
            stance=event.stance.value,
            sources=event.sources,
            items=tuple(self._item(bit, int(i)) for i in self._items(bit)),
            offers=tuple(self._offers(bit)),
        )

    def _event(self, bit: int) -> EventMatches:
        event, shop, wanted = self.guard.life_events[bit], self.shop, 1 << bit
        return EventMatches(
            id=event.id,
            title=event.title,
            stance=event.stance.value,
            evidence=_count(shop.evidence, wanted),
            targets=_count(shop.target, wanted),
            soft=_count(shop.soft & ~shop.target, wanted),
            proxies=sum(i in self._position for i in set(event.proxies)),
            offers=_count(shop.offer_target | shop.offer_soft, wanted),
            examples=tuple(self._examples(bit)),
        )

    def _examples(self, bit: int) -> Iterator[Item]:
        """A few items of different titles."""
        titles: set[str] = set()
        for i in self._items(bit):
            title = self.shop.catalogue.titles[i]
            if title not in titles:
                titles.add(title)
                yield self._item(bit, int(i))
            if len(titles) == _EXAMPLES:
                return

    def _items(self, bit: int) -> Sequence[int]:
        shop = self.shop
        matched = (shop.evidence | shop.target | shop.soft) & np.uint64(1 << bit)
        found: list[int] = np.flatnonzero(matched).tolist()
        return found

    def _item(self, bit: int, item: int) -> Item:
        catalogue = self.shop.catalogue
        return Item(
            item_id=str(catalogue.ids[item]),
            title=catalogue.titles[item],
            category=" > ".join(catalogue.paths[item]),
            roles=tuple(self._roles(bit, item)),
            because=because(self._entries(bit), catalogue, item),
        )

    def _roles(self, bit: int, item: int) -> Iterator[str]:
        shop, wanted = self.shop, 1 << bit
        proxy = str(shop.catalogue.ids[item]) in self.guard.life_events[bit].proxies
        target = int(shop.target[item]) & wanted
        # Evidence by a pattern is a target too; evidence by a proxy alone is not.
        if int(shop.evidence[item]) & wanted and not (proxy and not target):
            yield "evidence"
        if proxy:
            yield "proxy"
        if target:
            yield "target"
        if int(shop.soft[item]) & wanted:
            yield "soft target"

    def _offers(self, bit: int) -> Iterator[Offer]:
        shop, wanted = self.shop, np.uint64(1 << bit)
        hard, soft = (shop.offer_target & wanted) != 0, (shop.offer_soft & wanted) != 0
        for offer in np.flatnonzero(hard | soft).tolist():
            held = "everywhere" if hard[offer] else "outbound only"
            yield Offer(str(shop.offers.ids[offer]), shop.offers.titles[offer], held)

    def _entries(self, bit: int) -> list[LifeEvent]:
        return [layer[bit] for layer in self.guard.layers]

    @cached_property
    def _position(self) -> dict[str, int]:
        return {str(item): at for item, at in self.shop.catalogue.index().items()}


def assortment(config: TrainConfig, guard: CompiledGuard) -> Assortment:
    """The shop that the settings name, under a policy; `config.catalogue.path` is set.

    Raises what reading a catalogue or offers raises.
    """
    catalogue = _catalogue(config)
    return guarded(catalogue, _offers(config, catalogue), guard)


def _catalogue(config: TrainConfig) -> Catalogue:
    problems = Problems(config.lenient)
    listed = read_catalogue(config, problems, progress=Silent())
    assert listed is not None
    problems.raise_if_strict({TABLE: listed.rows_read})
    return listed.catalogue


def _offers(config: TrainConfig, catalogue: Catalogue) -> Offers:
    return read_offers(
        config.offers.path,
        catalogue,
        timezone=config.purchases.timezone,
        separator=config.catalogue.separator,
    ).offers


def _always(guard: CompiledGuard) -> GuardRules:
    """The rules while the policy holds: a preview does not depend on the day it is made."""
    return guard.policy.model_copy(update={"valid_until": None}).rules(0.0)


def _named(source: PolicySource) -> Iterator[str]:
    for reference in source.document().packs:
        own = reference.partition("@")[0] in source.packs
        yield f"{reference} (your own)" if own else reference


def _count(bits: Bits, wanted: int) -> int:
    return int(np.count_nonzero(bits & np.uint64(wanted)))


def findings(config: TrainConfig, now: float) -> tuple[Finding, ...]:
    """What lint finds: in the policy that the settings name, over their catalogue if they have one.

    now   seconds since 1970

    Raises NotFound and what reading a catalogue or offers raises.
    """
    try:
        source = source_of(config)
    except PolicyError as error:
        return (of_error(error),)
    if source is None:
        return ()
    if config.catalogue.path is None:
        return lint(source, now=now)
    catalogue = _catalogue(config)
    offers = _offers(config, catalogue) if config.offers.path else None
    return lint(source, now=now, catalogue=catalogue, offers=offers)
