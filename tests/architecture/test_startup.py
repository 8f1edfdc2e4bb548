"""What a process loads: serving stays light, and numpy comes after its threads are set."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("polars", "matplotlib", "implicit", "pandas", "pyarrow", "typer", "training", "optuna")


def loaded_after(code: str) -> set[str]:
    """Top-level names in `sys.modules` of a fresh interpreter that ran `code`."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    told = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(told.stdout.splitlines()[-1])}


def test_a_worker_loads_nothing_of_training() -> None:
    loaded = loaded_after("import serving.app, serving.server")
    assert "fastapi" in loaded
    assert not loaded & set(HEAVY)


def test_the_keeper_of_the_embedded_server_is_small() -> None:
    assert not loaded_after("import tactful.keeper") & {"numpy", "redis", "typer", "pydantic"}


def test_serve_loads_no_polars_implicit_or_matplotlib() -> None:
    code = (
        "from tactful.commands import serve; from serving.server import run; import serving.app;"
        "from tactful.workplace import settings_from"
    )
    assert not loaded_after(code) & {"polars", "matplotlib", "implicit", "pandas"}


def test_blas_is_held_to_one_thread_before_numpy_is_imported() -> None:
    code = """
import os, sys
seen = []
def watch(event, arguments):
    if event == "import" and arguments[0] == "numpy":
        seen.append(os.environ.get("OPENBLAS_NUM_THREADS"))
sys.addaudithook(watch)
import tactful.cli
assert not seen
sys.argv = ["tactful", "--version"]
try:
    tactful.cli.main()
except SystemExit:
    pass
assert seen[:1] == ["1"], seen
"""
    assert "numpy" in loaded_after(code)
