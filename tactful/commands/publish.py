"""`tactful publish | activate | rollback | versions`."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.errors import ConflictError, Forbidden, GateRefusal, PolicyError
from recommender.times import iso_utc
from tactful import console
from tactful.person import By, person
from tactful.workplace import workbench

if TYPE_CHECKING:
    from training.publish import Publisher
    from training.publishing.gatekeeper import Force
    from training.publishing.ruling import Ruling
    from training.publishing.versions import PublishResult, Summary, VersionInfo

ForceReason = Annotated[
    str | None,
    typer.Option(
        "--force-reason",
        metavar="TEXT",
        help="Make it live although the gate refuses it; who, when and why are kept with the "
        "version. What the guard forbids cannot be forced.",
    ),
]
Refusal = GateRefusal | Forbidden | ConflictError
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
    force_reason: ForceReason = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Put a bundle into Redis whole and verified, and make it live if it is no worse.

    It is measured against what is live, on its own newest window. A worse one is put there and
    does not become live: exit code 3.
    """
    force = _force(force_reason, by)
    with workbench() as bench:
        result = publish_with_bar(bench.publisher, bundle_dir)
        refused = _activated(bench.publisher, result.version, force) if activated else None
        live = bench.publisher.live() == result.version
        # A force that was needed is in the ruling only now.
        result = replace(result, ruling=bench.publisher.ruling(result.version) or result.ruling)
        collected = _collect(bench.publisher)
        policy = _policies(bench.publisher, bundle_dir)
    if as_json:
        ruling = None if result.ruling is None else result.ruling.model_dump(mode="json")
        told = {"live": live, "already": result.already, "collected": collected}
        found = {"policy": policy, "ruling": ruling, "refused": refused and refused.what}
        console.print_json(asdict(result.summary) | told | found)
    else:
        _print_published(result, collected, policy, refused, live=live)
    if refused is not None:
        raise refused


def activate(
    version: Annotated[str, typer.Argument(help="A version that `tactful versions` lists.")],
    *,
    force_reason: ForceReason = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Make a published version answer, in every worker, without a restart."""
    force = _force(force_reason, by)
    with workbench() as bench:
        bench.publisher.activate(version, force)
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
                asdict(v.summary)
                | {"marker": v.marker.value, "workers": list(v.workers)}
                | {"ruling": None if v.ruling is None else v.ruling.model_dump(mode="json")}
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

    return publisher.publish(bundle_dir, RichProgress(console.err()))


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


def _force(reason: str | None, by: str | None) -> Force | None:
    from training.publishing.gatekeeper import Force  # noqa: PLC0415  # brings numpy

    return None if reason is None else Force(by=person(by), reason=reason)


def _activated(publisher: Publisher, version: str, force: Force | None) -> Refusal | None:
    """Makes a version live; the refusal, to be told after what was done all the same."""
    try:
        publisher.activate(version, force, back=False)
    except (GateRefusal, Forbidden, ConflictError) as refused:
        return refused
    return None


def _print_published(
    result: PublishResult,
    collected: list[str],
    policy: dict[str, int | bool | None],
    refused: Refusal | None,
    *,
    live: bool,
) -> None:
    screen, summary = console.out(), result.summary
    there = "was there already, verified" if result.already else "published and verified"
    screen.print(f"[bold]{summary.version}[/] {there}{', and is live' if live else ''}")
    screen.print(
        f"  {_sizes(summary)}, "
        f"{console.size(summary.bytes)}; "
        f"[bold]{summary.bytes_per_customer:,.0f} bytes a customer[/] in Redis"
    )
    for line in _judgement(result, refused, live=live):
        screen.print(f"  {line}", markup=False, soft_wrap=True)
    if collected:
        screen.print(f"  removed, since nobody needs them: {', '.join(collected)}")
    if policy["holds"] is not None and not policy["same"]:
        screen.print(
            f"  the live policy, version {policy['holds']}, holds; the bundle was trained under "
            f"version {policy['trained_under']}: what version {policy['holds']} masks on top is "
            "masked in answers, and leaves the models with the next training",
            soft_wrap=True,
        )


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


def _judgement(result: PublishResult, refused: Refusal | None, *, live: bool) -> list[str]:
    """What the gate found, why it refused, who went past it, and what can be done now."""
    found, summary = result.ruling, result.summary
    reasons = () if found is None else found.reasons
    lines = [] if found is None else [found.sentence]
    word = "refused" if live else "refuses"
    lines += [f"the gate {word} it: {reason}" for reason in reasons]
    if live:
        return lines + ([] if found is None else _forces(found))
    if summary.locked_exposure:
        lines.append(f"no reason makes it live: {_exposure(summary)}")
    elif refused is not None and not (reasons and isinstance(refused, GateRefusal)):
        lines.append(f"refused: {refused.what}")
    elif not reasons:
        lines.append(f"make it live with: tactful activate {summary.version}")
    return lines


def _rulings(version: VersionInfo) -> list[str]:
    """What the gate found, why it refused, and who went past it."""
    found = version.ruling
    if found is None:
        return []
    refused = [f"refused: {reason}" for reason in found.reasons]
    return [f"gate: {found.sentence}", *refused, *_forces(found)]


def _forces(found: Ruling) -> list[str]:
    return [
        f"forced by {step.by} on {iso_utc(step.at)} over {step.against}: {step.reason}"
        for step in found.forced
    ]


def _sizes(summary: Summary) -> str:
    from training.publishing.ruling import counted  # noqa: PLC0415  # brings numpy

    customers = counted(summary.n_customers, "customer")
    return f"{customers}, {counted(summary.n_offers, 'offer')}"


def _exposure(summary: Summary) -> str:
    from training.publishing.ruling import counted  # noqa: PLC0415  # brings numpy

    if summary.locked_exposure is None:
        return "locked exposure not measured"
    places = counted(summary.locked_exposure, "personalised place")
    return f"locked exposure: {places} of its evaluation with an offer that the guard holds back"


def _print(version: VersionInfo) -> None:
    summary = version.summary
    quality = ", ".join(f"{name} {value:.4f}" for name, value in summary.metrics.items())
    workers = f"{len(version.workers)} worker{'' if len(version.workers) == 1 else 's'}"
    lines = (
        f"published {iso_utc(summary.published_at)}",
        f"knows purchases until {iso_utc(summary.as_of)}",
        _sizes(summary),
        f"{console.size(summary.bytes)}, {summary.bytes_per_customer:,.0f} bytes a customer",
        quality or "no quality measured",
        _exposure(summary),
        f"answers in {workers}",
        f"published when {summary.parent or 'nothing'} was live",
        *_rulings(version),
    )
    screen = console.out()
    screen.print(f"[bold]{version.marker.value:<9}{summary.version}[/]", soft_wrap=True)
    for line in lines:
        screen.print(f"         {line}", markup=False, highlight=False, soft_wrap=True)
