"""Fitted heads of a small shop, made without training: what tuning is tested on.

Three kinds of shop, drawn with a seed:

    habits    customers of four tastes buy a few staples again and again, and something new of
              their taste now and then
    fashion   nobody ever buys anything twice
    loyal     nobody buys anything new in the window
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.sparse import csr_matrix

from recommender.guard.view import ViewColumns, view_columns
from recommender.interactions import Interactions
from recommender.models import popularity, repeat
from recommender.types import SECONDS_A_WEEK, CustomerId, Doubles, Floats, Ints
from training.split import Truth

WEEKS = 20
AS_OF = 1_700_000_000
N_ITEMS = 80

Kind = Literal["habits", "fashion", "loyal"]


@dataclass(frozen=True, eq=False)
class Small:
    """`training.evidence.Fitted` for every item of `lines`."""

    lines: Interactions
    as_of: int
    row_of_item: Ints
    columns: ViewColumns
    factors: Floats
    gramian: Doubles
    customer_factors: Floats
    rate: Doubles
    tau: Doubles
    recent: Mapping[float, Doubles]
    edges: Mapping[str, csr_matrix] = field(default_factory=dict)

    @property
    def customers(self) -> tuple[CustomerId, ...]:
        """All of them."""
        return self.lines.customers

    @property
    def n_rows(self) -> int:
        """Every item is a row."""
        return len(self.row_of_item)


def shop(kind: Kind = "habits", customers: int = 60, seed: int = 3) -> tuple[Small, Truth]:
    """Heads on twenty weeks, and what customers bought in the four weeks after them."""
    chance = np.random.default_rng(seed)
    lines: list[tuple[int, int, int]] = []
    truth: list[list[int]] = []
    for c in range(customers):
        liked = chance.permutation(N_ITEMS)[:24]
        taste = 20 * (c % 4) + chance.permutation(20)
        staples, rest = taste[:5], taste[5:]
        for week in range(WEEKS):
            if kind == "fashion":
                lines += [(c, int(item), week) for item in liked[week % 20 : week % 20 + 1]]
            else:
                lines += [(c, int(item), week) for item in chance.permutation(staples)[:2]]
                lines += [(c, int(item), week) for item in rest[:6][chance.random(6) < 0.1]]
        if kind == "fashion":
            truth.append(sorted({*liked[20:24].tolist(), c % 5 + 1} - set(liked[:20].tolist())))
        else:
            new = [] if kind == "loyal" else rest[6:8].tolist()
            truth.append(sorted({int(staples[0]), int(staples[1]), *new}))
    if kind == "loyal":
        bought = {(c, item) for c, item, _ in lines}
        truth = [[i for i in rows if (c, i) in bought] for c, rows in enumerate(truth)]
    return fitted(lines, customers), truth_from(truth)


def truth_from(rows: list[list[int]]) -> Truth:
    """Customer c bought `rows[c]`, ascending, in the window."""
    return Truth(
        indptr=np.cumsum([0, *map(len, rows)]).astype(np.int64),
        rows=np.array([row for found in rows for row in found], dtype=np.int32),
    )


def fitted(
    purchases: list[tuple[int, int, int]], n_customers: int, n_items: int = N_ITEMS
) -> Small:
    """Heads on purchases (customer, item, week), the last week the newest; a week is a basket."""
    customer, item, week = np.array(sorted(set(purchases)), dtype=np.int64).T
    last = int(week.max())
    lines = Interactions(
        customers=tuple(CustomerId(f"c{c:03d}") for c in range(n_customers)),
        customer=customer.astype(np.int32),
        item=item.astype(np.int32),
        timestamp=AS_OF - (last - week) * SECONDS_A_WEEK,
        quantity=np.ones(len(item), dtype=np.float32),
        basket=customer * 1000 + week,
    )
    every = np.arange(n_items, dtype=np.int32)
    columns = view_columns(
        lines,
        every,
        as_of=AS_OF,
        own_fast_half_life_weeks=5.0,
        own_slow_half_life_weeks=25.0,
        own_fast_share=0.5,
        confidence_half_life_weeks=8.0,
        confidence_floor=0.1,
    )
    shape = (n_customers, n_items)
    matrix = csr_matrix((columns.confidence, columns.rows, columns.indptr), shape=shape)
    factors = np.linalg.svd(matrix.toarray(), full_matrices=False)[2][:4].T.astype(np.float32)
    together = (matrix.T @ matrix).toarray()
    np.fill_diagonal(together, 0.0)
    return Small(
        lines=lines,
        as_of=AS_OF,
        row_of_item=every,
        columns=columns,
        factors=factors,
        gramian=(factors.T @ factors).astype(np.float64),
        customer_factors=np.asarray(matrix @ factors, dtype=np.float32),
        rate=repeat.repeat_rate(columns, n_items, repeat.RepeatConfig()),
        tau=popularity.trend(columns, n_items, popularity.PopularityConfig()),
        recent={
            weeks: popularity.recent_buyers(columns, n_items, weeks) for weeks in (0.5, 2.0, 8.0)
        },
        edges={"ease": csr_matrix(together.astype(np.float32))},
    )
