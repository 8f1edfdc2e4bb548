"""Tables in files: CSV, Parquet, or a folder of either, read piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from recommender.errors import InputError, NotFound

PIECE_ROWS = 250_000
"""Rows that are looked at together; bounds the memory that checking takes."""

_CSV = (".csv", ".csv.gz")
_PARQUET = (".parquet", ".pq")
_FORMATS = "CSV (.csv, .csv.gz) or Parquet (.parquet)"


@dataclass(frozen=True)
class Wanted:
    """A column to read: its name in Tactful, its name in the file, and whether it must be there."""

    name: str
    source: str
    required: bool = False


@dataclass(frozen=True)
class Folder:
    """The files of one table, in order of name, and what else lies beside them."""

    table: str
    files: tuple[Path, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableFile:
    """One opened file: the wanted columns under Tactful's names, nothing read yet.

    unused   columns that nobody asked for
    """

    path: Path
    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    source_names: dict[str, str]
    unused: tuple[str, ...]
    is_csv: bool

    def count(self) -> int:
        """How many data rows there are."""
        with _readable(self.path):
            return int(self.frame.select(pl.len()).collect().item())


def find_files(path: Path, table: str) -> Folder:
    """The files at `path`; NotFound or InputError when there is nothing to read.

    table   what they hold, for messages and for the names of settings: "purchases"
    """
    if path.is_file():
        if not _is_table(path):
            raise InputError(f"{path} is not {_FORMATS}", hint="convert it, or rename the file")
        return Folder(table, (path,))
    if not path.is_dir():
        raise NotFound(
            f"there is no file or folder {path} ({table}.path)",
            hint=f"check the path: --set {table}.path=...",
        )
    try:
        inside = sorted(path.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="allow it") from error
    files = tuple(entry for entry in inside if entry.is_file() and _is_table(entry))
    if not files:
        raise InputError(
            f"the folder {path} holds no {_FORMATS} file",
            hint="files in folders inside it are not looked for; name the folder of the files",
        )
    taken = set(files)
    return Folder(table, files, tuple(str(entry) for entry in inside if entry not in taken))


def open_table(path: Path, wanted: Sequence[Wanted], setting: str) -> TableFile:
    """Opens one file; InputError when it is empty, damaged, or lacks a required column.

    setting   where its columns are mapped: "purchases.columns"
    """
    is_csv = path.name.lower().endswith(_CSV)
    with _readable(path):
        if path.stat().st_size == 0:
            raise _empty(path)
        lazy = pl.scan_csv(path, infer_schema=False) if is_csv else pl.scan_parquet(path)
        schema = lazy.collect_schema()
    found = schema.names()
    for column in wanted:
        if column.required and column.source not in found:
            raise _no_such_column(path, column, found, setting)
        if is_csv and f"{column.source}_duplicated_0" in found:
            raise InputError(
                f"{path} has two columns {column.source!r}", hint="rename or remove one of them"
            )
    present = [column for column in wanted if column.source in found]
    used = {column.source for column in present}
    return TableFile(
        path=path,
        frame=lazy.select(pl.col(column.source).alias(column.name) for column in present),
        schema={column.name: schema[column.source] for column in present},
        source_names={column.name: column.source for column in wanted},
        unused=tuple(name for name in found if name not in used),
        is_csv=is_csv,
    )


def pieces(table: TableFile) -> Iterator[tuple[int, pl.DataFrame]]:
    """The rows of a file in their order: (data row of the first one, from 1; the rows)."""
    row = 1
    with _readable(table.path):
        batches = table.frame.collect_batches(chunk_size=PIECE_ROWS, maintain_order=True)
        for piece in batches:
            yield row, piece
            row += piece.height
    if row == 1:
        raise _empty(table.path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except pl.exceptions.NoDataError as error:
        raise _empty(path) from error
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path} cannot be read: {reason}",
            hint="a CSV is UTF-8 text with commas and one header line, with as many fields in "
            "every line; a Parquet file must be complete",
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}", hint="check its permissions"
        ) from error


def _is_table(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith(_CSV + _PARQUET) and not name.startswith((".", "_"))


def _empty(path: Path) -> InputError:
    return InputError(f"{path} is empty: it has no row", hint="remove it or export it again")


def _no_such_column(path: Path, column: Wanted, found: Sequence[str], setting: str) -> InputError:
    renamed = "" if column.source == column.name else f" (for {column.name})"
    key = f"{setting}.{column.name.split('.')[0]}"
    if len(found) == 1 and any(mark in found[0] for mark in ";\t|"):
        hint = "its columns do not seem to be separated by commas; export it with commas"
    elif near := get_close_matches(column.source, found, n=1, cutoff=0.5):
        hint = f"map it: {key}: {near[0]}"
    else:
        hint = f"map it: {key}: (name in the file)"
    shown = ", ".join(found[:30]) + (", ..." if len(found) > 30 else "")
    return InputError(
        f"{path} has no column {column.source!r}{renamed}; it has: {shown}", hint=hint
    )
