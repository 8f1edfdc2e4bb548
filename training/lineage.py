"""Where a bundle comes from, for its manifest. Counted on the view, like all of the bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from importlib.metadata import version

import numpy as np

from recommender.bundle import Lineage
from recommender.interactions import Interactions
from recommender.types import ItemId
from training.sections import Model


def lineage_of(visible: Interactions, items: Sequence[ItemId], model: Model) -> Lineage:
    """The lineage of a bundle that was fitted on visible lines.

    items   the ids that `visible.item` points into
    model   the settings of the models; the number of threads, which changes nothing, is left out
    """
    return Lineage(
        release=version("tactful"),
        lines=digest_of_lines(visible, items),
        n_lines=len(visible),
        model=model.model_dump(mode="json", exclude={"threads"}),
    )


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    """Name of each file -> BLAKE2b-256 of its bytes, in hex."""
    return {name: blake2b(raw, digest_size=32).hexdigest() for name, raw in files.items()}


def digest_of_lines(visible: Interactions, items: Sequence[ItemId]) -> str:
    """BLAKE2b-128, in hex, of who bought what, when and how much of it.

    Whatever the catalogue or the order of the file: an item counts by its id. Baskets are left
    out, since their numbers mean nothing.
    """
    used, item = np.unique(visible.item, return_inverse=True)
    names = [items[i] for i in used]
    place = np.empty(len(names), dtype=np.int64)
    place[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    item = place[item]
    order = np.lexsort((visible.quantity, item, visible.timestamp, visible.customer))
    digest = blake2b(json.dumps([visible.customers, sorted(names)]).encode(), digest_size=16)
    for column, kind in (
        (visible.customer, "<i4"),
        (item, "<i4"),
        (visible.timestamp, "<i8"),
        (visible.quantity, "<f4"),
    ):
        digest.update(column[order].astype(kind).tobytes())
    return digest.hexdigest()
