"""How good the offers are: `decide` for every customer, against what they bought afterwards.

Two questions, apart. *All* looks at the placement `home`: anything may be offered. *New* looks at
`discovery`: what the customer bought before counts neither as an offer nor as truth. An offer
was taken when the customer bought anything that it promotes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.bundle import CustomerTable
from recommender.channel import Channel
from recommender.controls import NOTHING_TOLD, Controls
from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.guard.unlocks import rules_of_customer
from recommender.index import BundleIndex
from recommender.models.blend import mean_over_offers
from recommender.request import OfferRequest, Placement, Source
from recommender.scan import DECIMALS, rank
from recommender.types import Bools, Floats, Ints, Longs
from training.baselines import Baseline, baselines
from training.evaluation import BANDS, Evaluation, Method, Quality
from training.metrics import coverage, estimate, ndcg, recall
from training.progress import Advance, Progress, Silent
from training.sections import Evaluation as Settings
from training.split import Truth, sample

ENGINE = "Tactful"


def evaluate(
    index: BundleIndex,
    table: CustomerTable,
    truth: Truth,
    settings: Settings,
    *,
    until: int,
    seed: int = 0,
    controls: Mapping[str, Controls] | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Quality of the bundle's decisions, beside the baselines under the same masks.

    table   the customers that the bundle was fitted with, and their views
    truth   what they bought after the bundle's `as_of`: visible lines only, customers as in
            `table`, rows as in the bundle (`split.truth_of`)
    until   end of the window, seconds since 1970
    controls   what customers have told us; None: nobody has told anything

    Decisions are made as of the bundle's `as_of`. What no personalised slot may hold under the
    guard is left out of the truth, and its share reported.
    """
    methods: tuple[_Method, ...] = (
        _Engine(index, settings.n),
        *(_Ranked(index, baseline, settings.n) for baseline in baselines(index.bundle)),
    )
    numbers = sample(truth.customers, settings.customers, seed)
    stage = (progress or Silent()).stage("evaluate", len(numbers))
    # Thousands of small products: threads would only wait for each other.
    with threadpool_limits(limits=1, user_api="blas"), stage as advance:
        tallies, left_out = _run(
            index, _Known(table, truth, controls or {}), methods, numbers, advance
        )

    def quality(method: _Method, *, new: bool) -> Quality | None:
        return _quality(tallies[method.name, new], index, settings, seed)

    return Evaluation(
        n=settings.n,
        window_from=index.bundle.manifest.as_of,
        window_until=until,
        customers_all=len(tallies[ENGINE, False].hits),
        customers_new=len(tallies[ENGINE, True].hits),
        left_out=left_out,
        guarded=bool(index.bundle.manifest.policy.life_events),
        methods=tuple(
            Method(name=m.name, all=quality(m, new=False), new=quality(m, new=True))
            for m in methods
        ),
    )


_Tallies = dict[tuple[str, bool], "_Tally"]


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known of the customers, and what they bought afterwards."""

    table: CustomerTable
    truth: Truth
    controls: Mapping[str, Controls]


def _run(
    index: BundleIndex,
    known: _Known,
    methods: tuple[_Method, ...],
    numbers: Longs,
    advance: Advance,
) -> tuple[_Tallies, float]:
    """The lists of every method, by (name, new), and the share of truth that was left out."""
    tallies: _Tallies = {(m.name, new): _Tally() for m in methods for new in (False, True)}
    taken = left_out = 0
    for c in numbers:
        case = _case(index, known, int(c))
        taken, left_out = taken + len(case.taken), left_out + case.left_out
        for method, new in product(methods, (False, True)):
            if len(case.truth(new=new)) and (method.knows_new or not new):
                tallies[method.name, new].add(method.list_for(case, new=new), case.truth(new=new))
        advance(1)
    return tallies, round(left_out / max(taken + left_out, 1), 6)


@dataclass(frozen=True, eq=False)
class _Case:
    """One customer: what is known, what may be offered, what was taken (offers, ascending)."""

    state: CustomerState
    open_: Bools
    owned: Ints
    taken: Ints
    taken_new: Ints
    left_out: int

    def truth(self, *, new: bool) -> Ints:
        return self.taken_new if new else self.taken


def _case(index: BundleIndex, known: _Known, c: int) -> _Case:
    now = index.bundle.manifest.as_of
    controls = known.controls.get(known.table.customers[c], NOTHING_TOLD)
    rules = rules_of_customer(index.policy, index.rules(now), controls, Channel.SITE, now)
    open_ = index.allowed(rules, now)
    view = known.table.view(c)
    owned = _offers_of(index, view.rows)
    bought = _offers_of(index, known.truth.of(c))
    taken = bought[open_[bought]]
    return _Case(
        state=CustomerState(view=view, factor=known.table.factors[c], controls=controls),
        open_=open_,
        owned=owned,
        taken=taken,
        taken_new=np.setdiff1d(taken, owned).astype(np.int32),
        left_out=len(bought) - len(taken),
    )


def _offers_of(index: BundleIndex, rows: Ints) -> Ints:
    return index.owned(rows, np.zeros(len(rows)))[0]


class _Method(Protocol):
    name: str
    knows_new: bool

    def list_for(self, case: _Case, *, new: bool) -> Ints:
        """Offers for one customer, best first."""
        ...


class _Engine:
    """The decision that serving makes."""

    name = ENGINE
    knows_new = True

    def __init__(self, index: BundleIndex, n: int) -> None:
        self._index = index
        self._home = OfferRequest((Placement("home", Source.HOME, n),))
        self._discovery = OfferRequest((Placement("discovery", Source.DISCOVERY, n),))

    def list_for(self, case: _Case, *, new: bool) -> Ints:
        """Offers for one customer, best first."""
        request = self._discovery if new else self._home
        decision = decide(self._index, case.state, request, self._index.bundle.manifest.as_of)
        return np.array([pick.offer for pick in decision.placements[0].picks], dtype=np.int32)


class _Ranked:
    """A baseline: offers by the mean score of what they promote."""

    def __init__(self, index: BundleIndex, baseline: Baseline, n: int) -> None:
        self.name, self.knows_new = baseline.name, baseline.knows_new
        self._model, self._index, self._n = baseline.model, index, n

    def list_for(self, case: _Case, *, new: bool) -> Ints:
        """Offers for one customer, best first."""
        index = self._index
        by_row = self._model.score(case.state.view)[:, None]
        scores = mean_over_offers(by_row, index.bundle.offers, index.offer_rows)[:, 0]
        open_ = case.open_
        if new:
            open_ = open_.copy()
            open_[case.owned] = False
        return _best(np.flatnonzero(open_).astype(np.int32), scores, self._n)


def _best(offers: Ints, scores: Floats, n: int) -> Ints:
    """The `n` best of the offers; only those that reach the n-th best score are sorted."""
    values = scores[offers].astype(np.float64)
    if len(values) > n:
        least = np.partition(values, -n)[-n]
        near = values >= least - 10.0**-DECIMALS  # `rank` rounds: what may tie stays
        offers, values = offers[near], values[near]
    return rank(offers, values, n)[0]


class _Tally:
    """Lists of one method on one question."""

    def __init__(self) -> None:
        self.hits: list[Bools] = []
        self.sizes: list[int] = []
        self.shown: list[Ints] = []

    def add(self, offers: Ints, truth: Ints) -> None:
        self.hits.append(np.isin(offers, truth))
        self.sizes.append(len(truth))
        self.shown.append(offers)


def _quality(tally: _Tally, index: BundleIndex, settings: Settings, seed: int) -> Quality | None:
    """What the lists of one method are worth; None where there was nobody to measure."""
    if not tally.hits:
        return None
    hits = np.zeros((len(tally.hits), settings.n), dtype=np.bool_)
    for i, row in enumerate(tally.hits):
        hits[i, : len(row)] = row
    sizes = np.array(tally.sizes, dtype=np.int64)
    shown = np.concatenate(tally.shown)
    return Quality(
        ndcg=estimate(ndcg(hits, sizes), resamples=settings.bootstrap, seed=seed),
        recall=estimate(recall(hits, sizes), resamples=settings.bootstrap, seed=seed),
        coverage=coverage(shown, len(index.bundle.offers)),
        bands=_bands(shown, index),
    )


def _bands(shown: Ints, index: BundleIndex) -> tuple[float, ...]:
    """Share of the shown places in each band of popularity (`evaluation.BANDS`)."""
    n = len(index.by_popularity)
    place = np.empty(n, dtype=np.int64)
    place[index.by_popularity] = np.arange(n)
    edges = np.ceil(np.array(BANDS) * n)
    band = np.searchsorted(edges, place[shown], side="right")
    counts = np.bincount(band, minlength=len(BANDS))
    return tuple(round(float(c), 6) for c in counts / max(len(shown), 1))
