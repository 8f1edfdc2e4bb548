"""`tactful doctor`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from recommender.errors import TactfulError
from recommender.keys import Keys
from serving.settings import Settings
from tactful import console
from tactful.doctor import installation
from tactful.doctor.findings import Finding, Level
from tactful.embedded import connect, server, server_facts
from tactful.workplace import settings_from, state_dir

if TYPE_CHECKING:
    from tactful.doctor.customer import Story

_MARKS = {
    Level.FINE: "[green]fine[/]",
    Level.LOOK: "[yellow]look[/]",
    Level.BROKEN: "[red]broken[/]",
}


def register(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command()(doctor)


def doctor(
    *,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="ID", help="Explain why this customer gets what."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Check the installation; with --customer, say why that customer gets these offers."""
    findings: list[Finding] = [*installation.python_findings()]
    story = None
    with _noting(findings, "disk"):
        findings += installation.disk_findings(state_dir())
    with _noting(findings, "settings"):
        settings = settings_from()
        with _noting(findings, "server"), server(settings.redis_url, state_dir()) as url:
            findings += _server(url, settings)
            if customer is not None:
                with _noting(findings, "customer"):
                    story = _examine(url, settings, customer)
    _show(findings, story, as_json=as_json)
    if any(finding.level is Level.BROKEN for finding in findings):
        raise typer.Exit(1)


@contextmanager
def _noting(findings: list[Finding], subject: str) -> Iterator[None]:
    try:
        yield
    except TactfulError as error:
        findings.append(installation.failure(subject, error))


def _server(url: str, settings: Settings) -> list[Finding]:
    from training.publish import Publisher  # noqa: PLC0415  # brings numpy

    facts = server_facts(url)
    found = [*installation.server_findings(facts, embedded=not settings.redis_url)]
    with _noting(found, "bundle"), connect(url) as client:
        publisher = Publisher(client, Keys(settings.namespace), time.time)
        listed, live = publisher.versions(), publisher.live()
        found += installation.bundle_findings(listed, live, time.time())
    return found


def _examine(url: str, settings: Settings, customer: str) -> Story:
    from tactful.doctor.customer import examine  # noqa: PLC0415  # brings numpy

    return asyncio.run(examine(url, Keys(settings.namespace), customer, time.time()))


def _show(findings: list[Finding], story: Story | None, *, as_json: bool) -> None:
    if as_json:
        told = {"findings": [asdict(finding) for finding in findings]}
        console.print_json(told if story is None else told | {"customer": asdict(story)})
        return
    screen = console.out()
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        hint = f"\n[dim]-> {escape(finding.hint)}[/]" if finding.hint else ""
        table.add_row(_MARKS[finding.level], finding.subject, escape(finding.what) + hint)
    screen.print(table)
    if story is not None:
        _show_story(story)


def _show_story(story: Story) -> None:
    screen = console.out()
    screen.print(f"\n[bold]customer {escape(story.customer)}[/]")
    for sentence in story.sentences:
        screen.print(f"  {escape(sentence)}")
    if story.offers:
        table = Table(box=None, header_style="bold", pad_edge=False, title_justify="left")
        for name in ("  offer", "title", "because"):
            table.add_column(name)
        for offer, title, why in story.offers:
            table.add_row(f"  {escape(offer)}", escape(title), escape(why))
        screen.print()
        screen.print(table)
