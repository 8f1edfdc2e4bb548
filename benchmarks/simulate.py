"""A changed policy over all customers of a large shop: `tactful guard simulate`, whole.

    python benchmarks/simulate.py [--customers 100000] [--items 10000] [--rounds 1]

Makes a bundle shaped like life: popularity by a power law, histories of 1 to 200 items, one item
in thirty evidence of something; exponents as Complete Journey has them. Times one `decide` a
customer in one process, then the whole command, start and reading included, for a policy that
holds more back, one that lets go, and one that does both, where every customer is decided for
twice.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from stage import ROOT, hardware
from threadpoolctl import threadpool_limits

from recommender.bundle import (
    SCHEMA_VERSION,
    CustomerTable,
    FactorBundle,
    Manifest,
    Neighbours,
    Promotions,
)
from recommender.catalogue import Catalogue, own_offers
from recommender.decide import decide
from recommender.guard.layout import lay
from recommender.guard.source import PolicySource
from recommender.index import BundleIndex
from recommender.request import BUILT_IN, OfferRequest
from recommender.tally import states_of
from recommender.types import SECONDS_A_DAY, CustomerId, ItemId
from training.bundle_dir import write_bundle
from training.defaults import default_parameters
from training.sections import Model

OWN = "guard: {version: 1, owner: a, approved_by: b}\npacks: [grocery@1]\n"
TIGHTER = (
    OWN + "life_events:\n"
    "  hobby: {policy: block, evidence: {category: [Shelf 7]}, targets: {category: [Shelf 9]}}\n"
)
MOVED = OWN + "life_events:\n  hobby: {policy: block, targets: {category: [Shelf 8, Shelf 11]}}\n"
TRIALS = (
    ("holds more back", TIGHTER, OWN),
    ("lets go", OWN, TIGHTER),
    ("does some of both", MOVED, TIGHTER),
)
SENSITIVE = ("Diapers & Disposables", "Beers/Ales", "Cigarettes", "Pregnancy Test Kits")
ITEMS_A_SHELF = 50
FACTORS = 64
AS_OF = 1_700_006_400
LONGEST = 200


def catalogue(items: int) -> Catalogue:
    """Shelves of fifty items; every thirtieth item is of a sensitive category."""
    numbers = range(items)
    paths = [
        (SENSITIVE[i // 30 % len(SENSITIVE)],) if i % 30 == 0 else (f"Shelf {i // ITEMS_A_SHELF}",)
        for i in numbers
    ]
    return Catalogue(
        ids=tuple(ItemId(f"i{i:06d}") for i in numbers),
        titles=tuple(f"Product {i}" for i in numbers),
        paths=tuple(paths),
        tags=((),) * items,
        brands=("",) * items,
        price=np.random.default_rng(2).gamma(2.0, 2.5, items).astype(np.float32),
        added=np.full(items, np.nan),
        available=np.ones(items, dtype=np.bool_),
        listed=np.ones(items, dtype=np.bool_),
    )


def bundle_of(listing: Catalogue, customers: int) -> FactorBundle:
    """What training would leave: rows of what is not masked, with factors and popularity."""
    chance = np.random.default_rng(3)
    guard = PolicySource(text=OWN).compile()
    everything = own_offers(listing)
    bits = lay(guard, listing, everything)
    rules = guard.policy.rules(AS_OF)
    rows = np.flatnonzero((bits.evidence & np.uint64(rules.masked)) == 0).astype(np.int32)
    n = len(rows)
    popularity = (1.0 / (1 + chance.permutation(n)) ** 0.55).astype(np.float32)
    # Tastes differ, and what is popular has longer vectors, as ALS makes them.
    factors = chance.normal(0, 0.1, (n, FACTORS)).astype(np.float32) * popularity[:, None] ** 0.5
    shown = own_offers(listing.where(np.isin(np.arange(len(listing)), rows)))
    offers = type(shown)(**{**shown.__dict__, "items": rows})
    none = Neighbours(
        np.zeros(n + 1, dtype=np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
    )
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        version="",
        digest="",
        created_at="",
        window_from=AS_OF - 365 * SECONDS_A_DAY,
        as_of=AS_OF,
        n_customers=customers,
        n_items=len(listing),
        n_rows=n,
        n_offers=n,
        parameters=default_parameters(Model()),
        policy=guard.policy,
        config_digest="benchmark",
        metrics={},
        arrays={},
    )
    return FactorBundle(
        manifest=manifest,
        catalogue=listing,
        evidence=bits.evidence,
        target=bits.target,
        soft=bits.soft,
        item_of_row=rows,
        factors=factors,
        gramian=factors.astype(np.float64).T @ factors.astype(np.float64),
        repeat_scale=chance.uniform(0.2, 1.2, n).astype(np.float32),
        trend_scale=np.ones(n, dtype=np.float32),
        edges=none,
        popularity=popularity,
        support=(popularity * customers).astype(np.int32) + 20,
        offers=offers,
        promotions=Promotions(offers.indptr, offers.items),
        offer_target=bits.offer_target[rows],
        offer_soft=bits.offer_soft[rows],
        similar=none,
        complements=none,
    )


def customers_of(bundle: FactorBundle, n: int) -> CustomerTable:
    """Histories of 1 to 200 different items, most of them short, popular items more often."""
    chance = np.random.default_rng(4)
    sizes = np.clip(chance.lognormal(3.2, 0.9, n), 1, LONGEST).astype(np.int64)
    drawn = chance.choice(
        len(bundle.popularity), int(sizes.sum()), p=bundle.popularity / bundle.popularity.sum()
    )
    pairs = np.unique(np.repeat(np.arange(n, dtype=np.int64), sizes) << 32 | drawn)
    customer, rows = pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.int32)
    m = len(rows)
    baskets = chance.geometric(0.4, m).astype(np.int32)
    own = (baskets * chance.uniform(0, 1, m)).astype(np.float32)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(customer, minlength=n))]).astype(np.int64)
    taste = np.add.reduceat(bundle.factors[rows] * own[:, None], indptr[:-1]).astype(np.float32)
    return CustomerTable(
        customers=tuple(CustomerId(f"c{c:07d}") for c in range(n)),
        indptr=indptr,
        rows=rows,
        baskets=baskets,
        age_days=chance.integers(0, 365, m).astype(np.int32),
        own=own,
        confidence=(0.1 + np.sqrt(own)).astype(np.float32),
        factors=taste,
    )


def seconds_of_command(
    bundle: Path, policy: str, against: str
) -> tuple[float, float, dict[str, Any]]:
    """The command as a person would run it: seconds, of processors too, and what it says."""
    new, old = bundle.parent / "new.yaml", bundle.parent / "old.yaml"
    new.write_text(policy)
    old.write_text(against)
    started, used = time.perf_counter(), _of_children()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tactful", "guard", "simulate", str(new)),
            *("--against", str(old), "--bundle", str(bundle), "--json"),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return time.perf_counter() - started, _of_children() - used, told


def seconds_of_deciding(bundle: FactorBundle, table: CustomerTable) -> tuple[float, float]:
    """One `decide` a customer, in one process: seconds, and seconds of the processor."""
    index, request = BundleIndex(bundle), OfferRequest((BUILT_IN["home"],))
    with threadpool_limits(limits=1, user_api="blas"):
        started, used = time.perf_counter(), time.process_time()
        for state in states_of(table, {}):
            decide(index, state, request, AS_OF)
        return time.perf_counter() - started, time.process_time() - used


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    made = bundle_of(catalogue(options.items), options.customers)
    table = customers_of(made, options.customers)
    print(
        f"{hardware()}; {options.customers:,} customers, {options.items:,} items, home, 10 offers"
    )
    print(f"{len(table.rows) / len(table):.0f} items a history, longest {LONGEST}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bundle"
        write_bundle(folder, made, table, created_at="2026-01-01T00:00:00Z")
        wall, used = seconds_of_deciding(made, table)
        print(f"{'':<28}{'seconds':>9}{'CPU':>9}{'to one':>9}  lists that change")
        print(f"{'one decide a customer':<28}{wall:>9.1f}{used:>9.1f}{1.0:>9.2f}")
        for name, policy, against in TRIALS:
            for _ in range(options.rounds):
                seconds, cpu, told = seconds_of_command(folder, policy, against)
                changed = told["changed"]["at_least"]
                row = f"{seconds:>9.1f}{cpu:>9.1f}{cpu / used:>9.2f}  {changed:,}"
                print(f"{f'policy {name}':<28}{row}")


def _of_children() -> float:
    """Processor seconds of every child that has ended, and of theirs."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
