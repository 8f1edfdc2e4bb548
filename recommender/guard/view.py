"""The view: a history without what the engine should not know. The raw history's one reader.

    v(H, U_H) = the rows of H that are evidence of no life event outside U_H, made canonical

Everything downstream takes a view: models, the seen-filter, recency, reasons, cached factors.
Masking once, here, makes all of it blind by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.customer import View
from recommender.guard.policy import GuardRules
from recommender.interactions import Interactions
from recommender.types import (
    SECONDS_A_DAY,
    SECONDS_A_WEEK,
    Bits,
    Bools,
    Doubles,
    Floats,
    Ints,
    Longs,
)


def visible(evidence: Bits, rules: GuardRules, unlocked_history: int = 0) -> Bools:
    """Which items may be seen. An item of two life events needs both unlocked.

    evidence          (n,) life-event bits an item
    unlocked_history  bits of U_H: declared *and* leave given to use purchases
    """
    locked = np.uint64(rules.masked & ~unlocked_history)
    seen: Bools = (evidence & locked) == 0
    return seen


def view_of_purchases(raw: Interactions, evidence: Bits, rules: GuardRules) -> Interactions:
    """The visible lines of all customers, for training; nobody has unlocked anything.

    evidence   (n_items,) bits an item of the catalogue that `raw.item` points into

    Customers who have no visible line are not in the result: they will be answered like new
    customers.
    """
    return raw.where(visible(evidence, rules)[raw.item])


def view_of_customer(view: View, evidence_of_row: Bits, rules: GuardRules, unlocked: int) -> View:
    """A stored view under rules that may have become stricter since it was stored.

    evidence_of_row   (n_rows,) bits a row. Returns `view` itself when nothing changes.
    """
    keep = visible(evidence_of_row[view.rows], rules, unlocked)
    return view if keep.all() else view.where(keep)


def visible_rows(
    rows: list[int], evidence_of_row: Bits, rules: GuardRules, unlocked: int
) -> list[int]:
    """The rows of a basket, page or session that may be seen, ascending, each once."""
    locked = rules.masked & ~unlocked
    return sorted({row for row in rows if not int(evidence_of_row[row]) & locked})


@dataclass(frozen=True, eq=False)
class ViewColumns:
    """The views of all customers as columns; `indptr` as in `bundle.CustomerTable`."""

    indptr: Longs
    rows: Ints
    baskets: Ints
    age_days: Ints
    own: Floats
    confidence: Floats


def view_columns(
    visible_lines: Interactions,
    row_of_item: Ints,
    *,
    as_of: int,
    own_half_life_weeks: float,
    confidence_half_life_weeks: float,
    confidence_floor: float,
) -> ViewColumns:
    """Merges lines into one element a (customer, row), customers in `visible_lines` order.

    row_of_item   (n_items,) the model row of a catalogue item, -1 when it has none
    as_of         seconds since 1970; ages count back from here

    A basket counts once however many lines of the item it has.
    """
    customer, row, timestamp = _distinct_baskets(visible_lines, row_of_item)
    starts = np.flatnonzero(
        np.r_[True, (customer[1:] != customer[:-1]) | (row[1:] != row[:-1])][: len(row)]
    )
    age = np.maximum(as_of - timestamp, 0).astype(np.float64)

    def decayed(half_life_weeks: float) -> Doubles:
        weights = np.exp2(-age / (half_life_weeks * SECONDS_A_WEEK))
        return np.add.reduceat(weights, starts) if len(starts) else np.empty(0)

    ends = np.r_[starts[1:], len(row)].astype(np.int64)
    per_customer = np.bincount(customer[starts], minlength=len(visible_lines.customers))
    latest = timestamp[ends - 1] if len(starts) else timestamp
    # Calendar days, so that a reason can name the day of the purchase.
    age_days = np.maximum(as_of // SECONDS_A_DAY - latest // SECONDS_A_DAY, 0)
    return ViewColumns(
        indptr=np.concatenate([[0], np.cumsum(per_customer)]).astype(np.int64),
        rows=row[starts].astype(np.int32),
        baskets=(ends - starts).astype(np.int32),
        age_days=age_days.astype(np.int32),
        own=decayed(own_half_life_weeks).astype(np.float32),
        confidence=(confidence_floor + np.sqrt(decayed(confidence_half_life_weeks))).astype(
            np.float32
        ),
    )


def _distinct_baskets(lines: Interactions, row_of_item: Ints) -> tuple[Ints, Ints, Longs]:
    """Customer, row and latest time of each distinct (customer, row, basket).

    In canonical order, so that sums do not depend on the order in which purchases were read.
    """
    row = row_of_item[lines.item]
    known = row >= 0
    customer, row = lines.customer[known], row[known]
    timestamp, basket = lines.timestamp[known], lines.basket[known]
    order = np.lexsort((timestamp, basket, row, customer))
    customer, row = customer[order], row[order]
    timestamp, basket = timestamp[order], basket[order]
    last = np.ones(len(row), dtype=np.bool_)
    last[:-1] = (
        (customer[1:] != customer[:-1]) | (row[1:] != row[:-1]) | (basket[1:] != basket[:-1])
    )
    customer, row, timestamp = customer[last], row[last], timestamp[last]
    order = np.lexsort((timestamp, row, customer))
    return customer[order], row[order], timestamp[order]
