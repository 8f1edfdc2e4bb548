"""Who types a command, for what is kept with a name."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from recommender.errors import InputError

By = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Who does it; else the user of this machine. Whoever can write to Redis is trusted "
        "to say who they are; over HTTP the person comes from the token.",
    ),
]


def person(by: str | None) -> str:
    """The name given with `--as`, else the user of this machine. Raises InputError for neither."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:  # a container may know no user
        raise InputError(
            "nobody knows who you are: this machine has no name for its user",
            hint="say it with --as NAME",
        ) from error
