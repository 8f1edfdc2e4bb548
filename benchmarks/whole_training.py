"""Read, train, evaluate and publish Complete Journey: seconds, memory, bytes, equal digests.

    python benchmarks/whole_training.py

Trains twice from the same files in processes of their own, publishes each to an empty private
server, and compares the digests.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stage import hardware, valkey

from tactful.demo.journey import write_shop


def tactful(url: str, *words: str) -> tuple[float, str]:
    """Runs a command of Tactful; gives its seconds and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tactful", *words],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"TACTFUL_REDIS_URL": url},
    )
    return time.perf_counter() - started, done.stdout


def main() -> None:
    """Measures and prints."""
    print(hardware())
    digests = set()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = write_shop(folder)
        for turn in range(2):
            out = folder / f"bundle-{turn}"
            with valkey() as server:
                trained, _ = tactful(
                    server.connection_url,
                    *("train", "--out", str(out)),
                    *("--purchases", str(files.purchases), "--catalogue", str(files.catalogue)),
                    *("--set", "purchases.unknown_items=keep"),
                )
                published, printed = tactful(server.connection_url, "publish", str(out), "--json")
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
            digests.add(json.loads((out / "manifest.json").read_text())["digest"])
            print(f"train {trained:.1f} s, publish {published:.1f} s", end="; ")
            print(f"together {trained + published:.1f} s, peak memory {peak:.2f} GB")
        print(printed.strip())
    print(f"digests: {len(digests)} ({', '.join(digest[:16] for digest in digests)})")
    if len(digests) != 1:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
