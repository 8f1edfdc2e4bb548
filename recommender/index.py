"""A bundle made ready to answer: everything derived once, so that a decision only looks up."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import FactorBundle
from recommender.catalogue import category_name
from recommender.evidence import Evidence
from recommender.guard.containment import allowed
from recommender.guard.layout import GuardBits
from recommender.guard.policy import UNMAPPED, GuardPolicy, GuardRules
from recommender.models.blend import explore_matrix
from recommender.scan import Scanner
from recommender.types import Bools, Doubles, Floats, Ints, ItemId, OfferId

_NO_ITEMS = np.empty(0, dtype=np.int32)
_MOST_MASKS = 256
"""Masks of allowed offers that are kept, one a set of held life events."""


class BundleIndex:
    """A `FactorBundle` and what follows from it; its users write to nothing.

    item_index, offer_index   external id -> position
    row_of_item      (n_items,) model row of a catalogue item, -1 when it has none
    evidence_of_row, target_of_row, soft_of_row   (n_rows,) life-event bits
    offer_price      (n_offers,) the cheapest promoted item; NaN when unknown
    popularity       (n_offers,) mean over promoted items
    by_popularity    (n_offers,) offers, most popular first, ties by id
    discoverable     (n_offers,) True where enough customers bought (guard: discovery_support)
    unchained        bits of life events that never raise the score of another's target
    chainable        (n_offers,) True for offers whose score such a life event must not raise
    """

    def __init__(self, bundle: FactorBundle) -> None:
        self.bundle = bundle
        catalogue, offers = bundle.catalogue, bundle.offers
        self.item_index: dict[ItemId, int] = catalogue.index()
        self.offer_index: dict[OfferId, int] = {o: i for i, o in enumerate(offers.ids)}
        self.row_of_item: Ints = np.full(len(catalogue), -1, dtype=np.int32)
        self.row_of_item[bundle.item_of_row] = np.arange(len(bundle.item_of_row), dtype=np.int32)
        self.offer_rows: Ints = self.row_of_item[offers.items]
        self._offer_starts = offers.indptr[:-1].astype(np.intp)
        self.explore: Floats = explore_matrix(bundle)
        self.scanner = Scanner.of(self.explore)
        self.evidence = Evidence.of(bundle.edges)
        # As the query holds it: a part of a score is then the same wherever it is computed.
        self.popularity_weight = float(np.float32(bundle.parameters.popularity_weight))
        sizes = self._sizes = np.diff(offers.indptr)
        self.popularity: Doubles = self.mean_over_offers(bundle.popularity.astype(np.float64))
        self.by_popularity: Ints = np.lexsort(
            (np.arange(len(offers)), -np.round(self.popularity, 9))
        ).astype(np.int32)
        self.offer_price: Floats = self._per_offer(
            np.fmin, catalogue.price[bundle.item_of_row]
        ).astype(np.float32)
        self._always_valid = bool(
            np.isneginf(offers.valid_from).all() and np.isposinf(offers.valid_until).all()
        )
        self._support: Ints = self._per_offer(np.minimum, bundle.support)
        self._index_owners(sizes)
        # Plain lists: reasons look up a few elements a time, where numpy is slow.
        self._row_ids: list[ItemId] = [catalogue.ids[i] for i in bundle.item_of_row.tolist()]
        self._rows: list[int] = self.offer_rows.tolist()
        self._ends: list[int] = offers.indptr.tolist()
        self._categories = self._items_by_category()
        self._lay_policy(bundle)

    def _lay_policy(self, bundle: FactorBundle) -> None:
        """Everything that follows from the policy and the bits, and from nothing else."""
        self.bundle = bundle
        policy = bundle.manifest.policy
        self.policy: GuardPolicy = policy
        self.evidence_of_row = bundle.evidence[bundle.item_of_row]
        self.target_of_row: list[int] = bundle.target[bundle.item_of_row].tolist()
        self.soft_of_row: list[int] = bundle.soft[bundle.item_of_row].tolist()
        needed = policy.discovery_support * bundle.manifest.n_customers
        self.discoverable: Bools = self._support >= needed
        self._normal = policy.rules(-np.inf)
        self._expired = policy.rules(np.inf)
        self._policy_ends = policy.ends
        self._masks: dict[tuple[int, int], Bools] = {}
        self.unchained = np.uint64(policy.unchained)
        revealing = bundle.offer_target | bundle.offer_soft
        self.chainable: Bools = (revealing & np.uint64(policy.sensitive)) != 0

    def under(self, policy: GuardPolicy, bits: GuardBits) -> BundleIndex:
        """The same bundle under another policy; what does not depend on it is shared.

        bits   of this bundle's catalogue and `guarded_offers` under `policy`
        """
        manifest = self.bundle.manifest.model_copy(update={"policy": policy})
        # What training could not match, and has since left the catalogue, cannot be matched now.
        lost = self.bundle.offer_target & np.uint64(policy.everything & UNMAPPED)
        bundle = replace(
            self.bundle,
            manifest=manifest,
            evidence=bits.evidence,
            target=bits.target,
            soft=bits.soft,
            offer_target=bits.offer_target | lost,
            offer_soft=bits.offer_soft,
        )
        other = copy.copy(self)
        other._lay_policy(bundle)  # noqa: SLF001  # a copy of our own
        return other

    def uncontained(self) -> BundleIndex:
        """The same with no offer held back: what a trace compares an answer with, no answer.

        What is masked stays masked, and every score stays what it is.
        """
        bundle, items, offers = self.bundle, len(self.bundle.target), len(self.bundle.offer_target)
        other = copy.copy(self)
        other.bundle = replace(
            bundle,
            target=np.zeros(items, dtype=np.uint64),
            soft=np.zeros(items, dtype=np.uint64),
            offer_target=np.zeros(offers, dtype=np.uint64),
            offer_soft=np.zeros(offers, dtype=np.uint64),
        )
        other._masks = {}  # noqa: SLF001  # a copy of our own
        return other

    @property
    def bits(self) -> GuardBits:
        """The life-event bits of the catalogue and the offers, as they are in use."""
        return self.bundle.bits

    def rules(self, now: float) -> GuardRules:
        """The policy's rules at `now` (seconds since 1970), for one who has told us nothing."""
        return self._expired if now >= self._policy_ends else self._normal

    def rows(self, items: Iterable[ItemId]) -> list[int]:
        """Model rows of those items that the models know."""
        found = (self.item_index.get(item, -1) for item in items)
        rows = (int(self.row_of_item[i]) for i in found if i >= 0)
        return [row for row in rows if row >= 0]

    def item_id(self, row: int) -> ItemId:
        """The external id of a model row."""
        return self._row_ids[row]

    def promoted(self, offer: int) -> list[int]:
        """The model rows that an offer promotes."""
        if self._offer_of_row is not None:
            return [self._rows[offer]]
        return self._rows[self._ends[offer] : self._ends[offer + 1]]

    def offer_id(self, offer: int) -> OfferId:
        """The external id of an offer; beyond the offers come the bare items of the catalogue."""
        n = len(self.bundle.offers)
        if offer < n:
            return self.bundle.offers.ids[offer]
        return OfferId(self.bundle.catalogue.ids[offer - n])

    def offer_title(self, offer: int) -> str:
        """The text of an offer, numbered as in `offer_id`."""
        n = len(self.bundle.offers)
        if offer < n:
            return self.bundle.offers.titles[offer]
        return self.bundle.catalogue.titles[offer - n]

    def price(self, offer: int) -> float:
        """The price of an offer, numbered as in `offer_id`; NaN when unknown."""
        n = len(self.bundle.offers)
        return float(
            self.offer_price[offer] if offer < n else self.bundle.catalogue.price[offer - n]
        )

    def bare_item(self, item: int) -> int:
        """The number under which a bare catalogue item can stand in an answer."""
        return len(self.bundle.offers) + item

    def allowed(self, rules: GuardRules, now: float) -> Bools:
        """(n_offers,) what containment and validity let through. Shared: do not write to it."""
        held = (rules.contained, rules.soft)
        mask = self._masks.get(held)
        if mask is None:
            mask = allowed(self.bundle.offer_target, self.bundle.offer_soft, rules)
            if len(self._masks) < _MOST_MASKS:
                self._masks[held] = mask
        if self._always_valid:
            return mask
        offers = self.bundle.offers
        return mask & (offers.valid_from <= now) & (now < offers.valid_until)

    def rows_in(self, categories: Iterable[str]) -> list[int]:
        """Model rows of items with any of these categories, in small letters, in their path."""
        return sorted({row for name in categories for row in self._rows_in(name).tolist()})

    def categories_of(self, item: int) -> frozenset[str]:
        """Categories of a catalogue item, in small letters."""
        return self.bundle.catalogue.categories(item)

    def in_category(self, name: str) -> Bools:
        """(n_offers,) offers that promote an item with this category anywhere in its path."""
        items = np.zeros(len(self.evidence_of_row), dtype=np.bool_)
        items[self._rows_in(category_name(name))] = True
        mask: Bools = self._per_offer(np.logical_or, items).astype(np.bool_)
        return mask

    def touching(self, name: str) -> Bools:
        """(n_offers,) offers with any item of this category, whether the models know it or not."""
        whole = self.bundle.promotions
        items = np.zeros(len(self.row_of_item), dtype=np.bool_)
        items[self._categories.get(category_name(name), _NO_ITEMS)] = True
        found: Bools = np.logical_or.reduceat(items[whole.items], whole.indptr[:-1])
        return found

    def owned(self, rows: Ints, values: Doubles) -> tuple[Ints, Doubles]:
        """Offers that promote any of `rows`, ascending, with the sum of `values` over them.

        rows, values   (m,) the history and what each item of it is worth
        """
        if self._offer_of_row is not None:
            offers = self._offer_of_row[rows]
            known = offers >= 0
            return offers[known], values[known]
        starts, sizes = self._owner_starts[rows], self._owner_sizes[rows]
        total = int(sizes.sum())
        steps = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        offers, inverse = np.unique(
            self._owners[np.repeat(starts, sizes) + steps], return_inverse=True
        )
        summed: Doubles = np.bincount(
            inverse, np.repeat(values, sizes).astype(np.float64), minlength=len(offers)
        ).astype(np.float64)
        return offers, summed

    def _items_by_category(self) -> dict[str, Ints]:
        """Category, anywhere in the path, to the catalogue items that have it."""
        found: dict[str, list[int]] = {}
        for item, path in enumerate(self.bundle.catalogue.paths):
            for name in set(map(category_name, path)):
                found.setdefault(name, []).append(item)
        return {name: np.array(items, dtype=np.int32) for name, items in found.items()}

    def _rows_in(self, category: str) -> Ints:
        rows = self.row_of_item[self._categories.get(category, _NO_ITEMS)]
        return rows[rows >= 0]

    def _index_owners(self, sizes: Ints) -> None:
        """Which offers promote a row: the transpose of `offers.items`."""
        offer_of_element = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        order = np.argsort(self.offer_rows, kind="stable")
        self._owners: Ints = offer_of_element[order]
        self._owner_sizes = np.bincount(self.offer_rows, minlength=len(self.bundle.item_of_row))
        self._owner_starts = np.cumsum(self._owner_sizes) - self._owner_sizes
        self._offer_of_row: Ints | None = None
        ordered = bool(np.all(np.diff(self.offer_rows) > 0))
        if len(sizes) == len(self.offer_rows) and ordered:
            # The usual case, every item its own offer: one look-up, and already ascending.
            self._offer_of_row = np.full(len(self._owner_sizes), -1, dtype=np.int32)
            self._offer_of_row[self.offer_rows] = offer_of_element

    def mean_over_offers(self, values: Doubles) -> Doubles:
        """(n_offers,) means of `values` (n_rows,) over what each offer promotes."""
        if len(self.offer_rows) == len(self._sizes):
            return values[self.offer_rows]
        return np.asarray(self._per_offer(np.add, values) / self._sizes)

    def _per_offer(self, how: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        if not len(self.bundle.offers):
            return np.empty(0, dtype=values.dtype)
        reduced: NDArray[Any] = how.reduceat(values[self.offer_rows], self._offer_starts)
        return reduced
