"""All customers of a bundle under two policies, counted in as many processes as there are cores.

Every process gets the two policies once, and its own part of the customers; they share nothing.
They are started anew instead of forked: whatever threads the libraries run stay where they are.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from operator import add

import numpy as np

from recommender.bundle import CustomerTable
from recommender.controls import Controls
from recommender.customer import ReplenishPurchase
from recommender.errors import StorageError
from recommender.index import BundleIndex
from recommender.request import OfferRequest
from recommender.tally import Tally, states_of, tally
from recommender.types import Longs

FEW = 4_000
"""Up to so many customers, starting processes takes longer than counting."""
_STEP = 250


@dataclass(frozen=True, eq=False)
class Crowd:
    """The customers of a bundle; both mappings are by the names in `table.customers`.

    controls    what they have told us; who is not in it has told nothing
    replenish   what may fill the slot `replenish`
    """

    table: CustomerTable
    controls: Mapping[str, Controls]
    replenish: Mapping[str, tuple[ReplenishPurchase, ...]]

    def __len__(self) -> int:
        return len(self.table)

    def sample(self, n: int) -> Crowd:
        """`n` of them, evenly spread over the order of their names; all when there are fewer."""
        if n >= len(self):
            return self
        return self.part((np.arange(n) * len(self)) // n)

    def part(self, customers: Longs) -> Crowd:
        """Those at some positions, ascending."""
        table = self.table
        names = tuple(table.customers[c] for c in customers.tolist())
        sizes = np.diff(table.indptr)[customers]
        ends = np.cumsum(sizes)
        # Each customer's elements follow one another: their starts, and steps from there.
        at = np.repeat(table.indptr[customers] - (ends - sizes), sizes) + np.arange(sizes.sum())
        part = CustomerTable(
            customers=names,
            indptr=np.concatenate([[0], ends]).astype(np.int64),
            rows=table.rows[at],
            baskets=table.baskets[at],
            age_days=table.age_days[at],
            own=table.own[at],
            confidence=table.confidence[at],
            factors=table.factors[customers],
        )
        return Crowd(
            part,
            {name: self.controls[name] for name in names if name in self.controls},
            {name: self.replenish[name] for name in names if name in self.replenish},
        )


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of every customer: one request, under the old and under the new policy."""

    old: BundleIndex
    new: BundleIndex
    request: OfferRequest
    now: float

    def tally(self, crowd: Crowd, progress: Callable[[int], None]) -> Tally:
        """Counts in this process; `progress` is called with customers done."""
        states = states_of(crowd.table, crowd.controls, crowd.replenish)
        return tally(self.old, self.new, states, self.request, now=self.now, progress=progress)


def count(
    question: Question,
    crowd: Crowd,
    progress: Callable[[int], None],
    *,
    processes: int | None = None,
) -> Tally:
    """Counts over all customers; only the last bits of sums depend on the number of processes.

    processes   None: one a core, and only this one for a few customers

    Raises StorageError when a process was ended from outside.
    """
    if processes is None:
        processes = 1 if len(crowd) <= FEW else cores()
    if processes <= 1 or not len(crowd):
        return question.tally(crowd, progress)
    shares = np.array_split(np.arange(len(crowd), dtype=np.int64), processes)
    parts = [crowd.part(share) for share in shares if len(share)]
    workers = [_start(question, part) for part in parts]
    try:
        return reduce(add, _gathered([ours for _, ours in workers], progress), Tally())
    finally:
        for worker, ours in workers:
            ours.close()
            worker.terminate()
            worker.join()


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start(question: Question, part: Crowd) -> tuple[SpawnProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    worker = context.Process(target=_work, args=(question, part, theirs), daemon=True)
    worker.start()
    theirs.close()
    return worker, ours


def _work(question: Question, part: Crowd, pipe: Connection) -> None:
    # Ctrl-C reaches every process of the terminal; the one that started us ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waiting = 0

    def progress(done: int) -> None:
        nonlocal waiting
        waiting += done
        if waiting >= _STEP:
            pipe.send(waiting)
            waiting = 0

    try:
        found: Tally | Exception = question.tally(part, progress)
    except Exception as error:  # noqa: BLE001  # it is raised where somebody hears it
        found = error
    pipe.send(waiting)
    pipe.send(found)


def _gathered(pipes: list[Connection], progress: Callable[[int], None]) -> list[Tally]:
    """What the workers send, in their order: numbers while they count, then a tally or an error."""
    found: dict[Connection, Tally] = {}
    while len(found) < len(pipes):
        for pipe in wait([pipe for pipe in pipes if pipe not in found]):
            assert isinstance(pipe, Connection)
            try:
                sent = pipe.recv()
            except (EOFError, OSError) as error:
                raise StorageError(
                    "a process that counted customers was ended from outside",
                    hint="it was probably short of memory: free some, or simulate fewer "
                    "customers with --customers",
                ) from error
            if isinstance(sent, Exception):
                raise sent
            if isinstance(sent, Tally):
                found[pipe] = sent
            else:
                progress(sent)
    return [found[pipe] for pipe in pipes]
