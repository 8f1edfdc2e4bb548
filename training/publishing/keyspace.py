"""Walking and measuring the keys of a version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import nsmallest
from typing import Any

from recommender.keys import Keys, customer_tag

MOST_MEASURED = 10_000
"""Up to so many customers, all are measured."""

SAMPLED_CUSTOMERS = 1_000
_BATCH = 1_000


class Keyspace:
    """The keys under one namespace, found with SCAN: the server never stops to answer."""

    def __init__(self, client: Any, keys: Keys) -> None:
        self._redis = client
        self._keys = keys

    def stored_versions(self) -> set[str]:
        """Every version of which at least one key exists."""
        prefix = self._keys.version_prefix("").removesuffix(":")
        return {
            key.decode().removeprefix(prefix).partition(":")[0]
            for batch in self._scan(prefix)
            for key in batch
        }

    def customers(self, version: str) -> list[str]:
        """The tags of all customers who have a learned record under a version, sorted."""
        learned = self._keys.learned(version, "").removesuffix(customer_tag(""))
        # SCAN may name a key twice.
        found = {key.decode() for batch in self._scan(learned) for key in batch}
        return sorted(key.removeprefix(learned) for key in found)

    def controls(self) -> Iterator[list[bytes]]:
        """The keys of what customers have told us, in batches, in any order, some of them twice."""
        return self._scan(self._keys.controls("").removesuffix(customer_tag("")))

    def unlink_version(self, version: str, between: Callable[[], None]) -> None:
        """Removes all keys of a version; `between` is called before every batch."""
        for batch in self._scan(self._keys.version_prefix(version)):
            between()
            pipe = self._redis.pipeline(transaction=False)
            for key in batch:
                pipe.unlink(key)
            pipe.execute()

    def bytes_per_customer(self, version: str) -> float:
        """Mean of MEMORY USAGE over all keys of a customer; 0.0 without any.

        All customers of the version are measured when there are at most 10,000, otherwise 1,000
        of them: the same ones each time, whatever the server and the order of its keys.
        """
        nobody = customer_tag("")
        learned = self._keys.learned(version, "").removesuffix(nobody)
        live = self._keys.events("").removesuffix(nobody)
        replenish = self._keys.replenish("").removesuffix(nobody)
        measured = self._measured(learned)
        used = 0
        for first in range(0, len(measured), _BATCH):
            pipe = self._redis.pipeline(transaction=False)
            for tag in measured[first : first + _BATCH]:
                for prefix in (learned, live, replenish):
                    pipe.memory_usage(prefix + tag)
            used += sum(size or 0 for size in pipe.execute())
        return used / len(measured) if measured else 0.0

    def _measured(self, learned: str) -> list[str]:
        """The tags of the customers to measure; SCAN may name a key twice.

        Tags are hashes of ids: those that sort first have nothing in common.
        """
        tags: set[str] = set()
        most = MOST_MEASURED
        for batch in self._scan(learned):
            tags.update(key.decode().removeprefix(learned) for key in batch)
            if len(tags) > most:
                most = SAMPLED_CUSTOMERS
                tags = set(nsmallest(most, tags))
        return sorted(tags)

    def _scan(self, prefix: str) -> Iterator[list[bytes]]:
        pattern = "".join(f"\\{c}" if c in "\\*?[]" else c for c in prefix) + "*"
        cursor = 0
        while True:
            cursor, batch = self._redis.scan(cursor, match=pattern, count=_BATCH)
            if batch:
                yield batch
            if not cursor:
                return
