"""The view: a history without what the engine should not know. The raw history's one reader.

    v(H, U_H) = the rows of H that are evidence of no life event outside U_H, made canonical

Everything downstream takes a view: models, the seen-filter, recency, reasons, cached factors.
Masking once, here, makes all of it blind by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from recommender.controls import Controls
from recommender.customer import View
from recommender.guard.policy import GuardPolicy, GuardRules
from recommender.guard.unlocks import stored_rules
from recommender.interactions import Interactions
from recommender.types import (
    SECONDS_A_DAY,
    SECONDS_A_WEEK,
    Bits,
    Bools,
    Doubles,
    Floats,
    Ints,
    ItemId,
    Longs,
)


def visible(evidence: Bits, rules: GuardRules) -> Bools:
    """Which items may be seen. An item of two life events needs both unlocked.

    evidence   (n,) life-event bits an item
    rules      of everybody, or of one customer
    """
    seen: Bools = (evidence & np.uint64(rules.masked)) == 0
    return seen


@dataclass(frozen=True)
class Told:
    """What the controls of a shop's customers mean for training.

    controls     customer -> controls, from a dated export
    policy, at   what they are read under, and when (seconds since 1970)
    categories   item -> categories of its path, in small letters
    """

    controls: Mapping[str, Controls]
    policy: GuardPolicy
    at: float
    items: tuple[ItemId, ...]
    categories: Callable[[int], frozenset[str]]

    def customers(self, raw: Interactions) -> Iterator[tuple[Controls, Longs]]:
        """The controls of those of `raw` who have told us anything, with the customer's lines."""
        order = np.argsort(raw.customer, kind="stable")
        ends = np.cumsum(np.bincount(raw.customer, minlength=len(raw.customers)))
        for c, customer in enumerate(raw.customers):
            controls = self.controls.get(customer)
            if controls:
                yield controls, order[ends[c - 1] if c else 0 : ends[c]]

    def unmarked(self, raw: Interactions, lines: Longs, controls: Controls) -> Bools:
        """(len(lines),) True where a line is no gift, not forgotten, and not too personal."""
        muted = controls.muted_categories(self.at)
        keep = np.ones(len(lines), dtype=np.bool_)
        for i, line in enumerate(lines.tolist()):
            item = int(raw.item[line])
            name = self.items[item]
            keep[i] = not (
                controls.hides(name, self.at)
                or controls.forgets(name, int(raw.timestamp[line]))
                or bool(muted and muted & self.categories(item))
            )
        return keep


def view_of_purchases(
    raw: Interactions, evidence: Bits, rules: GuardRules, told: Told | None = None
) -> Interactions:
    """The visible lines of all customers, for training.

    evidence   (n_items,) bits an item of the catalogue that `raw.item` points into
    told       what customers have unlocked, locked, marked and had forgotten; None: nobody has

    Customers who have no visible line are not in the result: they will be answered like new
    customers.
    """
    keep = visible(evidence, rules)[raw.item]
    if told is not None:
        for controls, lines in told.customers(raw):
            own = stored_rules(told.policy, rules, controls, told.at)
            seen = visible(evidence[raw.item[lines]], own) & told.unmarked(raw, lines, controls)
            keep[lines] = seen & own.personal
    return raw.where(keep)


def view_of_customer(view: View, evidence_of_row: Bits, rules: GuardRules) -> View:
    """A stored view under the rules of one customer at this moment.

    evidence_of_row   (n_rows,) bits a row. Returns `view` itself when nothing changes.
    """
    keep = visible(evidence_of_row[view.rows], rules)
    return view if keep.all() else view.where(keep)


def visible_rows(rows: list[int], evidence_of_row: Bits, rules: GuardRules) -> list[int]:
    """The rows of a basket, page or session that may be seen, ascending, each once."""
    return sorted({row for row in rows if not int(evidence_of_row[row]) & rules.masked})


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
    own_fast_half_life_weeks: float,
    own_slow_half_life_weeks: float,
    own_fast_share: float,
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

    fast, slow = decayed(own_fast_half_life_weeks), decayed(own_slow_half_life_weeks)
    own = own_fast_share * fast + (1.0 - own_fast_share) * slow
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
        own=own.astype(np.float32),
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
