"""Temporal splits: learn before a moment, look at what was bought after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from recommender.errors import InputError
from recommender.interactions import Interactions
from recommender.types import SECONDS_A_WEEK, CustomerId, Ints, Longs


class TooShortError(InputError):
    """The purchases span too little time for the window that was asked for."""


@dataclass(frozen=True, eq=False)
class Split:
    """Lines up to and including `cut` (seconds since 1970), and those after it."""

    before: Interactions
    after: Interactions
    cut: int


def split_off(visible: Interactions, weeks: int, *, name: str, until: int | None = None) -> Split:
    """Splits the last `weeks` weeks off: the window is (until - weeks, until].

    until   seconds since 1970; later lines are left out. None: the latest line
    name    what the window is for, in words

    Raises TooShortError when fewer than two windows of purchases exist up to `until`, or when
    nobody bought both before and in the window.
    """
    first, last = visible.window
    end = last if until is None else until
    cut = end - weeks * SECONDS_A_WEEK
    if cut - first < weeks * SECONDS_A_WEEK:
        # Rounded down: what falls just short of two windows must not read as if it were enough.
        span = 10 * max(end - first, 0) // SECONDS_A_WEEK / 10
        raise TooShortError(
            f"no {name} window: {span:.1f} weeks of purchases are left, "
            f"and {weeks} + {weeks} weeks are needed",
            hint="hand in more history or set a shorter evaluation.window_weeks",
        )
    early = visible.timestamp <= cut
    before, after = visible.where(early), visible.where(~early & (visible.timestamp <= end))
    if not set(before.customers) & set(after.customers):
        raise TooShortError(
            f"no {name} window: no customer bought both before it and in it",
            hint="hand in more customers or set a longer evaluation.window_weeks",
        )
    return Split(before, after, cut)


@dataclass(frozen=True, eq=False)
class Truth:
    """What customers bought in a window: customer c bought `rows[indptr[c]:indptr[c + 1]]`.

    Distinct model rows, ascending; customers as in the table that it was made for.
    """

    indptr: Longs
    rows: Ints

    def of(self, c: int) -> Ints:
        """The rows of customer number `c`."""
        return self.rows[int(self.indptr[c]) : int(self.indptr[c + 1])]

    @property
    def customers(self) -> Longs:
        """Numbers of the customers who bought anything, ascending."""
        return np.flatnonzero(np.diff(self.indptr)).astype(np.int64)


def truth_of(after: Interactions, customers: Iterable[CustomerId], row_of_item: Ints) -> Truth:
    """The lines of a window as rows, for known customers and known items only.

    customers     of the training part, in the order wanted
    row_of_item   (n_items,) model row of what `after.item` points into, -1 when it has none
    """
    number = {customer: c for c, customer in enumerate(customers)}
    known = np.array([number.get(c, -1) for c in after.customers], dtype=np.int64)
    who, row = known[after.customer], row_of_item[after.item]
    keep = (who >= 0) & (row >= 0)
    n_rows = int(row.max(initial=0)) + 1
    pair = np.unique(who[keep] * n_rows + row[keep])
    per_customer = np.bincount(pair // n_rows, minlength=len(number))
    return Truth(
        indptr=np.concatenate([[0], np.cumsum(per_customer)]).astype(np.int64),
        rows=(pair % n_rows).astype(np.int32),
    )


def sample(numbers: Longs, most: int, seed: int) -> Longs:
    """At most `most` of the numbers, drawn with a fixed seed, ascending."""
    if len(numbers) <= most:
        return numbers
    chosen = np.random.default_rng(seed).choice(len(numbers), size=most, replace=False)
    return numbers[np.sort(chosen)]
