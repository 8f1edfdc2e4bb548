"""No id can leave its key, and keys that must meet do meet."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from recommender.keys import Keys, customer_tag, event_hash

STRANGE = st.one_of(
    st.text(max_size=300),
    st.sampled_from(["{", "}", "{}", "}{", ":", "a}b{c", "\x00", "\n", "tactful:live", "ü" * 9]),
)


@given(STRANGE)
def test_any_id_becomes_one_hash_tag_of_24_plain_characters(customer: str) -> None:
    assert re.fullmatch(r"\{[A-Za-z0-9_-]{22}\}", customer_tag(customer))


@given(STRANGE, STRANGE)
def test_different_customers_have_different_keys(one: str, other: str) -> None:
    keys = Keys()
    assert (one == other) == (keys.learned("v", one) == keys.learned("v", other))
    assert (one == other) == (keys.events(one) == keys.events(other))


@given(STRANGE)
def test_all_keys_of_a_customer_share_the_hash_tag(customer: str) -> None:
    keys, tag = Keys("shop"), customer_tag(customer)
    for key in (keys.learned("v", customer), keys.events(customer), keys.replenish(customer)):
        assert key.startswith("shop:")
        assert key.count("{") == key.count("}") == 1
        assert tag in key


def test_versioned_keys_start_with_their_version() -> None:
    keys = Keys("shop")
    assert keys.version_prefix("7") == "shop:v:7:"
    for key in (keys.manifest("7"), keys.array("7", "factors"), keys.learned("7", "anna")):
        assert key.startswith("shop:v:7:")


def test_an_event_is_eight_bytes() -> None:
    assert len(event_hash("order-1/line-2")) == 8
    assert event_hash("a") != event_hash("b")
