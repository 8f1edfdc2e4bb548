"""New, light and heavy customers, by how many baskets their views show.

The thresholds are the shop's own: `few` is what the fifth of the customers with the fewest
baskets have at most, `many` what four fifths have at most.

    new     at most `few` baskets
    heavy   more than `many`
    light   all others

Where nearly all have equally many, they are no segment of their own: nobody is new who has as
many baskets as four fifths of the customers, except with a single one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.bundle import CustomerTable
from recommender.types import Longs

NEW, LIGHT, HEAVY = "new", "light", "heavy"
SEGMENTS = (NEW, LIGHT, HEAVY)


@dataclass(frozen=True)
class Thresholds:
    """What separates the segments, in visible baskets: new <= few, heavy > many."""

    few: int
    many: int

    @classmethod
    def of(cls, baskets: Longs) -> Thresholds:
        """Those of a shop whose customers have so many visible baskets, (n_customers,)."""
        if not len(baskets):
            return cls(1, 1)
        few = int(np.quantile(baskets, 0.2, method="lower"))
        many = int(np.quantile(baskets, 0.8, method="lower"))
        return cls(max(1, min(few, many - 1)), many)

    def segment(self, baskets: int) -> str:
        """One of `SEGMENTS`."""
        if baskets <= self.few:
            return NEW
        return HEAVY if baskets > self.many else LIGHT


def visible_baskets(table: CustomerTable) -> Longs:
    """How many baskets every customer's view proves, (n_customers,), each at least 1.

    A view names the day of the latest purchase of every item and the number of baskets with it.
    So there were at least as many baskets as different days, and as many as any item was in.
    Exact for up to two baskets on different days; for more it is a lower bound that orders
    customers alike.
    """
    owner = np.repeat(np.arange(len(table), dtype=np.int64), np.diff(table.indptr))
    span = int(table.age_days.max(initial=0)) + 1
    days = np.bincount(np.unique(owner * span + table.age_days) // span, minlength=len(table))
    found = np.maximum(days, 1).astype(np.int64)
    np.maximum.at(found, owner, table.baskets)
    return found
