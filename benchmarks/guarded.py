"""Guarded against unguarded serving: the same shop trained with its packs and with none.

    tactful train --config C --out GUARDED
    tactful train --config C --out UNGUARDED --set guard.packs=[]
    python benchmarks/guarded.py GUARDED UNGUARDED [--rounds 7] [--seconds 4] [--told 0.1]

One worker each on the same core, loaded in turn (A B A B). `--told` is the share of customers who
have told us something: an objection, or a declaration with its consents. Prints median request
time and throughput of both, and the medians of the ratios over rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from contextlib import ExitStack
from pathlib import Path

from load import Load, drive, post
from redis import Redis
from stage import hardware, pin_here, publish, service, valkey

from recommender.controls import Controls, Declaration, Term, dump_controls
from recommender.keys import Keys
from training.bundle_dir import read_bundle

CONNECTIONS = 16
NAMES = ("guarded", "unguarded")


def told(customer: str, number: int, now: int) -> Controls:
    """What every so many customers have told us: in turn an objection and a declaration."""
    if number % 2:
        return Controls(customer=customer, objections={"alcohol": Term(at=now)})
    terms = {purpose: Term(at=now) for purpose in ("history", "email")}
    return Controls(
        customer=customer,
        declarations={"infant": Declaration(at=now, source="preference_centre")},
        consents={"infant": terms},
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("guarded", type=Path)
    parser.add_argument("unguarded", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--told", type=float, default=0.1)
    options = parser.parse_args()
    directories = dict(zip(NAMES, (options.guarded, options.unguarded), strict=True))
    tables = [read_bundle(directory)[1].customers for directory in directories.values()]
    both = sorted(set(tables[0]) & set(tables[1]))[:2000]
    wanted = [post("/v1/offers", {"customer_id": customer}) for customer in both]
    found: dict[str, list[Load]] = {name: [] for name in NAMES}
    pin_here()
    with ExitStack() as stack:
        ports = {}
        for name, directory in directories.items():
            url = stack.enter_context(valkey()).connection_url
            version = publish(url, directory)
            step = round(1 / options.told) if options.told else 0
            with Redis.from_url(url) as client:
                for number, customer in enumerate(both[::step] if step else []):
                    record = dump_controls(told(customer, number, int(time.time())))
                    client.set(Keys().controls(customer), record)
            ports[name] = stack.enter_context(service(url))
            print(f"{name}: {version}")
        for port in ports.values():
            asyncio.run(drive(port, wanted, connections=CONNECTIONS, seconds=2))
        for number in range(options.rounds):
            order = list(ports.items()) if number % 2 == 0 else list(ports.items())[::-1]
            for name, port in order:
                load = asyncio.run(
                    drive(port, wanted, connections=CONNECTIONS, seconds=options.seconds)
                )
                if load.errors or set(load.statuses) != {200}:
                    raise SystemExit(f"{name}: {load.statuses} {load.errors[:3]}")
                found[name].append(load)
    _show(found, options.told)


def _show(found: dict[str, list[Load]], share: float) -> None:
    print(f"{hardware()}; {CONNECTIONS} connections, one worker, {share:.0%} told us something")
    print(f"{'':<10}{'requests/s':>12}{'median ms':>12}{'p99 ms':>12}")
    for name, loads in found.items():
        rate = statistics.median(load.rate for load in loads)
        middle = statistics.median(load.quantile(0.5) for load in loads)
        slow = statistics.median(load.quantile(0.99) for load in loads)
        print(f"{name:<10}{rate:>12.0f}{middle:>12.2f}{slow:>12.2f}")
    pairs = list(zip(found["guarded"], found["unguarded"], strict=True))
    times = [a.quantile(0.5) / b.quantile(0.5) for a, b in pairs]
    rates = [a.rate / b.rate for a, b in pairs]
    print(f"median request time, guarded / unguarded: {statistics.median(times):.3f}")
    print(f"throughput, guarded / unguarded: {statistics.median(rates):.3f}")


if __name__ == "__main__":
    main()
