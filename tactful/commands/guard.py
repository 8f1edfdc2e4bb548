"""`tactful guard lint | preview`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from recommender.errors import ConfigError
from recommender.guard.policy import GuardPolicy
from tactful import console
from tactful.commands.train import AsJson, Config, Overrides, read_config

if TYPE_CHECKING:
    from tactful.preview import Matches
    from training.config import TrainConfig

Policy = Annotated[
    Path | None, typer.Argument(help="A policy such as configs/guard.yaml; else the config's.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    guard = typer.Typer(no_args_is_help=True, help="Check a guard policy before it is live.")
    guard.command()(lint)
    guard.command()(preview)
    app.add_typer(guard, name="guard")


def lint(
    policy: Policy = None,
    *,
    config: Config = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a policy can be applied as written; every problem with its line."""
    from tactful.preview import compiled  # noqa: PLC0415  # brings numpy

    guard = compiled(_settings(policy, config, overrides or ()))
    stances: dict[str, int] = {}
    for rule in guard.policy.life_events:
        stances[rule.stance.value] = stances.get(rule.stance.value, 0) + 1
    if as_json:
        told_so = {"version": guard.policy.version, "life_events": stances}
        console.print_json(told_so | _term(guard.policy))
        return
    told = ", ".join(f"{n} {stance}" for stance, n in sorted(stances.items())) or "none"
    console.out().print(
        f"policy version {guard.policy.version} can be applied; life events: {told}",
        soft_wrap=True,
    )
    _warn_of_end(guard.policy)


def preview(
    policy: Policy = None,
    *,
    catalogue: Annotated[Path | None, typer.Option(help="File or folder of items.")] = None,
    config: Config = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Show which items of a catalogue each life event matches, with counts."""
    settings = _settings(policy, config, overrides or (), catalogue)
    if settings.catalogue.path is None:
        raise ConfigError(
            "no catalogue is named, so there is nothing to match",
            hint="name one with --catalogue, or with --config configs/train.yaml",
        )
    from tactful.preview import compiled, match  # noqa: PLC0415  # brings numpy and polars

    applied = compiled(settings).policy
    found = match(settings)
    if as_json:
        console.print_json(found.as_json() | _term(applied))
    else:
        _show(found)
        _warn_of_end(applied)


def _term(policy: GuardPolicy) -> dict[str, str | bool | None]:
    until = policy.valid_until
    return {
        "valid_until": None if until is None else until.isoformat(),
        "expired": policy.ends <= time.time(),
    }


def _warn_of_end(policy: GuardPolicy) -> None:
    if policy.ends <= time.time():
        console.out().print(
            f"[bold yellow]but it expired on {policy.valid_until}[/]: until a renewed policy is "
            "trained in, everything that any life event matches is masked and held back, also "
            "what the policy allows",
            soft_wrap=True,
        )


def _settings(
    policy: Path | None,
    config: Path | None,
    overrides: Sequence[str],
    catalogue: Path | None = None,
) -> TrainConfig:
    given = read_config(config, overrides, {"catalogue": catalogue})
    if policy is None:
        return given
    guard = given.guard.model_copy(update={"policy": policy})
    return given.model_copy(update={"guard": guard})


def _show(found: Matches) -> None:
    screen = console.out()
    screen.print(
        f"{found.n_items:,} items; {found.n_masked:,} are never used, {found.n_contained:,} are "
        f"never offered unasked, {found.n_unmapped:,} have nothing that could be matched",
        soft_wrap=True,
    )
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("life event", "policy"):
        table.add_column(name)
    for name in ("evidence", "targets"):
        table.add_column(name, justify="right")
    table.add_column("for example")
    for event in found.events:
        table.add_row(
            event.id,
            event.stance,
            f"{event.evidence:,}",
            f"{event.targets:,}",
            escape("; ".join(event.examples)) or "[dim]nothing matches[/]",
        )
    screen.print(table)
