"""A seeded search over numbers and choices: what to try next, and what to make of what was tried.

Optuna's multivariate TPE (Bergstra et al. 2011; Falkner et al. 2018) proposes; it draws each
proposal from a generator seeded by the number of trials so far, and looks at finished trials
only. A search that was interrupted and goes on from its journal therefore tries what it would
have tried anyway, and ends where it would have ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.errors import InputError, StorageError

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

STARTUP = 25
"""So many trials are drawn at random before the model proposes."""

Setting = Mapping[str, float]
"""Name -> value of every dimension of a space."""

_HEAD = b'{"op_code"'
"""What every line of a journal begins with."""


@dataclass(frozen=True)
class Real:
    """A number from `low` to `high`; on a logarithmic scale with `log`."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few numbers, without an order that the search would use."""

    values: tuple[float, ...]


Space = Mapping[str, Real | Choice]


@dataclass(frozen=True)
class Tried:
    """Every finished trial, in order, and whether time ran out before the last."""

    settings: tuple[Setting, ...]
    values: tuple[float, ...]
    cut_short: bool

    @property
    def best(self) -> Setting:
        """The setting with the largest value; of equals, the first."""
        return self.settings[int(np.argmax(self.values))]


def search(
    objective: Callable[[Setting], float],
    space: Space,
    first: Sequence[Setting],
    *,
    name: str,
    trials: int,
    seed: int,
    out_of_time: Callable[[], bool],
    advance: Callable[[int], None],
    storage: Path | None = None,
) -> Tried:
    """Tries `first`, then what TPE proposes, `trials` in all; larger values are better.

    name          of the study in `storage`; it must tell of everything that changes a value
    first         settings inside the space; the first of them is tried whatever the time
    out_of_time   asked before each further trial
    storage       a journal file that an interrupted search goes on from; made when missing

    Raises InputError when `storage` is no journal, StorageError when it cannot be written.
    """
    import optuna  # noqa: PLC0415 - half a second that only training pays

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = _distributions(space)
    # Proposals come from a study in memory, which the journal only fills: a trial that was cut
    # off leaves nothing behind that a later proposal could depend on.
    study = optuna.create_study(direction="maximize")
    journal = None if storage is None else _journal(name, storage)
    if storage is not None and journal is not None:
        study.add_trials(_read(journal, storage)[:trials])
    done = len(study.trials)
    advance(done)
    while done < trials and not (done and out_of_time()):
        if done < len(first):
            study.enqueue_trial(dict(first[done]))
        drawn = np.random.SeedSequence([seed, done]).generate_state(1)[0]
        study.sampler = optuna.samplers.TPESampler(
            seed=int(drawn), multivariate=True, n_startup_trials=STARTUP
        )
        trial = study.ask(fixed_distributions=distributions)
        finished = study.tell(trial, objective(trial.params))
        if storage is not None and journal is not None:
            _keep(journal, finished, storage)
        done += 1
        advance(1)
    tried = study.get_trials(deepcopy=False)
    return Tried(
        settings=tuple(dict(trial.params) for trial in tried),
        values=tuple(float(trial.value) for trial in tried if trial.value is not None),
        cut_short=done < trials,
    )


def _journal(name: str, storage: Path) -> Study:
    """The study of this name in the file, made when missing; it holds finished trials only."""
    import optuna  # noqa: PLC0415
    from optuna.storages.journal import (  # noqa: PLC0415
        JournalFileBackend,
        JournalFileSymlinkLock,
    )

    lock = JournalFileSymlinkLock(str(storage))
    with _readable(storage):
        storage.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        try:
            _mend(storage)
        finally:
            lock.release()
        return optuna.create_study(
            direction="maximize",
            study_name=name,
            storage=optuna.storages.JournalStorage(JournalFileBackend(str(storage), lock)),
            load_if_exists=True,
        )


def _mend(storage: Path) -> None:
    """Cuts off a last line that was not written to its end: the next one would be glued to it.

    Raises ValueError for another kind of file.
    """
    if not storage.exists():
        return
    written = storage.read_bytes()
    whole = written.rfind(b"\n") + 1
    # Whatever else it is, it is somebody's: nothing may be cut from it or written to it.
    if written[: len(_HEAD)] != _HEAD[: len(written)]:
        raise ValueError(f"{storage} does not begin as a journal does")
    if whole < len(written):
        with storage.open("r+b") as file:
            file.truncate(whole)


def _read(journal: Study, storage: Path) -> list[FrozenTrial]:
    with _readable(storage):
        return journal.get_trials()


@contextmanager
def _readable(storage: Path) -> Iterator[None]:
    """Names the file where it cannot be used."""
    try:
        yield
    except OSError as error:
        raise _unwritable(storage, error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{storage} is no journal of a search",
            hint="name another file as tuning.storage, or remove this one to start anew",
        ) from error


def _keep(journal: Study, finished: FrozenTrial, storage: Path) -> None:
    from optuna.trial import create_trial  # noqa: PLC0415

    try:
        journal.add_trial(
            create_trial(
                params=finished.params,
                distributions=finished.distributions,
                value=finished.value,
            )
        )
    except OSError as error:
        raise _unwritable(storage, error) from error


def _unwritable(storage: Path, error: OSError) -> StorageError:
    return StorageError(
        f"the search cannot keep its journal {storage}: {error.strerror or error}",
        hint="make room, or name a file as tuning.storage that may be written",
    )


def _distributions(space: Space) -> dict[str, BaseDistribution]:
    from optuna.distributions import (  # noqa: PLC0415
        CategoricalDistribution,
        FloatDistribution,
    )

    return {
        name: CategoricalDistribution(of.values)
        if isinstance(of, Choice)
        else FloatDistribution(of.low, of.high, log=of.log)
        for name, of in space.items()
    }
