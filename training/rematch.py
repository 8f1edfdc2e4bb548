"""A live bundle, measured on the window of a new one, and the new one's result beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.bundle import CustomerTable, FactorBundle, ModelParameters
from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.index import BundleIndex
from recommender.types import Bools, CustomerId, Doubles, Longs
from training.fit import fit_models
from training.ground import Ground, Truth
from training.history import learn, visible_history
from training.metrics import hit, mrr, ndcg, recall
from training.outcomes import METRICS, Answers, Outcomes
from training.progress import Advance, Progress
from training.sections import Model
from training.segments import Thresholds, visible_baskets
from training.split import sample


@dataclass(frozen=True, eq=False)
class Champion:
    """A live bundle ready to answer, and the views of customers before the window."""

    index: BundleIndex
    table: CustomerTable

    def knows(self, ground: Ground) -> Bools:
        """(n_items of `newest`,) the offered items that its models know."""
        place = self.index.item_index
        rows = [place.get(item, -1) for item in ground.newest.items]
        known = np.array([at >= 0 and self.index.row_of_item[at] >= 0 for at in rows])
        return known & ground.newest.offered


def as_it_is(bundle: FactorBundle, ground: Ground, progress: Progress) -> Champion:
    """A bundle that knows no purchase of the window, with views made under its own policy."""
    index = BundleIndex(bundle)
    before = ground.newest.split().before
    visible = visible_history(index, before, ground.newest.items, now=ground.now)
    return Champion(index, learn(index, visible, progress=progress))


def fitted_again(
    model: Model, parameters: ModelParameters, ground: Ground, progress: Progress
) -> Champion:
    """A recipe, fitted on the purchases before the window under the new assortment and policy."""
    bundle, table = fit_models(
        ground.newest.split().before.renumbered(ground.position),
        ground.assortment,
        model,
        parameters,
        progress,
        config_digest="",
        with_neighbours=False,
    )
    return Champion(BundleIndex(bundle), table)


def rematch(champion: Champion, ground: Ground, progress: Progress) -> tuple[Outcomes, Outcomes]:
    """The champion's result on the window, and the new bundle's, against one truth.

    Their `locked_exposure` is the new bundle's: the champion's was counted when it was published.
    """
    own = Truth(ground, ground.newest.known)
    more = champion.knows(ground) & ~ground.newest.known
    common = Truth(ground, ground.newest.known | more) if more.any() else own
    has = visible_baskets(champion.table)
    segments = list(map(Thresholds.of(has).segment, has.tolist()))
    kinds = dict(zip(champion.table.customers, segments, strict=True))
    theirs, ours, n = {}, {}, ground.outcomes.n
    asked = {
        question: _asked(found, own, common, question)
        for question, found in ground.outcomes.answers.items()
    }
    stage = progress.stage("measure the live version", sum(map(len, asked.values())))
    # Thousands of small products: threads would only wait for each other.
    with threadpool_limits(limits=1, user_api="blas"), stage as advance:
        for question, customers in asked.items():
            found = ground.outcomes.answers[question]
            kind = kinds | dict(zip(found.customers, found.segments, strict=True))
            sizes = common.sizes(customers, question)
            lists = _Lists(champion, ground, question)
            values = _measured(lists, customers, common, sizes, advance)
            segment = tuple(kind.get(customer, "new") for customer in customers)
            theirs[question] = Answers(customers, segment, values)
            then = own.sizes(customers, question)
            ours[question] = Answers(customers, segment, _again(found, customers, then, sizes, n))
    return replace(ground.outcomes, answers=theirs), replace(ground.outcomes, answers=ours)


def _asked(found: Answers, own: Truth, common: Truth, question: str) -> tuple[CustomerId, ...]:
    """The customers of an evaluation, and who had nothing to find in it but has now.

    Of these as large a share as the evaluation had drawn of the others.
    """
    measured = set(found.customers)
    had = own.able(question)
    others = [
        customer
        for customer in sorted(set(own.customers) - set(had) - measured)
        if own.knows(customer) and len(common.of(customer, question))
    ]
    share = min(1.0, len(measured) / len(had)) if had else 1.0
    drawn = sample(np.arange(len(others), dtype=np.int64), round(share * len(others)), 0)
    stays = {customer for customer in measured if len(own.of(customer, question))}
    return tuple(sorted(stays | {others[i] for i in drawn}))


def _measured(
    lists: _Lists,
    customers: Sequence[CustomerId],
    truth: Truth,
    sizes: Longs,
    advance: Advance,
) -> dict[str, Doubles]:
    hits = np.zeros((len(customers), lists.n), dtype=np.bool_)
    for i, customer in enumerate(customers):
        hits[i] = np.isin(lists.of(customer), truth.of(customer, lists.question))
        advance(1)
    return {
        "ndcg": ndcg(hits, sizes),
        "recall": recall(hits, sizes),
        "mrr": mrr(hits),
        "hit": hit(hits),
    }


def _again(
    found: Answers, customers: Sequence[CustomerId], own: Longs, common: Longs, n: int
) -> Mapping[str, Doubles]:
    """The values of an evaluation against a truth that is larger: no list has another hit.

    own, common   (m,) how much each customer had to find then, and has now
    """
    place = {customer: i for i, customer in enumerate(found.customers)}
    at = np.array([place.get(customer, -1) for customer in customers], dtype=np.int64)
    ideal = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(np.arange(n) + 2.0))])
    then, now = np.minimum(own, n), np.minimum(common, n)
    rest = {"ndcg": ideal[then] / ideal[now], "recall": then / now}
    one = np.ones(len(at))
    zero = np.zeros(1)
    return {
        metric: np.append(found.values[metric], zero)[at] * rest.get(metric, one)
        for metric in METRICS
    }


class _Lists:
    """What a champion offers each customer, as offers of the common ground (-1: none of them)."""

    def __init__(self, champion: Champion, ground: Ground, question: str) -> None:
        self.question, self.n = question, ground.outcomes.n
        self._champion, self._ground = champion, ground
        self._number = {customer: c for c, customer in enumerate(champion.table.customers)}
        common = {offer: i for i, offer in enumerate(ground.assortment.offers.ids)}
        ids = champion.index.bundle.offers.ids
        self._place = np.array([common.get(offer, -1) for offer in ids], dtype=np.int64)

    def of(self, customer: CustomerId) -> Longs:
        """(n,) best first; short lists end in -1."""
        ground, table = self._ground, self._champion.table
        c = self._number.get(customer)
        known = None if c is None else CustomerState(table.view(c), table.factors[c])
        request = ground.request(self.question)
        decision = decide(self._champion.index, ground.state(customer, known), request, ground.now)
        picks = decision.placements[0].picks[: self.n]
        found = np.full(self.n, -1, dtype=np.int64)
        found[: len(picks)] = [self._place[pick.offer] for pick in picks]
        return found
