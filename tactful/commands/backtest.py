"""`tactful backtest`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful import console
from tactful.commands.train import (
    AsJson,
    Config,
    Controls,
    Lenient,
    Overrides,
    read_config,
)

if TYPE_CHECKING:
    from training.lookback import Lookback

MOST_WINDOWS = 12
"""As many as `evaluation.windows` takes."""


REJECTED = Path("rejected.parquet")
"""There is no bundle to put it beside: it goes where the command runs."""


def register(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command()(backtest)


def backtest(
    *,
    windows: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_WINDOWS,
            help="Windows to measure, counted back from the latest purchase; else "
            "evaluation.windows.",
        ),
    ] = None,
    config: Config = None,
    purchases: Annotated[Path | None, typer.Option(help="File or folder of purchases.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="File or folder of items.")] = None,
    offers: Annotated[Path | None, typer.Option(help="File of offers.")] = None,
    controls: Controls = None,
    lenient: Lenient = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Measure a training on several windows of the past; write no bundle.

    With --lenient, rejected.parquet in the current folder has the rows that were set aside.
    """
    files = {"purchases": purchases, "catalogue": catalogue, "offers": offers}
    told = [] if windows is None else [f"evaluation.windows={windows}"]
    settings = read_config(
        config, [*(overrides or ()), *told], files, lenient=lenient, controls=controls
    )
    from training.lookback import look_back  # noqa: PLC0415  # brings numpy and polars
    from training.progress import RichProgress  # noqa: PLC0415

    result = look_back(
        settings, now=time.time(), rejected_to=REJECTED, progress=RichProgress(console.err())
    )
    if as_json:
        document = json.loads(result.found.model_dump_json())
        console.print_json({"notes": list(result.notes)} | document)
    else:
        _show(result)


def _show(result: Lookback) -> None:
    from tactful.tables import windows_table  # noqa: PLC0415  # brings numpy

    screen = console.out()
    for line in result.read.lines():
        screen.print(line, markup=False, soft_wrap=True)
    screen.print()
    screen.print(windows_table(result.found))
    for note in result.notes:
        screen.print(f"note: {note}", markup=False, soft_wrap=True)
