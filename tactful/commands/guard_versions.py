"""`tactful guard draft | approve | publish | rollback | drop | versions | show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from recommender.errors import InputError, NotFound
from recommender.times import iso_utc
from tactful import console
from tactful.commands.train import AsJson
from tactful.files import replace_text
from tactful.person import By, person
from tactful.workplace import workbench

if TYPE_CHECKING:
    from recommender.guard.change import PolicyChange
    from recommender.guard.ledger import Ledger
    from recommender.guard.ledger import Version as Entry
    from recommender.guard.source import PolicySource
    from training.publishing.policies import Done

Version = Annotated[int, typer.Argument(help="A number that `tactful guard versions` lists.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the ledger.")]
Expected = Annotated[
    int | None,
    typer.Option("--expect", metavar="N", help="Only if version N still is what holds."),
]


def register(guard: typer.Typer) -> None:
    """Adds the commands of this file."""
    for command in (draft, approve, publish, rollback, drop, versions, show):
        guard.command()(command)


def draft(
    policy: Annotated[Path, typer.Argument(help="A policy such as configs/guard.yaml.")],
    *,
    by: By = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Keep a policy as the draft of the version that it names; nothing becomes live."""
    from training.guarding import read_policy_source  # noqa: PLC0415  # brings numpy

    source = read_policy_source(policy)
    with workbench() as bench:
        policies = bench.publisher.policies
        version = policies.draft(source, author=person(by), reason=reason)
        # Before the first bundle nobody can say what a policy changes.
        live = bench.publisher.live() is not None
        change = policies.change(version.version) if live else None
    if as_json:
        console.print_json(_told(version, change))
        return
    console.out().print(
        f"[bold]version {version.version}[/] is a draft of {escape(version.author)}"
    )
    _show_change(change)


def approve(
    version: Version, *, by: By = None, reason: Reason = "", as_json: AsJson = False
) -> None:
    """Say yes to somebody else's version, as it stands and against what holds now."""
    with workbench() as bench:
        done = bench.publisher.policies.approve(version, approver=person(by), reason=reason)
    _say(done, f"is approved by {done.version.approvals[-1].by}", as_json=as_json)


def publish(
    version: Version,
    *,
    by: By = None,
    reason: Reason = "",
    expect: Expected = None,
    as_json: AsJson = False,
) -> None:
    """Make a version hold, in every worker within 2 seconds and without a training.

    What loosens the guard needs another person's approval first.
    """
    with workbench() as bench:
        done = bench.publisher.policies.publish(
            version, by=person(by), reason=reason, expected_live=expect
        )
    _say(done, "holds; every worker follows within 2 seconds", as_json=as_json)


def rollback(
    version: Annotated[
        int | None, typer.Argument(help="A version that held once; else the one before.")
    ] = None,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the ledger.")],
    by: By = None,
    expect: Expected = None,
    as_json: AsJson = False,
) -> None:
    """Make an earlier version hold again."""
    with workbench() as bench:
        done = bench.publisher.policies.rollback(
            by=person(by), reason=reason, version=version, expected_live=expect
        )
    _say(done, "holds again; every worker follows within 2 seconds", as_json=as_json)


def drop(version: Version, *, by: By = None, as_json: AsJson = False) -> None:
    """Take a draft of one's own away."""
    with workbench() as bench:
        bench.publisher.policies.drop(version, by=person(by))
    if as_json:
        console.print_json({"dropped": version})
    else:
        console.out().print(f"the draft of version {version} is gone")


def versions(*, as_json: AsJson = False) -> None:
    """List every version: who wrote, approved and published it, when and why."""
    with workbench() as bench:
        ledger = bench.publisher.policies.ledger()
    if as_json:
        console.print_json(ledger.model_dump(mode="json") | {"previous": ledger.previous})
    elif ledger.versions:
        for number in sorted(ledger.versions, reverse=True):
            _print(ledger, ledger.versions[number])
    else:
        console.out().print(
            "no policy was drafted yet, so the bundle's own holds; `tactful guard draft POLICY` "
            "begins one",
            soft_wrap=True,
        )


def show(
    version: Annotated[str, typer.Argument(help="A version's number, or `live`.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="A new file for the text; packs and lists go beside it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the text of a version, or write it to a file."""
    with workbench() as bench:
        policies = bench.publisher.policies
        ledger = policies.ledger()
        number = _number(version, ledger)
        source = policies.source(number)
    if out is not None:
        written = _write(source, out)
        if not as_json:
            console.out().print(
                f"version {number} is in {', '.join(map(str, written))}", soft_wrap=True
            )
            return
    if as_json:
        console.print_json(_told(ledger.version(number)) | {"source": source.model_dump()})
        return
    _print(ledger, ledger.version(number), to_errors=True)
    typer.echo(source.text)


def _number(version: str, ledger: Ledger) -> int:
    if version.isdecimal():
        return int(version)
    if version != "live":
        raise InputError(f"{version!r} is no version", hint="give a number, or `live`")
    if ledger.live is None:
        raise NotFound(
            "no policy was ever published, so the live bundle's own holds, whose text nobody kept",
            hint="`tactful guard versions` lists what was drafted",
        )
    return ledger.live


def _write(source: PolicySource, out: Path) -> list[Path]:
    """Writes a policy with its packs and lists; InputError when a file is there already.

    Whoever drafted the policy chose the names: nothing is written outside the folder of `out`.
    """
    folder = out.parent
    texts = [(out, source.text)]
    texts += [(folder / "packs" / f"{name}.yaml", text) for name, text in source.packs.items()]
    texts += [(folder / name, text) for name, text in source.proxy_lists.items()]
    places = [path.resolve() for path, _ in texts]
    for at, (path, _) in enumerate(texts):
        if not places[at].is_relative_to(folder.resolve()):
            raise InputError(
                f"{path} lies outside the folder of {out}", hint="choose a folder without links"
            )
        if path.exists() or places[at] in places[:at]:
            raise InputError(f"{path} is there already", hint="choose a folder without it")
    for path, text in texts:
        replace_text(path, text, with_folder=True)
    return [path for path, _ in texts]


def _told(version: Entry, change: PolicyChange | None = None) -> dict[str, Any]:
    told = version.model_dump(mode="json") | {"state": version.state.value}
    return told if change is None else told | {"change": change.as_json()}


def _say(done: Done, what: str, *, as_json: bool) -> None:
    if as_json:
        console.print_json(_told(done.version, done.change))
        return
    console.out().print(f"[bold]version {done.version.version}[/] {escape(what)}", soft_wrap=True)
    _show_change(done.change, done=True)


def _show_change(change: PolicyChange | None, *, done: bool = False) -> None:
    if change is None:
        console.out().print("no bundle is live yet, so nobody can say what it changes")
        return
    from tactful.change_tables import show_verdict  # noqa: PLC0415  # brings numpy

    show_verdict(console.out(), change, done=done)


def _print(ledger: Ledger, version: Entry, *, to_errors: bool = False) -> None:
    screen = console.err() if to_errors else console.out()
    mark = "holds" if version.version == ledger.live else version.state.value
    screen.print(f"[bold]{mark:<10}version {version.version}[/]", soft_wrap=True)
    why = f": {version.reason}" if version.reason else ""
    lines = [f"written by {version.author}, {iso_utc(version.drafted_at)}{why}"]
    lines += [
        f"approved by {yes.by}, {iso_utc(yes.at)}{f': {yes.reason}' if yes.reason else ''}"
        for yes in version.approvals
    ]
    lines += [
        f"{'published' if step.kind == 'publish' else 'gone back to'} by {step.by}, "
        f"{iso_utc(step.at)}{f': {step.reason}' if step.reason else ''}"
        for step in ledger.activations
        if step.version == version.version
    ]
    for line in lines:
        screen.print(f"          {line}", markup=False, soft_wrap=True)
