"""The controls of all customers on their way into a file: sorted, in bounded memory, all or none.

SCAN names keys in any order and may name one twice, so what is read is sorted in runs, and the
runs are merged.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Any

from recommender.controls import Controls, dump_controls, parse_controls
from recommender.errors import StorageError, StoreError
from recommender.keys import Keys
from training.publishing.keyspace import Keyspace
from training.told import export_footer, export_header

RUN_BYTES = 32_000_000
"""About so many bytes of records are sorted at once."""
CLOCKS_DIFFER = 5
"""Seconds by which the clocks of our machines may differ: an export claims to be so much older."""
Progress = Callable[[int, int], None]
"""Called with (records read, records in all)."""
_Line = tuple[str, str]
"""A customer and the line of the customer, without its end."""


def export_controls(
    client: Any,
    keys: Keys,
    out: Path,
    *,
    now: float,
    progress: Progress,
    run_bytes: int = RUN_BYTES,
) -> tuple[int, int]:
    """Writes what every customer has told us and that holds at `now`.

    Gives when the export was taken (seconds since 1970: what was told earlier is in it) and how
    many customers are in it. Raises StoreError for a record that cannot be read: without it,
    nobody would know what its customer objects to; StorageError when `out` cannot be written.
    Either way the file is as it was. Only its owner may read it.
    """
    taken_at = int(now) - CLOCKS_DIFFER
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
            runs = _runs(_read(client, keys, now, progress), Path(folder), run_bytes)
            draft = Path(folder) / "draft"
            customers = _write(draft, export_header(taken_at), runs)
            draft.chmod(0o600)
            draft.replace(out)
    except OSError as error:
        raise StorageError(
            f"{out} cannot be written: {error.strerror or error}",
            hint="free some space there, or choose another file",
        ) from error
    return taken_at, customers


def _read(client: Any, keys: Keys, now: float, progress: Progress) -> Iterator[_Line]:
    keyspace = Keyspace(client, keys)
    total = sum(map(len, keyspace.controls()))
    done = 0
    for batch in keyspace.controls():
        for key, raw in zip(batch, client.mget(batch), strict=True):
            # What is gone has expired or was erased since.
            controls = None if raw is None else _sound(keys, key.decode(), raw).pruned(now)
            if controls:
                yield controls.customer, dump_controls(controls).decode()
        done += len(batch)
        progress(min(done, total), total)


def _sound(keys: Keys, key: str, raw: bytes) -> Controls:
    try:
        controls = parse_controls(raw)
        if keys.controls(controls.customer) == key:
            return controls
        why = "it is of another customer"
    except StoreError as error:
        why = error.what
    raise StoreError(
        f"the record {key} cannot be exported: {why}",
        hint="restore it from a backup; or erase its customer, whose objections are lost then",
    )


def _runs(lines: Iterator[_Line], folder: Path, run_bytes: int) -> list[Path]:
    """Files of sorted lines, each of about `run_bytes`."""
    runs: list[Path] = []
    held: list[_Line] = []
    size = 0

    def spill() -> None:
        path = folder / f"run-{len(runs)}"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for _, line in sorted(held, key=_customer))
        runs.append(path)
        held.clear()

    for line in lines:
        held.append(line)
        size += len(line[1])
        if size >= run_bytes:
            spill()
            size = 0
    spill()
    return runs


def _write(path: Path, header: str, runs: list[Path]) -> int:
    """Merges runs into one file; of a customer who was read twice, the later record stays."""
    customers = 0
    merged = merge(*map(_lines_of, runs), key=_customer)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{header}\n")
        for _, same in groupby(merged, key=_customer):
            *_, (_, last) = same
            file.write(f"{last}\n")
            customers += 1
        file.write(f"{export_footer(customers)}\n")
        file.flush()
        os.fsync(file.fileno())
    return customers


def _lines_of(run: Path) -> Iterator[_Line]:
    with run.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            text = line.removesuffix("\n")
            yield json.loads(text)["customer"], text


def _customer(line: _Line) -> str:
    return line[0]
