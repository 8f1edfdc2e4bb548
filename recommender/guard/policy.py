"""What the guard does about each life event: the compiled policy, as a bundle carries it.

A life event is one bit. Whatever could be matched is evidence or target of some bits; what
could not be matched carries `UNMAPPED`, a bit of its own, so that one test covers both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

UNMAPPED = 1 << 63
MOST_LIFE_EVENTS = 63

MIN_AUDIENCE_CELL = 20
"""Shared lists and counts need at least so many customers (guard G11)."""

MAX_EVIDENCE = 2
"""Most pieces of evidence that one reason cites (guard G9)."""


class Stance(StrEnum):
    """What a policy says of a life event, strictest first."""

    BLOCK = "block"
    BLOCK_UNLESS_DECLARED = "block_unless_declared"
    REPLENISH_ONLY = "replenish_only"
    ALLOW = "allow"


class LifeEventRule(BaseModel):
    """One life event of the compiled policy; its position in the list is its bit.

    replenish     True: own items may fill the slot `replenish` on private surfaces
    min_purchases, within_days   when they may (guard G5)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    stance: Stance
    replenish: bool = False
    min_purchases: int = Field(default=2, ge=1)
    within_days: int = Field(default=365, ge=1)


@dataclass(frozen=True)
class GuardRules:
    """The policy at one moment, as bits.

    masked      evidence of these leaves the view unless its history is unlocked
    contained   targets of these are offered to nobody unless declared
    replenish   own items of these may fill the slot `replenish`
    expired     the policy's last day is over: everything known is masked and contained
    """

    masked: int
    contained: int
    replenish: int
    expired: bool


class GuardPolicy(BaseModel):
    """The compiled policy.

    valid_until         the last day (UTC) on which it holds
    on_unmapped_item    `contextual_only`: an item that could not be matched is masked and never
                        offered personally
    discovery_slots     most offers of `discovery` in one answer
    discovery_support   share of customers whose view must have an item that `discovery` offers
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 0
    owner: str = ""
    approved_by: str = ""
    valid_until: date | None = None
    on_unmapped_item: Literal["contextual_only", "allow"] = "contextual_only"
    discovery_slots: int = Field(default=10, ge=1, le=100)
    discovery_support: float = Field(default=0.0, ge=0.0, le=1.0)
    life_events: tuple[LifeEventRule, ...] = Field(default=(), max_length=MOST_LIFE_EVENTS)

    def rules(self, now: float) -> GuardRules:
        """The policy at `now` (seconds since 1970).

        An expired policy fails closed: what was allowed is locked too, nothing is replenished.
        """
        everything = (1 << len(self.life_events)) - 1
        expired = now >= self.ends
        # With no life event to protect, nothing could be hidden in an unmapped item.
        unmapped = UNMAPPED if self.life_events and self._holds_unmapped else 0
        if expired:
            return GuardRules(everything | unmapped, everything | unmapped, 0, True)
        guarded = self._bits(lambda rule: rule.stance is not Stance.ALLOW)
        replenish = guarded & self._bits(lambda rule: rule.replenish)
        return GuardRules(guarded | unmapped, guarded | unmapped, replenish, False)

    @property
    def _holds_unmapped(self) -> bool:
        return self.on_unmapped_item == "contextual_only"

    @property
    def ends(self) -> float:
        """The first moment after `valid_until`, seconds since 1970; inf when it never ends."""
        if self.valid_until is None:
            return float("inf")
        return datetime.combine(self.valid_until, time(), UTC).timestamp() + 86_400

    def _bits(self, wanted: Callable[[LifeEventRule], bool]) -> int:
        return sum(1 << bit for bit, rule in enumerate(self.life_events) if wanted(rule))
