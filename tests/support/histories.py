"""Tiny histories for the models, written as one dictionary a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recommender.customer import View
from recommender.guard.view import ViewColumns

Element = tuple[int, int]
"""Baskets with the row, and whole days since the latest of them."""


def columns(customers: Sequence[Mapping[int, Element]]) -> ViewColumns:
    """Views of customers who have {row: (baskets, age in days)}; own and confidence follow."""
    rows = [row for customer in customers for row in sorted(customer)]
    elements = [customer[row] for customer in customers for row in sorted(customer)]
    baskets = np.array([b for b, _ in elements], dtype=np.int32)
    ages = np.array([age for _, age in elements], dtype=np.int32)
    decayed = baskets * np.exp2(-ages / 56.0)
    return ViewColumns(
        indptr=np.concatenate([[0], np.cumsum([len(c) for c in customers])]).astype(np.int64),
        rows=np.array(rows, dtype=np.int32),
        baskets=baskets,
        age_days=ages,
        own=decayed.astype(np.float32),
        confidence=(0.1 + np.sqrt(decayed)).astype(np.float32),
    )


def view(history: ViewColumns, c: int) -> View:
    """The view of customer number `c`."""
    at = slice(int(history.indptr[c]), int(history.indptr[c + 1]))
    return View(
        history.rows[at],
        history.baskets[at],
        history.age_days[at],
        history.own[at],
        history.confidence[at],
    )


def some_customers(n: int, n_rows: int, seed: int = 1) -> ViewColumns:
    """`n` customers with random histories of 1 to 12 rows."""
    generator = np.random.default_rng(seed)
    return columns(
        [
            {
                int(row): (int(generator.integers(1, 6)), int(generator.integers(0, 200)))
                for row in generator.choice(n_rows, generator.integers(1, 13), replace=False)
            }
            for _ in range(n)
        ]
    )
