"""The entry point: sets what must be set before numpy is imported, then runs the program."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

# ALS runs in its own threads; a BLAS that brings more makes it many times slower.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS")
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


def main() -> None:
    """Runs `tactful` with the process's arguments and ends the process with its exit code.

    SIGTERM unwinds a command like Ctrl-C does, so that drafts are removed, locks let go and
    processes ended.
    """
    try:
        signal.signal(signal.SIGTERM, _terminate)
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        # Inside, because it takes a while and may be interrupted too.
        from tactful.program import run  # noqa: PLC0415  # this import brings numpy

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)
