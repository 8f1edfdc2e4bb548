"""Names for what the numbers mean.

Callers know *external* ids (text). Matrices know *indices*. They are different types
everywhere, so that mypy refuses to mix them:

    CustomerId, ItemId, OfferId   external ids, text of 1 to 256 characters
    ItemIndex                     position of an item in the catalogue (sorted by id)
    Row                           position of an item among those the models know
    OfferIndex                    position of an offer in the offer matrix
"""

from __future__ import annotations

from typing import NewType

import numpy as np
from numpy.typing import NDArray

CustomerId = NewType("CustomerId", str)
ItemId = NewType("ItemId", str)
OfferId = NewType("OfferId", str)
ItemIndex = NewType("ItemIndex", int)
Row = NewType("Row", int)
OfferIndex = NewType("OfferIndex", int)

Bools = NDArray[np.bool_]
Bits = NDArray[np.uint64]
"""One bit a life event; see `recommender.guard.taxonomy`."""
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

ID_LENGTH = 256
"""Longest external id accepted anywhere, in characters."""

SECONDS_A_DAY = 86_400
SECONDS_A_WEEK = 7 * SECONDS_A_DAY
