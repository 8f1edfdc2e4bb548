"""`tactful demo --story`: ten scenarios of the guard, with real answers of a running service.

Two invented shops, a bank and a grocer, are trained, published and served; nothing is downloaded.
Every sentence with a tick was looked at before it was printed, and ends the story when it is false.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from rich.console import Console
from rich.status import Status

from recommender.errors import StorageError
from serving.settings import Settings
from tactful import console
from tactful.demo import story_bank, story_ends, story_grocer
from tactful.demo.aside import Aside, without_guard
from tactful.demo.story_shop import Learned, Shop, learn, opened
from tactful.demo.story_teller import WIDTH, Teller
from tactful.embedded import embedded_server
from training.bundle_dir import read_bundle

_PROMISE = (
    "For customers who have not declared a life event, no response depends on purchases labelled "
    "or approved as evidence of it."
)


def tell(settings: Settings, state: Path, overrides: Sequence[str], *, once: bool) -> None:
    """Tells the whole story with its files in `state`; ends at once, or at Ctrl-C.

    Raises ContainmentBreach when a claim of the story is false.
    """
    screen = Console(width=min(console.out().width, WIDTH), highlight=False)
    began = time.monotonic()
    screen.print("[bold]Tactful[/]: what it does not look at, and what it does not say")
    _make(state)
    with console.err().status("training two invented shops") as status, ExitStack() as open_shops:
        bank, grocer = (learn(name, state, overrides, status) for name in ("bank", "grocer"))
        _show_training(screen, bank, grocer)
        status.update("starting the services")
        url = open_shops.enter_context(embedded_server(state / "redis"))
        shops = [
            open_shops.enter_context(opened(found, url, settings.host, settings.port, state))
            for found in (bank, grocer)
        ]
        status.update("fitting models without a guard, aside")
        _tell_chapters(Teller(screen), shops, state, settings, status)
        status.stop()
        screen.print(f"\n[bold]{_PROMISE}[/]")
        screen.print(f"\nAll of this took {time.monotonic() - began:.0f} seconds.")
        if not once:
            _stay(screen, shops)


def _make(state: Path) -> None:
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"the story's files cannot be written to {state}: {error.strerror}",
            hint="set TACTFUL_STATE to a directory that you may write to",
        ) from error


def _tell_chapters(
    teller: Teller, shops: Sequence[Shop], state: Path, settings: Settings, status: Status
) -> None:
    bank, grocer = shops
    story_bank.nursery_loan(teller, bank, _aside(bank.learned))
    aside = _aside(grocer.learned)
    story_grocer.easylife(teller, grocer, aside)
    story_grocer.targets_daughter(teller, grocer, aside)
    story_grocer.registry(teller, grocer)
    story_grocer.replenishment(teller, grocer)
    story_grocer.mothers_day(teller, grocer)
    story_grocer.sober(teller, grocer)
    story_grocer.cold_start(teller, grocer)
    # A Redis of its own, since it will not survive the chapter.
    folder = state / "outage"
    with ExitStack() as redis:
        url = redis.enter_context(embedded_server(folder))
        with opened(grocer.learned, url, settings.host, settings.port, folder) as doomed:
            story_ends.outage(teller, doomed, redis.close)
    story_ends.retrain(teller, grocer.learned, state, status)


def _aside(learned: Learned) -> Aside:
    return without_guard(learned.config, read_bundle(learned.result.directory)[0])


def _show_training(screen: Console, *shops: Learned) -> None:
    for shop in shops:
        manifest = shop.result.manifest
        screen.print(
            f"  a {shop.name} of {manifest.n_customers} customers and {manifest.n_offers} offers, "
            f"trained: [bold]{manifest.version}[/]"
        )


def _stay(screen: Console, shops: Sequence[Shop]) -> None:
    """Serves until Ctrl-C, which is the regular end from the moment that it is announced."""
    for shop in shops:
        screen.print(f"the {shop.learned.name} answers: [bold]{shop.service.address}/docs[/]")
    with suppress(KeyboardInterrupt):
        screen.print("Ctrl-C ends the story.")
        shops[0].service.wait()
