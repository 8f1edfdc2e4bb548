"""The program `tactful`: what it offers, and how every failure ends.

0     done
1     it could not be done now: a server, a disk, somebody else at work, a defect
2     bad input: an option, a file, a bundle, a setting
3     the gate refuses: the bundle is worse than the live one, or nobody can tell
130   interrupted with Ctrl-C; where that is the announced way to end (`serve`, and `demo` once it
      serves), 0
143   ended with SIGTERM
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from recommender.errors import TactfulError
from tactful import console
from tactful.cli import INTERRUPTED
from tactful.commands import (
    backtest,
    compare,
    controls,
    demo,
    doctor,
    guard,
    publish,
    serve,
    token,
    train,
)

DEBUG_SETTING = "TACTFUL_DEBUG"
REPORT_AT = "the project's issue tracker"


def program() -> typer.Typer:
    """The program with all its commands."""
    app = typer.Typer(
        name="tactful",
        help="Next-best-offer engine with tact: offers that are never built on a sensitive "
        "inference.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_options)
    for commands in (
        train,
        compare,
        backtest,
        publish,
        serve,
        doctor,
        demo,
        guard,
        controls,
        token,
    ):
        commands.register(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Runs one command and gives its exit code; every error is told on standard error."""
    return ended(program(), arguments)


def ended(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Runs `app` to its end, whatever happens, and gives the exit code."""
    try:
        app(args=list(arguments), prog_name="tactful")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except TactfulError as error:
        console.tell_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last place that can say something useful
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    if os.environ.get(DEBUG_SETTING, "") not in ("", "0"):
        traceback.print_exception(error)
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        console.tell(
            f"a defect of Tactful: {type(error).__name__}: {error} "
            f"({Path(last.filename).name}:{last.lineno}). Please report it at {REPORT_AT}, "
            f"with what {DEBUG_SETTING}=1 shows."
        )
    return 1


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tactful {version('tactful')}")
        raise typer.Exit


def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Takes what stands before a command."""
