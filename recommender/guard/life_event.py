"""Life events: what is evidence of them, what reveals them, what the guard does about them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from recommender.guard.policy import Stance
from recommender.guard.words import words


class Patterns(BaseModel):
    """What an item must look like; any one pattern is enough, except a negative one.

    category      equals an element of the item's category path
    keyword       words in a row in the title, a tag or an element of the path
    not_keyword   takes back what a keyword found, never a category, an item or a tag
    item          external ids
    tag           equals a tag
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: tuple[str, ...] = ()
    keyword: tuple[str, ...] = ()
    not_keyword: tuple[str, ...] = ()
    item: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()

    @field_validator("category", "keyword", "not_keyword", "tag")
    @classmethod
    def _say_something(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not words(pattern):
                raise ValueError(f"{pattern!r} holds no word")
        return patterns

    @property
    def empty(self) -> bool:
        """True when nothing can match."""
        return not (self.category or self.keyword or self.item or self.tag)


class Replenish(BaseModel):
    """When a customer's own items of a life event may fill the slot `replenish`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_purchases: int = Field(default=2, ge=1)
    within_days: int = Field(default=365, ge=1)


class LifeEvent(BaseModel):
    """One life event: stance, evidence, targets.

    replenish   None: own items never fill the slot `replenish`
    proxies     external ids of items approved as evidence
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


class Pack(BaseModel):
    """A named and numbered taxonomy. `sources` explains the letters that life events cite."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int
    sources: dict[str, str]
    life_events: tuple[LifeEvent, ...]

    @property
    def reference(self) -> str:
        """How a policy names the pack: `grocery@1`."""
        return f"{self.name}@{self.version}"
