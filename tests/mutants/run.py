"""Breaks the guard in every way of `mutants.py` and sees that the tests notice.

    python tests/mutants/run.py [--only NAME] [--jobs 2] [--named]

Each worker has a copy of the project in a temporary folder, applies one mutant at a time and runs
its tests, then the guard suite if those noticed nothing. Ends with 1 when a mutant survives, with
2 when one cannot be tried.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.mutants.copy_wins import PROFILE, SETTING  # noqa: E402
from tests.mutants.mutants import GUARD_SUITE, MUTANTS, Mutant  # noqa: E402

FOLDERS = ("recommender", "training", "serving", "tactful", "tests", "configs", "docs")
FILES = ("pyproject.toml",)
MOST_SECONDS = 400
PASSED, FAILED = 0, 1
_NO_CACHES = shutil.ignore_patterns("__pycache__", ".hypothesis")


class Untriable(Exception):
    """A mutant that cannot be applied, or whose copy does not even run."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant; `by`: the test that noticed, "" when none did."""

    mutant: Mutant
    by: str
    seconds: float


def main(arguments: Sequence[str]) -> int:
    """Tries mutants and prints what became of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", help="a mutant's name; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--named", action="store_true", help="only the tests that a mutant names")
    chosen = parser.parse_args(arguments)
    wanted = [m for m in MUTANTS if not chosen.only or m.name in chosen.only]
    if not wanted:
        print(f"no mutant has this name; known: {', '.join(m.name for m in MUTANTS)}")
        return 2
    started = time.monotonic()
    try:
        verdicts = _tried(wanted, chosen.jobs, () if chosen.named else GUARD_SUITE)
    except Untriable as error:
        print(f"cannot be tried: {error}")
        return 2
    survivors = [found.mutant for found in verdicts if not found.by]
    told = f"{len(verdicts) - len(survivors)} of {len(verdicts)} mutants killed"
    print(f"{told} in {time.monotonic() - started:.0f} s")
    for mutant in survivors:
        print(f"survived: {mutant.name} ({mutant.file}): {mutant.why}")
    return 1 if survivors else 0


def _tried(mutants: Sequence[Mutant], jobs: int, suite: Sequence[str]) -> list[Verdict]:
    with tempfile.TemporaryDirectory(prefix="tactful-mutants-") as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            copies.put(_copy(Path(folder) / f"copy-{number}"))
        _check_unmutated(mutants, copies)

        def one(mutant: Mutant) -> Verdict:
            copy = copies.get()
            try:
                found = _try(mutant, copy, suite)
            finally:
                copies.put(copy)
            word = f"killed by {found.by}" if found.by else "SURVIVED"
            print(f"{found.seconds:5.1f} s  {mutant.name}: {word}", flush=True)
            return found

        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(one, mutants))


def _copy(place: Path) -> Path:
    place.mkdir()
    for name in FOLDERS:
        shutil.copytree(ROOT / name, place / name, ignore=_NO_CACHES)
    for name in FILES:
        shutil.copy2(ROOT / name, place / name)
    return place


def _check_unmutated(mutants: Sequence[Mutant], copies: SimpleQueue[Path]) -> None:
    """Tests that fail anyhow would kill every mutant."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    copy = copies.get()
    code, output = _pytest(copy, (*tests, "-n", str(copies.qsize() + 1)))
    copies.put(copy)
    if code != PASSED:
        raise Untriable(f"the tests fail without any mutant:\n{output[-3000:]}")


def _try(mutant: Mutant, copy: Path, suite: Sequence[str]) -> Verdict:
    started = time.monotonic()
    with _mutated(mutant, copy):
        for tests in filter(None, (mutant.tests, suite)):
            code, output = _pytest(copy, tests)
            if code == FAILED:
                return Verdict(mutant, _noticed(output), time.monotonic() - started)
            if code != PASSED:
                raise Untriable(f"{mutant.name}: pytest ended with {code}:\n{output[-3000:]}")
    return Verdict(mutant, "", time.monotonic() - started)


@contextmanager
def _mutated(mutant: Mutant, copy: Path) -> Iterator[None]:
    path = copy / mutant.file
    text = path.read_text()
    changed = text
    for old, new in mutant.edits:
        if changed.count(old) != 1:
            raise Untriable(f"{mutant.name}: {old!r} stands {changed.count(old)} times in {path}")
        changed = changed.replace(old, new)
    try:
        _write(path, changed)
        yield
    finally:
        _write(path, text)


def _write(path: Path, text: str) -> None:
    """Also drops the compiled file: sizes and seconds may be equal."""
    path.write_text(text)
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _pytest(copy: Path, tests: Sequence[str]) -> tuple[int, str]:
    command = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider")
    command += ("-p", "tests.mutants.copy_wins", *tests)
    environment = os.environ | {
        SETTING: str(copy),
        "PYTHONPATH": str(copy),
        "HYPOTHESIS_PROFILE": PROFILE,
    }
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return FAILED, f"FAILED nothing ended within {MOST_SECONDS} s"
    return done.returncode, done.stdout + done.stderr


def _noticed(output: str) -> str:
    """The test that failed, without what is the same in all of them."""
    failed = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return failed[-1].split(" ")[1].rpartition("/")[2] if failed else "a test"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
