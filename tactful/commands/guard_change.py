"""`tactful guard diff`: what one policy says and does otherwise than another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tactful import console
from tactful.commands.guard_check import CatalogueFile, settings_of
from tactful.commands.train import AsJson, Config, Overrides

NAMES = (
    "a file, a version's number, `live`, or `bundle` for the one that a bundle was trained under"
)
Bundle = Annotated[
    Path | None, typer.Option("--bundle", metavar="DIR", help="A bundle directory; else the live.")
]


def register(guard: typer.Typer) -> None:
    """Adds the command of this file."""
    guard.command()(diff)


def diff(
    old: Annotated[str, typer.Argument(help=f"What it was: {NAMES}.")],
    new: Annotated[str, typer.Argument(help="What it shall be, named likewise.")],
    *,
    bundle: Bundle = None,
    catalogue: CatalogueFile = None,
    config: Config = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Say what differs between two policies, in words, and which items and offers it concerns.

    The items are those of the bundle, of the catalogue, or of the live bundle.
    """
    settings = settings_of(None, config, overrides or (), catalogue)
    from tactful.change_tables import show_difference  # noqa: PLC0415  # brings numpy and polars
    from tactful.grounds import Desk, ground  # noqa: PLC0415
    from tactful.wording import differences, of_rules  # noqa: PLC0415

    with Desk() as desk:
        shop = ground(desk, bundle, settings)
        before, after = (desk.policy(n, of_live_bundle=shop.live) for n in (old, new))
    change = shop.change(before, after)
    if before.guard is not None and after.guard is not None:
        said = differences(before.guard, after.guard)
    else:
        said = of_rules(shop.laid(before).policy, shop.laid(after).policy)
    if as_json:
        told = {"old": before.title, "new": after.title, "items": shop.title, "said": said}
        console.print_json(told | {"change": change.as_json()})
        return
    screen = console.out()
    screen.print(
        f"from {escape(before.title)} to {escape(after.title)}, over the "
        f"{len(shop.catalogue):,} items of {escape(shop.title)}\n",
        soft_wrap=True,
    )
    show_difference(screen, said, change)
