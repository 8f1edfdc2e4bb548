"""A bundle comes back as it was, and a damaged one does not come back at all."""

from __future__ import annotations

import dataclasses
import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bundle import SCHEMA_VERSION, Manifest
from recommender.codec import (
    bundle_arrays,
    decode_bundle,
    decode_customers,
    digest_of,
    dump_manifest,
    encode_bundle,
    encode_customers,
    parse_manifest,
    seal,
)
from recommender.errors import BundleError
from tests.support.shop import Shop, population, train


@cache
def shop() -> Shop:
    return train(population())


def sealed() -> tuple[Manifest, dict[str, bytes]]:
    return seal(shop().bundle, shop().table, created_at="2026-01-02T03:04:05Z")


def same(one: object, other: object) -> bool:
    """Equality of bundles: arrays by dtype, shape and bytes."""
    if dataclasses.is_dataclass(one):
        fields = [f.name for f in dataclasses.fields(one)]
        return all(same(getattr(one, f), getattr(other, f)) for f in fields)
    if isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype != bool)
    return one == other


def test_a_bundle_and_its_customers_come_back_as_they_were() -> None:
    manifest, arrays = sealed()
    found = decode_bundle(manifest, arrays)
    assert same(dataclasses.replace(found, manifest=shop().bundle.manifest), shop().bundle)
    assert same(decode_customers(manifest, arrays), shop().table)


def test_the_manifest_comes_back_as_it_was() -> None:
    manifest, _ = sealed()
    assert parse_manifest(dump_manifest(manifest)) == manifest


def test_equal_trainings_have_equal_versions_and_dates_do_not_matter() -> None:
    again = train(population())
    manifest, _ = sealed()
    other, _ = seal(again.bundle, again.table, created_at="2030-01-01T00:00:00Z")
    assert (other.digest, other.version) == (manifest.digest, manifest.version)


def test_the_version_is_the_time_of_the_data_and_the_start_of_the_digest() -> None:
    manifest, _ = sealed()
    assert manifest.version == f"20231114T000000-{manifest.digest[:10]}"


def test_serving_does_not_read_the_customer_table() -> None:
    manifest, arrays = sealed()
    assert set(bundle_arrays(manifest)) == set(encode_bundle(shop().bundle))
    assert set(arrays) == set(bundle_arrays(manifest)) | set(encode_customers(shop().table))


@given(st.data())
def test_one_altered_byte_anywhere_is_noticed(data: st.DataObject) -> None:
    manifest, arrays = sealed()
    name = data.draw(st.sampled_from([n for n in bundle_arrays(manifest) if arrays[n]]))
    at = data.draw(st.integers(0, len(arrays[name]) - 1))
    raw = bytearray(arrays[name])
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BundleError, match="does not match its checksum"):
        decode_bundle(manifest, arrays | {name: bytes(raw)})


def test_a_missing_array_is_named() -> None:
    manifest, arrays = sealed()
    del arrays["factors"]
    with pytest.raises(BundleError, match="`factors` is missing"):
        decode_bundle(manifest, arrays)


def test_a_newer_schema_is_refused_with_the_way_out() -> None:
    content = json.loads(dump_manifest(sealed()[0])) | {"schema_version": SCHEMA_VERSION + 1}
    with pytest.raises(
        BundleError,
        match=f"schema {SCHEMA_VERSION + 1}, this release reads schema {SCHEMA_VERSION}",
    ) as caught:
        parse_manifest(json.dumps(content).encode())
    assert "train again" in caught.value.hint


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"{}", b"null", b"\xff\xfe"])
def test_garbage_is_no_manifest(raw: bytes) -> None:
    with pytest.raises(BundleError, match="not a bundle manifest"):
        parse_manifest(raw)


def test_an_edited_manifest_does_not_match_its_digest() -> None:
    content = json.loads(dump_manifest(sealed()[0]))
    content["n_customers"] += 1
    with pytest.raises(BundleError, match="does not match its own digest"):
        parse_manifest(json.dumps(content).encode())
    content["unknown"] = 1
    with pytest.raises(BundleError, match="`unknown` is wrong"):
        parse_manifest(json.dumps(content).encode())


def test_everything_but_name_and_date_enters_the_digest() -> None:
    manifest, _ = sealed()
    renamed = {"version": "x", "created_at": "y", "digest": "z"}
    assert digest_of(manifest.model_copy(update=renamed)) == manifest.digest
    assert digest_of(manifest.model_copy(update={"config_digest": "x"})) != manifest.digest
