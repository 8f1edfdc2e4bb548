"""Things that hold from one moment to another: what a customer's controls are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from recommender.types import SECONDS_A_DAY

_YEAR_10000 = 253_402_300_800

Second = Annotated[int, Field(ge=0, lt=_YEAR_10000)]
"""Whole seconds since 1970, UTC, before the year 10000: what can be written as a date."""


def after(at: int, days: int) -> int:
    """So many days later; what ends in no sensible time ends before the year 10000."""
    return min(at + days * SECONDS_A_DAY, _YEAR_10000 - 1)


class Term(BaseModel):
    """Something that holds from `at` and, unless `until` is None, before `until`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Second
    until: Second | None = None

    def holds(self, now: float) -> bool:
        """True while it is in force."""
        return self.until is None or now < self.until

    def longer(self, other: Term) -> Term:
        """Whichever ends later, said when the later one was."""
        later = max(self, other, key=lambda t: (t.until is None, t.until or 0, t.at))
        return later.model_copy(update={"at": max(self.at, other.at)})

    def at_least(self, days: int) -> Term:
        """The same, ending no sooner than so many days after `at`."""
        if self.until is None:
            return self
        return self.model_copy(update={"until": max(self.until, after(self.at, days))})


class Declaration(Term):
    """A life event that the customer, or somebody for the customer, told us of."""

    source: str


class Need(Term):
    """Something that the customer is looking for; a category or an offer makes it precise."""

    text: str = Field(default="", max_length=2_000)
    category: str = ""
    offer_id: str = ""
