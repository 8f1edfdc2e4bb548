"""`tactful train | evaluate | batch`."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.channel import Channel
from recommender.errors import InputError, NotFound, StorageError
from recommender.ids import id_problem
from recommender.types import CustomerId
from tactful import console

if TYPE_CHECKING:
    import polars as pl

    from training.config import TrainConfig
    from training.pipeline import TrainResult

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings such as configs/train.yaml.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; may be repeated."),
]
Lenient = Annotated[
    bool, typer.Option("--lenient", help="Set unusable rows aside instead of refusing all.")
]
Controls = Annotated[
    Path | None,
    typer.Option(help="What customers have told us, as `tactful controls export` wrote it."),
]
EVALUATE_READS = ("purchases", "evaluation", "model.seed", "guard.controls", "lenient")
BATCH_READS = ("purchases", "guard.controls", "lenient")
MOST_OFFERS = 1000

BundleDir = Annotated[Path, typer.Option("--bundle", help="A bundle directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    for command in (train, evaluate, batch):
        app.command()(command)


def train(
    *,
    out: Annotated[Path, typer.Option("--out", help="Where the bundle directory goes.")],
    config: Config = None,
    purchases: Annotated[Path | None, typer.Option(help="File or folder of purchases.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="File or folder of items.")] = None,
    offers: Annotated[Path | None, typer.Option(help="File of offers.")] = None,
    controls: Controls = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="ISO",
            help="Train as of this moment, such as 2026-11-21T08:00:00Z: to make a view again.",
        ),
    ] = None,
    lenient: Lenient = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Learn from purchases; write a bundle with a report beside it."""
    now = time.time() if at is None else _moment(at, time.time())
    files = {"purchases": purchases, "catalogue": catalogue, "offers": offers}
    settings = read_config(config, overrides or (), files, lenient=lenient, controls=controls)
    from training.pipeline import train as run  # noqa: PLC0415  # brings numpy and polars
    from training.progress import RichProgress  # noqa: PLC0415
    from training.tracking import check_tracking, track  # noqa: PLC0415

    check_tracking(settings.mlflow)
    result = run(settings, out, now=now, progress=RichProgress(console.err()))
    if as_json:
        manifest = result.manifest.model_dump(mode="json", exclude={"arrays", "policy"})
        console.print_json({"directory": str(out), "notes": result.notes} | manifest)
    else:
        show_training(result)
    if (recorded := track(settings.mlflow, out, result.manifest)) is not None:
        console.tell(f"run {recorded} of MLflow has its settings, metrics and report")


def evaluate(
    *,
    bundle: BundleDir,
    holdout: Annotated[Path, typer.Option(help="Purchases made after the bundle's last one.")],
    controls: Controls = None,
    config: Config = None,
    overrides: Overrides = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write JSON; - to print it.")
    ] = None,
) -> None:
    """Measure a bundle against what customers bought after it was trained."""
    settings = read_config(config, overrides or (), {"purchases": holdout}, controls=controls)
    tell_idle("evaluate", overrides or (), EVALUATE_READS)
    from tactful.offline import evaluate_bundle  # noqa: PLC0415  # brings numpy and polars

    found = evaluate_bundle(bundle, settings, time.time())
    if json_file is not None and str(json_file) != "-":
        _write(json_file, found.model_dump_json(indent=2).encode() + b"\n")
    if str(json_file) == "-":
        console.print_json(json.loads(found.model_dump_json()))
    else:
        from tactful.tables import quality_table  # noqa: PLC0415

        console.out().print(quality_table(found))
    for note in found.notes():
        console.tell(note)


def batch(
    *,
    bundle: BundleDir,
    purchases: Annotated[Path, typer.Option(help="The customers' purchases.")],
    out: Annotated[Path, typer.Option("--out", help="A Parquet file to write.")],
    customers: Annotated[
        Path | None, typer.Option(help="Text file of customer ids, one a line; else everybody.")
    ] = None,
    n: Annotated[
        int, typer.Option(min=1, max=MOST_OFFERS, help=f"Offers a customer, 1 to {MOST_OFFERS}.")
    ] = 10,
    new_only: Annotated[
        bool, typer.Option("--new-only", help="Only what the customer has not bought.")
    ] = False,
    channel: Annotated[
        Channel,
        typer.Option(
            help="Where the offers will be seen; what goes out shows no own purchases, needs "
            "consent for that channel, and spares whoever is to be left alone."
        ),
    ] = Channel.SITE,
    controls: Controls = None,
    lenient: Lenient = False,
    config: Config = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Write offers for many customers to a file; guarded like any answer on that channel."""
    settings = read_config(
        config, overrides or (), {"purchases": purchases}, lenient=lenient, controls=controls
    )
    tell_idle("batch", overrides or (), BATCH_READS)
    ids = None if customers is None else _ids(customers)
    from tactful.offline import Wanted, batch_offers  # noqa: PLC0415  # brings numpy and polars

    wanted = Wanted(ids, n=n, new_only=new_only, channel=channel)
    table = batch_offers(bundle, settings, time.time(), wanted, out.with_name("rejected.parquet"))
    _write_table(out, table)
    served = table["customer_id"].n_unique()
    if as_json:
        console.print_json({"file": str(out), "customers": served, "rows": table.height})
    else:
        console.out().print(
            f"{table.height:,} offers for {served:,} customers are in {out}", soft_wrap=True
        )


def read_config(
    config: Path | None,
    overrides: Sequence[str],
    files: dict[str, Path | None],
    *,
    lenient: bool = False,
    controls: Path | None = None,
) -> TrainConfig:
    """The settings of a command: the file, then the paths given as options, then `--set`."""
    from training.config import load_config  # noqa: PLC0415  # only these commands need it

    # JSON is YAML: no path, however strange, is read as anything but text.
    told = [f"{name}.path={json.dumps(str(path))}" for name, path in files.items() if path]
    told += [f"guard.controls={json.dumps(str(controls))}"] if controls else []
    told += ["lenient=true"] if lenient else []
    return load_config(config, [*told, *overrides])


def _moment(text: str, now: float) -> float:
    """Seconds since 1970 of `--at`; a date is its first moment (UTC)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"--at {text} is no date and no time", hint="such as 2026-11-21T08:00:00Z"
        ) from error
    if moment.tzinfo is None:
        if len(text) > len("2026-11-21"):
            raise InputError(
                f"--at {text} has no offset from UTC", hint="such as 2026-11-21T08:00:00Z"
            )
        moment = moment.replace(tzinfo=UTC)
    if moment.timestamp() > now:
        raise InputError(f"--at {text} lies ahead", hint="leave it out: then it is now")
    return moment.timestamp()


def tell_idle(command: str, overrides: Sequence[str], reads: Sequence[str]) -> None:
    """Says what has no effect: the bundle brings its own models, guard and offers.

    No error, so that a script may hand the same overrides to all of its commands.
    """
    for override in overrides:
        key = override.partition("=")[0].strip()
        if not any(key == known or key.startswith(f"{known}.") for known in reads):
            console.tell(
                f"--set {override} changes nothing here: `tactful {command}` takes {key} from the "
                f"bundle; it reads {', '.join(reads)}"
            )


def show_training(result: TrainResult) -> None:
    """What was read, how good the offers are, where the bundle is."""
    screen = console.out()
    for line in result.read.lines():
        screen.print(line, markup=False, soft_wrap=True)
    if result.evaluation is not None:
        from tactful.tables import quality_table  # noqa: PLC0415

        screen.print()
        screen.print(quality_table(result.evaluation))
    if result.backtest is not None:
        from tactful.tables import windows_table  # noqa: PLC0415

        screen.print()
        screen.print(windows_table(result.backtest))
    if result.guard_cost is not None:
        from training.guard_cost import in_words  # noqa: PLC0415

        screen.print("\n[bold]What does the guard cost?[/]")
        for kind, sentence in in_words(result.guard_cost):
            screen.print(f"  {kind}: {sentence}", markup=False, soft_wrap=True)
    for note in result.notes:
        screen.print(f"note: {note}", markup=False, soft_wrap=True)
    screen.print(
        f"\n[bold]{result.manifest.version}[/] is in {result.directory}; "
        f"open {result.directory / 'report.html'} to see more",
        soft_wrap=True,
    )


def _ids(path: Path) -> list[CustomerId]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", hint="check --customers") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read as text: {error}", hint="one customer id a line, UTF-8"
        ) from error
    ids = [line.strip() for line in lines]
    for number, customer in enumerate(ids, start=1):
        problem = id_problem(customer) if customer else None
        if problem is not None:
            raise InputError(
                f"{path}, line {number}: the customer id {problem}",
                hint="one customer id a line, UTF-8, as the purchases have it",
            )
    named = [CustomerId(customer) for customer in ids if customer]
    if not named:
        raise InputError(f"{path} names no customer", hint="one customer id a line, UTF-8")
    return named


def _write_table(path: Path, table: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    _write(path, buffer.getvalue())


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}",
            hint=f"free {console.size(len(content))} there, or choose another file",
        ) from error
