"""A bundle as named byte strings, and back. No pickle, no I/O.

Arrays are little-endian in C order; text is JSON, each distinct value once. The manifest names
each with dtype, shape and a BLAKE2b-256 checksum, and its digest covers them all, so a bundle
that was altered anywhere does not decode.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from recommender.bundle import (
    SCHEMA_VERSION,
    ArrayEntry,
    CustomerTable,
    FactorBundle,
    Manifest,
    Neighbours,
    Promotions,
)
from recommender.catalogue import Catalogue, Offers
from recommender.errors import BundleError
from recommender.times import compact_utc

CUSTOMERS = "customers."
"""Arrays whose name starts so belong to the customer table; serving does not read them."""

_TEXT = "text"
_NESTED: dict[str, type] = {
    "catalogue": Catalogue,
    "offers": Offers,
    "promotions": Promotions,
    "edges": Neighbours,
    "similar": Neighbours,
    "complements": Neighbours,
}
_OUTSIDE_DIGEST = {"version", "digest", "created_at"}
_T = TypeVar("_T")


def encode_bundle(bundle: FactorBundle) -> dict[str, bytes]:
    """Name -> bytes of everything that answers need and that is not about one customer."""
    return {name: _to_bytes(value) for name, value in _flatten(bundle).items()}


def encode_customers(table: CustomerTable) -> dict[str, bytes]:
    """Name -> bytes of the customer table; every name starts with `customers.`."""
    return {CUSTOMERS + name: _to_bytes(value) for name, value in _flatten(table).items()}


def seal(
    bundle: FactorBundle, table: CustomerTable, *, created_at: str
) -> tuple[Manifest, dict[str, bytes]]:
    """The bundle's final manifest and all its byte strings.

    The version is `as_of` and the start of the digest, so equal trainings have equal versions.
    """
    named = _flatten(bundle) | {CUSTOMERS + n: v for n, v in _flatten(table).items()}
    arrays = {name: _to_bytes(value) for name, value in named.items()}
    entries = {name: _entry(value, arrays[name]) for name, value in sorted(named.items())}
    draft = bundle.manifest.model_copy(update={"arrays": entries, "created_at": created_at})
    digest = digest_of(draft)
    version = f"{compact_utc(draft.as_of)}-{digest[:10]}"
    return draft.model_copy(update={"digest": digest, "version": version}), arrays


def digest_of(manifest: Manifest) -> str:
    """BLAKE2b-256 of all that the manifest says, its own name and date of making aside."""
    content = manifest.model_dump(mode="json", exclude=_OUTSIDE_DIGEST)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return blake2b(canonical.encode(), digest_size=32).hexdigest()


def dump_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON that a person can read."""
    return manifest.model_dump_json(indent=2).encode() + b"\n"


def parse_manifest(raw: bytes) -> Manifest:
    """Reads `dump_manifest`.

    Raises BundleError on anything else, on a schema that this release does not know, and on a
    manifest that was edited after it was sealed.
    """
    try:
        content = json.loads(raw)
        schema = content["schema_version"]
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged("the manifest is not a bundle manifest") from error
    if schema != SCHEMA_VERSION:
        raise BundleError(
            f"the bundle has schema {schema!r}, this release reads schema {SCHEMA_VERSION}",
            hint="install the release that wrote it, or train again with this one",
        )
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _damaged(f"the manifest's `{where}` is wrong: {first['msg']}") from error
    if digest_of(manifest) != manifest.digest:
        raise _damaged("the manifest does not match its own digest")
    return manifest


def decode_bundle(manifest: Manifest, arrays: Mapping[str, bytes]) -> FactorBundle:
    """The bundle; BundleError when an array is missing, cut short or altered."""
    return _build(FactorBundle, "", manifest, arrays)


def decode_customers(manifest: Manifest, arrays: Mapping[str, bytes]) -> CustomerTable:
    """The customer table; BundleError as in `decode_bundle`."""
    return _build(CustomerTable, CUSTOMERS, manifest, arrays)


def bundle_arrays(manifest: Manifest) -> list[str]:
    """Names of the arrays that serving reads."""
    return [name for name in manifest.arrays if not name.startswith(CUSTOMERS)]


def _flatten(holder: Any) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for field in dataclasses.fields(holder):
        value = getattr(holder, field.name)
        if field.name in _NESTED:
            flat |= {f"{field.name}.{name}": part for name, part in _flatten(value).items()}
        elif field.name != "manifest":
            flat[field.name] = value
    return flat


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, tuple):
        return json.dumps(_packed(value), separators=(",", ":"), ensure_ascii=False).encode()
    array = np.ascontiguousarray(value)
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _entry(value: Any, raw: bytes) -> ArrayEntry:
    checksum = blake2b(raw, digest_size=32).hexdigest()
    if isinstance(value, tuple):
        return ArrayEntry(dtype=_TEXT, shape=(len(value),), checksum=checksum)
    return ArrayEntry(dtype=value.dtype.name, shape=value.shape, checksum=checksum)


def _build(
    cls: type[_T],
    prefix: str,
    manifest: Manifest,
    arrays: Mapping[str, bytes],
) -> _T:
    parts: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # only dataclasses come here
        name = prefix + field.name
        if field.name in _NESTED:
            parts[field.name] = _build(_NESTED[field.name], name + ".", manifest, arrays)
        elif field.name == "manifest":
            parts["manifest"] = manifest
        else:
            parts[field.name] = _from_bytes(name, manifest, arrays)
    return cls(**parts)


def _from_bytes(name: str, manifest: Manifest, arrays: Mapping[str, bytes]) -> Any:
    entry = manifest.arrays.get(name)
    raw = arrays.get(name)
    if entry is None or raw is None:
        raise _damaged(f"the array `{name}` is missing")
    if blake2b(raw, digest_size=32).hexdigest() != entry.checksum:
        raise _damaged(f"the array `{name}` ({len(raw)} bytes) does not match its checksum")
    if entry.dtype == _TEXT:
        return _unpacked(json.loads(raw))
    dtype = np.dtype(entry.dtype).newbyteorder("<")
    return np.frombuffer(raw, dtype).reshape(entry.shape)


def _packed(column: tuple[Any, ...]) -> Any:
    """Text as it is, or, where it repeats, as distinct values and the number of each.

    A catalogue has few distinct category paths: reading them once keeps a running service from
    stalling while it loads the next bundle.
    """
    codes = {value: code for code, value in enumerate(dict.fromkeys(column))}
    if 2 * len(codes) > len(column):
        return column
    return {"values": list(codes), "codes": [codes[value] for value in column]}


def _unpacked(packed: Any) -> tuple[Any, ...]:
    values = packed["values"] if isinstance(packed, dict) else packed
    read = [tuple(value) if isinstance(value, list) else value for value in values]
    return (
        tuple(read[code] for code in packed["codes"]) if isinstance(packed, dict) else tuple(read)
    )


def _damaged(what: str) -> BundleError:
    return BundleError(what, hint="copy the whole bundle directory again, or train it anew")
