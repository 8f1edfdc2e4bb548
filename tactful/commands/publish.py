"""`tactful publish | activate | rollback | versions`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.errors import ConflictError, PolicyError
from recommender.times import iso_utc
from tactful import console
from tactful.workplace import workbench

if TYPE_CHECKING:
    from training.publish import Publisher
    from training.publishing.versions import PublishResult, VersionInfo

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    for command in (publish, activate, rollback, versions):
        app.command()(command)


def publish(
    bundle_dir: Annotated[Path, typer.Argument(help="A bundle directory that `train` wrote.")],
    *,
    activated: Annotated[
        bool,
        typer.Option(
            "--activate/--no-activate", help="Make it answer at once, or only put it there."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Put a bundle into Redis whole and verified, and make it live."""
    with workbench() as bench:
        result = publish_with_bar(bench.publisher, bundle_dir)
        if activated:
            bench.publisher.activate(result.version)
        collected = _collect(bench.publisher)
        policy = _policies(bench.publisher, bundle_dir)
    summary = result.summary
    if as_json:
        live = {"live": activated, "already": result.already, "collected": collected}
        console.print_json(asdict(summary) | live | {"policy": policy})
        return
    screen = console.out()
    there = "was there already, verified" if result.already else "published and verified"
    screen.print(f"[bold]{summary.version}[/] {there}{', and is live' if activated else ''}")
    screen.print(
        f"  {summary.n_customers:,} customers, {summary.n_offers:,} offers, "
        f"{console.size(summary.bytes)}; "
        f"[bold]{summary.bytes_per_customer:,.0f} bytes a customer[/] in Redis"
    )
    if collected:
        screen.print(f"  removed, since nobody needs them: {', '.join(collected)}")
    if not activated:
        screen.print(f"  make it live with: tactful activate {summary.version}")
    if policy["holds"] is not None and not policy["same"]:
        screen.print(
            f"  the live policy, version {policy['holds']}, holds; the bundle was trained under "
            f"version {policy['trained_under']}: what version {policy['holds']} masks on top is "
            "masked in answers, and leaves the models with the next training",
            soft_wrap=True,
        )


def activate(
    version: Annotated[str, typer.Argument(help="A version that `tactful versions` lists.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make a published version answer, in every worker, without a restart."""
    with workbench() as bench:
        bench.publisher.activate(version)
    _say_live(version, as_json=as_json)


def rollback(*, as_json: AsJson = False) -> None:
    """Go back to the version that answered before."""
    with workbench() as bench:
        version = bench.publisher.rollback()
    _say_live(version, as_json=as_json)


def versions(*, as_json: AsJson = False) -> None:
    """List what is published: dates, quality, sizes, who answers with it."""
    with workbench() as bench:
        listed = bench.publisher.versions()
    if as_json:
        console.print_json(
            [
                asdict(v.summary) | {"marker": v.marker.value, "workers": list(v.workers)}
                for v in listed
            ]
        )
    elif listed:
        for version in listed:
            _print(version)
    else:
        console.out().print("nothing is published yet; `tactful publish BUNDLE_DIR` does it")


def publish_with_bar(publisher: Publisher, bundle_dir: Path) -> PublishResult:
    """Publishes with a bar and the time left on standard error."""
    from training.progress import RichProgress  # noqa: PLC0415  # only this command needs it

    stages = RichProgress(console.err())
    from training.bundle_dir import read_manifest  # noqa: PLC0415

    manifest = read_manifest(bundle_dir)
    with stages.stage("publish", manifest.n_customers) as advance:
        seen = 0

        def progress(done: int, total: int) -> None:
            nonlocal seen
            now = done * manifest.n_customers // max(total, 1)
            advance(now - seen)
            seen = now

        return publisher.publish(bundle_dir, progress)


def _policies(publisher: Publisher, bundle_dir: Path) -> dict[str, int | bool | None]:
    """Which published policy holds, if any, and under which one the bundle was trained."""
    from training.bundle_dir import read_manifest  # noqa: PLC0415

    own, holds = read_manifest(bundle_dir).policy, publisher.policies.ledger().live
    source = publisher.policies.live_source()
    same = True
    if source is not None:
        try:
            same = source.compile().policy == own
        except PolicyError:
            # A pack may have gone with an older release; workers say so and lock everything.
            same = False
    return {"holds": holds, "trained_under": own.version, "same": same}


def _collect(publisher: Publisher) -> list[str]:
    try:
        removed = publisher.collect()
    except ConflictError:
        # Somebody publishes already; their collection will do.
        return []
    return [*removed.versions, *removed.leftovers]


def _say_live(version: str, *, as_json: bool) -> None:
    if as_json:
        console.print_json({"live": version})
    else:
        console.out().print(f"[bold]{version}[/] is live; every worker takes it within a second")


def _print(version: VersionInfo) -> None:
    summary = version.summary
    quality = ", ".join(f"{name} {value:.4f}" for name, value in summary.metrics.items())
    workers = f"{len(version.workers)} worker{'' if len(version.workers) == 1 else 's'}"
    lines = (
        f"published {iso_utc(summary.published_at)}",
        f"knows purchases until {iso_utc(summary.as_of)}",
        f"{summary.n_customers:,} customers, {summary.n_offers:,} offers",
        f"{console.size(summary.bytes)}, {summary.bytes_per_customer:,.0f} bytes a customer",
        quality or "no quality measured",
        f"answers in {workers}",
    )
    screen = console.out()
    screen.print(f"[bold]{version.marker.value:<9}{summary.version}[/]", soft_wrap=True)
    for line in lines:
        screen.print(f"         {line}", soft_wrap=True)
