"""How good the offers are: `decide` for every customer, against what they bought afterwards.

What is asked stands in `training.cases`, who answers in `training.contenders`, what it is worth in
`training.tallies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from recommender.bundle import CustomerTable
from recommender.controls import Controls
from recommender.index import BundleIndex
from recommender.types import CustomerId, Longs
from training.cases import ALL, NEW, SESSION, Known, cases
from training.contenders import ENGINE, Contender, answers, contenders
from training.evaluation import Evaluation, Method
from training.exposure import Exposure
from training.outcomes import QUESTIONS, Outcomes
from training.progress import Advance, Progress, Silent
from training.reach import Shelves
from training.sections import Evaluation as Settings
from training.segments import Thresholds, visible_baskets
from training.split import Truth, sample
from training.tallies import Appraisal, Tally, cold_offers, cold_support

__all__ = ["ENGINE", "Measured", "evaluate"]


@dataclass(frozen=True, eq=False)
class Measured:
    """What an evaluation found in one window: in sum, and the engine's part by customer."""

    evaluation: Evaluation
    outcomes: Outcomes


def evaluate(
    index: BundleIndex,
    table: CustomerTable,
    truth: Truth,
    settings: Settings,
    *,
    until: int,
    since: int | None = None,
    seed: int = 0,
    baskets: Truth | None = None,
    controls: Mapping[str, Controls] | None = None,
    progress: Progress | None = None,
) -> Measured:
    """Quality of the bundle's decisions, beside the baselines under the same masks.

    table   the customers that the bundle was fitted with, and their views
    truth   what they bought after the bundle's `as_of`: visible lines only, customers as in
            `table`, rows as in the bundle (`split.truth_of`)
    since, until   the window, seconds since 1970; since None: the bundle's `as_of`. A window
            begins at its cut whatever was visible before it: two bundles under different guards,
            whose last visible purchases differ, are measured on the same one
    baskets    as `truth`, of each customer's first basket (`cases.first_baskets`); None: visitors
               of whom only a session is known are not measured
    controls   what customers have told us; None: nobody has told anything

    Decisions are made as of the bundle's `as_of`. What no personalised slot may hold under the
    guard is left out of the truth, and its share reported.
    """
    methods = contenders(index, settings.n)
    known = Known(table, truth, controls or {}, baskets)
    numbers = sample(truth.customers, settings.customers, seed)
    stage = (progress or Silent()).stage("evaluate", len(numbers))
    # Thousands of small products: threads would only wait for each other.
    with threadpool_limits(limits=1, user_api="blas"), stage as advance:
        found = _run(index, known, methods, numbers, settings.n, seed, advance)
        baskets_seen = visible_baskets(table)
        thresholds = Thresholds.of(baskets_seen)
        look = Appraisal(
            index=index,
            shelves=Shelves.of(index),
            cold=cold_offers(index),
            segments=tuple(map(thresholds.segment, baskets_seen.tolist())),
            resamples=settings.bootstrap,
            seed=seed,
        )
        window = (index.bundle.manifest.as_of if since is None else since, until)
        evaluation = _evaluation(index, found, methods, look, thresholds, window)
    return Measured(evaluation, _outcomes(evaluation, found, look, table.customers))


@dataclass(frozen=True, eq=False)
class _Found:
    """The lists of every method, by (name, question).

    left_out          share of the truth that no personalised slot may hold
    locked_exposure   places of the engine's lists that must be held back
    """

    tallies: dict[tuple[str, str], Tally]
    left_out: float
    locked_exposure: int


def _run(  # noqa: PLR0917 - one pass over all that is asked
    index: BundleIndex,
    known: Known,
    methods: tuple[Contender, ...],
    numbers: Longs,
    n: int,
    seed: int,
    advance: Advance,
) -> _Found:
    tallies = {(m.name, q): Tally(n) for m in methods for q in (ALL, NEW, SESSION)}
    exposure = Exposure(index)
    took = left_out = locked = 0
    for c in numbers.tolist():
        asked, bought, out = cases(index, known, c, seed=seed)
        took, left_out = took + bought, left_out + out
        for case in asked:
            for method in methods:
                if not answers(method, case.question):
                    continue
                offers = method.list_for(case)
                tallies[method.name, case.question].add(c, offers, case.taken)
                if method.name == ENGINE:
                    locked += exposure.count(case, offers)
        advance(1)
    return _Found(tallies, round(left_out / max(took, 1), 6), locked)


def _outcomes(
    evaluation: Evaluation, found: _Found, look: Appraisal, customers: tuple[CustomerId, ...]
) -> Outcomes:
    """The engine's part, customer by customer."""
    return Outcomes(
        n=evaluation.n,
        window_from=evaluation.window_from,
        window_until=evaluation.window_until,
        answers={
            question: look.answers(found.tallies[ENGINE, question], customers)
            for question in QUESTIONS
        },
        locked_exposure=found.locked_exposure,
    )


def _evaluation(  # noqa: PLR0917 - what an evaluation is made of
    index: BundleIndex,
    found: _Found,
    methods: tuple[Contender, ...],
    look: Appraisal,
    thresholds: Thresholds,
    window: tuple[int, int],
) -> Evaluation:
    manifest, tallies = index.bundle.manifest, found.tallies
    ahead = look.leads(tallies[ENGINE, ALL], [tallies[m.name, ALL] for m in methods[1:]])
    return Evaluation(
        n=tallies[ENGINE, ALL].n,
        window_from=window[0],
        window_until=window[1],
        customers_all=len(tallies[ENGINE, ALL]),
        customers_new=len(tallies[ENGINE, NEW]),
        customers_session=len(tallies[ENGINE, SESSION]),
        few_baskets=thresholds.few,
        many_baskets=thresholds.many,
        cold_support=cold_support(manifest.n_customers),
        left_out=found.left_out,
        guarded=bool(manifest.policy.life_events),
        methods=tuple(
            Method(
                name=m.name,
                all=look.quality(tallies[m.name, ALL]),
                new=look.quality(tallies[m.name, NEW]),
                session=look.ranking(tallies[m.name, SESSION]),
                lead=lead,
            )
            for m, lead in zip(methods, (None, *ahead), strict=True)
        ),
    )
