"""Kin: every item of a history vouches for what sells now in its category, or of its brand.

    W_ji = q_i / sum of q over the kin of j          i among the kin of j, j itself included
    q_i  = (recent buyers of i) ^ exponent

Unlike the other item-to-item heads it needs no customer who has both items: it carries evidence
to an item that was never seen beside another, as soon as somebody buys it.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.sparse import csr_matrix

from recommender.catalogue import Catalogue, category_name
from recommender.models.popularity import recent_buyers
from recommender.models.protocol import History
from recommender.types import Doubles, Ints, Longs

NO_KIN = -1
"""The code of an item that has no category, or no brand."""

_LEAST = 1e-300
"""Keeps 0 / 0 from being asked where nobody bought."""


class Kinship(StrEnum):
    """What makes two items kin.

    CATEGORY   the same narrowest category
    PARENT     the same category one step wider; an item with one category has none
    BRAND      the same brand
    """

    CATEGORY = "category"
    PARENT = "parent"
    BRAND = "brand"


class KinConfig(BaseModel):
    """How quickly buyers stop counting, and how far the best seller stands out.

    half_life_weeks   4 follows the season, 1 what sells this week
    exponent          1 follows buyers in proportion, 0 takes all kin alike
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life_weeks: float = Field(default=1.0, gt=0)
    exponent: float = Field(default=1.0, ge=0, le=1)
    keep: int = Field(default=100, ge=1)


def codes(catalogue: Catalogue, item_of_row: Ints, kinship: Kinship) -> Ints:
    """(n_rows,) int32: rows with one code are kin; `NO_KIN` where an item has none of it.

    item_of_row   (n_rows,) catalogue index of each row

    Categories are compared with everything above them: "Other" under two parents is two.
    Codes are given in the order of the rows.
    """
    numbers: dict[tuple[str, ...], int] = {}
    names = (_name(catalogue, item, kinship) for item in item_of_row.tolist())
    found = [numbers.setdefault(name, len(numbers)) if name else NO_KIN for name in names]
    return np.array(found, dtype=np.int32)


def fit(history: History, n_rows: int, code: Ints, config: KinConfig) -> csr_matrix:
    """Edges W (n_rows, n_rows) float32, at most `keep` a row, columns ascending.

    code   (n_rows,) `codes`; a row without kin, or whose kin nobody bought, has no edges

    The share of an item is of all its kin, whether or not they are among the `keep` best sellers.
    """
    buyers = recent_buyers(history, n_rows, config.half_life_weeks)
    q = np.where((buyers > 0) & (code != NO_KIN), buyers, 0.0)
    q[q > 0] **= config.exponent
    best = _best_sellers(q, code, config.keep)
    n_codes = int(code.max(initial=NO_KIN)) + 1
    listed = np.bincount(code[best], minlength=n_codes)
    share = q / np.maximum(np.bincount(np.maximum(code, 0), weights=q)[code], _LEAST)
    sizes = np.where(code == NO_KIN, 0, np.append(listed, 0)[code])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    first = np.append(np.cumsum(listed) - listed, 0)[code]
    columns = best[np.arange(indptr[-1]) + np.repeat(first - indptr[:-1], sizes)]
    return csr_matrix((share[columns].astype(np.float32), columns, indptr), shape=(n_rows, n_rows))


def _best_sellers(q: Doubles, code: Ints, keep: int) -> Longs:
    """Rows by code, then by row: the `keep` largest positive q of each code, ties by row."""
    rows = np.flatnonzero(q > 0)
    rows = rows[np.lexsort((rows, -q[rows], code[rows]))]
    first = np.searchsorted(code[rows], code[rows])  # where the code begins
    rows = rows[np.arange(len(rows)) - first < keep]
    return np.sort(rows)[np.argsort(code[np.sort(rows)], kind="stable")]


def _name(catalogue: Catalogue, item: int, kinship: Kinship) -> tuple[str, ...]:
    """What kin share, as compared; () when the item has none of it."""
    if kinship is Kinship.BRAND:
        brand = category_name(catalogue.brands[item])
        return (brand,) if brand else ()
    path = tuple(map(category_name, catalogue.paths[item]))
    return path[:-1] if kinship is Kinship.PARENT else path
