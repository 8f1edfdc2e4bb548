"""Random histories and requests over the corner shop, as nasty as its catalogue allows."""

from __future__ import annotations

from hypothesis import strategies as st

from recommender.request import BUILT_IN, Channel, Context, Filters, OfferRequest, Placement, Source
from recommender.types import ItemId, OfferId
from tests.support.shop import CATEGORIES, CONTAINED, LOCKED, PLAIN, Purchase

PEOPLE = ("c00", "c07", "c39", "new-1", "new-2")
DAYS = st.one_of(st.integers(0, 220), st.just(0))
"""Ages in days; 0 is the shop's latest moment, 220 is before its first."""

ANY_ITEM = st.sampled_from(PLAIN + CONTAINED + ("corn", "school-1", "nobody-knows"))


def purchases(items: tuple[str, ...], *, most: int = 30) -> st.SearchStrategy[list[Purchase]]:
    """Purchases of `items` by old and new customers; repeats and same days included."""
    one = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(items), DAYS)
    return st.lists(one, max_size=most)


VISIBLE_PURCHASES = purchases((*PLAIN, "corn", "school-1", "crib"))
LOCKED_PURCHASES = purchases(LOCKED)

CONTEXTS = st.builds(
    Context,
    basket=st.lists(ANY_ITEM.map(ItemId), max_size=4).map(tuple),
    page=st.none() | ANY_ITEM.map(ItemId),
    session=st.lists(ANY_ITEM.map(ItemId), max_size=3).map(tuple),
)
FILTERS = st.builds(
    Filters,
    categories=st.lists(
        st.sampled_from([*CATEGORIES, "baby", "Drugstore", "no such"]), max_size=2
    ).map(tuple),
    min_price=st.none() | st.floats(0, 5),
    max_price=st.none() | st.floats(5, 9),
    exclude=st.frozensets(ANY_ITEM.map(OfferId), max_size=5),
)
PLACEMENTS = st.lists(st.sampled_from(list(Source)), min_size=1, max_size=5, unique=True).flatmap(
    lambda sources: st.tuples(
        *(st.integers(1, 10).map(lambda n, s=s: Placement(s.value, s, n)) for s in sources)
    )
)
REQUESTS = st.builds(
    OfferRequest,
    placements=PLACEMENTS,
    channel=st.sampled_from([Channel.SITE, Channel.APP]),
    context=CONTEXTS,
    filters=FILTERS,
)
EVERYTHING = OfferRequest(tuple(BUILT_IN.values()))
"""All built-in placements at once."""
