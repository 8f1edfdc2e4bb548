"""`tactful guard ...`: everything about the policy, one file a subject."""

from __future__ import annotations

import typer

from tactful.commands import (
    guard_change,
    guard_check,
    guard_edit,
    guard_simulate,
    guard_versions,
    log,
    prove,
)


def register(app: typer.Typer) -> None:
    """Adds the group and its commands."""
    guard = typer.Typer(
        no_args_is_help=True, help="Write, check, try, approve and publish a guard policy."
    )
    for commands in (
        guard_check,
        guard_edit,
        guard_change,
        guard_simulate,
        guard_versions,
        prove,
        log,
    ):
        commands.register(guard)
    app.add_typer(guard, name="guard")
