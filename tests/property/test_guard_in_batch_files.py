"""Batch files are answers too: blind to locked evidence, free of targets."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from recommender.channel import Channel
from tests.property.strategies import LOCKED_PURCHASES, VISIBLE_PURCHASES
from tests.support.shop import (
    AS_OF,
    CONTAINED,
    Purchase,
    Shop,
    catalogue,
    interactions,
    population,
    train,
)
from training.batch import batch


@cache
def shop() -> Shop:
    return train(population())


def rows(
    purchases: list[Purchase], *, new_only: bool, channel: Channel = Channel.SITE
) -> list[tuple[object, ...]]:
    listing = catalogue()
    found = batch(
        shop().index,
        interactions(purchases, listing),
        listing.ids,
        now=AS_OF,
        customers=[*shop().table.customers[:3], "new-1", "new-2", "nobody"],
        n=5,
        new_only=new_only,
        channel=channel,
    )
    return found.rows()


@given(VISIBLE_PURCHASES, LOCKED_PURCHASES, st.booleans(), st.sampled_from(Channel))
def test_g1_locked_purchases_change_no_line_of_a_batch_file(
    visible: list[Purchase], locked: list[Purchase], new_only: bool, channel: Channel
) -> None:
    seen = [("c00", "bread-1", 4), *visible]
    asked = {"new_only": new_only, "channel": channel}
    assert rows(locked + seen, **asked) == rows(seen, **asked)  # type: ignore[arg-type]


@given(VISIBLE_PURCHASES, LOCKED_PURCHASES, st.booleans(), st.sampled_from(Channel))
def test_g2_no_batch_file_offers_a_target(
    visible: list[Purchase], locked: list[Purchase], new_only: bool, channel: Channel
) -> None:
    found = rows([("c00", "bread-1", 4), *visible, *locked], new_only=new_only, channel=channel)
    assert not {offer for _, _, offer, _ in found} & set(CONTAINED)
    assert {customer for customer, *_ in found} >= {"new-1", "nobody"}
