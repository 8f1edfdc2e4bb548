"""Items and offers: what a shop sells, and what it may put before a customer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from recommender.types import Bools, Doubles, Floats, Ints, ItemId, OfferId


def category_name(category: str) -> str:
    """A category as it is compared: capitals and the space around it do not matter."""
    return category.casefold().strip()


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Items in the order of their ids. All sequences have one element an item.

    ids         external ids, sorted, unique
    titles      text for people; "" when the shop gave none
    paths       categories from the widest to the narrowest; () when the shop gave none
    tags        free labels, lower case
    brands      "" when unknown
    price       in the shop's currency; NaN when unknown
    added       since when it is on sale, seconds since 1970; NaN when unknown
    available   False: stays in histories, is not offered
    listed      False: bought, but without a row in the catalogue file
    """

    ids: tuple[ItemId, ...]
    titles: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...]
    brands: tuple[str, ...]
    price: Floats
    added: Doubles
    available: Bools
    listed: Bools

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def unmapped(self) -> Bools:
        """(n_items,) True where nothing could be matched: neither title nor category.

        A text without a letter or digit ("-", "?") says nothing either.
        """
        spoken = {
            text for text in {*self.titles, *chain(*set(self.paths))} if _says_something(text)
        }
        return np.array(
            [
                title not in spoken and spoken.isdisjoint(path)
                for title, path in zip(self.titles, self.paths, strict=True)
            ],
            dtype=np.bool_,
        )

    def index(self) -> dict[ItemId, int]:
        """External id to position."""
        return {item: i for i, item in enumerate(self.ids)}

    def categories(self, item: int) -> frozenset[str]:
        """What item number `item` is, from the widest to the narrowest, as compared."""
        return frozenset(map(category_name, self.paths[item]))

    def where(self, keep: Bools) -> Catalogue:
        """The items that `keep` marks, in the same order."""
        kept = np.flatnonzero(keep)
        return Catalogue(
            ids=tuple(self.ids[i] for i in kept),
            titles=tuple(self.titles[i] for i in kept),
            paths=tuple(self.paths[i] for i in kept),
            tags=tuple(self.tags[i] for i in kept),
            brands=tuple(self.brands[i] for i in kept),
            price=self.price[kept],
            added=self.added[kept],
            available=self.available[kept],
            listed=self.listed[kept],
        )


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


@dataclass(frozen=True, eq=False)
class Offers:
    """Offers compiled to the items that they promote, in the order of their ids.

    ids           external ids, sorted, unique
    titles        text for people
    indptr        (n_offers + 1,) offer `o` promotes `items[indptr[o]:indptr[o + 1]]`
    items         catalogue indices, ascending within an offer
    valid_from    (n_offers,) seconds since 1970; -inf when always
    valid_until   (n_offers,) seconds since 1970, exclusive; inf when always
    """

    ids: tuple[OfferId, ...]
    titles: tuple[str, ...]
    indptr: Ints
    items: Ints
    valid_from: Doubles
    valid_until: Doubles

    def __len__(self) -> int:
        return len(self.ids)


def own_offers(catalogue: Catalogue) -> Offers:
    """Every available item as its own offer: `offer_id` is the `item_id`."""
    items = np.flatnonzero(catalogue.available).astype(np.int32)
    return Offers(
        ids=tuple(OfferId(catalogue.ids[i]) for i in items),
        titles=tuple(catalogue.titles[i] for i in items),
        indptr=np.arange(len(items) + 1, dtype=np.int32),
        items=items,
        valid_from=np.full(len(items), -np.inf),
        valid_until=np.full(len(items), np.inf),
    )
