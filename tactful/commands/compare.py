"""`tactful compare`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.errors import InputError
from tactful import console
from tactful.commands.train import (
    EVALUATE_READS,
    AsJson,
    Config,
    Controls,
    Overrides,
    read_config,
    tell_idle,
)

if TYPE_CHECKING:
    from tactful.comparing import Pair
    from training.config import TrainConfig
    from training.paired import Comparison

MOST_OFFERS = 100
"""As many as `evaluation.n` takes."""

_ONLY_WITH_HOLDOUT = "hand in --holdout as well, or leave it out"


def register(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command()(compare)


def compare(
    *,
    a: Annotated[Path, typer.Argument(metavar="A", help="A bundle directory.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The bundle directory to set against it.")],
    holdout: Annotated[
        Path | None,
        typer.Option(
            help="Purchases made after both were trained; without it, what the trainings measured."
        ),
    ] = None,
    purchases: Annotated[
        Path | None,
        typer.Option(
            help="With --holdout: what customers bought before it, so that both know it; without "
            "it, each knows what it was trained on."
        ),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_OFFERS, help="Offers a customer; else 10, or as measured."),
    ] = None,
    controls: Controls = None,
    config: Config = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Say which of two bundles is better, by how much, and how sure."""
    settings = None
    if holdout is None:
        _refuse(
            {
                "--purchases": purchases,
                "--controls": controls,
                "--config": config,
                "--set": overrides,
            }
        )
    else:
        length = [] if n is None else [f"evaluation.n={n}"]
        told = [*(overrides or ()), *length]
        settings = read_config(config, told, {"purchases": holdout}, controls=controls)
        tell_idle("compare", overrides or (), EVALUATE_READS)
    from tactful.comparing import compare_on, compare_recorded, read_pair  # noqa: PLC0415

    pair = read_pair(a, b)
    notes = _told_notes(pair, settings, purchases)
    if settings is None:
        found = compare_recorded(pair, n)
    else:
        found = compare_on(pair, settings, purchases, time.time())
    if as_json:
        console.print_json(_document(pair, found, notes))
    else:
        _show(pair, found)


def _told_notes(pair: Pair, settings: TrainConfig | None, history: Path | None) -> tuple[str, ...]:
    """What to know before the numbers; told at once, because measuring takes a while."""
    from tactful.comparing import note_on_age  # noqa: PLC0415  # brings numpy and polars

    notes = pair.notes(recorded=settings is None)
    if settings is not None and history is None:
        notes += note_on_age(pair)
    for note in notes:
        console.tell(note)
    return notes


def _show(pair: Pair, found: Comparison) -> None:
    from tactful.comparison_tables import show_comparison  # noqa: PLC0415  # brings numpy

    screen = console.out()
    show_comparison(screen, found)
    for name, path, manifest in zip("AB", pair.directories, pair.manifests, strict=True):
        screen.print(f"{name}: {path}, {manifest.version}", markup=False, soft_wrap=True)


def _refuse(given: dict[str, object]) -> None:
    """Raises InputError for an option that means nothing without a holdout."""
    for name, value in given.items():
        if value:
            raise InputError(f"{name} has no effect without --holdout", hint=_ONLY_WITH_HOLDOUT)


def _document(pair: Pair, found: Comparison, notes: tuple[str, ...]) -> dict[str, object]:
    a, b = (
        {"directory": str(path), "version": manifest.version}
        for path, manifest in zip(pair.directories, pair.manifests, strict=True)
    )
    told: dict[str, object] = json.loads(found.model_dump_json())
    return {"a": a, "b": b, "notes": list(notes)} | told
