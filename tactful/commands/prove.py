"""`tactful guard prove`: the guarantees, tried on a shop's own bundle and policy."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from recommender.errors import InputError
from tactful import console
from tactful.commands.train import AsJson, Config, Overrides, read_config
from tactful.files import replace_text

if TYPE_CHECKING:
    from tactful.prove.verdict import Proof

FAILED = 1
_STYLES = {"held": "green", "failed": "bold red", "not run": "yellow"}


def register(guard: typer.Typer) -> None:
    """Adds the command of this file."""
    guard.command()(prove)


def prove(
    *,
    bundle: Annotated[Path | None, typer.Option("--bundle", help="A bundle directory.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where the page goes.")] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", help="A policy such as configs/guard.yaml; else the bundle's own."
        ),
    ] = None,
    config: Config = None,
    overrides: Overrides = None,
    examples: Annotated[
        int, typer.Option(min=1, max=100_000, help="Random cases a guarantee, 200 unless told.")
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Where the random cases begin.")] = 0,
    check: Annotated[
        Path | None, typer.Option("--check", help="Say whether a page is as it was written.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try every guarantee on a bundle and a policy of your own; write a page to sign.

    A service of its own is started in a temporary folder; the one that answers your customers is
    not touched. With a config its purchases are trained twice, which takes two trainings. Ends
    with 1 when a guarantee failed.
    """
    if check is not None:
        _check(check, as_json=as_json)
        return
    if bundle is None or out is None:
        raise InputError(
            "there is nothing to prove, or nowhere to write it",
            hint="tactful guard prove --bundle BUNDLE_DIR --out proof.html",
        )
    from tactful.prove.page import proof_page  # noqa: PLC0415
    from tactful.prove.run import Trial  # noqa: PLC0415  # brings numpy
    from tactful.prove.run import prove as run  # noqa: PLC0415
    from training.guarding import read_policy_source  # noqa: PLC0415
    from training.progress import RichProgress  # noqa: PLC0415

    settings = read_config(config, overrides or (), {}) if config or overrides else None
    source = None if policy is None else read_policy_source(policy)
    trial = Trial(bundle, source, settings, examples, seed, float(int(time.time())))
    proof = run(trial, RichProgress(console.err()))
    replace_text(out, proof_page(proof))
    if as_json:
        console.print_json(proof.as_json() | {"page": str(out)})
    else:
        _show(proof, out)
    if proof.failed:
        raise typer.Exit(FAILED)


def _show(proof: Proof, out: Path) -> None:
    from tactful.prove.guarantees import GUARANTEES  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "guarantee", "verdict"):
        table.add_column(name, no_wrap=True)
    table.add_column("cases", justify="right")
    table.add_column("what came of it")
    for verdict in proof.verdicts:
        word = verdict.outcome.value
        told = verdict.result or verdict.done
        table.add_row(
            verdict.guarantee,
            GUARANTEES[verdict.guarantee].name,
            f"[{_STYLES[word]}]{word}[/]",
            f"{verdict.cases:,}" if verdict.cases else "",
            escape(
                f"{told}; smallest: {verdict.counterexample}" if verdict.counterexample else told
            ),
        )
    screen = console.out()
    screen.print(table)
    total = len(proof.verdicts)
    screen.print(
        f"[bold]{len(proof.held)} of {total} held[/], {len(proof.failed)} failed, "
        f"{len(proof.not_run)} not run; {proof.seconds:,.0f} s. The page to sign is in {out}",
        soft_wrap=True,
    )


def _check(page: Path, *, as_json: bool) -> None:
    from tactful.prove.page import check_page  # noqa: PLC0415

    whole, digest = check_page(page)
    if as_json:
        console.print_json({"page": str(page), "whole": whole, "digest": digest})
    elif whole:
        console.out().print(f"{page} is as it was written; its digest is {digest}", soft_wrap=True)
    else:
        console.out().print(
            f"[bold red]{page} was changed[/] after it was written: its content does not have the "
            f"digest {digest}",
            soft_wrap=True,
        )
    if not whole:
        raise typer.Exit(FAILED)
