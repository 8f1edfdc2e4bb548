"""Replenishment records on their way into Redis: merged with what happened since, never replaced.

They are live state: unversioned, and written by serving too, so each write is a compare-and-set.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from recommender.controls import parse_controls
from recommender.customer import ReplenishPurchase
from recommender.errors import ConflictError, StoreError
from recommender.guard.replenish import RECORD_SECONDS, most_recent
from recommender.keys import Keys
from recommender.record import pack_replenish, unpack_replenish
from recommender.scripts import REPLACE
from recommender.types import CustomerId
from training.replenishing import FILE, read_replenish_file

_CHUNK = 500
_ATTEMPTS = 20
_Purchases = tuple[ReplenishPurchase, ...]
_Entry = tuple[CustomerId, _Purchases]


def write_reminders(client: Any, keys: Keys, bundle_dir: Path, renew: Callable[[], None]) -> int:
    """Merges the bundle directory's file into the records; gives the number of customers.

    A directory without the file has none to merge. Raises BundleError when the file is damaged
    and ConflictError when a record keeps changing under the write.
    """
    path = bundle_dir / FILE
    if not path.is_file():
        return 0
    written = 0
    for chunk in _chunks(read_replenish_file(path.read_bytes())):
        renew()
        pending = chunk
        for _ in range(_ATTEMPTS):
            pending = _merge(client, keys, pending)
            if not pending:
                break
        else:
            raise ConflictError(
                "a replenishment record was changed by others all the time",
                hint="publish again; what was merged is not merged twice",
            )
        written += len(chunk)
    return written


def _merge(client: Any, keys: Keys, entries: list[_Entry]) -> list[_Entry]:
    """Writes what has not changed since it was read; gives back the rest."""
    names = [keys.replenish(customer) for customer, _ in entries]
    held = client.mget([*names, *(keys.controls(customer) for customer, _ in entries)])
    pipe = client.pipeline(transaction=False)
    for i, (_, purchases) in enumerate(entries):
        raw, remembered = held[i], _remembered(held[len(entries) + i], purchases)
        record = pack_replenish(most_recent((*_known(raw), *remembered)))
        pipe.eval(REPLACE, 1, names[i], raw or b"", record, RECORD_SECONDS)
    done = pipe.execute()
    return [entry for entry, made in zip(entries, done, strict=True) if not made]


def _remembered(raw: bytes | None, purchases: _Purchases) -> _Purchases:
    """Purchases that the customer has not had forgotten since they were exported.

    raw   the customer's controls; when they cannot be read nobody knows, so there are none
    """
    if raw is None:
        return purchases
    try:
        controls = parse_controls(raw)
    except StoreError as error:
        warnings.warn(f"{error.what}; nothing is added", RuntimeWarning, stacklevel=2)
        return ()
    return tuple(p for p in purchases if not controls.forgets(p.item, p.timestamp))


def _known(raw: bytes | None) -> tuple[ReplenishPurchase, ...]:
    """What a record holds. One that cannot be read is replaced, and a warning says so."""
    if raw is None:
        return ()
    try:
        return unpack_replenish(raw)
    except StoreError as error:
        warnings.warn(f"{error.what}; it is written anew", RuntimeWarning, stacklevel=2)
        return ()


def _chunks(entries: Iterator[_Entry]) -> Iterator[list[_Entry]]:
    while chunk := list(islice(entries, _CHUNK)):
        yield chunk
