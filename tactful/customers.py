"""A bundle with its customers, for programs that look at all of them: from files or from Redis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import CustomerTable
from recommender.codec import bundle_arrays, decode_bundle, parse_manifest
from recommender.customer import ReplenishPurchase, View
from recommender.errors import NotFound, StorageError, StoreError
from recommender.index import BundleIndex
from recommender.keys import Keys, customer_tag
from recommender.record import unpack_learned, unpack_replenish
from recommender.types import CustomerId, Floats
from training.bundle_dir import read_bundle
from training.publishing.keyspace import Keyspace
from training.replenishing import FILE, read_replenish_file

_AT_ONCE = 1_000
_Replenish = Mapping[str, tuple[ReplenishPurchase, ...]]


@dataclass(frozen=True, eq=False)
class Known:
    """A bundle under its own policy, and everything that is stored of its customers.

    table       customers by id, or by tag where `tagged`: Redis knows no ids
    replenish   what may fill the slot `replenish`, by the same names
    """

    index: BundleIndex
    table: CustomerTable
    replenish: _Replenish
    tagged: bool

    def name_of(self, customer: str) -> str:
        """How `table` calls a customer."""
        return customer_tag(customer) if self.tagged else customer


def of_directory(directory: Path) -> Known:
    """A bundle directory. Raises NotFound and BundleError as `read_bundle` does."""
    bundle, table = read_bundle(directory)
    return Known(BundleIndex(bundle), table, dict(_reminders(directory / FILE)), tagged=False)


def of_server(client: Any, keys: Keys) -> Known:
    """What is live in Redis; what customers did since it was trained is left out.

    client   answers in bytes

    Raises NotFound when nothing is live, StoreError when what is live is not whole.
    """
    live: bytes | None = client.get(keys.live)
    if live is None:
        raise NotFound(
            "no bundle is live in Redis, so there are no customers to look at",
            hint="publish one with `tactful publish BUNDLE_DIR`, or name one with --bundle",
        )
    version = live.decode()
    manifest = parse_manifest(_whole(client.get(keys.manifest(version)), version))
    arrays = {
        name: _whole(client.get(keys.array(version, name)), version)
        for name in bundle_arrays(manifest)
    }
    index = BundleIndex(decode_bundle(manifest, arrays))
    tags = Keyspace(client, keys).customers(version)
    nobody = customer_tag("")
    learned = keys.learned(version, "").removesuffix(nobody)
    records = {tag: unpack_learned(raw) for tag, raw in _records(client, learned, tags)}
    reminders = _records(client, keys.replenish("").removesuffix(nobody), tags)
    replenish = {tag: unpack_replenish(raw) for tag, raw in reminders}
    return Known(index, _table(records, index), replenish, tagged=True)


def _reminders(path: Path) -> Iterator[tuple[str, tuple[ReplenishPurchase, ...]]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return  # nothing may be replenished
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror}", hint="check who may read it"
        ) from error
    yield from read_replenish_file(content)


def _records(client: Any, prefix: str, tags: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Tag and record of those who have one."""
    for at in range(0, len(tags), _AT_ONCE):
        part = tags[at : at + _AT_ONCE]
        for tag, raw in zip(part, client.mget([prefix + tag for tag in part]), strict=True):
            if raw is not None:
                yield tag, raw


def _table(records: Mapping[str, tuple[View, Floats]], index: BundleIndex) -> CustomerTable:
    views = [view for view, _ in records.values()]
    factors = [factor for _, factor in records.values()]
    k = index.bundle.factors.shape[1]
    sizes = [len(view) for view in views]

    def joined(name: str, dtype: type[np.generic]) -> NDArray[Any]:
        parts = [np.empty(0, dtype=dtype), *(getattr(view, name) for view in views)]
        return np.concatenate(parts).astype(dtype)

    return CustomerTable(
        customers=tuple(CustomerId(tag) for tag in records),
        indptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        rows=joined("rows", np.int32),
        baskets=joined("baskets", np.int32),
        age_days=joined("age_days", np.int32),
        own=joined("own", np.float32),
        confidence=joined("confidence", np.float32),
        factors=np.array(factors, dtype=np.float32).reshape(len(factors), k),
    )


def _whole(raw: bytes | None, version: str) -> bytes:
    if raw is None:
        raise StoreError(
            f"version {version} is live, but some of its keys have left Redis",
            hint="set maxmemory-policy to noeviction, then publish the bundle again",
        )
    return raw
