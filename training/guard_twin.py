"""Measures what the guard costs, with a twin of the models that looks at everything.

The twin is fitted on the same purchases with nothing masked, measured, and thrown away. All that
is kept is `GuardCost`: means over customers, no customer, no purchase. It goes into the report
and nowhere else, because whatever else a training writes is a function of the view.

Both make lists under the same policy, so that the twin's sensitive offers are struck and their
places filled: with them it would only waste places, and the guard would look better than it is.
Truth is what touches no protected life event and both models know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from recommender.index import BundleIndex
from recommender.types import Bools, CustomerId, OfferId
from training.cases import Case, Known
from training.fit import bundle_of
from training.guard_cost import (
    GuardCost,
    Unreachable,
    guard_cost,
    life_event_bits,
    unreachable_offers,
)
from training.heads import fit_heads
from training.material import Material, Unmasked
from training.outcomes import QUESTIONS, Outcomes
from training.progress import Labelled, Progress
from training.rolling import Model, Round
from training.seat import Seat
from training.split import sample, truth_of


def price_of_guard(
    material: Material, unmasked: Unmasked, last: Round, model: Model, progress: Progress
) -> GuardCost | None:
    """What the guard costs in the newest window.

    last    the round of that window
    model   what answered in it

    None where fewer customers can be compared than a count needs (`min_audience_cell`).
    """
    least = material.guard.policy.min_audience_cell
    twin = _twin(material, unmasked, last, progress)
    without, guarded = _played(material, last, (twin, model), progress)
    if len(guarded.answers["all"]) < least:
        return None
    found = guard_cost(without, guarded, _unreachable(material, unmasked, last))
    few = found.new is not None and found.new.customers < least
    return found.model_copy(update={"new": None}) if few else found


def _unreachable(material: Material, unmasked: Unmasked, last: Round) -> tuple[Unreachable, ...]:
    """What each life event holds back, and its share of the window's purchases.

    A share stands only where enough customers are behind it (`min_audience_cell`).
    """
    guard, shelf = material.guard, material.assortment
    first, until = last.split.cut, last.measured.outcomes.window_until
    lines = unmasked.lines
    lines = lines.where((lines.timestamp > first) & (lines.timestamp <= until))
    masked = np.uint64(guard.policy.rules(until).masked)
    evidence = shelf.evidence[lines.item] & masked
    bits, found = life_event_bits(guard), []
    for event in unreachable_offers(guard, shelf, until):
        hit = (evidence & np.uint64(bits[event.life_event])) != 0
        customers = len(np.unique(lines.customer[hit]))
        enough = customers >= guard.policy.min_audience_cell
        share = round(float(hit.mean()), 4) if enough else None
        found.append(event.model_copy(update={"share_of_purchases": share}))
    return tuple(found)


def _twin(material: Material, unmasked: Unmasked, last: Round, progress: Progress) -> Model:
    """The models of the window if nothing had been masked; what may be shown is the same."""
    shelf, lines = material.assortment, unmasked.lines
    blind = replace(shelf, evidence=np.zeros_like(shelf.evidence))
    before = lines.where(lines.timestamp <= last.split.cut)
    settings = material.config.model
    # More customers have a history without masks; an item must not need more buyers for that.
    least = settings.support(len(last.split.before.customers))
    settings = settings.model_copy(update={"min_support": least})
    here = Labelled(progress, "unguarded")
    heads = fit_heads(before, blind, settings, last.parameters, here)
    bundle, table = bundle_of(heads, blind, settings, last.parameters, here, with_neighbours=False)
    return Model(BundleIndex(bundle), table)


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two, and the seat that counts its hits."""

    index: BundleIndex
    seat: Seat

    def asked(self, customer: CustomerId) -> Mapping[str, tuple[Case, dict[OfferId, int]]]:
        """The questions about a customer, each with the offers that were taken."""
        ids = self.index.bundle.offers.ids
        return {
            question: (case, {ids[offer]: offer for offer in case.taken.tolist()})
            for question, case in self.seat.asked(customer).items()
        }


def _played(
    material: Material, last: Round, models: tuple[Model, Model], progress: Progress
) -> tuple[Outcomes, Outcomes]:
    """Both on one truth: what each offered, and how much of it was taken."""
    known = _harmless(material, last)
    for model in models:
        known &= model.index.row_of_item >= 0
    after = last.split.after.where(known[last.split.after.item])
    settings = material.config.evaluation
    a, b = (
        _Side(
            model.index,
            Seat(
                model.index,
                Known(
                    model.table,
                    truth_of(after, model.table.customers, model.index.row_of_item),
                    material.export.controls,
                ),
                settings.n,
            ),
        )
        for model in models
    )
    both = set(after.customers).intersection(*(model.table.customers for model in models))
    numbers = np.arange(len(both), dtype=np.int64)
    customers = sorted(both)
    chosen = sample(numbers, settings.customers, material.config.model.seed).tolist()
    with progress.stage("price of the guard", len(chosen)) as advance:
        for number in chosen:
            _answer(a, b, customers[number])
            advance(1)
    measured = last.measured.outcomes
    first, until = measured.window_from, measured.window_until
    return a.seat.outcomes(first, until), b.seat.outcomes(first, until)


def _answer(a: _Side, b: _Side, customer: CustomerId) -> None:
    """Each is asked for what both could have found; what only one could counts for neither."""
    of_a, of_b = a.asked(customer), b.asked(customer)
    for question in QUESTIONS:
        if question not in of_a or question not in of_b:
            continue
        (case_a, taken_a), (case_b, taken_b) = of_a[question], of_b[question]
        common = taken_a.keys() & taken_b.keys()
        if not common:
            continue
        for side, case, taken in ((a, case_a, taken_a), (b, case_b, taken_b)):
            offers = np.array(sorted(taken[offer] for offer in common), dtype=np.int32)
            side.seat.answer(question, customer, replace(case, taken=offers), {})


def _harmless(material: Material, last: Round) -> Bools:
    """(n_items,) True for what is neither evidence nor target of a protected life event."""
    shelf = material.assortment
    rules = material.guard.policy.rules(last.measured.outcomes.window_until)
    protected = np.uint64(rules.masked | rules.contained)
    touched = shelf.evidence | shelf.target
    free: Bools = (touched & protected) == 0
    return free
