"""Purchases as validated columns; the one owner of column names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.types import Bools, CustomerId, Floats, Ints, Longs


class Columns:
    """Names of the columns of a purchases table, as Tactful writes and expects them."""

    CUSTOMER = "customer_id"
    ITEM = "item_id"
    TIMESTAMP = "timestamp"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    ORDER = "order_id"
    EVENT = "event_id"
    CHANNEL = "channel"
    GIFT = "gift"

    REQUIRED = (CUSTOMER, ITEM, TIMESTAMP, QUANTITY)
    OPTIONAL = (UNIT_PRICE, ORDER, EVENT, CHANNEL, GIFT)


@dataclass(frozen=True, eq=False)
class Interactions:
    """Purchases after validation and netting, sorted by (customer, timestamp, item).

    One element of the arrays is one item in one basket of one customer: equal lines of a
    basket are merged.

    customers   external ids, sorted; every one of them has at least one line
    customer    (n,) index into `customers`
    item        (n,) index into the catalogue (`recommender.catalogue.Catalogue.ids`)
    timestamp   (n,) seconds since 1970, UTC
    quantity    (n,) units, > 0
    basket      (n,) equal for lines of the same basket; means nothing otherwise
    """

    customers: tuple[CustomerId, ...]
    customer: Ints
    item: Ints
    timestamp: Longs
    quantity: Floats
    basket: Longs

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def window(self) -> tuple[int, int]:
        """First and last timestamp (seconds since 1970); (0, 0) when there is no line."""
        if not len(self):
            return (0, 0)
        return int(self.timestamp.min()), int(self.timestamp.max())

    def where(self, keep: Bools) -> Interactions:
        """The lines that `keep` marks; customers without a line leave the vocabulary."""
        used = np.unique(self.customer[keep])
        renumber = np.full(len(self.customers), -1, dtype=np.int32)
        renumber[used] = np.arange(len(used), dtype=np.int32)
        return Interactions(
            customers=tuple(self.customers[i] for i in used),
            customer=renumber[self.customer[keep]],
            item=self.item[keep],
            timestamp=self.timestamp[keep],
            quantity=self.quantity[keep],
            basket=self.basket[keep],
        )

    def renumbered(self, item_index: Ints) -> Interactions:
        """The same lines with catalogue index `i` replaced by `item_index[i]`."""
        return Interactions(
            customers=self.customers,
            customer=self.customer,
            item=item_index[self.item],
            timestamp=self.timestamp,
            quantity=self.quantity,
            basket=self.basket,
        )
