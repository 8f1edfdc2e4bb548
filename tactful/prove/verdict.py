"""What a proof finds: a verdict for each guarantee, and the page that people sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of one guarantee; only what was tried can be held."""

    HELD = "held"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Verdict:
    """One guarantee.

    guarantee        "G1" to "G11"
    done             what was tried, on what of the shop's own
    cases            how often
    result           what came of it, in a sentence or two
    counterexample   the smallest case that broke it, in ids; for the privacy officer alone
    """

    guarantee: str
    outcome: Outcome
    done: str
    cases: int = 0
    result: str = ""
    counterexample: str = ""


@dataclass(frozen=True)
class Subject:
    """What was proved: a bundle under a policy, by a release, on a day.

    bundle, policy   version and digest of each
    from_bundle      True: the policy that the bundle was trained with; no file was handed in
    items            what the catalogue holds: name -> count, in the order of the page
    """

    release: str
    at: str
    seed: int
    examples: int
    bundle: str
    bundle_digest: str
    policy: str
    policy_digest: str
    owner: str
    approved_by: str
    valid_until: str
    from_bundle: bool
    items: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Proof:
    """Everything that the page says; seconds: how long it took."""

    subject: Subject
    verdicts: tuple[Verdict, ...]
    seconds: float

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The guarantees that were broken."""
        return _of(self.verdicts, Outcome.FAILED)

    @property
    def held(self) -> tuple[Verdict, ...]:
        """The guarantees that were tried and held."""
        return _of(self.verdicts, Outcome.HELD)

    @property
    def not_run(self) -> tuple[Verdict, ...]:
        """The guarantees that could not be tried."""
        return _of(self.verdicts, Outcome.NOT_RUN)

    def as_json(self) -> dict[str, Any]:
        """For a program to read."""
        return asdict(self) | {"held": not self.failed}


def _of(verdicts: Sequence[Verdict], outcome: Outcome) -> tuple[Verdict, ...]:
    return tuple(verdict for verdict in verdicts if verdict.outcome is outcome)


def held(guarantee: str, done: str, cases: int, result: str) -> Verdict:
    """It was tried and held."""
    return Verdict(guarantee, Outcome.HELD, done, cases, result)


def not_run(guarantee: str, why: str) -> Verdict:
    """It could not be tried; `why` in a sentence."""
    return Verdict(guarantee, Outcome.NOT_RUN, why)
