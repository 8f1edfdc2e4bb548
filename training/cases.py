"""The questions that an evaluation asks: who is asked about, what is known, what was taken.

    all       the placement `home`: anything may be offered
    new       the placement `discovery`: what the customer bought before counts neither as an
              offer nor as truth
    session   a visitor of whom nothing is known but half of a basket, drawn with a fixed seed:
              `home` has to guess the other half. The basket is the customer's first of the window

An offer was taken when the customer bought anything that it promotes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from recommender.bundle import CustomerTable
from recommender.channel import Channel
from recommender.controls import NOTHING_TOLD, Controls
from recommender.customer import CustomerState, View, new_customer
from recommender.guard.policy import GuardRules
from recommender.guard.unlocks import rules_of_customer
from recommender.guard.view import visible_rows
from recommender.index import BundleIndex
from recommender.interactions import Interactions
from recommender.types import Bools, Ints, ItemId
from training.split import Truth

ALL, NEW, SESSION = "all", "new", "session"


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the customers, and what they bought afterwards.

    baskets   rows of each customer's first basket of the window; None: no session is asked
    """

    table: CustomerTable
    truth: Truth
    controls: Mapping[str, Controls]
    baskets: Truth | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One customer and one question.

    customer   number in the table
    state      what the engine knows beside the context
    context    items of the session
    view       the same as one view, for methods that know no context
    rules      of this customer on the site
    open_      (n_offers,) what a method may show
    taken      offers, ascending, at least one
    """

    question: str
    customer: int
    state: CustomerState
    context: tuple[ItemId, ...]
    view: View
    rules: GuardRules
    open_: Bools
    taken: Ints


def first_baskets(lines: Interactions) -> Interactions:
    """The lines of each customer's earliest basket."""
    begins = np.r_[True, lines.customer[1:] != lines.customer[:-1]][: len(lines)]
    first = lines.basket[begins]
    return lines.where(lines.basket == first[lines.customer])


def cases(index: BundleIndex, known: Known, c: int, *, seed: int) -> tuple[list[Case], int, int]:
    """The questions about customer `c`; how many offers they took, and how many are left out.

    Left out is what no personalised slot may hold for this customer under the guard.
    """
    now = index.bundle.manifest.as_of
    controls = known.controls.get(known.table.customers[c], NOTHING_TOLD)
    rules = rules_of_customer(index.policy, index.rules(now), controls, Channel.SITE, now)
    open_ = index.allowed(rules, now)
    view = known.table.view(c)
    state = CustomerState(view=view, factor=known.table.factors[c], controls=controls)
    bought = offers_of(index, known.truth.of(c))
    taken = bought[open_[bought]]
    owned = offers_of(index, view.rows)
    asked = [Case(ALL, c, state, (), view, rules, open_, taken)]
    if len(new := np.setdiff1d(taken, owned).astype(np.int32)):
        asked.append(Case(NEW, c, state, (), view, rules, _without(open_, owned), new))
    asked += _sessions(index, known, c, seed)
    return [case for case in asked if len(case.taken)], len(bought), len(bought) - len(taken)


def offers_of(index: BundleIndex, rows: Ints) -> Ints:
    """Offers that promote any of the rows, ascending."""
    return index.owned(rows, np.zeros(len(rows)))[0]


def _sessions(index: BundleIndex, known: Known, c: int, seed: int) -> Iterator[Case]:
    """The session of customer `c`, where their first basket has two rows that may be seen."""
    if known.baskets is None:
        return
    now = index.bundle.manifest.as_of
    rules = rules_of_customer(index.policy, index.rules(now), NOTHING_TOLD, Channel.SITE, now)
    rows = np.array(visible_rows(known.baskets.of(c).tolist(), index.evidence_of_row, rules))
    if len(rows) < 2:
        return
    mixed = np.random.default_rng((seed, c)).permutation(rows).astype(np.int32)
    seen, hidden = np.sort(mixed[: len(rows) // 2]), np.sort(mixed[len(rows) // 2 :])
    open_ = _without(index.allowed(rules, now), offers_of(index, seen))
    taken = offers_of(index, hidden)
    yield Case(
        question=SESSION,
        customer=c,
        state=new_customer(),
        context=tuple(index.item_id(row) for row in seen.tolist()),
        view=_one_basket(seen, index.bundle.parameters.confidence_floor),
        rules=rules,
        open_=open_,
        taken=taken[open_[taken]],
    )


def _one_basket(rows: Ints, floor: float) -> View:
    """The view of somebody who bought the rows just now, and nothing before."""
    ones = np.ones(len(rows), dtype=np.int32)
    worth = ones.astype(np.float32)
    return View(rows, ones, np.zeros_like(ones), worth, worth * np.float32(1.0 + floor))


def _without(open_: Bools, offers: Ints) -> Bools:
    left = open_.copy()
    left[offers] = False
    return left
