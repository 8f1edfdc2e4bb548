"""`tactful serve`."""

from __future__ import annotations

import signal
from typing import Annotated

import typer
from rich.markup import escape

from recommender.errors import StoreError
from recommender.keys import Keys
from tactful import console
from tactful.embedded import live_version, server
from tactful.ports import refuse_taken
from tactful.workplace import settings_from, state_dir


def register(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command()(serve)


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on [TACTFUL_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [TACTFUL_PORT].")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes [TACTFUL_WORKERS].")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; may be repeated."),
    ] = None,
) -> None:
    """Answer over HTTP until Ctrl-C; without TACTFUL_REDIS_URL with an embedded server."""
    settings = settings_from(overrides or (), host=host, port=port, workers=workers)
    from serving.placements import load_placements  # noqa: PLC0415  # brings numpy

    load_placements(settings.placements)
    refuse_taken(settings.host, settings.port)
    from serving.server import run  # noqa: PLC0415  # brings the web framework

    # The server answers what is in flight first, then lets the signal end the process.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with server(settings.redis_url, state_dir()) as url:
        _greet(url, settings.namespace, settings.host, settings.port)
        run(settings.model_copy(update={"redis_url": url}))


def _greet(url: str, namespace: str, host: str, port: int) -> None:
    screen = console.err()
    shown = f"[{host}]" if ":" in host else host
    try:
        live = live_version(url, Keys(namespace))
    except StoreError as error:
        console.tell(f"{error.what}; answers begin when it does")
    else:
        if live is None:
            console.tell(
                "nothing is published yet, so there is nothing to answer with. In another "
                "terminal: tactful publish BUNDLE_DIR (it is taken up within a second)"
            )
        else:
            screen.print(f"version [bold]{escape(live)}[/] is live")
    if port:
        screen.print(f"listening on [bold]http://{escape(shown)}:{port}[/]; docs at /docs")
