"""Tactful's row: `tactful train` and `tactful batch`, one default configuration, no packs."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
from judge import NOTHING, judge_lists
from numpy.typing import NDArray
from protocol import K, Problem
from runs import Measured, peak_bytes


def measure_tactful(folder: Path, test: Path, settings: tuple[str, ...]) -> Measured:
    """Trains on `purchases.parquet` and `catalogue.parquet` of a folder; ranks the test problem.

    settings    what `--set` is told, `key=value`

    Its seconds are those of the whole command: reading, tuning, evaluating, fitting, report.
    """
    problem = Problem.load(test)
    bundle = folder / "bundle"
    purchases = ("--purchases", str(folder / "purchases.parquet"))
    told = [word for setting in ("guard.packs=[]", *settings) for word in ("--set", setting)]
    catalogue = ("--catalogue", str(folder / "catalogue.parquet"))
    seconds = tactful("train", *purchases, *catalogue, *told, "--out", str(bundle))
    asked = folder / "customers.txt"
    asked.write_text("\n".join(problem.customers[np.unique(problem.truth[:, 0])]))
    lists = []
    for only in ((), ("--new-only",)):
        out = folder / "offers.parquet"
        batch = ("batch", "--bundle", str(bundle), *purchases, "--customers", str(asked))
        tactful(*batch, "--n", str(K), "--out", str(out), *only)
        lists.append(lists_of(pl.read_parquet(out), problem))
    return Measured(judge_lists(problem, *lists), seconds, peak_bytes(resource.RUSAGE_CHILDREN))


def tactful(*words: str) -> float:
    """Runs a command of Tactful; gives its seconds. What it printed is shown when it fails."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tactful", *words], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"tactful {words[0]}: exit status {done.returncode}\n{done.stderr}")
    return time.perf_counter() - started


def lists_of(offers: pl.DataFrame, problem: Problem) -> NDArray[np.int32]:
    """(customers, 10) of items; an offer of none of the problem's items is NOTHING."""
    lists = np.full((len(problem.customers), K), NOTHING, dtype=np.int32)
    number = {item: i for i, item in enumerate(problem.items.tolist())}
    row = {customer: i for i, customer in enumerate(problem.customers.tolist())}
    for customer, offer, rank in offers.select("customer_id", "offer_id", "rank").iter_rows():
        lists[row[customer], rank - 1] = number.get(offer, NOTHING)
    return lists
