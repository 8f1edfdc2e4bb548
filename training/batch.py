"""Offers for many customers at once, as a table. The same `decide` as online."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from recommender.bundle import CustomerTable
from recommender.channel import Channel
from recommender.controls import NOTHING_TOLD, Controls
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
    channel: Channel = Channel.SITE,
    controls: Mapping[str, Controls] | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """The best offers: columns `customer_id, rank, offer_id, score`, rank 1 first.

    purchases   the raw history; it goes through the bundle's own evidence and policy, and
                ages count back from its latest visible line
    items       the ids that `purchases.item` points into
    now         seconds since 1970; when the policy and the offers must be valid
    customers   who gets offers, in this order, each once; None: everyone in `purchases`
    new_only    only what the customer has not bought (`discovery`), else the blend (`home`)
    channel     where the offers will be seen; what goes out shows no own purchases, so that every
                channel but `site` and `app` is `new_only`
    controls    what customers have told us; None: nobody has told anything

    Everyone gets offers: who is unknown or has nothing visible gets popular ones. Only who is in
    an outbound silence gets none on a channel that goes out. Scores are rounded to 6 digits.
    Raises InputError when `n` is impossible.
    """
    if n < 1:
        raise InputError(f"n is {n}", hint="ask for at least one offer: --n 10")
    source = Source.DISCOVERY if new_only or not channel.private else Source.HOME
    request = OfferRequest((Placement(source.value, source, n),), channel)
    check_request(index, request)
    shown = progress or Silent()
    wanted = tuple(dict.fromkeys(purchases.customers if customers is None else customers))
    # Thousands of small products: threads would only wait for each other.
    with threadpool_limits(limits=1, user_api="blas"):
        visible = visible_history(index, purchases, items, now=now, controls=controls)
        table = learn(index, visible, progress=shown)
        states = _states(table, wanted, controls or {})
        return _decide_all(index, states, wanted, request, now, shown)


def _states(
    table: CustomerTable, wanted: Iterable[CustomerId], controls: Mapping[str, Controls]
) -> Iterator[CustomerState]:
    """What is known of each wanted customer, one by one."""
    number = {customer: c for c, customer in enumerate(table.customers)}
    for customer in wanted:
        c = number.get(customer)
        state = new_customer() if c is None else CustomerState(table.view(c), table.factors[c])
        yield replace(state, controls=controls.get(customer, NOTHING_TOLD))


def _decide_all(  # noqa: PLR0917 - one loop over everything that was handed in
    index: BundleIndex,
    states: Iterable[CustomerState],
    wanted: tuple[CustomerId, ...],
    request: OfferRequest,
    now: float,
    progress: Progress,
) -> pl.DataFrame:
    most = request.placements[0].n
    offers = np.zeros((len(wanted), most), dtype=np.int32)
    scores = np.zeros((len(wanted), most), dtype=np.float64)
    sizes = np.zeros(len(wanted), dtype=np.int64)
    with progress.stage("decide", len(wanted)) as advance:
        for i, state in enumerate(states):
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
