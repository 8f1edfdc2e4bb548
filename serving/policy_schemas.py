"""What people send about policies, and what they get."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from recommender.channel import Channel
from recommender.guard.change import PolicyChange
from recommender.guard.ledger import LONGEST_REASON, Activation, Ledger, LiveVersion, Version
from recommender.guard.source import MOST_BYTES_OF_ALL, PolicySource
from recommender.times import iso_utc
from recommender.types import ID_LENGTH
from serving.placements import MOST_OFFERS
from serving.schemas import Id, Strict

MOST_SIMULATED = 20_000
"""Most customers of one simulation over HTTP; `tactful guard simulate` takes all of them."""
FEWEST_SIMULATED = 100
"""Samples grow by so many: two of them never part by one customer."""
MOST_EDITS = 100

Reason = Annotated[str, Field(max_length=LONGEST_REASON, description="why, for those who follow")]
Number = Annotated[int, Field(ge=0, le=999_999_999)]
_Text = Annotated[str, Field(max_length=MOST_BYTES_OF_ALL)]
_Name = Annotated[str, Field(min_length=1, max_length=ID_LENGTH)]


class DraftQuery(Strict):
    """A policy with everything that it names. Who sends it is its author."""

    text: _Text = Field(description="the policy, YAML")
    name: _Name = Field(default="guard.yaml", description="what errors call it")
    packs: dict[_Name, _Text] = Field(default={}, description="packs of one's own: name to YAML")
    proxy_lists: dict[_Name, _Text] = Field(
        default={}, description="lists of proxies: name as the policy writes it, to CSV"
    )
    reason: Reason = ""

    @property
    def source(self) -> PolicySource:
        """The same as what is stored. Raises PolicyError."""
        return PolicySource.model_validate(self.model_dump(exclude={"reason"}))


class EditQuery(Strict):
    """Changes of a draft's text, value by value; comments and everything else stay."""

    set: dict[_Name, Any] = Field(
        default={},
        max_length=MOST_EDITS,
        description="dotted key to value: YAML as it would stand in the file, or JSON",
    )
    remove: tuple[_Name, ...] = Field(default=(), max_length=MOST_EDITS, description="dotted keys")
    reason: Reason | None = Field(default=None, description="left out: the draft's stays")


class ApprovalQuery(Strict):
    """A second person's yes. A reason is needed where the policy loosens the guard."""

    reason: Reason = ""


class PublicationQuery(Strict):
    """A draft is to become live."""

    reason: Reason = ""
    expected_live: Number | None = Field(
        default=None, description="the live version that you saw; another one is 409"
    )


class RollbackQuery(Strict):
    """An earlier version is to become live again."""

    version: Number | None = Field(default=None, description="left out: the one before")
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    expected_live: Number | None = None


class SimulationQuery(Strict):
    """What a version would do to the lists of a sample of customers."""

    customers: Annotated[
        int, Field(ge=FEWEST_SIMULATED, le=MOST_SIMULATED, multiple_of=FEWEST_SIMULATED)
    ] = 2_000
    placement: Id = "home"
    n: Annotated[int, Field(ge=1, le=MOST_OFFERS)] | None = None
    channel: Annotated[Channel, Field(strict=False)] = Channel.SITE


class ChangeNoteAnswer(BaseModel):
    """What a change does, in a few words."""

    loosens: bool
    reasons: tuple[str, ...]
    whole_catalogue: tuple[str, ...] = Field(description="life events that hit half of it or more")


class ApprovalAnswer(BaseModel):
    """Who approved a version, when, why, and against which live one."""

    by: str
    at: str
    reason: str
    against: LiveVersion
    holds: bool = Field(description="true: of this text, against what is live now")


class VersionAnswer(BaseModel):
    """One version of the policy."""

    version: int
    digest: str
    state: str = Field(description="draft, approved or published")
    live: bool
    author: str
    drafted_at: str
    reason: str
    approvals: tuple[ApprovalAnswer, ...]
    published_at: str | None
    change: ChangeNoteAnswer | None = Field(description="what its publication changed")


class SourceAnswer(VersionAnswer):
    """One version with its text."""

    text: str
    name: str
    packs: dict[str, str]
    proxy_lists: dict[str, str]


class ActivationAnswer(BaseModel):
    """One change of the live version."""

    version: int
    at: str
    by: str
    kind: str = Field(description="publish or rollback")
    reason: str
    approver: str = Field(description="empty where none was needed")


class PoliciesAnswer(BaseModel):
    """All versions, the highest number first, and all changes of the live one, newest first."""

    live: LiveVersion | None = Field(
        description="the policy that holds: published, or the bundle's own; null: no bundle"
    )
    versions: tuple[VersionAnswer, ...]
    activations: tuple[ActivationAnswer, ...]


class DecidedAnswer(BaseModel):
    """A version after a step, and what it changes for customers."""

    version: VersionAnswer
    change: PolicyChange


class FindingAnswer(BaseModel):
    """One thing that lint found."""

    level: str
    what: str
    hint: str
    where: str
    needs_reason: bool


class FindingsAnswer(BaseModel):
    """What lint found, errors first."""

    publishable: bool = Field(description="true: no finding is an error")
    findings: tuple[FindingAnswer, ...]


class OfferName(BaseModel):
    """An offer of an invented customer's list."""

    offer_id: str
    title: str


class ExampleAnswer(BaseModel):
    """The lists of an invented customer."""

    customer: str
    before: tuple[OfferName, ...]
    after: tuple[OfferName, ...]


class SimulationAnswer(BaseModel):
    """Counts of customers are cells: at least, and below. No list is a real customer's."""

    version: int
    against: LiveVersion
    simulation: dict[str, Any]
    examples: tuple[ExampleAnswer, ...]


def shown(version: Version, live: LiveVersion | None) -> VersionAnswer:
    """A version as callers see it.

    live   what is live now
    """
    return VersionAnswer(
        version=version.version,
        digest=version.digest,
        state=version.state.value,
        live=live == LiveVersion(version=version.version, digest=version.digest),
        author=version.author,
        drafted_at=iso_utc(version.drafted_at),
        reason=version.reason,
        approvals=tuple(
            ApprovalAnswer(
                by=approval.by,
                at=iso_utc(approval.at),
                reason=approval.reason,
                against=approval.against,
                holds=approval.digest == version.digest and approval.against == live,
            )
            for approval in version.approvals
        ),
        published_at=None if version.published_at is None else iso_utc(version.published_at),
        change=None
        if version.change is None
        else ChangeNoteAnswer.model_validate(version.change.model_dump()),
    )


def listed(ledger: Ledger, live: LiveVersion | None) -> PoliciesAnswer:
    """The whole ledger as callers see it."""
    numbers = sorted(ledger.versions, reverse=True)
    return PoliciesAnswer(
        live=live,
        versions=tuple(shown(ledger.versions[number], live) for number in numbers),
        activations=tuple(_activation(step) for step in reversed(ledger.activations)),
    )


def _activation(step: Activation) -> ActivationAnswer:
    return ActivationAnswer(
        version=step.version,
        at=iso_utc(step.at),
        by=step.by,
        kind=step.kind.value,
        reason=step.reason,
        approver=step.approver,
    )
