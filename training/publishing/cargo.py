"""A whole bundle on its way into Redis, in chunks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recommender.bundle import CustomerTable, Manifest
from recommender.codec import bundle_arrays, decode_bundle, decode_customers
from recommender.keys import Keys
from recommender.record import pack_learned
from training.bundle_dir import read_arrays, read_manifest

CHUNK_KEYS = 1_000
CHUNK_BYTES = 4_000_000


@dataclass(frozen=True, eq=False)
class Cargo:
    """What a version consists of, the manifest's own key aside.

    arrays   those that serving reads; the customer table goes as one record a customer
    """

    manifest: Manifest
    arrays: dict[str, bytes]
    table: CustomerTable
    keys: Keys

    def __len__(self) -> int:
        return len(self.arrays) + len(self.table)

    def chunks(self) -> Iterator[dict[str, bytes]]:
        """Key -> value: one array, or at most 1,000 learned records or about 4 MB of them.

        Equal bundles give equal chunks, so that what was written can be packed again to
        compare instead of being kept in memory.
        """
        version = self.manifest.version
        for name, raw in self.arrays.items():
            yield {self.keys.array(version, name): raw}
        chunk: dict[str, bytes] = {}
        size = 0
        for c, customer in enumerate(self.table.customers):
            record = pack_learned(self.table.view(c), self.table.factors[c])
            chunk[self.keys.learned(version, customer)] = record
            size += len(record)
            if len(chunk) >= CHUNK_KEYS or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = {}, 0
        if chunk:
            yield chunk


def load_cargo(directory: Path, keys: Keys) -> Cargo:
    """Reads a bundle directory and verifies it; NotFound or BundleError when it is not whole."""
    manifest = read_manifest(directory)
    arrays = read_arrays(directory, manifest)
    decode_bundle(manifest, arrays)
    table = decode_customers(manifest, arrays)
    return Cargo(manifest, {name: arrays[name] for name in bundle_arrays(manifest)}, table, keys)
