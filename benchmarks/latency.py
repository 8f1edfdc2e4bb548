"""One worker under 16 connections, against the floor, alternated in the same minutes.

    python benchmarks/latency.py BUNDLE_DIR [--rounds 5] [--seconds 4]

Prints request rate, median and p99 of both, and the ratios of the medians over rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from pathlib import Path

from load import Load, drive, post
from redis import Redis
from stage import hardware, pin_here, publish, service, valkey

from training.bundle_dir import read_bundle

CONNECTIONS = 16


def requests(bundle: Path, most: int = 2000) -> list[bytes]:
    """One request for the placement `home` a customer of the bundle."""
    _, table = read_bundle(bundle)
    return [post("/v1/offers", {"customer_id": c}) for c in table.customers[:most]]


def row(name: str, loads: list[Load]) -> str:
    """Medians over rounds."""

    def median(values: list[float]) -> float:
        return statistics.median(values)

    return (
        f"{name:<10}{median([x.rate for x in loads]):>10.0f}"
        f"{median([x.quantile(0.5) for x in loads]):>12.2f}"
        f"{median([x.quantile(0.99) for x in loads]):>12.2f}"
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    wanted = requests(options.bundle)
    found: dict[str, list[Load]] = {"floor": [], "tactful": []}
    pin_here()
    with valkey() as server:
        url = server.connection_url
        version = publish(url, options.bundle)
        with Redis.from_url(url) as client:
            client.set("floor:record", b"x" * 1500)
        with (
            service(url, app="benchmarks.floor:create_app") as floor,
            service(url) as tactful,
        ):
            ports = {"floor": floor, "tactful": tactful}
            for port in ports.values():
                asyncio.run(drive(port, wanted, connections=CONNECTIONS, seconds=1))
            for _ in range(options.rounds):
                for name, port in ports.items():
                    load = asyncio.run(
                        drive(port, wanted, connections=CONNECTIONS, seconds=options.seconds)
                    )
                    if load.errors or set(load.statuses) != {200}:
                        raise SystemExit(f"{name}: {load.statuses} {load.errors[:3]}")
                    found[name].append(load)
            lone = asyncio.run(drive(tactful, wanted, connections=1, seconds=2))
    print(f"{hardware()}; bundle {version}; {CONNECTIONS} connections, one worker")
    print(f"{'':<10}{'requests/s':>10}{'median ms':>12}{'p99 ms':>12}")
    for name, loads in found.items():
        print(row(name, loads))
    ratios = [t.rate / f.rate for t, f in zip(found["tactful"], found["floor"], strict=True)]
    print(f"throughput tactful / floor: median {statistics.median(ratios):.2f} of {len(ratios)}")
    print(f"a lone request: median {lone.quantile(0.5):.2f} ms, p99 {lone.quantile(0.99):.2f} ms")


if __name__ == "__main__":
    main()
