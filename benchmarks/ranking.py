"""One customer's ranking in process: microseconds of `decide`, beside a bare product.

    python benchmarks/ranking.py BUNDLE_DIR

Every customer of the bundle asks once for each placement, ten offers, as a single request would: no
batch, nothing remembered from the customer before. The bare product is numpy's float32 product of
the offer matrix with one query, and its ten best: what any factor model has to do at least.
Medians of five rounds.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
from stage import hardware
from threadpoolctl import threadpool_limits

from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.index import BundleIndex
from recommender.request import OfferRequest, Placement, Source
from training.bundle_dir import read_bundle

ROUNDS, MOST, WARM = 5, 1000, 20
PLACEMENTS = (Source.HOME, Source.DISCOVERY, Source.USUALS)


def microseconds(index: BundleIndex, states: list[CustomerState], source: Source) -> list[float]:
    """What each customer's ranking took."""
    request = OfferRequest((Placement("one", source, 10),))
    now = float(index.bundle.manifest.as_of)
    for state in states[:WARM]:
        decide(index, state, request, now)
    took = []
    for state in states:
        started = time.perf_counter()
        decide(index, state, request, now)
        took.append(1e6 * (time.perf_counter() - started))
    return took


def product(index: BundleIndex, states: list[CustomerState]) -> list[float]:
    """The bare product and its ten best, for as many customers."""
    took = []
    for state in states:
        assert state.factor is not None
        query = np.append(state.factor, np.float32(0))
        started = time.perf_counter()
        scores = index.explore @ query
        best = np.argpartition(-scores, 10)[:10]
        best[np.argsort(-scores[best])]
        took.append(1e6 * (time.perf_counter() - started))
    return took


def main() -> None:
    """Measures and prints."""
    print(hardware())
    bundle, table = read_bundle(Path(sys.argv[1]))
    index = BundleIndex(bundle)
    numbers = np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST)).astype(int))
    states = [CustomerState(table.view(c), table.factors[c]) for c in numbers.tolist()]
    print(
        f"{len(bundle.offers):,} offers, {len(bundle.item_of_row):,} items, {len(states):,} asked"
    )
    print(f"{'':<14}{'median us':>10}{'p99 us':>10}{'to product':>12}")
    with threadpool_limits(limits=1, user_api="blas"):
        rounds = [
            {source.value: microseconds(index, states, source) for source in PLACEMENTS}
            | {"product": product(index, states)}
            for _ in range(ROUNDS)
        ]
    for name in rounds[0]:
        median = statistics.median(statistics.median(r[name]) for r in rounds)
        late = statistics.median(float(np.quantile(r[name], 0.99)) for r in rounds)
        ratio = statistics.median(
            statistics.median(r[name]) / statistics.median(r["product"]) for r in rounds
        )
        print(f"{name:<14}{median:>10.0f}{late:>10.0f}{ratio:>12.2f}")


if __name__ == "__main__":
    main()
