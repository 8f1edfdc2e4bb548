"""What the guard costs: quality with and without the packs, and what became unreachable.

Both sides are measured on the same non-sensitive truth: what the guard holds back from nobody. So
the difference is what the models lose by not looking at protected evidence. What they may not
show is no loss of quality, and is told apart: offers that nobody gets unasked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from recommender.guard.document import CompiledGuard
from recommender.guard.policy import UNMAPPED
from training.assortment import Assortment
from training.difference import Difference, Finding, change, finding, short, too_few
from training.outcomes import Outcomes
from training.paired import compare
from training.verdict import DECIDES

UNCHECKED = "unmapped"
"""What stands for a life event where nothing is known of an item."""


class Unreachable(BaseModel):
    """What one life event keeps from everybody who has not asked for it.

    life_event           its id; `UNCHECKED` for items that could not be matched at all
    offers               held back; an offer may belong to several life events
    share_of_purchases   share of all lines of purchases whose items are evidence of this life
                         event; None: not counted
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    life_event: str
    title: str
    offers: int
    share_of_purchases: float | None = None


class GuardCost(BaseModel):
    """The price of the guard on one window.

    all, new      NDCG without packs (a) and with them (b), customer by customer; None: nobody
                  took anything
    unreachable   by life event, those with most offers first
    customers     behind `all`
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    all: Difference | None
    new: Difference | None
    unreachable: tuple[Unreachable, ...]
    customers: int


def guard_cost(
    without: Outcomes,
    guarded: Outcomes,
    unreachable: Sequence[Unreachable],
    *,
    resamples: int = 10_000,
    seed: int = 0,
) -> GuardCost:
    """The price from two measurements on the same window and the same non-sensitive truth.

    without   of models that were fitted on everything, nothing held back
    guarded   of the models that will be published

    Raises InputError as `training.paired.compare` does.
    """
    found = compare([without], [guarded], resamples=resamples, seed=seed).questions
    both = {question: measured[DECIDES] for question, measured in found.items()}
    everything = both.get("all")
    return GuardCost(
        n=guarded.n,
        all=everything,
        new=both.get("new"),
        unreachable=tuple(unreachable),
        customers=0 if everything is None else everything.customers,
    )


def in_words(cost: GuardCost) -> tuple[tuple[str, str], ...]:
    """What was asked, and a sentence that tells what it costs there."""
    kinds = (("anything", cost.all), ("only new", cost.new))
    return tuple((kind, _told(found, cost.n)) for kind, found in kinds if found is not None)


def _told(found: Difference, n: int) -> str:
    sides = f"NDCG@{n} {short(found.b)} with the guard, {short(found.a)} without"
    match finding(found):
        case Finding.WORSE:
            told = f"the guard costs some quality: {change(found)}"
        case Finding.BETTER:
            told = f"the offers are better with the guard: {change(found)}"
        case Finding.EQUAL:
            told = "the guard changes nothing"
        case Finding.OPEN:
            few = too_few(found)
            told = few or f"no cost of the guard can be told from chance: {change(found)}"
    return f"{told} ({sides})."


def life_event_bits(guard: CompiledGuard) -> dict[str, int]:
    """The bit of every life event of a policy, by id, and of what could not be matched."""
    bits = {event.id: 1 << bit for bit, event in enumerate(guard.life_events)}
    return bits | {UNCHECKED: UNMAPPED}


def unreachable_offers(
    guard: CompiledGuard, assortment: Assortment, at: int
) -> tuple[Unreachable, ...]:
    """Offers that each life event of the policy holds back at `at` (seconds since 1970).

    Those with most offers first; life events that hold nothing back are left out.
    """
    held = assortment.offer_target & np.uint64(guard.policy.rules(at).contained)
    titles = {event.id: event.title for event in guard.life_events}
    titles[UNCHECKED] = "without title or category"
    found = [
        Unreachable(life_event=id_, title=titles[id_] or id_, offers=int(count))
        for id_, bit in life_event_bits(guard).items()
        if (count := ((held & np.uint64(bit)) != 0).sum())
    ]
    return tuple(sorted(found, key=lambda event: (-event.offers, event.life_event)))
