"""Walking and measuring the keys of a version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from recommender.keys import Keys, customer_tag

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

    def unlink_version(self, version: str, between: Callable[[], None]) -> None:
        """Removes all keys of a version; `between` is called before every batch."""
        for batch in self._scan(self._keys.version_prefix(version)):
            between()
            pipe = self._redis.pipeline(transaction=False)
            for key in batch:
                pipe.unlink(key)
            pipe.execute()

    def bytes_per_customer(self, version: str) -> float:
        """Mean of MEMORY USAGE over all keys of up to 1,000 customers; 0.0 without any."""
        nobody = customer_tag("")
        learned = self._keys.learned(version, "").removesuffix(nobody)
        live = self._keys.events("").removesuffix(nobody)
        replenish = self._keys.replenish("").removesuffix(nobody)
        tags: list[str] = []
        for batch in self._scan(learned):
            tags += [key.decode().removeprefix(learned) for key in batch]
            if len(tags) >= SAMPLED_CUSTOMERS:
                break
        sample = tags[:SAMPLED_CUSTOMERS]
        pipe = self._redis.pipeline(transaction=False)
        for tag in sample:
            for prefix in (learned, live, replenish):
                pipe.memory_usage(prefix + tag)
        used = sum(size or 0 for size in pipe.execute())
        return used / len(sample) if sample else 0.0

    def _scan(self, prefix: str) -> Iterator[list[bytes]]:
        pattern = "".join(f"\\{c}" if c in "\\*?[]" else c for c in prefix) + "*"
        cursor = 0
        while True:
            cursor, batch = self._redis.scan(cursor, match=pattern, count=_BATCH)
            if batch:
                yield batch
            if not cursor:
                return
