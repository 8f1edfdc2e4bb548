"""Lines to interactions: returns netted, lines of a basket merged, everything in one order.

Nothing here looks beyond one customer and one item: the lines of an item come out the same
whatever else its customer, or anybody, bought or returned. (Sums are taken in a canonical
order, so that they do not depend on the order of reading either.)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from recommender.interactions import Interactions
from recommender.types import SECONDS_A_DAY, Bools, CustomerId, Doubles, Ints, Longs
from training.reading.checks import LEAST_QUANTITY

NO_ORDER = -1


@dataclass(frozen=True, eq=False)
class Lines:
    """Validated lines as numbers, in the order of reading; all arrays (n,).

    customer    index into `customers` (sorted)
    item        index into the catalogue
    timestamp   seconds since 1970, UTC
    quantity    units, never 0; negative for a return
    order       code of the order, ascending with its id; NO_ORDER when none is named
    gift        bought for somebody else: such a line says nothing of who bought it
    """

    customers: tuple[CustomerId, ...]
    customer: Ints
    item: Ints
    timestamp: Longs
    quantity: Doubles
    order: Longs
    gift: Bools

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, at: Longs | Bools) -> Lines:
        """The chosen lines; `customers` stays."""
        return Lines(
            self.customers,
            self.customer[at],
            self.item[at],
            self.timestamp[at],
            self.quantity[at],
            self.order[at],
            self.gift[at],
        )


@dataclass(frozen=True, eq=False)
class Netted:
    """Interactions, and where the other lines went.

    returns     lines that were returns
    unmatched   of those, the ones for which (in part) no earlier purchase was found
    cancelled   purchases of which returns left nothing
    gifts       purchases left out because they were gifts
    merged      lines added to an equal line of the same basket
    """

    interactions: Interactions
    returns: int
    unmatched: int
    cancelled: int
    gifts: int
    merged: int


def net(lines: Lines) -> Netted:
    """Nets returns against purchases, leaves gifts out, merges lines of a basket, sorts.

    A return takes from the latest earlier purchases of the same customer and item, those of
    its own order first. Without an order, the purchases of a UTC day are a basket. A merged
    line has the sum of the quantities and the latest timestamp. Gifts leave once they are netted:
    the return of one must not undo a purchase of the customer's own.
    """
    is_return = lines.quantity < 0
    # Purchases stand before returns of the same moment: a return never precedes what it undoes.
    canonical = np.lexsort(
        (
            lines.gift,
            lines.quantity,
            lines.order,
            is_return,
            lines.timestamp,
            lines.item,
            lines.customer,
        )
    )
    lines, is_return = lines.take(canonical), is_return[canonical]
    left, unmatched = _net_groups(lines, is_return)
    gifts = (left > 0) & lines.gift
    kept = (left > 0) & ~lines.gift
    returns = int(is_return.sum())
    remaining = lines.take(kept)
    interactions = _merge(remaining, left[kept])
    return Netted(
        interactions=interactions,
        returns=returns,
        unmatched=unmatched,
        cancelled=int((left <= 0).sum()) - returns,
        gifts=int(gifts.sum()),
        merged=len(remaining) - len(interactions),
    )


def _net_groups(lines: Lines, is_return: Bools) -> tuple[Doubles, int]:
    """What is left of each line (returns: 0), and the number of unmatched returns.

    `lines` are in canonical order; only groups with a return are looked at one by one.
    """
    left = np.where(is_return, 0.0, lines.quantity)
    starts = _starts(lines.customer, lines.item)
    ends = np.r_[starts[1:], len(lines)]
    unmatched = 0
    group_of_line = np.repeat(np.arange(len(starts)), ends - starts)
    for group in np.unique(group_of_line[is_return]):
        at = slice(int(starts[group]), int(ends[group]))
        remaining, missed = _net_group(lines.quantity[at], lines.order[at])
        left[at] = remaining
        unmatched += missed
    return left, unmatched


def _net_group(quantity: Doubles, order: Longs) -> tuple[Doubles, int]:
    """What is left of each line, and how many returns found too little to undo.

    The lines are those of one customer and item, in canonical order.
    """
    left = np.maximum(quantity, 0.0)
    open_lines: list[int] = []
    open_of_order: defaultdict[int, list[int]] = defaultdict(list)
    unmatched = 0
    for at, units in enumerate(quantity.tolist()):
        of_order = open_of_order[int(order[at])] if order[at] != NO_ORDER else []
        if units > 0:
            open_lines.append(at)
            of_order.append(at)
            continue
        wanted = _take(left, of_order, -units)
        wanted = _take(left, open_lines, wanted)
        unmatched += wanted >= LEAST_QUANTITY
    return left, unmatched


def _take(left: Doubles, stack: list[int], wanted: float) -> float:
    """Takes units from the lines on top of the stack; gives what could not be had."""
    while stack and wanted >= LEAST_QUANTITY:
        top = stack[-1]
        taken = min(left[top], wanted)
        wanted -= taken
        left[top] -= taken
        if left[top] < LEAST_QUANTITY:
            left[top] = 0.0
            stack.pop()
    return wanted


def _merge(lines: Lines, quantity: Doubles) -> Interactions:
    """One line a (customer, item, basket), sorted by (customer, timestamp, item)."""
    basket = _baskets(lines)
    order = np.lexsort((quantity, lines.timestamp, basket, lines.item, lines.customer))
    lines, quantity, basket = lines.take(order), quantity[order], basket[order]
    starts = _starts(lines.customer, lines.item, basket)
    if not len(starts):
        return _interactions(lines, quantity, basket)
    total = np.add.reduceat(quantity, starts)
    latest = np.maximum.reduceat(lines.timestamp, starts)
    merged, basket = lines.take(starts), basket[starts]
    order = np.lexsort((basket, merged.item, latest, merged.customer))
    merged = replace(merged, timestamp=latest).take(order)
    return _interactions(merged, total[order], basket[order])


def _baskets(lines: Lines) -> Longs:
    """A code that is equal for lines of one customer's order, or UTC day without an order."""
    if not len(lines):
        return np.empty(0, dtype=np.int64)
    day = lines.timestamp // SECONDS_A_DAY
    day -= day.min()
    n_orders, n_days = int(lines.order.max()) + 1, int(day.max()) + 1
    within = np.where(lines.order == NO_ORDER, n_orders + day, lines.order)
    return lines.customer.astype(np.int64) * (n_orders + n_days) + within


def _interactions(lines: Lines, quantity: Doubles, basket: Longs) -> Interactions:
    interactions = Interactions(
        customers=lines.customers,
        customer=lines.customer,
        item=lines.item,
        timestamp=lines.timestamp,
        quantity=quantity.astype(np.float32),
        basket=basket,
    )
    # Customers who returned everything leave.
    return interactions.where(np.ones(len(lines), dtype=np.bool_))


def _starts(*columns: Ints | Longs) -> Longs:
    """Where a new combination begins in sorted columns."""
    n = len(columns[0])
    if not n:
        return np.empty(0, dtype=np.int64)
    new = np.zeros(n, dtype=np.bool_)
    new[0] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new).astype(np.int64)
