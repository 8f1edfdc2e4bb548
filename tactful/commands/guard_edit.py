"""`tactful guard set | unset`: one value of a policy file, and not a byte beside it."""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from recommender.errors import NotFound, PolicyError
from tactful import console
from tactful.commands.train import AsJson
from tactful.files import replace_text

Key = Annotated[
    str, typer.Argument(help="A key with dots, such as life_events.infant.policy or guard.version.")
]
PolicyFile = Annotated[
    Path, typer.Option("--policy", metavar="FILE", help="The policy file to change.")
]
_BOM = "\ufeff"


def register(guard: typer.Typer) -> None:
    """Adds the commands of this file."""
    guard.command("set")(set_)
    guard.command()(unset)


def set_(
    key: Key,
    value: Annotated[
        str, typer.Argument(help="""YAML: a word, '["a", "b"]', '{min_purchases: 3}'.""")
    ],
    *,
    policy: PolicyFile,
    as_json: AsJson = False,
) -> None:
    """Set one value of a policy file; comments and everything else stay as they are."""
    from recommender.guard.edit import edit_policy  # noqa: PLC0415  # brings the YAML reader

    _change(policy, lambda text, name: edit_policy(text, key, value, name), as_json=as_json)


def unset(key: Key, *, policy: PolicyFile, as_json: AsJson = False) -> None:
    """Take one value out of a policy file, so that the packs' word holds again."""
    from recommender.guard.edit import remove_from_policy  # noqa: PLC0415

    _change(policy, lambda text, name: remove_from_policy(text, key, name), as_json=as_json)


def _change(path: Path, change: Callable[[str, str], str], *, as_json: bool) -> None:
    before = _read(path)
    mark = _BOM if before.startswith(_BOM) else ""
    after = mark + change(before.removeprefix(_BOM), str(path))
    if after != before:
        replace_text(path, after)
    lines = list(
        unified_diff(before.splitlines(), after.splitlines(), str(path), str(path), lineterm="")
    )
    if as_json:
        console.print_json({"file": str(path), "changed": after != before, "diff": lines})
    elif after == before:
        console.tell(f"{path} says so already; nothing was changed")
    else:
        for line in lines:
            console.out().print(line, markup=False, soft_wrap=True)


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", hint="check --policy") from error
    except IsADirectoryError as error:
        raise PolicyError(f"{path} is a folder", hint="name the file in it") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(
            f"{path} cannot be read as text: {error}", hint="save it as UTF-8 text"
        ) from error
