"""`tactful guard simulate`: a changed policy on all customers, before it is live."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from recommender.channel import Channel
from recommender.errors import InputError
from recommender.request import BUILT_IN, OfferRequest, Placement, Source
from tactful import console
from tactful.commands.guard_change import NAMES
from tactful.commands.train import AsJson

if TYPE_CHECKING:
    from tactful.trial import Trial

MOST_OFFERS = 100
FEWEST = 100
"""Customers of a sample: of fewer, nothing could be told."""
_TRIED = tuple(source.value for source in Source if source is not Source.BASKET)


def register(guard: typer.Typer) -> None:
    """Adds the command of this file."""
    guard.command()(simulate)


def simulate(
    policy: Annotated[str, typer.Argument(help=f"The policy to try: {NAMES}.")],
    *,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="DIR", help="A bundle directory; else what is live."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="NAME", help="Compared with it, named likewise; else what holds."
        ),
    ] = None,
    controls: Annotated[
        Path | None,
        typer.Option(
            "--controls", metavar="FILE", help="What `tactful controls export` wrote; else nothing."
        ),
    ] = None,
    placement: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(_TRIED)}; may be repeated; else home."),
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=MOST_OFFERS, help="Offers a placement.")] = 10,
    channel: Annotated[Channel, typer.Option(help="Where the offers are seen.")] = Channel.SITE,
    customers: Annotated[
        int | None,
        typer.Option(min=FEWEST, metavar="N", help="Only so many, at least 100, spread evenly."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try a policy on all customers: whose lists change, which offers go, what that is worth.

    Everything is decided as the service would decide it. Counts are told in cells, so that no
    small group of customers shows; the lists are those of invented customers.
    """
    request = OfferRequest(tuple(_placement(name, n) for name in placement or ["home"]), channel)
    from tactful.trial import Asked, run  # noqa: PLC0415  # brings numpy and polars
    from training.progress import RichProgress  # noqa: PLC0415

    asked = Asked(policy, against, bundle, controls, customers, request, time.time())
    found = run(asked, RichProgress(console.err()).stage)
    if as_json:
        wanted = {"placements": [p.name for p in request.placements], "n": n}
        console.print_json({"request": wanted | {"channel": channel.value}} | found.as_json())
        return
    _show(found, request)


def _placement(name: str, n: int) -> Placement:
    if name not in _TRIED:
        why = (
            "depends on a basket, and a simulation has none" if name in BUILT_IN else "is not known"
        )
        raise InputError(f"--placement {name}: it {why}", hint=f"name one of {', '.join(_TRIED)}")
    return Placement(name, Source(name), n)


def _show(found: Trial, request: OfferRequest) -> None:
    from tactful.change_tables import show_examples, show_simulation  # noqa: PLC0415

    screen = console.out()
    places = " and ".join(f"{p.n} offers of {p.name}" for p in request.placements)
    screen.print(
        f"from {escape(found.old)} to {escape(found.new)}: {places} on {request.channel.value}, "
        f"for {found.simulation.customers:,} customers of {found.bundle}\n",
        soft_wrap=True,
    )
    show_simulation(screen, found.simulation)
    show_examples(screen, found.examples)
    screen.print()
    for note in _notes(found):
        screen.print(f"note: {escape(note)}", soft_wrap=True)


def _notes(found: Trial) -> list[str]:
    notes = ["what training masked stays unknown until the next training"]
    notes.append("what customers did since the training is not counted")
    if found.controls is None:
        notes.append(
            "no export of controls was given, so this is as if no customer had declared, allowed "
            "or objected to anything; name one with --controls"
        )
    else:
        notes.append(f"{found.controls:,} customers have told us something, and it counts")
    if found.expired:
        notes.append(
            f"the policy ended on {found.valid_until}: it locks everything, and cannot be published"
        )
    return notes
