"""Two bundles on the same later purchases of the same customers.

What both may have learned from ends at `cut`, the later of their two last purchases. Truth is
what came after, for customers whom both know, and it is the same for both: an offer that a
customer took and one bundle does not have is out of its reach, and counts as missed. Only what a
bundle's guard holds back counts neither for nor against it. New to a customer is what neither
bundle knows them to have bought, however much older one of the two is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.bundle import CustomerTable
from recommender.controls import Controls
from recommender.errors import InputError
from recommender.index import BundleIndex
from recommender.interactions import Interactions
from recommender.times import day_month_year
from recommender.types import CustomerId, ItemId, Longs
from training.cases import NEW, Known
from training.history import Visible, learn, visible_history
from training.outcomes import QUESTIONS, Outcomes
from training.progress import Progress, Silent
from training.seat import Seat
from training.sections import Evaluation
from training.split import Truth, sample, truth_of


@dataclass(frozen=True, eq=False)
class Purchases:
    """Lines of purchases, and the ids that `lines.item` points into."""

    lines: Interactions
    items: Sequence[ItemId]


@dataclass(frozen=True, eq=False)
class Told:
    """When the policies must be valid (seconds since 1970), and what customers have told us."""

    now: float
    controls: Mapping[str, Controls]


@dataclass(frozen=True, eq=False)
class Side:
    """A bundle ready to decide, and the customers whom it knows."""

    index: BundleIndex
    table: CustomerTable

    @property
    def as_of(self) -> int:
        """Its last purchase, seconds since 1970."""
        return self.index.bundle.manifest.as_of


def informed(
    side: Side, history: Purchases, cut: int, told: Told, progress: Progress | None = None
) -> Side:
    """The bundle with customers as `history` up to `cut` shows them, folded in anew."""
    visible = _visible(side, history, told)
    early = visible.lines.where(visible.lines.timestamp <= cut)
    if not len(early):
        raise InputError(
            f"the history has no visible purchase up to {day_month_year(cut)}",
            hint="hand in with --purchases what customers had bought before the holdout",
        )
    return replace(side, table=learn(side.index, replace(visible, lines=early), progress=progress))


def contest(
    sides: tuple[Side, Side],
    holdout: Purchases,
    settings: Evaluation,
    told: Told,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Outcomes, Outcomes]:
    """What each of the two reaches on the purchases after both were trained.

    Raises InputError when the holdout has none of them, or none of a customer whom both know.
    """
    cut = max(side.as_of for side in sides)
    after = [_after(_visible(side, holdout, told), cut) for side in sides]
    truths = [
        truth_of(later.lines, side.table.customers, later.row_of_item)
        for side, later in zip(sides, after, strict=True)
    ]
    a, b = (
        Seat(side.index, Known(side.table, truth, told.controls), settings.n)
        for side, truth in zip(sides, truths, strict=True)
    )
    chosen = _chosen(sides, truths, settings.customers, seed)
    with (progress or Silent()).stage("measure both", len(chosen)) as advance:
        for customer in chosen:
            _ask(a, b, customer)
            advance(1)
    until = max(later.lines.window[1] for later in after)
    return a.outcomes(cut, until), b.outcomes(cut, until)


def _ask(a: Seat, b: Seat, customer: CustomerId) -> None:
    """Both questions to both. New is what neither knows the customer to have bought."""
    of_a, of_b = a.asked(customer), b.asked(customer)
    owned = a.owned(customer) | b.owned(customer)
    for question in QUESTIONS:
        case_a, case_b = of_a.get(question), of_b.get(question)
        if question == NEW:
            case_a, case_b = a.without(case_a, owned), b.without(case_b, owned)
        taken_a, taken_b = a.taken(case_a), b.taken(case_b)
        a.answer(question, customer, case_a, taken_b)
        b.answer(question, customer, case_b, taken_a)


def _visible(side: Side, purchases: Purchases, told: Told) -> Visible:
    return visible_history(
        side.index, purchases.lines, purchases.items, now=told.now, controls=told.controls
    )


def _after(visible: Visible, cut: int) -> Visible:
    later = visible.lines.where(visible.lines.timestamp > cut)
    if not len(later):
        raise InputError(
            f"the holdout has no visible purchase after {day_month_year(cut)}, when the newer of "
            "the two was trained",
            hint="hand in purchases that are newer than both; `manifest.json` names their as_of",
        )
    return replace(visible, lines=later)


def _chosen(
    sides: tuple[Side, Side], truths: Sequence[Truth], most: int, seed: int
) -> tuple[CustomerId, ...]:
    """At most so many customers whom both know and who bought something that either knows."""
    a, b = (set(side.table.customers) for side in sides)
    bought = {
        side.table.customers[c]
        for side, truth in zip(sides, truths, strict=True)
        for c in truth.customers
    }
    common = sorted(a & b & bought)
    if not common:
        raise InputError(
            "the holdout has no purchase of a customer whom both know",
            hint="hand in a longer one, or compare bundles of the same shop",
        )
    numbers: Longs = np.arange(len(common), dtype=np.int64)
    return tuple(common[c] for c in sample(numbers, most, seed))
