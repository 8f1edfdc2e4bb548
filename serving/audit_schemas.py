"""What people with a role get to see of decisions."""

from __future__ import annotations

from pydantic import BaseModel, Field

from recommender.trace import RuleKind, Stage, Verdict
from serving.schemas import OffersAnswer


class PolicyOfTrace(BaseModel):
    """The policy that held."""

    version: int
    name: str = Field(description="version and digest of a published policy; empty: the bundle's")
    expired: bool = Field(description="true: everything that any life event touches was held back")


class VisibleOfTrace(BaseModel):
    """What the decision could see; what was masked is not kept anywhere beside the answer."""

    items: int = Field(description="items of the customer's history that counted")
    context: tuple[str, ...]


class StandingOfTrace(BaseModel):
    """What one life event meant for the request."""

    life_event: str
    policy: str = Field(description="block, block_unless_declared, replenish_only or allow")
    masked: bool
    targets_held: bool
    soft_targets_held: bool
    why: tuple[str, ...]


class RulesOfTrace(BaseModel):
    """The rules of this customer on this channel at that moment."""

    personal: bool = Field(description="false: answered like a visitor")
    silent: bool = Field(description="true: nothing went out on this channel")
    unmapped_held: bool
    too_personal: tuple[str, ...]
    life_events: tuple[StandingOfTrace, ...]


class HoldOfTrace(BaseModel):
    """A life event that holds an offer back."""

    life_event: str
    policy: str
    rule: RuleKind


class PartsOfTrace(BaseModel):
    """What a score is made of."""

    own: float
    cross: float
    popular: float


class CandidateOfTrace(BaseModel):
    """An offer that was in the running."""

    placement: str
    offer_id: str
    title: str
    stage: Stage
    verdict: Verdict
    score: float
    parts: PartsOfTrace
    held_by: tuple[HoldOfTrace, ...] | None = None


class ReplayOfTrace(BaseModel):
    """Whether the same answer was made again."""

    equal: bool = Field(description="true: byte for byte what was answered")
    sha256: str = Field(description="of the body that was made again")


class TraceAnswer(BaseModel):
    """The answer to GET /v1/decisions/{decision_id}."""

    decision_id: str
    at: str
    version: str
    policy: PolicyOfTrace
    customer: str = Field(description="the customer's tag, a hash of the id; empty for a visitor")
    channel: str
    gift: bool
    degraded: bool
    fallback: bool
    visible: VisibleOfTrace
    rules: RulesOfTrace
    candidates: tuple[CandidateOfTrace, ...]
    replay: ReplayOfTrace
    answer: OffersAnswer | None = Field(default=None, description="with ?answer=true")


class HeldCell(BaseModel):
    """From how many customers a life event held something back, on a channel, under a policy."""

    life_event: str
    channel: str
    policy_version: int
    at_least: int = Field(description="customers of the day that had most, a multiple of `cell`")
    text: str = Field(description="the count in words, as in `about 40`")


class SuppressedAnswer(BaseModel):
    """The answer to GET /v1/suppressed."""

    cell: int = Field(description="of fewer customers nothing is told")
    since: str | None = Field(
        description="of the oldest decision that is counted; null where nothing is told"
    )
    audited_per_second: float = Field(
        description="decisions a second and worker that are looked at; the others are not counted"
    )
    held_back: tuple[HeldCell, ...]
