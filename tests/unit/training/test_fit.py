"""What fitting counts, it counts on the lines that it is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.errors import InputError
from recommender.guard.policy import GuardPolicy
from recommender.index import BundleIndex
from recommender.interactions import Interactions
from recommender.types import SECONDS_A_WEEK
from tests.support.shop import (
    AS_OF,
    Prepared,
    policy,
    population,
    prepared,
    train,
    unguarded,
)
from training.defaults import default_parameters
from training.fit import customer_table
from training.heads import Heads, fit_heads
from training.progress import Silent
from training.sections import Model

MODEL = Model(factors=4, iterations=2, threads=1)


def fitted(made: Prepared, model: Model = MODEL) -> Heads:
    """The heads under the shipped parameters."""
    parameters = default_parameters(model)
    return fit_heads(made.visible, made.assortment, model, parameters, Silent())


def shuffled(lines: Interactions, seed: int) -> Interactions:
    """The same lines in another order of reading."""
    order = np.random.default_rng(seed).permutation(len(lines))
    return Interactions(
        customers=lines.customers,
        customer=lines.customer[order],
        item=lines.item[order],
        timestamp=lines.timestamp[order],
        quantity=lines.quantity[order],
        basket=lines.basket[order],
    )


def test_the_order_of_lines_does_not_matter() -> None:
    """Bit for bit."""
    made = prepared(population(), unguarded())
    one = fitted(made)
    other = fitted(replace(made, visible=shuffled(made.visible, 1)))
    for name in ("factors", "customer_factors", "rate", "tau", "support"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert one.edges.keys() == other.edges.keys()
    for name, matrix in one.edges.items():
        np.testing.assert_array_equal(matrix.toarray(), other.edges[name].toarray())
    tables = [customer_table(h.customers, h.columns, h.customer_factors) for h in (one, other)]
    assert tables[0].own.tobytes() == tables[1].own.tobytes()


def test_the_universe_is_what_enough_customers_have() -> None:
    """Forty customers: `auto` asks for one; at most one has what only one bought."""
    made = prepared([*population(), ("c01", "diaper-1", 3)], unguarded())
    diaper = made.assortment.catalogue.ids.index("diaper-1")
    auto = fitted(made)
    assert auto.row_of_item[diaper] >= 0
    two = fitted(made, MODEL.model_copy(update={"min_support": 2}))
    assert two.row_of_item[diaper] == -1
    assert two.support.min() >= 2
    assert two.item_of_row.tolist() == np.flatnonzero(two.row_of_item >= 0).tolist()


def test_customers_without_a_modelled_item_leave() -> None:
    made = prepared([*population(), ("lonely", "diaper-1", 3)], unguarded())
    heads = fitted(made, MODEL.model_copy(update={"min_support": 2}))
    assert "lonely" not in heads.customers
    assert np.diff(heads.columns.indptr).min() > 0


def test_one_customer_and_one_item_are_enough() -> None:
    """A bundle that offers the item back."""
    shop = train([("ann", "bread-0", 0)], GuardPolicy())
    assert shop.bundle.manifest.n_rows == shop.bundle.manifest.n_customers == 1
    assert shop.index.offer_id(0) == "bread-0"


def test_nothing_visible_is_an_error_that_names_the_guard() -> None:
    with pytest.raises(InputError, match="no purchase is left") as caught:
        train([("ann", "diaper-1", 0)], policy())
    assert "guard" in caught.value.hint


def test_too_high_a_support_names_the_highest_possible() -> None:
    strict = MODEL.model_copy(update={"min_support": 99})
    made = prepared([("ann", "bread-0", 0), ("bob", "bread-0", 0)], unguarded())
    with pytest.raises(InputError, match="the most any has is 2"):
        fitted(made, strict)


def test_the_bundle_says_what_it_is() -> None:
    shop = train(population())
    manifest = shop.bundle.manifest
    assert manifest.as_of == AS_OF
    assert manifest.window_from >= AS_OF - 29 * SECONDS_A_WEEK
    assert manifest.n_customers == len(shop.table) == 40
    assert manifest.n_offers == len(shop.bundle.offers)
    assert isinstance(shop.index, BundleIndex)
    assert shop.bundle.gramian.dtype == np.float64
    assert shop.bundle.popularity.max() == 1.0
