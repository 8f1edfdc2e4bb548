"""Offer quality beside other methods, all tuned with one budget on one validation window.

    python benchmarks/peers.py [--budget 60] [--online-retail FILE] [--windows test|earlier]

Needs the extras `demo` and `peers`. Each method is tuned by Optuna (TPE, seeded) for both
questions together, then fitted on all before the test window, on one core, in processes of its own.
The second table answers each question by the settings that were best for it alone. Seconds and
memory are those of the fit; Tactful's are those of the whole `tactful train`, tuning included.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import journey
import retail
from cases import TEST, VALIDATION, Case, cases, prepare
from methods import METHODS
from peer_tables import show, write_json
from runs import Base, Measured, Row, apart, base, measure, tune
from tactful_row import measure_tactful

TACTFUL = "Tactful"
BUDGET_SETTING = "tuning.budget_seconds"


def peer(name: str, folder: Path, over: Base, options: argparse.Namespace) -> Row:
    """Tunes and measures; settings that serve several aims are measured once."""
    tuned = apart(tune, name, folder / VALIDATION, over, options.budget, options.seed)
    measured: dict[str, Measured] = {}
    for aim, settings in tuned.settings.items():
        same = next((known for known in measured if tuned.settings[known] == settings), None)
        measured[aim] = (
            apart(measure, name, folder / TEST, settings) if same is None else measured[same]
        )
    return Row(name, measured, tuned)


def own_row(folder: Path, settings: tuple[str, ...]) -> Row:
    """Tactful has one setting for both questions."""
    found = apart(measure_tactful, folder, folder / TEST, settings)
    return Row(TACTFUL, {"both": found, "all": found, "new": found})


def told(options: argparse.Namespace) -> tuple[str, ...]:
    """What `tactful train` is told beside where its files are: the same budget, if it has one."""
    from training.config import setting_names  # noqa: PLC0415  # only to look

    if BUDGET_SETTING in setting_names():
        return (f"{BUDGET_SETTING}={options.budget:g}", *options.set)
    print(f"there is no setting {BUDGET_SETTING}: {TACTFUL} tunes as long as it ships")
    return tuple(options.set)


def chosen(options: argparse.Namespace) -> list[str]:
    """The names of the rows that are wanted and can be had."""
    names = [*METHODS, TACTFUL]
    for name in (*options.only, *options.without):
        if name not in names:
            raise SystemExit(f"no method {name!r}; there are {', '.join(names)}")
    wanted = [name for name in names if name in (options.only or names)]
    wanted = [name for name in wanted if name not in options.without]
    for name in tuple(wanted):
        needed = (METHODS[name].needs.partition(".")[0], "optuna") if name in METHODS else ()
        if not all(map(find_spec, needed)):
            print(f"{name} is left out: pip install 'tactful[peers]' brings what it needs")
            wanted.remove(name)
    if not wanted:
        raise SystemExit("no method is left to measure; check --only and --without")
    return wanted


def arguments() -> argparse.Namespace:
    """What the program is told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of tuning a method")
    parser.add_argument("--windows", choices=("test", "earlier"), default="test")
    parser.add_argument("--online-retail", type=Path, metavar="FILE")
    parser.add_argument("--no-journey", action="store_true", help="leave Complete Journey out")
    parser.add_argument("--only", action="append", default=[], metavar="METHOD")
    parser.add_argument("--without", action="append", default=[], metavar="METHOD")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="for `tactful train`"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all rows")
    return parser.parse_args()


def measure_all(case: Case, names: list[str], options: argparse.Namespace) -> Iterator[Row]:
    """Every wanted row of one case, as each is done."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        apart(prepare, case, folder)
        over = apart(base, folder / VALIDATION)
        for name in names:
            if name == TACTFUL:
                yield own_row(folder, (*case.settings, *told(options)))
            else:
                yield peer(name, folder, over, options)
            print(f"{case.data}, {case.window.name}: {name} is measured", flush=True)


def data_files(options: argparse.Namespace) -> list[Path | None]:
    """The data sets that are there, as `cases` takes them."""
    files: list[Path | None] = []
    if not options.no_journey:
        if journey.available():
            files.append(None)
        else:
            print(f"{journey.NAME} is left out: pip install 'tactful[demo]' brings it")
    if options.online_retail is None:
        print(f"{retail.NAME} is left out: name its file with --online-retail")
    elif not options.online_retail.exists():
        raise SystemExit(f"there is no file {options.online_retail}; check --online-retail")
    else:
        files.append(options.online_retail)
    return files


def main() -> None:
    """Measures and prints."""
    options = arguments()
    names = chosen(options)
    found: list[tuple[Case, list[Row]]] = []
    for file in data_files(options):
        for case in apart(cases, file, options.windows):
            rows: list[Row] = []
            found.append((case, rows))
            try:
                rows.extend(measure_all(case, names, options))
            finally:
                # An hour's rows outlive the method that failed.
                if rows:
                    show(case, rows, options.budget, TACTFUL)
                if options.json is not None:
                    write_json(options.json, found)


if __name__ == "__main__":
    main()
