"""The demo from the files to the last line: read, train, measure, publish, serve, show."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from recommender.keys import Keys
from serving.settings import Settings
from tactful import console
from tactful.commands.publish import publish_with_bar
from tactful.demo import scenes
from tactful.demo.households import Unguarded, habitual, without_guard
from tactful.demo.journey import ShopFiles, write_shop
from tactful.demo.service import Service, service
from tactful.embedded import connect, embedded_server
from tactful.tables import quality_table
from training.bundle_dir import read_bundle
from training.config import TrainConfig, load_config
from training.guarding import compile_guard
from training.pipeline import TrainResult, train
from training.progress import RichProgress, Silent
from training.publish import Publisher
from training.publishing.gatekeeper import Force
from training.reading.shop import read_shop

if TYPE_CHECKING:
    from training.publishing.versions import Summary


def play(settings: Settings, state: Path, overrides: list[str], *, once: bool) -> None:
    """Plays the whole demo with its files in `state`; ends at once, or at Ctrl-C.

    Only once the demo has said that Ctrl-C ends it, KeyboardInterrupt is its regular end; before,
    it is raised. Raises StoreError when the service ends unasked.
    """
    screen = console.out()
    began = time.monotonic()
    screen.print("[bold]Tactful[/], on a year of real purchases of a grocer's households")
    scenes.heading(screen, 1, "Learn from purchases")
    config = _config(write_shop(state), overrides)
    result = train(config, state / "bundle", now=time.time(), progress=RichProgress(console.err()))
    _show_reading(screen, result)
    scenes.heading(screen, 2, "Measure")
    if result.evaluation is not None:
        screen.print(quality_table(result.evaluation))
    with embedded_server(state) as url:
        scenes.heading(screen, 3, "Publish")
        _show_publish(screen, _publish(url, settings, result.directory))
        with console.err().status("computing one household's offers without a guard, aside"):
            customer, unguarded = _households(config, result)
        log = state / "serve.log"
        with service(url, settings.host, settings.port, log) as running:
            scenes.heading(screen, 4, f"Serve, on {running.address}")
            scenes.habits(screen, running, customer)
            if unguarded is not None:
                scenes.secret(screen, running, unguarded)
            scenes.visitor(screen, running)
            scenes.heading(screen, 5, "Try it")
            screen.print(f"\nAll of this took {time.monotonic() - began:.0f} seconds.")
            if not once:
                scenes.invitation(screen, running.address, customer)
                _stay(screen, running)


def _stay(screen: Console, running: Service) -> None:
    """Serves until Ctrl-C, which is the regular end from the moment that it is announced."""
    with suppress(KeyboardInterrupt):
        screen.print("Ctrl-C ends the demo.")
        running.wait()
    console.err().print("\nthe demo has ended; `make demo` starts it again")


def _config(files: ShopFiles, overrides: list[str]) -> TrainConfig:
    return load_config(
        None,
        [
            f"purchases.path={files.purchases}",
            f"catalogue.path={files.catalogue}",
            "purchases.unknown_items=keep",
            *overrides,
        ],
    )


def _show_reading(screen: Console, result: TrainResult) -> None:
    for line in result.read.lines():
        screen.print(line, markup=False, soft_wrap=True)
    for note in result.notes:
        screen.print(f"note: {note}", markup=False, soft_wrap=True)


def _publish(url: str, settings: Settings, directory: Path) -> Summary:
    with connect(url) as client:
        publisher = Publisher(client, Keys(settings.namespace), time.time)
        result = publish_with_bar(publisher, directory)
        # Settings handed to the demo may make it worse than the demo before: that is to be seen.
        force = Force(by="demo", reason="the demo shows what it has just learned")
        publisher.activate(result.version, force)
        publisher.collect()
    return result.summary


def _show_publish(screen: Console, summary: Summary) -> None:
    screen.print(
        f"[bold]{summary.version}[/] was written to a private Valkey, read back, compared, made "
        f"live.\n{summary.n_customers:,} households and {summary.n_offers:,} offers take "
        f"{console.size(summary.bytes)}: [bold]{summary.bytes_per_customer:,.0f} bytes a "
        "household[/], and no ready-made lists."
    )


def _households(config: TrainConfig, result: TrainResult) -> tuple[str, Unguarded | None]:
    bundle, table = read_bundle(result.directory)
    shop = read_shop(config, now=time.time(), progress=Silent())
    guard = compile_guard(config.guard)
    return habitual(bundle, table), without_guard(shop, config, bundle, guard, scenes.N)
