"""A bundle directory is written whole or not at all."""

from __future__ import annotations

import resource
from functools import cache
from pathlib import Path

import pytest

from recommender.errors import BundleError, NotFound, StorageError
from tests.support.shop import Shop, population, train
from training.bundle_dir import read_bundle, read_manifest, write_bundle

NOW = "2026-01-02T03:04:05Z"


@cache
def shop() -> Shop:
    return train(population())


def write(directory: Path) -> None:
    write_bundle(directory, shop().bundle, shop().table, created_at=NOW, extras={"a.txt": b"hi"})


def test_what_is_written_is_read_and_extras_lie_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "b")
    bundle, table = read_bundle(tmp_path / "b")
    assert bundle.manifest.digest == shop().bundle.manifest.digest
    assert table.customers == shop().table.customers
    assert (tmp_path / "b" / "a.txt").read_bytes() == b"hi"
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def test_an_older_bundle_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "b")
    (tmp_path / "b" / "old.txt").write_text("x")
    write(tmp_path / "b")
    assert not (tmp_path / "b" / "old.txt").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match="holds no bundle"):
        write(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_full_disk_changes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    write(tmp_path / "b")
    before = {p: p.read_bytes() for p in sorted((tmp_path / "b").rglob("*")) if p.is_file()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256, hard))
    try:
        with pytest.raises(StorageError, match="could not be written") as caught:
            write(tmp_path / "b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "free" in caught.value.hint
    assert {p: p.read_bytes() for p in sorted((tmp_path / "b").rglob("*")) if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("what", ["manifest.json", "arrays/factors.bin"])
def test_a_truncated_directory_is_an_error_that_says_so(tmp_path: Path, what: str) -> None:
    write(tmp_path / "b")
    path = tmp_path / "b" / what
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(BundleError):
        read_bundle(tmp_path / "b")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path / "b")
    (tmp_path / "b" / "arrays" / "gramian.bin").unlink()
    with pytest.raises(BundleError, match=r"gramian\.bin is missing"):
        read_bundle(tmp_path / "b")


def test_a_directory_without_a_bundle_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no bundle directory") as caught:
        read_manifest(tmp_path)
    assert "tactful train" in caught.value.hint
