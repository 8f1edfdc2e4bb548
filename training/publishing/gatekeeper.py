"""Who may become live: rulings kept in Redis, asked before the pointer moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.bundle import FactorBundle
from recommender.codec import parse_manifest
from recommender.controls import NOTHING_TOLD, parse_controls
from recommender.errors import BundleError, InputError, StoreError
from recommender.guard.ledger import LONGEST_REASON, person_of
from recommender.keys import Keys
from recommender.types import CustomerId
from training.bundle_dir import read_bundle
from training.progress import Progress
from training.publishing.judging import Case, Told, judged
from training.publishing.measurement import Measurement
from training.publishing.pointers import Pointers
from training.publishing.ruling import (
    Forced,
    Ruling,
    check_exposure,
    dump_ruling,
    parse_ruling,
    refusal,
)
from training.publishing.setbacks import older, smaller
from training.publishing.versions import Summary

_BATCH = 1_000


@dataclass(frozen=True)
class Force:
    """A person's reason to make a version live that the gate refuses.

    Raises InputError for a name or a reason that cannot be kept.
    """

    by: str
    reason: str

    def __post_init__(self) -> None:
        person_of(self.by)
        if not self.reason.strip() or len(self.reason) > LONGEST_REASON:
            raise InputError(
                "a version is forced past the gate only with a reason",
                hint=f"say why in 1 to {LONGEST_REASON:,} characters: --force-reason TEXT",
            )


class Gatekeeper:
    """Makes rulings and holds activations to them.

    client     answers in bytes
    clock      seconds since 1970, UTC
    load       reads a published bundle
    speaking   makes a StoreError of whatever the client raises
    """

    def __init__(
        self,
        client: Any,
        keys: Keys,
        clock: Callable[[], float],
        load: Callable[[str], FactorBundle],
        speaking: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._redis = client
        self._keys = keys
        self._clock = clock
        self._load = load
        self._speaking = speaking
        self._pointers = Pointers(client, keys)

    def judge(self, directory: Path, measurement: Measurement | None, progress: Progress) -> Ruling:
        """Holds a published bundle directory against what is live, and keeps the ruling."""
        bundle, _ = read_bundle(directory)
        before = self.rulings().get(bundle.version)
        with self._speaking():
            live = self._pointers.live()
        if before is not None and bundle.version == live:
            # How it became live is worth more than that it is.
            return before
        ruling = self._ruling(bundle, measurement, progress)
        if before is not None:
            ruling = ruling.model_copy(update={"forced": before.forced})
        self._keep(ruling)
        return ruling

    def admit(self, version: str, force: Force | None, *, back: bool = True) -> str:
        """Whether a version may become live now; gives what is live ("": nothing).

        back   what was live before may be again: that is how one goes back

        Raises GateRefusal. A `force` that was needed is kept with the ruling.
        """
        with self._speaking():
            live, published = self._pointers.live(), self._pointers.summaries()
            was_live = version in self._pointers.activated()
        if version not in published:
            return live
        check_exposure(version, published[version].locked_exposure)
        if live in ("", version) or (back and was_live):
            return live
        ruling = self.rulings().get(version)
        why = _why_not(ruling, published[version], published.get(live), live, was_live=was_live)
        if why is None:
            return live
        if force is None:
            raise refusal(version, why)
        now = int(self._clock())
        forced = Forced(by=force.by, at=now, reason=force.reason, against=live, refusal=why)
        ruling = ruling or Ruling(version=version, champion="", at=now, how="it was not compared")
        self._keep(ruling.model_copy(update={"forced": (*ruling.forced, forced)}))
        return live

    def rulings(self) -> dict[str, Ruling]:
        """Version -> what the gate found of it.

        A ruling that this release cannot read is none: its version counts as not compared.
        """
        with self._speaking():
            raw = self._redis.hgetall(self._keys.rulings)
        read = {version.decode(): parse_ruling(value) for version, value in raw.items()}
        return {version: ruling for version, ruling in read.items() if ruling is not None}

    def forget(self, versions: Iterable[str]) -> None:
        """Drops the rulings of versions that are gone; those that were forced stay for good."""
        rulings = self.rulings()
        gone = [v for v in versions if v in rulings and not rulings[v].forced]
        if gone:
            with self._speaking():
                self._redis.hdel(self._keys.rulings, *gone)

    def _ruling(
        self, bundle: FactorBundle, measurement: Measurement | None, progress: Progress
    ) -> Ruling:
        at = int(self._clock())
        with self._speaking():
            live, published = self._pointers.live(), self._pointers.summaries()
            was_live = bundle.version in self._pointers.activated()
            manifest = self._redis.get(self._keys.manifest(live)) if live else None
        draft = Ruling(version=bundle.version, champion=live, at=at, how="")
        if not live:
            return draft.model_copy(update={"how": "nothing was live to compare with"})
        try:
            known = published.get(live)
            case = Case(
                bundle=bundle,
                measurement=measurement,
                champion=parse_manifest(manifest or b""),
                measured=known is not None and known.locked_exposure is not None,
                was_live=was_live,
                load=lambda: self._load(live),
                told=self._told(bundle, measurement),
            )
            return judged(case, at=at, progress=progress)
        except BundleError as error:
            # Whoever puts a whole bundle in the place of a damaged one must not be stopped.
            how = f"{live}, which was live, cannot be read ({error.what}): nothing to compare"
            return draft.model_copy(update={"how": how})

    def _told(self, bundle: FactorBundle, measurement: Measurement | None) -> Told:
        """Controls of the customers to compare on, where the training knew of any."""
        if measurement is None or not bundle.manifest.controls_at:
            return Told({})
        asked = measurement.outcomes.answers.values()
        customers = sorted({customer for answers in asked for customer in answers.customers})
        controls, closed = {}, set()
        for customer, raw in self._records(customers):
            try:
                controls[customer] = NOTHING_TOLD if raw is None else parse_controls(raw)
            except StoreError:
                # As in serving: nobody can tell what this customer objects to.
                closed.add(customer)
        return Told(controls, frozenset(closed))

    def _records(self, customers: list[CustomerId]) -> Iterable[tuple[CustomerId, bytes | None]]:
        for first in range(0, len(customers), _BATCH):
            batch = customers[first : first + _BATCH]
            with self._speaking():
                found = self._redis.mget([self._keys.controls(customer) for customer in batch])
            yield from zip(batch, found, strict=True)

    def _keep(self, ruling: Ruling) -> None:
        with self._speaking():
            self._redis.hset(self._keys.rulings, ruling.version, dump_ruling(ruling))


def _why_not(
    ruling: Ruling | None, new: Summary, old: Summary | None, live: str, *, was_live: bool
) -> str | None:
    """Why a version may not take the place of the live one; None: it may."""
    if ruling is not None and ruling.champion == live:
        return None if ruling.passed else "; ".join(ruling.reasons)
    unmeasured = old is None or old.locked_exposure is None
    if unmeasured and new.locked_exposure is None:
        known = () if old is None else (*(() if was_live else older(old, new)), *smaller(old, new))
        return "; ".join(known) or None
    return (
        f"it was not held against {live}, which is live by now: publish its directory again to "
        "compare them"
    )
