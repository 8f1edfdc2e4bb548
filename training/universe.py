"""Which items the models know: those that enough customers bought, and new ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.catalogue import Catalogue
from recommender.errors import InputError
from recommender.interactions import Interactions
from recommender.models.kin import NO_KIN, Kinship, codes
from recommender.types import SECONDS_A_WEEK, Bools, Doubles, Ints, Longs
from training.assortment import Assortment
from training.sections import Model


@dataclass(frozen=True, eq=False)
class Universe:
    """Model rows.

    item_of_row   (n_rows,) catalogue index, ascending; row_of_item is its inverse, -1 for none
    warm          (n_rows,) True where enough customers bought; the others are new items, and
                  are known by their kin
    since         (n_rows,) when it was added or else first bought, seconds since 1970; NaN for
                  what is not new. Warm rows may be new, too
    n_left_out    new items that have no row, because there would be more of them than warm rows
    """

    item_of_row: Ints
    row_of_item: Ints
    warm: Bools
    since: Doubles
    n_left_out: int

    def notes(self) -> tuple[str, ...]:
        """What a person should know, in sentences."""
        if not self.n_left_out:
            return ()
        most = int(self.warm.sum())
        note = (
            f"{most + self.n_left_out:,} items count as new, more than the {most:,} that enough "
            f"customers have; the {most:,} latest of them can be offered. To mend it: check "
            "`added` in the catalogue, or lower model.new_item_weeks"
        )
        return (note,)


def universe(visible: Interactions, assortment: Assortment, model: Model) -> Universe:
    """The rows for these visible lines; raises InputError when no item has enough buyers.

    An item is new when it was added to the catalogue or first bought in the last
    `new_item_weeks`, counted back from the latest visible line; what is added later is not on
    sale yet. A new item has a row when it has too few buyers, is on sale, is touched by no life
    event, and shares its category or its brand with an item of enough buyers: without kin
    nothing could be said of it. There are at most as many such rows as warm ones: the latest.
    """
    n_items = len(assortment.catalogue)
    if not len(visible):
        raise InputError(
            "no purchase is left to learn from",
            hint="hand in purchases, and the catalogue (--catalogue) if none was named, since "
            "the guard hides every item that it knows nothing of; `tactful guard preview` shows "
            "what it hides of a catalogue",
        )
    support = _support(visible, n_items)
    least = model.support(len(visible.customers))
    warm = support >= least
    if not warm.any():
        raise InputError(
            f"no item was bought by {least} customers or more; the most any has is "
            f"{int(support.max())}",
            hint=f"set model.min_support to {int(support.max())} or less",
        )
    since = _new_since(visible, assortment.catalogue, model.new_item_weeks)
    new = ~np.isnan(since) & ~warm & _offerable(assortment) & _has_kin(assortment.catalogue, warm)
    latest = _latest(np.flatnonzero(new), since, support)
    item_of_row = np.sort(np.r_[np.flatnonzero(warm), latest[: warm.sum()]]).astype(np.int32)
    row_of_item = np.full(n_items, -1, dtype=np.int32)
    row_of_item[item_of_row] = np.arange(len(item_of_row), dtype=np.int32)
    left_out = max(len(latest) - int(warm.sum()), 0)
    return Universe(item_of_row, row_of_item, warm[item_of_row], since[item_of_row], left_out)


def _support(visible: Interactions, n_items: int) -> Longs:
    """Customers whose view has the item, (n_items,)."""
    pair = np.unique(visible.customer.astype(np.int64) * n_items + visible.item)
    return np.bincount(pair % n_items, minlength=n_items)


def _new_since(visible: Interactions, catalogue: Catalogue, weeks: int) -> Doubles:
    """(n_items,) when each new item was added or else first bought; NaN for what is not new.

    Seconds since 1970. The window is open at its older end: exactly `weeks` ago is old.
    """
    as_of = visible.window[1]
    begin = as_of - weeks * SECONDS_A_WEEK
    first = np.full(len(catalogue), np.inf)
    np.minimum.at(first, visible.item, visible.timestamp)
    added = catalogue.added
    bought_lately = np.where((first > begin) & (first <= as_of), first, np.nan)
    return np.where((added > begin) & (added <= as_of), added, bought_lately)


def _offerable(assortment: Assortment) -> Bools:
    """(n_items,) True for what is on sale, but for all that any life event touches.

    What the guard masks looks as if nobody bought it, and would pass for new.
    """
    touched = assortment.evidence | assortment.target | assortment.soft
    catalogue = assortment.catalogue
    return np.asarray(catalogue.listed & catalogue.available & (touched == 0))


def _has_kin(catalogue: Catalogue, warm: Bools) -> Bools:
    """(n_items,) True where an item of enough buyers has the same category or brand."""
    found = np.zeros(len(warm), dtype=np.bool_)
    everything = np.arange(len(warm), dtype=np.int32)
    for kinship in (Kinship.CATEGORY, Kinship.BRAND):
        code = codes(catalogue, everything, kinship)
        known = code != NO_KIN
        found[known] |= np.isin(code[known], code[known & warm])
    return found


def _latest(new: Longs, since: Doubles, support: Longs) -> Longs:
    """The new items, latest first; of one moment those with more buyers, then by id."""
    return new[np.lexsort((new, -support[new], -since[new]))]
