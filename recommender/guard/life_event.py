"""Life events: what is evidence of them, what reveals them, what the guard does about them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from recommender.channel import Channel
from recommender.guard.policy import PREFERENCE_CENTRE, LifeEventRule, Stance, Surface
from recommender.guard.words import words


class Patterns(BaseModel):
    """What an item must look like; any one pattern is enough, except a negative one.

    category      equals an element of the item's category path
    keyword       words in a row in the title, a tag or an element of the path
    not_keyword   takes back what a keyword or a soft phrase found, never a category, an item, a
                  tag or an offer
    item          external ids
    tag           equals a tag
    offer         external ids of offers; of targets only
    soft          phrases, found as keywords are; held back on outbound only; of targets only
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: tuple[str, ...] = ()
    keyword: tuple[str, ...] = ()
    not_keyword: tuple[str, ...] = ()
    item: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    offer: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()

    @field_validator("category", "keyword", "not_keyword", "tag", "soft")
    @classmethod
    def _say_something(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not words(pattern):
                raise ValueError(f"{pattern!r} holds no word")
        return patterns

    @property
    def empty(self) -> bool:
        """True when nothing can match."""
        return not any(getattr(self, name) for name in PATTERNS if name != "not_keyword")


PATTERNS = tuple(Patterns.model_fields)
"""Names of all lists of patterns."""
ONLY_OF_TARGETS = ("offer", "soft")


class Replenish(BaseModel):
    """When a customer's own items of a life event may fill the slot `replenish`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_purchases: int = Field(default=2, ge=1)
    within_days: int = Field(default=365, ge=1)


class LifeEvent(BaseModel):
    """One life event: stance, evidence, targets, and what a declaration of it does.

    replenish          None: own items never fill the slot `replenish`
    proxies            external ids of items approved as evidence
    declared_by        sources whose declarations count; None: nothing was said, so the
                       preference centre
    declaration_days   how long a declaration holds; None: until it is withdrawn

    The other fields mean what they mean in `LifeEventRule`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str = ""
    sources: tuple[str, ...] = ()
    stance: Stance
    evidence: Patterns = Patterns()
    targets: Patterns = Patterns()
    replenish: Replenish | None = None
    proxies: tuple[str, ...] = ()
    declared_by: tuple[str, ...] | None = None
    declaration_days: int | None = Field(default=None, ge=1)
    surfaces: dict[Channel, Surface] = {}
    age_verification: bool = False
    silence_days: int = Field(default=0, ge=0)
    silences: tuple[str, ...] = ()
    personal: bool = True
    outbound_silence_days: int = Field(default=0, ge=0)

    @field_validator("evidence")
    @classmethod
    def _of_items(cls, evidence: Patterns) -> Patterns:
        for name in ONLY_OF_TARGETS:
            if getattr(evidence, name):
                raise ValueError(f"`{name}` is for targets; evidence is what customers buy")
        return evidence

    @property
    def rule(self) -> LifeEventRule:
        """What the compiled policy carries of it: everything but the patterns."""
        given = {} if self.replenish is None else self.replenish.model_dump()
        return LifeEventRule(
            id=self.id,
            stance=self.stance,
            replenish=self.replenish is not None,
            declared_by=(PREFERENCE_CENTRE,) if self.declared_by is None else self.declared_by,
            declaration_days=self.declaration_days,
            surfaces={c: self.surfaces[c] for c in Channel if c in self.surfaces},
            age_verification=self.age_verification,
            silence_days=self.silence_days,
            silences=self.silences,
            personal=self.personal,
            outbound_silence_days=self.outbound_silence_days,
            **given,
        )


class Pack(BaseModel):
    """A named and numbered taxonomy.

    sources       explains the letters that life events cite
    no_chaining   allowed life events that never raise the score of another's target, unless the
                  policy says otherwise
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int
    sources: dict[str, str]
    life_events: tuple[LifeEvent, ...]
    no_chaining: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """How a policy names the pack: `grocery@1`."""
        return f"{self.name}@{self.version}"
