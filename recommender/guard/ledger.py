"""The ledger of policy versions: who wrote, approved and published what, when, and why.

Every version keeps its author, its approvals and its reasons, and every change of the live
version is one activation. `recommender.guard.transitions` says what may happen to it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from unicodedata import category, normalize

from pydantic import BaseModel, ConfigDict, ValidationError

from recommender.errors import InputError, NotFound, StoreError

MOST_REASONS = 20
"""Sentences about a change that the ledger keeps."""
LONGEST_REASON = 2_000
"""Longest reason, in characters."""
LONGEST_NAME = 256
"""Longest name of a person, in characters."""
_PERSON = re.compile(r"[A-Za-z0-9._@+-]+")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class State(StrEnum):
    """How far a version has come; what was ever published stays so."""

    DRAFT = "draft"
    APPROVED = "approved"
    PUBLISHED = "published"


class Kind(StrEnum):
    """How a version became live."""

    PUBLISH = "publish"
    ROLLBACK = "rollback"


class LiveVersion(_Entry):
    """The policy that is live: its number, and the digest of its sources.

    While none was ever published it is the policy inside the live bundle, and `digest` is that
    bundle's version.
    """

    version: int
    digest: str


class ChangeNote(_Entry):
    """What a change does to customers, in a few words.

    reasons           sentences about what is loosened, at most `MOST_REASONS`
    whole_catalogue   life events that hit half the catalogue or more
    """

    loosens: bool
    reasons: tuple[str, ...] = ()
    whole_catalogue: tuple[str, ...] = ()

    @property
    def shortly(self) -> str:
        """The first reason, and how many more there are."""
        more = f" (and {len(self.reasons) - 1} more)" if len(self.reasons) > 1 else ""
        return (self.reasons[0] if self.reasons else "nothing is loosened") + more

    @classmethod
    def of(cls, reasons: tuple[str, ...], whole_catalogue: tuple[str, ...]) -> ChangeNote:
        """A change that loosens what `reasons` say."""
        return cls(
            loosens=bool(reasons),
            reasons=reasons[:MOST_REASONS],
            whole_catalogue=whole_catalogue,
        )


class Approval(_Entry):
    """A second person's yes to one text against one live policy."""

    by: str
    at: int
    reason: str
    digest: str
    against: LiveVersion
    change: ChangeNote


class Version(_Entry):
    """One version of the policy; `change` is what its publication changed."""

    version: int
    digest: str
    author: str
    drafted_at: int
    reason: str = ""
    approvals: tuple[Approval, ...] = ()
    published_at: int | None = None
    change: ChangeNote | None = None

    @property
    def state(self) -> State:
        """Draft, approved or published."""
        if self.published_at is not None:
            return State.PUBLISHED
        return State.APPROVED if self.approvals else State.DRAFT


class Activation(_Entry):
    """One change of the live version. `approver` is empty where none was needed."""

    version: int
    at: int
    by: str
    kind: Kind
    reason: str = ""
    approver: str = ""


class Ledger(_Entry):
    """All versions by number, and every change of the live one, oldest first."""

    versions: dict[int, Version] = {}
    activations: tuple[Activation, ...] = ()
    live: int | None = None

    def version(self, number: int) -> Version:
        """A version; NotFound names those that exist."""
        found = self.versions.get(number)
        if found is None:
            known = ", ".join(str(n) for n in sorted(self.versions, reverse=True)[:10])
            raise NotFound(
                f"there is no version {number} of the policy",
                hint=f"known: {known}" if known else "none was drafted yet: draft one",
            )
        return found

    @property
    def live_version(self) -> LiveVersion | None:
        """The live version; None while none was ever published."""
        if self.live is None:
            return None
        return LiveVersion(version=self.live, digest=self.versions[self.live].digest)

    @property
    def highest(self) -> int:
        """The highest number that was ever published; 0 when none was."""
        published = (v.version for v in self.versions.values() if v.state is State.PUBLISHED)
        return max(published, default=0)

    @property
    def previous(self) -> int | None:
        """Where a rollback goes: as an undo does, a second one goes one further back."""
        undo: list[int] = []
        for step in self.activations:
            if step.kind is Kind.ROLLBACK and step.version in undo:
                del undo[undo.index(step.version) :]
            undo.append(step.version)
        return undo[-2] if len(undo) > 1 else None

    def target(self, number: int | None) -> Version:
        """The version that a rollback would make live; NotFound or InputError when it may not."""
        if number is None and self.previous is None:
            raise NotFound(
                "no earlier version of the policy was ever live here",
                hint="the policy inside the bundle is no version to go back to: draft its text, or "
                "the text that should hold, under a higher number, and publish that",
            )
        found = self.version(self.previous if number is None else number)  # type: ignore[arg-type]
        if found.state is not State.PUBLISHED:
            raise InputError(
                f"version {found.version} of the policy was never live: nothing can go back to it",
                hint=f"publish it: `tactful guard publish {found.version}`",
            )
        return found

    def with_version(self, version: Version) -> Ledger:
        """The same with one version added or replaced."""
        return self.model_copy(update={"versions": {**self.versions, version.version: version}})


def dump_ledger(ledger: Ledger) -> bytes:
    """The ledger as compact JSON; equal ledgers give equal bytes."""
    return ledger.model_dump_json(exclude_defaults=True).encode()


def parse_ledger(raw: bytes | None) -> Ledger:
    """Reads `dump_ledger`; None is the ledger of a shop that has published no policy.

    Raises StoreError when the bytes are something else.
    """
    if raw is None:
        return Ledger()
    try:
        ledger = Ledger.model_validate_json(raw)
    except ValidationError as error:
        raise _damaged(f"{len(raw)} bytes that are no ledger") from error
    named = {step.version for step in ledger.activations} | {ledger.live or 0} - {0}
    wrong = [n for n, v in ledger.versions.items() if n != v.version]
    if wrong or named - ledger.versions.keys():
        raise _damaged("a ledger that names versions which it does not hold")
    return ledger


def same_person(one: str, other: str) -> bool:
    """Whether two names are the same person's.

    Neither case, width of letters, blanks nor characters that nobody sees make a second person.
    """
    return _bare(one) == _bare(other)


def person_of(name: str) -> str:
    """The name of a person as it is kept; InputError where two names could look like one.

    A name is made of ASCII letters, digits and . _ - @ +, so that no letter of another script
    passes for one of these; full-width forms of them are taken as what they show.
    """
    name = normalize("NFKC", name).strip()
    if not name or len(name) > LONGEST_NAME:
        raise InputError(
            "a change needs the name of the person who makes it",
            hint=f"give a name of 1 to {LONGEST_NAME} characters",
        )
    if not _PERSON.fullmatch(name):
        raise InputError(
            f"{name!a} cannot be the name of a person who changes the policy",
            hint="use letters without accents, digits and . _ - @ +, as in anna@shop "
            "(on the command line: --as NAME)",
        )
    return name


def _bare(name: str) -> str:
    folded = normalize("NFKC", normalize("NFKC", name).casefold())
    return "".join(char for char in folded if category(char)[0] not in "CZ")


def reason_of(reason: str) -> str:
    """A reason without blanks around it, "" for none; InputError when it is too long."""
    reason = reason.strip()
    if len(reason) > LONGEST_REASON:
        raise InputError(
            f"the reason has {len(reason)} characters, more than {LONGEST_REASON}",
            hint="say it shortly, and link to the rest",
        )
    return reason


def _damaged(what: str) -> StoreError:
    return StoreError(
        f"the ledger of policies holds {what}",
        hint="restore the key {namespace}:policies from a backup of Redis; the live policy "
        "goes on answering meanwhile",
    )
