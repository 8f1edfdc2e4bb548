"""What of a batch of events may enter which record, under the rules of this moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from recommender.channel import Channel
from recommender.controls import NOTHING_TOLD, Controls
from recommender.customer import EventKind, LiveEvent, ReplenishPurchase
from recommender.guard.replenish import may_replenish
from recommender.guard.unlocks import rules_of_customer, stored_rules
from recommender.keys import event_hash
from recommender.types import ItemId
from serving.live import LiveBundle
from serving.schemas import EventQuery


class Told(NamedTuple):
    """The controls of a customer: the bytes, and what they say; None when nobody can tell."""

    raw: bytes | None
    controls: Controls | None


@dataclass(eq=False)
class Sifted:
    """A batch by what becomes of it: customers to what enters each of their records."""

    visible: dict[str, list[LiveEvent]] = field(default_factory=lambda: defaultdict(list))
    replenish: dict[str, list[ReplenishPurchase]] = field(default_factory=lambda: defaultdict(list))


def shown_to(
    bundle: LiveBundle, controls: Controls | None, now: float
) -> Callable[[ItemId, int], bool]:
    """Whether a purchase may be seen now; one of an item that the catalogue lacks may not.

    controls   None: they cannot be read, so nothing may (guard G7)
    """
    if controls is None:
        return lambda _item, _at: False
    index = bundle.index
    rules = stored_rules(index.policy, index.rules(now), controls, now)

    def shown(item: ItemId, at: int) -> bool:
        position = index.item_index.get(item)
        return (
            position is not None
            and rules.personal
            and not int(index.bundle.evidence[position]) & rules.masked
            and not controls.forgets(item, at)
        )

    return shown


def plain_to(
    bundle: LiveBundle, controls: Controls | None, now: float
) -> Callable[[LiveEvent], bool]:
    """Whether an event counts on every channel, whatever the customer may tell us later.

    Not plain: what rests on an unlock, what is a gift, what is too personal, and evidence of a
    life event that the customer may object to.
    """
    index, told = bundle.index, controls or NOTHING_TOLD
    sensitive = index.policy.everything
    muted = told.muted_categories(now)

    def plain(event: LiveEvent) -> bool:
        position = index.item_index.get(event.item)
        return (
            position is not None
            and not int(index.bundle.evidence[position]) & sensitive
            and event.item not in told.gifts
            and not (muted and muted & index.categories_of(position))
        )

    return plain


def kept_of(
    bundle: LiveBundle, controls: Controls | None, now: float
) -> Callable[[ReplenishPurchase], bool]:
    """Whether a purchase may wait for the slot `replenish`."""
    if controls is None:
        return lambda _purchase: False
    index = bundle.index
    rules = rules_of_customer(index.policy, index.rules(now), controls, Channel.SITE, now)

    def kept(purchase: ReplenishPurchase) -> bool:
        position = index.item_index.get(purchase.item)
        return (
            position is not None
            and may_replenish(int(index.bundle.evidence[position]), rules)
            and not controls.forgets(purchase.item, purchase.timestamp)
        )

    return kept


def sift(
    bundle: LiveBundle,
    events: Sequence[EventQuery],
    times: list[int],
    now: float,
    told: Mapping[str, Told],
) -> Sifted:
    """Decides what may be seen, under the rules of this moment.

    Locked evidence goes nowhere but to the raw stream (and, where the policy says so, to the
    replenishment record). So does an item that the catalogue does not have, since nothing says
    that it is harmless (guard G7), and a gift, which says nothing of who bought it.
    """
    shown = {c: shown_to(bundle, customer.controls, now) for c, customer in told.items()}
    kept = {c: kept_of(bundle, customer.controls, now) for c, customer in told.items()}
    found = Sifted()
    for event, at in zip(events, times, strict=True):
        item, mark = ItemId(event.item_id), event_hash(event.event_id)
        if event.gift or event.kind not in (EventKind.PURCHASE, EventKind.RETURN):
            continue
        reminder = ReplenishPurchase(mark, item, at, event.kind is EventKind.RETURN)
        if shown[event.customer_id](item, at):
            what = LiveEvent(mark, event.kind, item, at, event.quantity)
            found.visible[event.customer_id].append(what)
        elif kept[event.customer_id](reminder):
            found.replenish[event.customer_id].append(reminder)
    return found
