"""Swaps between two versions under load: no error, and no answer that mixes versions.

    python benchmarks/swaps.py BUNDLE_DIR [--swaps 20]

The second version is the first with other blend weights, so that it answers otherwise. Every
answer is compared with what `decide` gives in this process for the version that it names.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import tempfile
from pathlib import Path

from load import Load, drive, post
from redis.asyncio import Redis
from stage import hardware, pin_here, publish, service, valkey

from recommender.bundle import CustomerTable, FactorBundle
from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.index import BundleIndex
from recommender.keys import Keys
from recommender.request import BUILT_IN, OfferRequest
from training.bundle_dir import read_bundle, write_bundle

CONNECTIONS = 16
CUSTOMERS = 500
PAUSE_SECONDS = 0.7


def other_version(bundle: FactorBundle) -> FactorBundle:
    """The same models under other weights."""
    weights = {"cross_weight": bundle.parameters.cross_weight * 30 + 0.1, "popularity_weight": 0.5}
    parameters = bundle.parameters.model_copy(update=weights)
    # No training made this one: it brings no measurement, and must not name one.
    changes = {"parameters": parameters, "lineage": None}
    manifest = bundle.manifest.model_copy(update=changes)
    return dataclasses.replace(bundle, manifest=manifest)


def expected(bundle: FactorBundle, table: CustomerTable, customers: int) -> list[list[str]]:
    """What each customer must get for `home` and `discovery`."""
    index = BundleIndex(bundle)
    request = OfferRequest((BUILT_IN["home"], BUILT_IN["discovery"]))
    answers = []
    for c in range(customers):
        state = CustomerState(table.view(c), table.factors[c])
        decision = decide(index, state, request, bundle.manifest.as_of)
        answers.append([index.offer_id(p.offer) for a in decision.placements for p in a.picks])
    return answers


async def swap(url: str, versions: list[str], swaps: int) -> None:
    """Moves the pointer to and fro."""
    async with Redis.from_url(url) as client:
        for turn in range(swaps):
            await client.set(Keys().live, versions[turn % 2])
            await asyncio.sleep(PAUSE_SECONDS)


async def measure(
    url: str, port: int, customers: list[str], answers: dict[str, list[list[str]]], swaps: int
) -> tuple[Load, dict[str, int]]:
    """Load and swaps together; the load, and how many answers named each version."""
    named = dict.fromkeys(answers, 0)

    def check(number: int, body: bytes) -> str | None:
        answer = json.loads(body)
        version = answer["version"]
        named[version] += 1
        shown = [o["offer_id"] for p in answer["placements"].values() for o in p["offers"]]
        if answer["degraded"] or answer["fallback"]:
            return f"customer {customers[number]}: degraded or fallback"
        return None if shown == answers[version][number] else f"customer {customers[number]}: mixed"

    wanted = [
        post("/v1/offers", {"customer_id": c, "placements": ["home", "discovery"]})
        for c in customers
    ]
    seconds = swaps * PAUSE_SECONDS
    load, _ = await asyncio.gather(
        drive(port, wanted, connections=CONNECTIONS, seconds=seconds, check=check),
        swap(url, list(answers), swaps),
    )
    return load, named


def main() -> None:
    """Measures and prints; exit status 1 when an answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--swaps", type=int, default=20)
    options = parser.parse_args()
    bundle, table = read_bundle(options.bundle)
    customers = list(table.customers[:CUSTOMERS])
    pin_here()
    with tempfile.TemporaryDirectory() as scratch, valkey() as server:
        url = server.connection_url
        second = Path(scratch) / "second"
        write_bundle(second, other_version(bundle), table, created_at=bundle.manifest.created_at)
        versions = [publish(url, second), publish(url, options.bundle)]
        answers = {
            versions[0]: expected(read_bundle(second)[0], table, len(customers)),
            versions[1]: expected(bundle, table, len(customers)),
        }
        with service(url) as port:
            load, named = asyncio.run(measure(url, port, customers, answers, options.swaps))
    print(f"{hardware()}; {options.swaps} swaps, {CONNECTIONS} connections")
    print(f"answers {len(load.times)}, by version {named}, statuses {load.statuses}")
    print(f"wrong or mixed answers and errors: {len(load.errors)} {load.errors[:3]}")
    print(f"median {load.quantile(0.5):.2f} ms, p99 {load.quantile(0.99):.2f} ms")
    if load.errors or set(load.statuses) != {200} or min(named.values()) == 0:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
