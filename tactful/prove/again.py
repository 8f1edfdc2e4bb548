"""G5: own items come back in the slot `replenish`, there alone, and only after enough purchases."""

from __future__ import annotations

from typing import Any

from recommender.types import SECONDS_A_DAY, ItemId
from tactful.prove.cases import Chance
from tactful.prove.goods import Goods
from tactful.prove.people import held_bytes
from tactful.prove.stage import Stage
from tactful.prove.verdict import Outcome, Verdict, held, not_run
from training.progress import Advance

_CLOSED = "the policy opens the slot for no item of this shop's catalogue"


def bounded(stage: Stage, goods: Goods, chance: Chance, examples: int, advance: Advance) -> Verdict:
    """The verdict on G5."""
    if not goods.replenishable:
        advance(examples)
        return not_run("G5", _CLOSED)
    broken: list[str] = []
    for number in range(examples):
        broken += _tried(stage, goods, chance, f"again-{number}")
        advance(1)
    done = (
        f"{examples:,} customers bought an item of a replenishable life event once too few, then "
        "often enough; after each step the slot, another placement and the stored bytes were "
        "looked at, and the slot was asked for on outbound channels"
    )
    if broken:
        told = f"{len(broken):,} steps broke it"
        return Verdict("G5", Outcome.FAILED, done, examples, told, min(broken, key=len))
    return held(
        "G5",
        done,
        examples,
        f"the slot stayed empty until the last purchase, then showed the item; nothing else moved; "
        f"outbound it is refused ({len(goods.replenishable):,} items may return)",
    )


def _tried(stage: Stage, goods: Goods, chance: Chance, customer: str) -> list[str]:
    item = chance.random.choice(goods.replenishable)
    needed, days = _needed(goods, item)
    needed = max(needed, 1)
    age = chance.random.sample(range(1, max(days, needed + 1)), needed)
    query = {"customer_id": customer, "placements": ["replenish", "home"], "n": 10}
    first = _placements(stage, query)
    _buy(stage, goods, customer, item, age[:-1])
    before = _placements(stage, query)
    _buy(stage, goods, customer, item, age[-1:])
    after = _placements(stage, query)
    told = f"{customer}: item {item} bought {needed} times"
    broken = []
    if _ids(before["replenish"]):
        broken.append(f"{told}: the slot opened early")
    if _ids(after["replenish"]) != [item]:
        broken.append(f"{told}: the slot shows {_ids(after['replenish'])}")
    if not first["home"] == before["home"] == after["home"]:
        broken.append(f"{told}: `home` changed")
    if any(held_bytes(stage, goods, customer).values()):
        broken.append(f"{told}: it is stored outside the replenishment record")
    for channel in ("email", "push", "print"):
        reply = stage.offers(query | {"channel": channel, "placements": ["replenish"]})
        if reply.status != 422:
            broken.append(f"{told}: {channel} was answered with {reply.status}")
    return broken


def _needed(goods: Goods, item: str) -> tuple[int, int]:
    """Purchases that the policy wants of an item, and the days within which."""
    evidence = int(goods.bundle.evidence[goods.index.item_index[ItemId(item)]])
    own = [
        rule
        for bit, rule in enumerate(goods.policy.life_events)
        if evidence & goods.rules.masked & 1 << bit
    ]
    return max(rule.min_purchases for rule in own), min(rule.within_days for rule in own)


def _buy(stage: Stage, goods: Goods, customer: str, item: str, days: list[int]) -> None:
    stage.events(
        [
            {
                "event_id": f"{customer}-{day}",
                "customer_id": customer,
                "kind": "purchase",
                "item_id": item,
                "timestamp": int(goods.now) - day * SECONDS_A_DAY,
            }
            for day in days
        ]
    )


def _placements(stage: Stage, query: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = stage.offers(query).body()["placements"]
    return found


def _ids(placement: dict[str, Any]) -> list[str]:
    return [offer["offer_id"] for offer in placement["offers"]]
