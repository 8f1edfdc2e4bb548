"""`tactful guard log`."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from recommender.errors import InputError, StorageError
from recommender.keys import Keys
from recommender.suppressed import SuppressedCounts, shown
from tactful import console
from tactful.commands.publish import AsJson
from tactful.embedded import server
from tactful.streams import holds_entry, kept_secret, stream_entries, stream_length
from tactful.workplace import settings_from, state_dir

_ENTRY_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")


def register(guard: typer.Typer) -> None:
    """Adds the command of this file to the group `guard`."""
    guard.command()(log)


def log(
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="A new file for every entry, one line of JSON each; else counts."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what follows this entry: where an export ended.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how often the guard held something back, or write that log to a file.

    Customers are counted, of the day that had most, rounded, and small groups are left out. The
    file is exact: it names offers, life events and the hour, and neither a decision nor a customer.
    """
    if since is not None and (out is None or not _ENTRY_ID.fullmatch(since)):
        raise InputError(
            f"--since {since} cannot be used",
            hint="give the id of an entry, as in 1767225600000-0, together with --out FILE.jsonl",
        )
    if out is not None and out.exists():
        raise InputError(
            f"{out} is there already",
            hint="name a new file: nothing that was exported is ever overwritten",
        )
    settings = settings_from()
    keys = Keys(settings.namespace)
    stream = keys.suppressed
    with server(settings.redis_url, state_dir()) as url:
        if out is None:
            secret = kept_secret(url, keys.secret)
            _show(_counted(stream_entries(url, stream), secret), as_json=as_json)
            return
        if since is not None and not holds_entry(url, stream, since):
            console.tell(f"entry {since} is no longer in the log; what followed it may be missing")
        entries = stream_entries(url, stream, since or "")
        written, last = _export(out, entries, stream_length(url, stream))
    last = last or since or ""
    if as_json:
        console.print_json({"file": str(out), "entries": written, "last": last})
        return
    console.out().print(f"{written:,} entries are in {out}", soft_wrap=True)
    if last:
        console.out().print(f"go on from here with: tactful guard log --since {last} --out ...")


def _counted(entries: Iterable[tuple[str, bytes]], secret: bytes) -> SuppressedCounts:
    counts = SuppressedCounts(secret)
    for _, raw in entries:
        counts.add(json.loads(raw))
    return counts


def _show(counts: SuppressedCounts, *, as_json: bool) -> None:
    cells = counts.cells()
    if as_json:
        rows = [
            {**held._asdict(), "at_least": cell.at_least, "text": cell.text} for held, cell in cells
        ]
        console.print_json({"cell": counts.size, "held_back": rows})
        return
    screen = console.out()
    if not cells:
        screen.print("nothing was held back yet, or from too few customers to tell")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("life event", "channel", "policy"):
        table.add_column(heading)
    table.add_column("customers", justify="right")
    for held, cell in cells:
        table.add_row(held.life_event, held.channel, str(held.policy), cell.text)
    screen.print(table)
    screen.print(
        f"of the day that had most customers, in multiples of {counts.size}; there is no total"
    )


def _export(path: Path, entries: Iterator[tuple[str, bytes]], expected: int) -> tuple[int, str]:
    """Writes the file whole or not at all; gives the number of entries and the last id."""
    from training.progress import RichProgress  # noqa: PLC0415  # brings numpy

    written, last = 0, ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undo:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            draft = Path(name)
            undo.callback(draft.unlink, missing_ok=True)
            with (
                os.fdopen(handle, "wb") as file,
                RichProgress(console.err()).stage("guard log", expected) as advance,
            ):
                for last, raw in entries:  # the last one is told
                    line = {"entry": last, **shown(json.loads(raw))}
                    file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                    written += 1
                    advance(1)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}",
            hint="free space there, or choose another place; nothing was changed",
        ) from error
    return written, last
