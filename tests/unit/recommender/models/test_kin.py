"""Kin on tables whose answers are worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.models.kin import KinConfig, Kinship, codes, fit
from tests.support.goods import titled
from tests.support.histories import columns

BUYERS = columns([{0: (1, 0), 1: (1, 0)}] * 3 + [{0: (1, 0), 2: (1, 7)}])
"""Row 0 has four buyers today, row 1 three, row 2 one a week ago: half a buyer; row 3 none."""

CODES = np.array([0, 1, 0, 0], dtype=np.int32)


def test_each_item_vouches_for_what_sells_among_its_kin() -> None:
    """Buyers of rows 0 and 2 are 4 and .5; row 3 sells nothing and still has kin."""
    edges = fit(BUYERS, 4, CODES, KinConfig(exponent=1.0)).toarray()
    shares = [4 / 4.5, 0, 0.5 / 4.5, 0]
    assert edges == pytest.approx(np.array([shares, [0, 1, 0, 0], shares, shares]))


def test_an_exponent_holds_best_sellers_back() -> None:
    edges = fit(BUYERS, 4, CODES, KinConfig(exponent=0.5)).toarray()
    assert edges[0, 0] / edges[0, 2] == pytest.approx(8**0.5)


def test_shares_are_of_all_kin_even_when_few_are_kept() -> None:
    """The best seller alone is kept, with its share of all."""
    edges = fit(BUYERS, 4, CODES, KinConfig(exponent=1.0, keep=1))
    assert edges[0].indices.tolist() == [0]
    assert edges[0, 0] == pytest.approx(4 / 4.5)


def test_ties_fall_by_row() -> None:
    same = columns([dict.fromkeys(range(4), (1, 0))])
    edges = fit(same, 4, np.zeros(4, dtype=np.int32), KinConfig(keep=2))
    assert edges[3].indices.tolist() == [0, 1]


def test_an_item_without_a_category_has_no_edges() -> None:
    edges = fit(BUYERS, 4, np.array([-1, -1, 0, 0], dtype=np.int32), KinConfig())
    assert np.diff(edges.indptr).tolist() == [0, 0, 1, 1]
    assert fit(BUYERS, 4, np.full(4, -1, dtype=np.int32), KinConfig()).nnz == 0


def test_nobody_bought_anything() -> None:
    """Neither a share nor a division by zero, even where everybody counts alike."""
    assert fit(columns([]), 4, CODES, KinConfig(exponent=0.0)).nnz == 0
    assert fit(columns([]), 0, np.empty(0, dtype=np.int32), KinConfig()).shape == (0, 0)


@given(
    code=st.lists(st.integers(-1, 3), min_size=8, max_size=8),
    bought=st.sets(st.integers(0, 7)),
    keep=st.integers(1, 9),
)
def test_it_equals_asking_each_row_for_its_kin(
    code: list[int], bought: set[int], keep: int
) -> None:
    history = columns([{row: (1, 7 * row) for row in sorted(bought)}])
    edges = fit(history, 8, np.array(code, dtype=np.int32), KinConfig(exponent=1.0, keep=keep))
    for j in range(8):
        kin = [i for i in sorted(bought) if code[i] == code[j] != -1]
        total = sum(0.5**i for i in kin)
        expected = {i: 0.5**i / total for i in kin[:keep]}  # rarer by row: the first sell best
        assert dict(zip(edges[j].indices.tolist(), edges[j].data, strict=True)) == pytest.approx(
            expected
        )
    assert edges.has_sorted_indices


def test_categories_are_compared_with_all_above_them() -> None:
    """The same word under two parents is two; capitals do not matter; one level has no parent."""
    shop = replace(
        titled("", "", "", "", ""),
        paths=(("Food", "Other"), ("Drink", "other"), ("food ", "OTHER"), ("Food",), ()),
        brands=("Acme", "", " acme", "Best", ""),
    )
    rows = np.arange(5, dtype=np.int32)
    assert codes(shop, rows, Kinship.CATEGORY).tolist() == [0, 1, 0, 2, -1]
    assert codes(shop, rows, Kinship.PARENT).tolist() == [0, 1, 0, -1, -1]
    assert codes(shop, rows, Kinship.BRAND).tolist() == [0, -1, 0, 1, -1]


def test_codes_are_of_the_rows_that_the_models_know() -> None:
    shop = replace(titled("", "", ""), brands=("A", "B", "A"))
    known = np.array([1, 2], dtype=np.int32)
    assert codes(shop, known, Kinship.BRAND).tolist() == [0, 1]
