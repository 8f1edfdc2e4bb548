"""G11: every link of the shared lists, counted again from the customers of the bundle."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_matrix

from recommender.bundle import Neighbours
from recommender.types import Ints
from tactful.prove.goods import Goods
from tactful.prove.verdict import Outcome, Verdict, held, not_run
from training.progress import Advance

STEPS = 2
_AT_ONCE = 4_096


def shared(goods: Goods, advance: Advance) -> Verdict:
    """The verdict on G11: customers whose view holds both ends, for each link."""
    lists = {"similar items": goods.bundle.similar, "complements": goods.bundle.complements}
    total = sum(len(found.rows) for found in lists.values())
    needed = goods.policy.min_audience_cell
    if not total:
        advance(STEPS)
        why = f"the bundle has no link: no pair of items is shared by {needed} customers"
        return not_run("G11", why)
    weakest: list[tuple[int, str]] = []
    for name, found in lists.items():
        if len(found.rows):
            weakest.append(_weakest(goods, name, found))
        advance(1)
    done = (
        f"for each of the {total:,} links between two items, the customers of the bundle whose "
        "visible history holds both were counted again"
    )
    least, told = min(weakest)
    if least < needed:
        result = f"a link has fewer than {needed} customers behind it"
        return Verdict("G11", Outcome.FAILED, done, total, result, told)
    return held("G11", done, total, f"each has at least {needed} customers behind it")


def _weakest(goods: Goods, name: str, found: Neighbours) -> tuple[int, str]:
    left = np.repeat(np.arange(len(found.indptr) - 1, dtype=np.int32), np.diff(found.indptr))
    support = supporters(goods, left, found.rows)
    at = int(np.argmin(support))
    ids = goods.index.item_id(int(left[at])), goods.index.item_id(int(found.rows[at]))
    return int(support[at]), f"{name}: {ids[0]} and {ids[1]}"


def supporters(goods: Goods, left: Ints, right: Ints) -> Ints:
    """(n,) customers whose view holds both `left` and `right`."""
    table = goods.table
    by_item = csc_matrix(
        _views(goods), shape=(len(table), len(goods.bundle.item_of_row)), dtype=np.int32
    )
    counted = np.zeros(len(left), dtype=np.int32)
    for start in range(0, len(left), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        both = by_item[:, left[part]].multiply(by_item[:, right[part]])
        counted[part] = np.asarray(both.sum(axis=0)).ravel()
    return counted


def _views(goods: Goods) -> tuple[Ints, tuple[Ints, Ints]]:
    table = goods.table
    customer = np.repeat(np.arange(len(table)), np.diff(table.indptr)).astype(np.int32)
    return np.ones(len(table.rows), dtype=np.int32), (customer, table.rows)
