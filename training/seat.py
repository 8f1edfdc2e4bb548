"""One bundle in a contest: what it is asked, what it shows, and how much of the truth that hits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from recommender.index import BundleIndex
from recommender.types import Bools, CustomerId, ItemId, OfferId
from training import metrics
from training.cases import Case, Known, cases
from training.contenders import contenders
from training.exposure import Exposure
from training.outcomes import QUESTIONS, Answers, Outcomes
from training.segments import Thresholds, visible_baskets


@dataclass(eq=False)
class _Sheet:
    """The answers to one question, one element a customer."""

    customers: list[CustomerId] = field(default_factory=list)
    hits: list[Bools] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


class Seat:
    """The decisions of one bundle, measured against a truth that another one has a part in.

    index   of the bundle
    known   its customers, and what they bought afterwards
    n       length of the lists
    """

    def __init__(self, index: BundleIndex, known: Known, n: int) -> None:
        self._index, self._known, self._n = index, known, n
        self._engine = contenders(index, n)[0]
        self._exposure, self._locked = Exposure(index), 0
        self._offers = frozenset(index.bundle.offers.ids)
        self._held = _held_back(index)
        self._number = {customer: c for c, customer in enumerate(known.table.customers)}
        self._sheets = {question: _Sheet() for question in QUESTIONS}

    def asked(self, customer: CustomerId) -> dict[str, Case]:
        """The questions about a customer that the bundle has something to find for."""
        found, _, _ = cases(self._index, self._known, self._number[customer], seed=0)
        return {case.question: case for case in found}

    def owned(self, customer: CustomerId) -> frozenset[ItemId]:
        """The items that the bundle knows the customer to have bought before."""
        rows = self._known.table.view(self._number[customer]).rows
        return frozenset(self._index.item_id(row) for row in rows.tolist())

    def without(self, case: Case | None, items: frozenset[ItemId]) -> Case | None:
        """The case with nothing to find that promotes any of the items."""
        if case is None:
            return None
        gone = {offer for offer, promoted in self.taken(case).items() if promoted & items}
        ids = self._index.bundle.offers.ids
        left = [o for o in case.taken.tolist() if ids[o] not in gone]
        return replace(case, taken=np.array(left, dtype=np.int32))

    def taken(self, case: Case | None) -> dict[OfferId, frozenset[ItemId]]:
        """The offers that the customer took and the bundle may show, and what they promote."""
        if case is None:
            return {}
        offers, items = self._index.bundle.offers, self._index.bundle.catalogue.ids
        return {
            offers.ids[o]: frozenset(
                items[i] for i in offers.items[offers.indptr[o] : offers.indptr[o + 1]]
            )
            for o in case.taken
        }

    def answer(
        self,
        question: str,
        customer: CustomerId,
        case: Case | None,
        others: Mapping[OfferId, frozenset[ItemId]],
    ) -> None:
        """Shows a list and counts its hits.

        others   what the customer took of the other bundle's offers (`taken`); what this one does
                 not have among them is missed, unless its guard holds back what they promote
        """
        missed = sum(
            offer not in self._offers and self._held.isdisjoint(items)
            for offer, items in others.items()
        )
        own = 0 if case is None else len(case.taken)
        if not own + missed:
            return
        hits = np.zeros(self._n, dtype=np.bool_)
        if case is not None:
            shown = self._engine.list_for(case)
            hits[: len(shown)] = np.isin(shown, case.taken)
            self._locked += self._exposure.count(case, shown)
        sheet = self._sheets[question]
        sheet.customers.append(customer)
        sheet.hits.append(hits)
        sheet.sizes.append(own + missed)

    def outcomes(self, window_from: int, window_until: int) -> Outcomes:
        """Everything that was answered, in a window (seconds since 1970)."""
        baskets = visible_baskets(self._known.table)
        thresholds = Thresholds.of(baskets)
        segments = [thresholds.segment(int(count)) for count in baskets]
        return Outcomes(
            n=self._n,
            window_from=window_from,
            window_until=window_until,
            answers={
                question: self._answers(sheet, segments) for question, sheet in self._sheets.items()
            },
            locked_exposure=self._locked,
        )

    def _answers(self, sheet: _Sheet, segments: list[str]) -> Answers:
        hits = np.array(sheet.hits, dtype=np.bool_).reshape(-1, self._n)
        sizes = np.array(sheet.sizes, dtype=np.int64)
        return Answers(
            customers=tuple(sheet.customers),
            segments=tuple(segments[self._number[customer]] for customer in sheet.customers),
            values={
                "ndcg": metrics.ndcg(hits, sizes),
                "recall": metrics.recall(hits, sizes),
                "mrr": metrics.mrr(hits),
                "hit": metrics.hit(hits),
            },
        )


def _held_back(index: BundleIndex) -> frozenset[ItemId]:
    """The items of its catalogue that a bundle's guard never looks at, or shows nobody unasked."""
    bundle = index.bundle
    rules = index.rules(bundle.manifest.as_of)
    held = (bundle.evidence & np.uint64(rules.masked)) | (
        bundle.target & np.uint64(rules.contained)
    )
    return frozenset(bundle.catalogue.ids[i] for i in np.flatnonzero(held))
