"""Records survive the round trip, and bytes that are no record are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.customer import EventKind, LiveEvent, ReplenishPurchase, View
from recommender.errors import StoreError
from recommender.record import (
    LiveRecord,
    pack_learned,
    pack_live,
    pack_replenish,
    unpack_learned,
    unpack_live,
    unpack_replenish,
)
from recommender.types import ItemId

ITEMS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=256).map(
    ItemId
)
HASHES = st.binary(min_size=8, max_size=8)
TIMES = st.integers(0, 2**40)
EVENTS = st.builds(
    LiveEvent,
    HASHES,
    st.sampled_from([EventKind.PURCHASE, EventKind.RETURN]),
    ITEMS,
    TIMES,
    st.floats(0.5, 1000, width=32),
)
PURCHASES = st.builds(ReplenishPurchase, HASHES, ITEMS, TIMES, st.booleans())


def view(n: int) -> View:
    return View(
        rows=np.arange(n, dtype=np.int32) * 3,
        baskets=np.arange(1, n + 1, dtype=np.int32),
        age_days=np.arange(n, dtype=np.int32) * 7,
        own=np.linspace(0.1, 9, n, dtype=np.float32),
        confidence=np.linspace(0.2, 3, n, dtype=np.float32),
    )


@given(st.integers(0, 50), st.integers(0, 70))
def test_a_learned_record_comes_back_as_it_was(n: int, k: int) -> None:
    factor = np.linspace(-1, 1, k, dtype=np.float32)
    found, found_factor = unpack_learned(pack_learned(view(n), factor))
    assert found_factor.tolist() == factor.tolist()
    for field in ("rows", "baskets", "age_days", "own", "confidence"):
        assert getattr(found, field).tolist() == getattr(view(n), field).tolist()


@given(st.lists(EVENTS, max_size=20), st.text(max_size=30), st.integers(0, 64))
def test_a_live_record_comes_back_as_it_was(events: list[LiveEvent], stamp: str, k: int) -> None:
    factor = np.linspace(-1, 1, k, dtype=np.float32)
    found = unpack_live(pack_live(LiveRecord(tuple(events), stamp, factor)))
    assert found.events == tuple(events)
    assert found.stamp == stamp
    assert (found.factor is None) == (k == 0)
    assert found.factor is None or found.factor.tolist() == factor.tolist()


@given(st.lists(PURCHASES, max_size=20))
def test_a_replenishment_record_comes_back_as_it_was(purchases: list[ReplenishPurchase]) -> None:
    assert unpack_replenish(pack_replenish(tuple(purchases))) == tuple(purchases)


@pytest.mark.parametrize("read", [unpack_learned, unpack_live, unpack_replenish])
@pytest.mark.parametrize("raw", [b"", b"TL", b"garbage", b"TL1", b"TE2\xff\xff", b"TR1\x01\x00ab"])
def test_bytes_that_are_no_record_are_an_error_that_says_so(read: object, raw: bytes) -> None:
    assert callable(read)
    with pytest.raises(StoreError, match="cannot be read"):
        read(raw)


def test_fifty_items_and_64_factors_take_1065_bytes() -> None:
    assert len(pack_learned(view(50), np.zeros(64, dtype=np.float32))) == 9 + 4 * 64 + 16 * 50
