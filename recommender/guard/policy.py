"""What the guard does about each life event: the compiled policy, as a bundle carries it.

A life event is one bit. Whatever could be matched is evidence or target of some bits; what
could not be matched carries `UNMAPPED`, a bit of its own, so that one test covers both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from recommender.channel import Channel

UNMAPPED = 1 << 63
MOST_LIFE_EVENTS = 63

MIN_AUDIENCE_CELL = 20
"""Shared lists and counts need at least so many customers (guard G11)."""

MAX_EVIDENCE = 2
"""Most pieces of evidence that one reason cites (guard G9)."""

PREFERENCE_CENTRE = "preference_centre"
"""The source of what customers declare with their own hand."""


class Stance(StrEnum):
    """What a policy says of a life event, strictest first."""

    BLOCK = "block"
    BLOCK_UNLESS_DECLARED = "block_unless_declared"
    REPLENISH_ONLY = "replenish_only"
    ALLOW = "allow"

    @property
    def declarable(self) -> bool:
        """True where a declaration can unlock something."""
        return self in (Stance.BLOCK_UNLESS_DECLARED, Stance.REPLENISH_ONLY)


class Surface(StrEnum):
    """What a channel needs before it shows targets of a declared life event."""

    ALLOW = "allow"
    CONSENT = "consent"
    NEVER = "never"


class LifeEventRule(BaseModel):
    """One life event of the compiled policy; its position in the list is its bit.

    replenish          own items may fill the slot `replenish` on private surfaces
    min_purchases, within_days   when they may (guard G5)
    declared_by        sources whose declarations count
    declaration_days   how long a declaration holds; None: until it is withdrawn
    surfaces           channel -> what it needs; a channel that is not named takes `default_surface`
    age_verification   nothing is unlocked or replenished without a verified age; of an allowed
                       life event nothing is offered
    silence_days       after a withdrawal, so long nothing of it is shown
    silences           other life events that the same withdrawal silences
    personal           False: who declares it is answered like a visitor
    outbound_silence_days   so long after a declaration nothing goes out at all
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    stance: Stance
    replenish: bool = False
    min_purchases: int = Field(default=2, ge=1)
    within_days: int = Field(default=365, ge=1)
    declared_by: tuple[str, ...] = (PREFERENCE_CENTRE,)
    declaration_days: int | None = Field(default=None, ge=1)
    surfaces: dict[Channel, Surface] = {}
    age_verification: bool = False
    silence_days: int = Field(default=0, ge=0)
    silences: tuple[str, ...] = ()
    personal: bool = True
    outbound_silence_days: int = Field(default=0, ge=0)

    def surface(self, channel: Channel) -> Surface:
        """What `channel` needs; outbound is stricter where the policy is silent."""
        return self.surfaces.get(channel, Surface.ALLOW if channel.private else Surface.CONSENT)


@dataclass(frozen=True)
class GuardRules:
    """The policy at one moment, for one customer on one channel, as bits.

    masked      evidence of these leaves the view
    contained   targets of these are offered to nobody
    soft        soft targets of these are offered to nobody
    replenish   own items of these may fill the slot `replenish`
    expired     the policy's last day is over: everything known is masked and contained
    personal    False: the customer is answered like a visitor
    silent      True: nothing goes out on this channel
    """

    masked: int
    contained: int
    soft: int
    replenish: int
    expired: bool
    personal: bool = True
    silent: bool = False

    def on(self, channel: Channel) -> GuardRules:
        """The same on a channel: soft targets are held back where others may look on."""
        return self if channel.private else replace(self, soft=self.soft | self.contained)

    def closed(self, everything: int) -> GuardRules:
        """With everything locked, for a customer whose controls cannot be read (guard G7).

        everything   all bits of the policy
        """
        locked = self.masked | self.contained | everything
        return replace(self, masked=locked, contained=locked, soft=locked, replenish=0)


class GuardPolicy(BaseModel):
    """The compiled policy.

    valid_until         the last day (UTC) on which it holds
    on_unmapped_item    `contextual_only`: an item that could not be matched is masked and never
                        offered personally
    discovery_slots     most offers of `discovery` in one answer
    discovery_support   share of customers whose view must have an item that `discovery` offers
    min_audience_cell   customers that a shared list or a count needs
    max_evidence        most items that one reason cites
    no_chaining         allowed life events that never raise the score of another's target
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 0
    owner: str = ""
    approved_by: str = ""
    valid_until: date | None = None
    on_unmapped_item: Literal["contextual_only", "allow"] = "contextual_only"
    discovery_slots: int = Field(default=10, ge=1, le=100)
    discovery_support: float = Field(default=0.0, ge=0.0, le=1.0)
    min_audience_cell: int = Field(default=MIN_AUDIENCE_CELL, ge=MIN_AUDIENCE_CELL)
    max_evidence: int = Field(default=MAX_EVIDENCE, ge=0, le=MAX_EVIDENCE)
    no_chaining: tuple[str, ...] = ()
    life_events: tuple[LifeEventRule, ...] = Field(default=(), max_length=MOST_LIFE_EVENTS)

    def rules(self, now: float) -> GuardRules:
        """The policy at `now` (seconds since 1970), for a customer who has told us nothing.

        An expired policy fails closed: what was allowed is locked too, nothing is replenished.
        """
        if now >= self.ends:
            everything = self.everything
            return GuardRules(everything, everything, everything, 0, expired=True)
        guarded = self._bits(lambda rule: rule.stance is not Stance.ALLOW)
        replenish = self.replenishable & ~self._bits(lambda rule: rule.age_verification)
        locked = guarded | self._unmapped
        # What is allowed from an age on may be known of, and waits to be offered.
        aged = self._bits(lambda rule: rule.age_verification)
        return GuardRules(locked, locked | aged, 0, replenish, expired=False)

    @property
    def everything(self) -> int:
        """All bits that this policy can lock."""
        return ((1 << len(self.life_events)) - 1) | self._unmapped

    @property
    def replenishable(self) -> int:
        """Bits of life events whose own items may come back, where age needs it: once verified."""
        return self._bits(lambda rule: rule.replenish and rule.stance is not Stance.ALLOW)

    @property
    def unchained(self) -> int:
        """Bits of life events that never raise the score of another's target."""
        return self._bits(lambda rule: rule.id in self.no_chaining)

    @property
    def sensitive(self) -> int:
        """Bits of life events whose targets no chain may raise: all that are not allowed."""
        return self._bits(lambda rule: rule.stance is not Stance.ALLOW)

    @property
    def may_be_silent(self) -> bool:
        """Whether some declaration stops everything that goes out for a while."""
        return any(rule.outbound_silence_days for rule in self.life_events)

    @property
    def ends(self) -> float:
        """The first moment after `valid_until`, seconds since 1970; inf when it never ends."""
        if self.valid_until is None:
            return float("inf")
        return datetime.combine(self.valid_until, time(), UTC).timestamp() + 86_400

    def bit(self, life_event: str) -> int:
        """The bit of a life event; 0 when the policy does not know it."""
        return self._bits(lambda rule: rule.id == life_event)

    @property
    def _unmapped(self) -> int:
        # With no life event to protect, nothing could be hidden in an unmapped item.
        holds = self.on_unmapped_item == "contextual_only" and bool(self.life_events)
        return UNMAPPED if holds else 0

    def _bits(self, wanted: Callable[[LifeEventRule], bool]) -> int:
        return sum(1 << bit for bit, rule in enumerate(self.life_events) if wanted(rule))
