"""A bundle as a directory: written whole or not at all, read with every checksum.

BUNDLE_DIR/
  manifest.json       what it is; the digest of everything below `arrays/`
  arrays/NAME.bin     one file a named byte string
  report.html, ...    extras for people, outside the digest
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from recommender.bundle import CustomerTable, FactorBundle, Manifest
from recommender.codec import (
    decode_bundle,
    decode_customers,
    dump_manifest,
    parse_manifest,
    seal,
)
from recommender.errors import BundleError, NotFound, StorageError

MANIFEST = "manifest.json"


def write_bundle(
    directory: Path,
    bundle: FactorBundle,
    table: CustomerTable,
    *,
    created_at: str,
    extras: Mapping[str, bytes] | None = None,
) -> Manifest:
    """Seals the bundle and writes it beside `directory`, then puts it in its place.

    An older bundle in `directory` is replaced; a directory that holds anything else is refused.
    Raises StorageError (a full disk, no permission) with the old content untouched.
    """
    directory = directory.absolute()
    check_directory(directory)
    manifest, arrays = seal(bundle, table, created_at=created_at)
    files = {f"arrays/{name}.bin": raw for name, raw in arrays.items()}
    files |= dict(extras or {}) | {MANIFEST: dump_manifest(manifest)}
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
        try:
            _write_files(draft, files)
            _replace(directory, draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"the bundle could not be written to {directory}: {error.strerror or error}",
            hint=f"free {sum(map(len, files.values())) / 1e6:.0f} MB or choose another --out; "
            "nothing was changed",
        ) from error
    return manifest


def check_directory(directory: Path) -> None:
    """Raises StorageError when `directory` is something that a bundle must not replace."""
    if directory.is_dir():
        foreign = any(directory.iterdir()) and not (directory / MANIFEST).exists()
    else:
        foreign = directory.exists()
    if foreign:
        raise StorageError(
            f"{directory} exists and holds no bundle",
            hint="name a new directory with --out, or empty this one yourself",
        )


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a bundle directory; NotFound when there is none, BundleError when damaged."""
    path = directory / MANIFEST
    if not path.is_file():
        raise NotFound(
            f"{directory} is no bundle directory: it has no {MANIFEST}",
            hint="train one: tactful train --config configs/train.yaml --out " + str(directory),
        )
    return parse_manifest(path.read_bytes())


def read_arrays(directory: Path, manifest: Manifest) -> dict[str, bytes]:
    """All byte strings that the manifest names; BundleError when a file is missing."""
    arrays = {}
    for name in manifest.arrays:
        path = directory / "arrays" / f"{name}.bin"
        try:
            arrays[name] = path.read_bytes()
        except OSError as error:
            raise BundleError(
                f"{path} is missing or unreadable",
                hint="copy the whole bundle directory again, or train it anew",
            ) from error
    return arrays


def read_bundle(directory: Path) -> tuple[FactorBundle, CustomerTable]:
    """The bundle and its customer table, every checksum verified."""
    manifest = read_manifest(directory)
    arrays = read_arrays(directory, manifest)
    return decode_bundle(manifest, arrays), decode_customers(manifest, arrays)


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    (folder / "arrays").mkdir()
    for name, raw in files.items():
        with (folder / name).open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
    folder.chmod(0o755)


def _replace(directory: Path, draft: Path) -> None:
    if not directory.exists():
        draft.rename(directory)
        return
    # A directory cannot be renamed over a full one: step aside, move in, clean up. Whatever
    # comes between the two renames, Ctrl-C included, the old bundle goes back to its place.
    aside = directory.with_name(f".{directory.name}.replaced.{os.getpid()}")
    directory.rename(aside)
    try:
        draft.rename(directory)
    except BaseException:
        aside.rename(directory)
        raise
    shutil.rmtree(aside, ignore_errors=True)
