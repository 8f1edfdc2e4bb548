"""`tactful demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from tactful import console
from tactful.commands.train import Overrides
from tactful.ports import next_free
from tactful.workplace import settings_from, state_dir


def register(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command()(demo)


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the show.")] = False,
    story: Annotated[
        bool, typer.Option("--story", help="Tell ten scenarios of the guard, with real answers.")
    ] = False,
    port: Annotated[int | None, typer.Option(help="Port to listen on [TACTFUL_PORT].")] = None,
    overrides: Overrides = None,
) -> None:
    """Train on real purchases, publish to an embedded server, serve, and show offers."""
    settings = settings_from((), port=port)
    free = next_free(settings.host, settings.port)
    if settings.port and free != settings.port:
        console.tell(f"port {settings.port} is taken by another program; taking {free}")
    settings = settings.model_copy(update={"port": free})
    if story:
        from tactful.demo.story import tell  # noqa: PLC0415  # brings numpy and polars

        tell(settings, state_dir() / "story", overrides or [], once=once)
        return
    from tactful.demo.play import play  # noqa: PLC0415  # brings numpy and polars

    play(settings, state_dir() / "demo", overrides or [], once=once)
