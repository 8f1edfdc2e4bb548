"""Small catalogues and offers, for what only looks at words."""

from __future__ import annotations

import numpy as np

from recommender.catalogue import Catalogue, Offers
from recommender.types import ItemId, OfferId

Item = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Title, path, tags."""


def goods(*items: Item) -> Catalogue:
    """A catalogue of items with the ids i0, i1, ..."""
    n = len(items)
    return Catalogue(
        ids=tuple(ItemId(f"i{number}") for number in range(n)),
        titles=tuple(item[0] for item in items),
        paths=tuple(item[1] for item in items),
        tags=tuple(item[2] for item in items),
        brands=("",) * n,
        price=np.ones(n, dtype=np.float32),
        added=np.full(n, np.nan),
        available=np.ones(n, dtype=np.bool_),
        listed=np.ones(n, dtype=np.bool_),
    )


def titled(*titles: str) -> Catalogue:
    """A catalogue of items that have a title only."""
    return goods(*((title, (), ()) for title in titles))


def offers(*said: tuple[str, str, tuple[int, ...]]) -> Offers:
    """Offers of (id, title, positions of the items that they promote); they are always valid."""
    sizes = [len(items) for _, _, items in said]
    return Offers(
        ids=tuple(OfferId(offer) for offer, _, _ in said),
        titles=tuple(title for _, title, _ in said),
        indptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        items=np.array([i for _, _, items in said for i in items], dtype=np.int32),
        valid_from=np.full(len(said), -np.inf),
        valid_until=np.full(len(said), np.inf),
    )
