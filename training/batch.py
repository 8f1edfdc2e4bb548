"""Offers for many customers at once, as a table. The same `decide` as online."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from recommender.bundle import CustomerTable
from recommender.customer import CustomerState, new_customer
from recommender.decide import check_request, decide
from recommender.errors import InputError
from recommender.index import BundleIndex
from recommender.interactions import Columns, Interactions
from recommender.request import OfferRequest, Placement, Source
from recommender.types import CustomerId, ItemId
from training.history import learn, visible_history
from training.progress import Progress, Silent

SCORE_DIGITS = 6


def batch(
    index: BundleIndex,
    purchases: Interactions,
    items: Sequence[ItemId],
    *,
    now: float,
    customers: Iterable[CustomerId] | None = None,
    n: int = 10,
    new_only: bool = False,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """The best offers: columns `customer_id, rank, offer_id, score`, rank 1 first.

    purchases   the raw history; it goes through the bundle's own evidence and policy, and
                ages count back from its latest visible line
    items       the ids that `purchases.item` points into
    now         seconds since 1970; when the policy and the offers must be valid
    customers   who gets offers, in this order, each once; None: everyone in `purchases`
    new_only    only what the customer has not bought (`discovery`), else the blend (`home`)

    Everyone gets offers: who is unknown or has nothing visible gets popular ones. Scores are
    rounded to 6 digits. Raises InputError when `n` is impossible.
    """
    if n < 1:
        raise InputError(f"n is {n}", hint="ask for at least one offer: --n 10")
    source = Source.DISCOVERY if new_only else Source.HOME
    request = OfferRequest((Placement(source.value, source, n),))
    check_request(index, request)
    shown = progress or Silent()
    wanted = tuple(dict.fromkeys(purchases.customers if customers is None else customers))
    # Thousands of small products: threads would only wait for each other.
    with threadpool_limits(limits=1, user_api="blas"):
        table = learn(index, visible_history(index, purchases, items, now=now), progress=shown)
        return _decide_all(index, table, wanted, request, now, shown)


def _decide_all(  # noqa: PLR0917 - one loop over everything that was handed in
    index: BundleIndex,
    table: CustomerTable,
    wanted: tuple[CustomerId, ...],
    request: OfferRequest,
    now: float,
    progress: Progress,
) -> pl.DataFrame:
    number = {customer: c for c, customer in enumerate(table.customers)}
    most = request.placements[0].n
    offers = np.zeros((len(wanted), most), dtype=np.int32)
    scores = np.zeros((len(wanted), most), dtype=np.float64)
    sizes = np.zeros(len(wanted), dtype=np.int64)
    with progress.stage("decide", len(wanted)) as advance:
        for i, customer in enumerate(wanted):
            c = number.get(customer)
            state = new_customer() if c is None else CustomerState(table.view(c), table.factors[c])
            picks = decide(index, state, request, now).placements[0].picks
            sizes[i] = len(picks)
            offers[i, : len(picks)] = [pick.offer for pick in picks]
            scores[i, : len(picks)] = [pick.score for pick in picks]
            advance(1)
    real = np.arange(most) < sizes[:, None]
    who, rank = np.nonzero(real)
    ids = pl.Series(index.bundle.offers.ids, dtype=pl.String)
    names = pl.Series(wanted, dtype=pl.String)
    return pl.DataFrame(
        {
            Columns.CUSTOMER: names.gather(who),
            "rank": (rank + 1).astype(np.int32),
            "offer_id": ids.gather(offers[real]),
            "score": np.round(scores[real], SCORE_DIGITS),
        }
    )
