"""How failures end: a sentence on standard error, and the exit code of the error tree."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from recommender.errors import ConflictError, InputError
from tactful import console, program


def fail(error: BaseException) -> typer.Typer:
    app = typer.Typer(add_completion=False)

    @app.command()
    def command() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError("bad", hint="mend"), 2), (ConflictError("busy", hint="wait"), 1)],
)
def test_an_error_of_the_tree_ends_with_its_code_and_says_both_sentences(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.ended(fail(error), []) == code
    told = capsys.readouterr().err
    assert str(error.args[0]) in told
    assert "how to mend it" in told


def test_ctrl_c_ends_with_130_and_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.ended(fail(KeyboardInterrupt()), []) == 130
    assert capsys.readouterr().err == ""


def test_ctrl_c_while_the_program_is_still_being_loaded_ends_with_130_in_silence() -> None:
    """The signal comes when the import of the program begins, before any command runs."""
    script = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "tactful.program":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from tactful.cli import main
main()
"""
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", script, "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_defect_is_one_line_that_says_where_and_where_to_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TACTFUL_DEBUG", raising=False)
    assert program.ended(fail(ZeroDivisionError("by zero")), []) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "ZeroDivisionError: by zero" in told
    assert "test_program.py:" in told
    assert "report it" in told


def test_debugging_shows_the_trace_of_a_defect(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACTFUL_DEBUG", "1")
    assert program.ended(fail(ZeroDivisionError("by zero")), []) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("n", "shown"), [(727, "727 bytes"), (7_300, "7.3 kB"), (11.4e6, "11.4 MB"), (2e9, "2.0 GB")]
)
def test_sizes_are_shown_in_the_unit_that_people_use(n: float, shown: str) -> None:
    assert console.size(n) == shown
