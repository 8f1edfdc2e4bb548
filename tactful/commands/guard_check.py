"""`tactful guard lint | preview`: what is wrong with a policy, and what it matches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from recommender.errors import ConfigError, PolicyError
from recommender.guard.document import CompiledGuard
from recommender.guard.finding import Finding, of_error
from recommender.guard.policy import GuardPolicy
from tactful import console
from tactful.commands.train import AsJson, Config, Overrides, read_config

if TYPE_CHECKING:
    from training.config import TrainConfig

Policy = Annotated[
    Path | None, typer.Argument(help="A policy such as configs/guard.yaml; else the config's.")
]
CatalogueFile = Annotated[
    Path | None, typer.Option("--catalogue", help="File or folder of items; else the config's.")
]


def register(guard: typer.Typer) -> None:
    """Adds the commands of this file."""
    guard.command()(lint)
    guard.command()(preview)


def lint(
    policy: Policy = None,
    *,
    catalogue: CatalogueFile = None,
    config: Config = None,
    overrides: Overrides = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings end with 2 as well, as errors do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a policy, and where; with a catalogue, also what matches nothing."""
    settings = settings_of(policy, config, overrides or (), catalogue)
    from tactful.preview import findings  # noqa: PLC0415  # brings numpy and polars
    from training.guarding import compile_guard  # noqa: PLC0415

    found = findings(settings, time.time())
    errors = [finding for finding in found if finding.level == "error"]
    guard: CompiledGuard | None = None
    try:
        guard = compile_guard(settings.guard)
    except PolicyError as error:
        if not errors:
            # The policy is well, the settings that name it are not.
            errors = [of_error(error)]
            found = (*errors, *found)
    if as_json:
        console.print_json(_summary(guard) | {"findings": [asdict(f) for f in found]})
    else:
        _show_findings(found, None if errors else guard)
    if errors or (strict and found):
        raise typer.Exit(2)


def preview(
    policy: Policy = None,
    *,
    catalogue: CatalogueFile = None,
    life_event: Annotated[
        str | None, typer.Option("--life-event", metavar="ID", help="List all that it matches.")
    ] = None,
    config: Config = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Show which items and offers each life event matches, with counts and the reasons."""
    settings = settings_of(policy, config, overrides or (), catalogue)
    if settings.catalogue.path is None:
        raise ConfigError(
            "no catalogue is named, so there is nothing to match",
            hint="name one with --catalogue, or with --config configs/train.yaml",
        )
    from tactful.preview import Preview  # noqa: PLC0415  # brings numpy and polars
    from tactful.preview_tables import show_life_event, show_matches  # noqa: PLC0415

    found = Preview.of(settings)
    applied = found.guard.policy
    told = found.matches() if life_event is None else found.life_event(life_event)
    if as_json:
        console.print_json(told.as_json() | term(applied))
        return
    screen = console.out()
    if life_event is None:
        show_matches(screen, found.matches())
    else:
        show_life_event(screen, found.life_event(life_event))
    warn_of_end(applied)


def settings_of(
    policy: Path | None,
    config: Path | None,
    overrides: Sequence[str],
    catalogue: Path | None = None,
) -> TrainConfig:
    """The settings of a command: those of the config, with the named policy and catalogue."""
    given = read_config(config, overrides, {"catalogue": catalogue})
    if policy is None:
        return given
    guard = given.guard.model_copy(update={"policy": policy})
    return given.model_copy(update={"guard": guard})


def term(policy: GuardPolicy) -> dict[str, str | bool | None]:
    """Until when a policy holds, for a program to read."""
    until = policy.valid_until
    return {
        "valid_until": None if until is None else until.isoformat(),
        "expired": policy.ends <= time.time(),
    }


def warn_of_end(policy: GuardPolicy) -> None:
    """Says aloud that a policy has expired."""
    if policy.ends <= time.time():
        console.out().print(
            f"[bold yellow]but it expired on {policy.valid_until}[/]: until a renewed policy "
            "holds, everything that any life event matches is masked and held back, also "
            "what the policy allows",
            soft_wrap=True,
        )


def _summary(guard: CompiledGuard | None) -> dict[str, object]:
    if guard is None:
        return {"version": None, "life_events": {}, "valid_until": None, "expired": None}
    stances: dict[str, int] = {}
    for rule in guard.policy.life_events:
        stances[rule.stance.value] = stances.get(rule.stance.value, 0) + 1
    return {"version": guard.policy.version, "life_events": stances, **term(guard.policy)}


def _show_findings(found: Sequence[Finding], guard: CompiledGuard | None) -> None:
    """Errors go where all errors go; warnings are a result."""
    for finding in found:
        place = f"{finding.where}: " if finding.where else ""
        if finding.level == "error":
            console.tell_error(PolicyError(place + finding.what, hint=finding.hint))
            continue
        screen = console.out()
        screen.print(f"[yellow]warning:[/] {escape(place + finding.what)}", soft_wrap=True)
        screen.print(f"  {escape(finding.hint)}", soft_wrap=True)
    if guard is None:
        return
    stances = _summary(guard)["life_events"]
    assert isinstance(stances, dict)
    told = ", ".join(f"{n} {stance}" for stance, n in sorted(stances.items())) or "none"
    console.out().print(
        f"policy version {guard.policy.version} can be applied; life events: {told}",
        soft_wrap=True,
    )
    warn_of_end(guard.policy)
