"""`tactful controls export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recommender.errors import InputError
from recommender.times import iso_utc
from tactful import console
from tactful.commands.publish import AsJson
from tactful.workplace import workbench


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    controls = typer.Typer(no_args_is_help=True, help="What customers have told us.")
    # A callback, so that a group of one command is still a group.
    controls.callback()(lambda: None)
    controls.command()(export)
    app.add_typer(controls, name="controls")


def export(
    *,
    out: Annotated[Path, typer.Option("--out", help="The file to write, one line a customer.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of a file that is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write what customers have told us to a dated file, for `guard.controls` of a training.

    The file names customers and what they declared: only its owner may read it. Keep it as safe as
    the purchases.
    """
    if out.exists() and not replace:
        raise InputError(
            f"{out} is there already",
            hint="name a new file, or add --replace to put this export in its place",
        )
    from training.progress import RichProgress  # noqa: PLC0415  # brings numpy

    stage = RichProgress(console.err()).stage("export controls", 100)
    with workbench() as bench, stage as advance:
        shown = 0

        def progress(done: int, total: int) -> None:
            nonlocal shown
            advance(100 * done // max(total, 1) - shown)
            shown = 100 * done // max(total, 1)

        taken_at, customers = bench.publisher.export_controls(out, progress)
    if as_json:
        told = {"file": str(out), "taken_at": taken_at, "customers": customers}
        console.print_json(told)
        return
    console.out().print(
        f"what {customers:,} customers have told us until {iso_utc(taken_at)} is in {out}",
        soft_wrap=True,
    )
