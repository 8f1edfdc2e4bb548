"""The entry point: sets what must be set before numpy is imported, then runs the program."""

from __future__ import annotations

import os
import sys

# ALS runs in its own threads; a BLAS that brings more makes it many times slower.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS")


def main() -> None:
    """Runs `tactful` with the process's arguments and ends the process with its exit code."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    from tactful.program import run  # noqa: PLC0415  # this import brings numpy

    sys.exit(run(sys.argv[1:]))
