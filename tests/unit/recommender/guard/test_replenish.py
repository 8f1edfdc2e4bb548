"""Bounded release: own items come back, often enough bought, in their own slot only."""

from __future__ import annotations

from recommender.customer import ReplenishPurchase
from recommender.guard.policy import UNMAPPED, GuardPolicy, GuardRules, LifeEventRule, Stance
from recommender.guard.replenish import MOST_PURCHASES, may_replenish, most_recent, own_again
from recommender.types import SECONDS_A_DAY, ItemId

RULES = GuardRules(masked=0b011 | UNMAPPED, contained=0b011, soft=0, replenish=0b001, expired=False)
NOW = 1000 * SECONDS_A_DAY


def test_only_what_every_locked_life_event_releases() -> None:
    assert may_replenish(0b001, RULES)
    assert may_replenish(0b101, RULES)  # the third is not locked
    assert not may_replenish(0b011, RULES)  # the second does not let go
    assert not may_replenish(0b100, RULES)  # nothing locked: it is in the view anyway
    assert not may_replenish(0b001 | UNMAPPED, RULES)


def bought(item: str, *days_ago: int) -> list[tuple[ReplenishPurchase, int]]:
    """Purchases of an item of the first life event."""
    return [
        (ReplenishPurchase(bytes(8), ItemId(item), NOW - days * SECONDS_A_DAY), 0b001)
        for days in days_ago
    ]


def test_enough_own_purchases_within_the_time() -> None:
    """Two in 30 days are enough; one, or an old one, is not; a moment counts once."""
    first = LifeEventRule(
        id="a", stance=Stance.REPLENISH_ONLY, replenish=True, min_purchases=2, within_days=30
    )
    policy = GuardPolicy(life_events=(first, LifeEventRule(id="b", stance=Stance.BLOCK)))
    purchases = [
        *bought("diapers", 5, 30, 31),
        *bought("wipes", 1, 2, 3),
        *bought("once", 1),
        *bought("long ago", 1, 31),
        *bought("twice at once", 1, 1),
        *bought("tomorrow", -1, 1),
        *((purchase, 0b011) for purchase, _ in bought("of two life events", 1, 2)),
    ]
    assert own_again(purchases, policy, policy.rules(NOW), NOW) == [("wipes", 3), ("diapers", 2)]


def test_an_item_of_two_life_events_meets_the_stricter_terms() -> None:
    """The shorter time and the larger number of purchases."""
    terms = (("a", 1, 30), ("b", 2, 10))
    policy = GuardPolicy(
        life_events=tuple(
            LifeEventRule(
                id=name, stance=Stance.BLOCK, replenish=True, min_purchases=least, within_days=days
            )
            for name, least, days in terms
        )
    )
    both = [(purchase, 0b11) for purchase, _ in [*bought("x", 5, 20), *bought("y", 5, 6)]]
    assert own_again(both, policy, policy.rules(NOW), NOW) == [("y", 2)]
    assert own_again(bought("z", 20), policy, policy.rules(NOW), NOW) == [("z", 1)]


def test_a_return_takes_the_latest_purchase_before_it_back() -> None:
    """Two purchases and a return are one; a return before any purchase undoes nothing."""
    rule = LifeEventRule(id="a", stance=Stance.REPLENISH_ONLY, replenish=True, min_purchases=2)
    policy = GuardPolicy(life_events=(rule,))

    def returned(item: str, days_ago: int) -> tuple[ReplenishPurchase, int]:
        at = NOW - days_ago * SECONDS_A_DAY
        return ReplenishPurchase(bytes(8), ItemId(item), at, returned=True), 0b001

    purchases = [
        *bought("given back", 5, 4),
        returned("given back", 3),
        *bought("bought again", 5, 4, 1),
        returned("bought again", 3),
        returned("never bought then", 9),
        *bought("never bought then", 8, 7),
    ]
    found = own_again(purchases, policy, policy.rules(NOW), NOW)
    assert found == [("bought again", 2), ("never bought then", 2)]


def test_a_record_keeps_the_newest_and_counts_a_moment_once() -> None:
    """The same item in the same second is one purchase; a return in it is another entry."""
    many = [
        ReplenishPurchase(n.to_bytes(8, "big"), ItemId("x"), NOW + n)
        for n in range(MOST_PURCHASES + 5)
    ]
    again = ReplenishPurchase(bytes(8), ItemId("x"), NOW + 204)
    back = ReplenishPurchase(bytes(8), ItemId("x"), NOW + 204, returned=True)
    kept = most_recent([*many, again, back])
    assert len(kept) == MOST_PURCHASES
    assert [p.timestamp for p in kept] == sorted(p.timestamp for p in kept)
    assert [p.returned for p in kept[-2:]] == [False, True]
