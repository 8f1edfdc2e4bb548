"""`tactful token`."""

from __future__ import annotations

import json
import secrets
from typing import Annotated

import typer

from tactful import console

TOKEN_BYTES = 32
"""Random bytes of a token: nobody guesses 256 bits."""


def register(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command()(token)


def token(
    name: Annotated[str, typer.Argument(help="Whose it is, as in anna@shop.")],
    *,
    role: Annotated[
        list[str], typer.Option(help="marketer, approver or privacy; may be repeated.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a program to read.")
    ] = False,
) -> None:
    """Make a token for a person: shown once, with the entry for the file of tokens."""
    from serving.roles import token_entry  # noqa: PLC0415  # brings the web framework

    fresh = secrets.token_urlsafe(TOKEN_BYTES)
    entry = token_entry(name, role, fresh)
    if as_json:
        console.print_json({"token": fresh, "entry": entry})
        return
    console.tell(f"the token of {name}, shown this once: hand it over in private")
    typer.echo(fresh)
    console.tell("its entry for the file that TACTFUL_TOKENS names; then start the service again")
    # JSON is YAML too, and its quotes keep every name what it is.
    typer.echo(f"- name: {json.dumps(name, ensure_ascii=False)}")
    typer.echo(f"  roles: [{', '.join(entry['roles'])}]")
    typer.echo(f'  sha256: "{entry["sha256"]}"')
