"""Lists of one method on one question, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from recommender.index import BundleIndex
from recommender.types import Bools, CustomerId, Doubles, Ints, Longs
from training import metrics, reach
from training.evaluation import ColdItems, Quality, Ranking
from training.leads import Lead, leads
from training.metrics import Estimate, estimate, estimates
from training.outcomes import METRICS, Answers
from training.sections import Model
from training.segments import SEGMENTS

RANKED = (*METRICS, "precision")
"""The means of a `Ranking`, in the order of its columns."""


def cold_support(n_customers: int) -> int:
    """So many customers have an item at least, or it is cold: what `min_support` is by itself."""
    return Model().support(n_customers)


def cold_offers(index: BundleIndex) -> Bools:
    """(n_offers,) True where hardly anybody has anything that the offer promotes.

    See `cold_support`; counted on the views that the bundle was fitted with.
    """
    bundle = index.bundle
    if not len(bundle.offers):
        return np.empty(0, dtype=np.bool_)
    starts = bundle.offers.indptr[:-1].astype(np.intp)
    most = np.maximum.reduceat(bundle.support[index.offer_rows], starts)
    return np.asarray(most < cold_support(bundle.manifest.n_customers))


@dataclass(eq=False)
class Tally:
    """What was shown to whom, and what they took; one element a customer.

    n          length of the lists
    customers  numbers in the table, ascending
    offers, taken   lists, best first; what was taken, ascending, at least one
    """

    n: int
    customers: list[int] = field(default_factory=list)
    offers: list[Ints] = field(default_factory=list)
    taken: list[Ints] = field(default_factory=list)

    def add(self, customer: int, offers: Ints, taken: Ints) -> None:
        """One more list."""
        self.customers.append(customer)
        self.offers.append(offers)
        self.taken.append(taken)

    def __len__(self) -> int:
        return len(self.customers)

    @cached_property
    def lists(self) -> Ints:
        """(m, n) offers; short lists end in -1. Nothing may be added after this was read."""
        found = np.full((len(self), self.n), -1, dtype=np.int32)
        for i, row in enumerate(self.offers):
            found[i, : len(row)] = row
        return found

    @cached_property
    def hits(self) -> Bools:
        """(m, n) True where the offer at that place was taken."""
        found = np.zeros((len(self), self.n), dtype=np.bool_)
        for i, (row, taken) in enumerate(zip(self.offers, self.taken, strict=True)):
            found[i, : len(row)] = np.isin(row, taken)
        return found

    @cached_property
    def sizes(self) -> Longs:
        """(m,) how many offers each customer took."""
        return np.array([len(taken) for taken in self.taken], dtype=np.int64)

    @cached_property
    def columns(self) -> Doubles:
        """(m, q) each of `RANKED`, customer by customer."""
        found = {
            "ndcg": metrics.ndcg(self.hits, self.sizes),
            "recall": metrics.recall(self.hits, self.sizes),
            "mrr": metrics.mrr(self.hits),
            "hit": metrics.hit(self.hits),
            "precision": metrics.precision(self.hits),
        }
        return np.stack([found[metric] for metric in RANKED], axis=1)


@dataclass(frozen=True, eq=False)
class Appraisal:
    """What all tallies are looked at with.

    segments   one of `segments.SEGMENTS` a customer of the table
    """

    index: BundleIndex
    shelves: reach.Shelves
    cold: Bools
    segments: tuple[str, ...]
    resamples: int
    seed: int

    def quality(self, tally: Tally) -> Quality | None:
        """What the lists of one method are worth; None where there was nobody to measure."""
        if not len(tally):
            return None
        columns = tally.columns
        shelves, n_offers = self.shelves, len(self.index.bundle.offers)
        shown = tally.lists[tally.lists >= 0]
        whole = self._ranked(columns)
        return Quality(
            **{name: getattr(whole, name) for name in Ranking.model_fields},
            coverage=reach.coverage(shown, n_offers),
            gini=reach.gini(shown, n_offers),
            bands=reach.bands(shown, shelves.place),
            # A list is empty only where the guard and the filters leave nothing: no surprise.
            novelty=self._mean(np.nan_to_num(reach.mean_in_list(tally.lists, shelves.surprise))),
            diversity=self._where_known(reach.diversity(tally.lists, shelves.levels)),
            popularity_shown=_rounded(reach.mean_in_list(tally.lists, shelves.share)),
            popularity_taken=_rounded(_mean_of_each(tally.taken, shelves.share)),
            segments=self._by_segment(tally, columns),
            cold=self._cold(tally),
        )

    def ranking(self, tally: Tally) -> Ranking | None:
        """How the lists of one method rank; None where there was nobody to measure."""
        if not len(tally):
            return None
        return self._ranked(tally.columns)

    def leads(self, engine: Tally, others: Sequence[Tally]) -> tuple[Lead | None, ...]:
        """The engine beside other methods that were asked for the same customers."""
        if not len(engine):
            return (None,) * len(others)
        at = [RANKED.index("ndcg"), RANKED.index("precision")]
        return leads(
            engine.columns[:, at],
            [other.columns[:, at] for other in others],
            [self.segments[c] for c in engine.customers],
            resamples=self.resamples,
            seed=self.seed,
        )

    def answers(self, tally: Tally, customers: tuple[CustomerId, ...]) -> Answers:
        """The same customer by customer; `customers` are those of the table."""
        return Answers(
            customers=tuple(customers[c] for c in tally.customers),
            segments=tuple(self.segments[c] for c in tally.customers),
            values=dict(zip(METRICS, tally.columns.T.copy(), strict=False)),
        )

    def _ranked(self, columns: Doubles) -> Ranking:
        found = estimates(columns, resamples=self.resamples, seed=self.seed)
        return Ranking(customers=len(columns), **dict(zip(RANKED, found, strict=True)))

    def _by_segment(self, tally: Tally, columns: Doubles) -> dict[str, Ranking]:
        theirs = np.array([self.segments[c] for c in tally.customers])
        return {name: self._ranked(columns[theirs == name]) for name in SEGMENTS if name in theirs}

    def _cold(self, tally: Tally) -> ColdItems:
        listed = (tally.lists >= 0) & self.cold[tally.lists]
        sizes = np.array([int(self.cold[taken].sum()) for taken in tally.taken])
        some = sizes > 0
        values = metrics.ndcg((tally.hits & listed)[some], sizes[some])
        places = int((tally.lists >= 0).sum())
        return ColdItems(
            customers=int(some.sum()),
            ndcg=self._mean(values) if len(values) else None,
            shown=round(float(listed.sum()) / max(places, 1), 6),
            taken=round(float(sizes.sum() / tally.sizes.sum()), 6),
        )

    def _mean(self, values: Doubles) -> Estimate:
        return estimate(values, resamples=self.resamples, seed=self.seed)

    def _where_known(self, values: Doubles) -> Estimate | None:
        known = values[~np.isnan(values)]
        return self._mean(known) if len(known) else None


def _mean_of_each(taken: list[Ints], values: Doubles) -> Doubles:
    return np.array([values[offers].mean() for offers in taken])


def _rounded(values: Doubles) -> float:
    """The mean of what is known; 0 where nothing is."""
    known = values[~np.isnan(values)]
    return round(float(known.mean()), 6) if len(known) else 0.0
