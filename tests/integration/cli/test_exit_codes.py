"""Nonsense ends with 2, trouble with 1, Ctrl-C with 130, SIGTERM with 143.

Always with a sentence, never with a trace.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tactful.program import run
from tests.support.command import Run, environment

NONSENSE: dict[str, tuple[str, ...]] = {
    "an unknown command": ("frobnicate",),
    "an unknown option": ("versions", "--frobnicate"),
    "no bundle directory": ("publish",),
    "a directory without a bundle": ("publish", "."),
    "a bundle that is not there": ("publish", "nowhere"),
    "no output": ("train",),
    "a config that is not there": ("train", "--config", "nowhere.yaml", "--out", "b"),
    "purchases that are not there": ("train", "--purchases", "nowhere.csv", "--out", "b"),
    "no purchases at all": ("train", "--out", "b"),
    "an unknown setting": ("train", "--out", "b", "--set", "model.factor=3"),
    "an impossible value": ("train", "--out", "b", "--set", "model.factors=0"),
    "a setting without a value": ("train", "--out", "b", "--set", "model.factors"),
    "an unknown pack": ("guard", "lint", "--set", "guard.packs=[shoes@1]"),
    "a preview of nothing": ("guard", "preview"),
    "an unknown setting of the service": ("serve", "--set", "prot=1"),
    "a port out of range": ("serve", "--port", "70000"),
    "an address that is not ours": ("serve", "--host", "192.0.2.1", "--port", "0"),
    "an evaluation of nothing": ("evaluate", "--bundle", "nowhere", "--holdout", "x.csv"),
    "no offers": ("batch", "--bundle", "x", "--purchases", "y", "--out", "z", "--n", "many"),
    "no offer at all": ("batch", "--bundle", "x", "--purchases", "y", "--out", "z", "--n", "0"),
}


@pytest.mark.parametrize("arguments", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_ends_with_2_and_says_what_is_wrong(
    arguments: tuple[str, ...],
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TACTFUL_STATE", str(state))
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.strip()
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("setting", "value"),
    [("TACTFUL_PORT", "many"), ("TACTFUL_NAMESPACE", "a:b"), ("TACTFUL_REDIS_URL", "http://x")],
)
def test_an_impossible_setting_of_the_environment_ends_with_2(
    tactful: Run, setting: str, value: str
) -> None:
    done = tactful("serve", extra={setting: value})
    assert done.returncode == 2
    assert setting.removeprefix("TACTFUL_").lower() in done.stderr


def test_a_misspelt_variable_is_refused_with_the_nearest_name(tactful: Run) -> None:
    done = tactful("versions", extra={"TACTFUL_REDIS_URLL": "redis://user:hunter2@host"})
    assert done.returncode == 2
    assert "TACTFUL_REDIS_URLL" in done.stderr
    assert "did you mean TACTFUL_REDIS_URL?" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("n", ["1001", "1000000000"])
def test_more_offers_than_anybody_reads_are_refused_before_anything_is_read(
    tactful: Run, n: str
) -> None:
    done = tactful("batch", "--bundle", "x", "--purchases", "y", "--out", "z", "--n", n)
    assert done.returncode == 2
    assert "1000" in done.stderr
    assert "no bundle directory" not in done.stderr


@pytest.mark.parametrize(
    ("command", "override", "reads"),
    [
        ("evaluate", "guard.packs=[]", "evaluation"),
        ("evaluate", "model.factors=3", "model.seed"),
        ("batch", "evaluation.n=3", "purchases, guard.controls, lenient"),
    ],
)
def test_an_override_of_what_the_bundle_brings_is_said_to_change_nothing(
    tactful: Run, command: str, override: str, reads: str
) -> None:
    files = {"evaluate": ("--holdout", "y"), "batch": ("--purchases", "y", "--out", "z")}[command]
    done = tactful(command, "--bundle", "x", *files, "--set", override)
    assert "changes nothing here" in done.stderr
    assert reads in done.stderr


@pytest.mark.parametrize("command", [("versions",), ("rollback",), ("activate", "x")])
def test_an_unreachable_server_ends_with_1_and_says_how_to_mend_it(
    tactful: Run, command: tuple[str, ...]
) -> None:
    done = tactful(*command, extra={"TACTFUL_REDIS_URL": "redis://127.0.0.1:1/0"})
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "TACTFUL_REDIS_URL" in done.stderr


def test_a_state_directory_that_cannot_be_used_ends_with_1(tactful: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = tactful("versions", extra={"TACTFUL_STATE": str(tmp_path / "file" / "state")})
    assert done.returncode == 1
    assert "TACTFUL_STATE" in done.stderr


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_waiting_command_with_its_code_and_without_a_word(
    sent: signal.Signals, code: int, state: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        process = subprocess.Popen(  # our own interpreter and module
            [sys.executable, "-m", "tactful", "versions"],
            env=environment(state, {"TACTFUL_REDIS_URL": url}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = silent.accept()
        with connection:
            process.send_signal(sent)
            out, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert (out, err) == ("", "")


@pytest.mark.parametrize(
    "command", ["train", "evaluate", "batch", "publish", "serve", "doctor", "demo", "guard"]
)
def test_help_ends_with_0(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert f"tactful {command}" in capsys.readouterr().out


def test_version_ends_with_0(tactful: Run) -> None:
    done = tactful("--version")
    assert (done.returncode, done.stdout) == (0, f"tactful {version('tactful')}\n")
