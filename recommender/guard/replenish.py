"""The replenishment slot: what a customer keeps buying of a `replenish_only` life event.

Bounded release (guard G5): it changes only the slot `replenish`, only on private surfaces, and
only with enough purchases of one's own in the time that the policy states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from recommender.customer import ReplenishPurchase
from recommender.guard.policy import UNMAPPED, GuardPolicy, GuardRules
from recommender.types import SECONDS_A_DAY, ItemId

MOST_PURCHASES = 200
"""Purchases kept a customer, the newest ones."""
RECORD_SECONDS = 400 * SECONDS_A_DAY
"""How long a record lives after its latest change."""


def most_recent(purchases: Iterable[ReplenishPurchase]) -> tuple[ReplenishPurchase, ...]:
    """What a customer's record keeps, oldest first: one item in one second is one purchase."""
    distinct = {(p.timestamp, p.item, p.returned): p for p in sorted(purchases, key=_order)}
    return tuple(sorted(distinct.values(), key=_order)[-MOST_PURCHASES:])


def may_replenish(evidence: int, rules: GuardRules) -> bool:
    """True for an item whose every locked life event lets it be replenished."""
    locked = evidence & rules.masked
    return bool(locked) and not locked & UNMAPPED and not locked & ~rules.replenish


def own_again(
    purchases: Sequence[tuple[ReplenishPurchase, int]],
    policy: GuardPolicy,
    rules: GuardRules,
    now: float,
) -> list[tuple[ItemId, int]]:
    """Items with the number of days of own purchases that the policy counts, most first.

    A return takes the latest earlier purchase back.

    Ties break by id, not by date: the order must not tell how recently something was bought.

    purchases   each with the evidence bits of its item
    """
    days: dict[ItemId, list[int]] = defaultdict(list)
    needed: dict[ItemId, int] = {}
    for purchase, evidence in sorted(purchases, key=lambda found: _order(found[0])):
        if not may_replenish(evidence, rules):
            continue
        own = [r for bit, r in enumerate(policy.life_events) if evidence & rules.masked & 1 << bit]
        within = min(rule.within_days for rule in own) * SECONDS_A_DAY
        if not now - within <= purchase.timestamp <= now:
            continue
        bought = days[purchase.item]
        if not purchase.returned:
            bought.append(purchase.timestamp // SECONDS_A_DAY)
        elif bought:
            bought.pop()
        needed[purchase.item] = max(rule.min_purchases for rule in own)
    due = [(item, len(set(at))) for item, at in days.items() if len(set(at)) >= needed[item]]
    return sorted(due, key=lambda found: (-found[1], found[0]))


def _order(purchase: ReplenishPurchase) -> tuple[int, bool, ItemId, bytes]:
    return purchase.timestamp, purchase.returned, purchase.item, purchase.event_hash
