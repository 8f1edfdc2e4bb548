"""What may happen to the ledger of policy versions. Pure: another ledger, or an error.

    draft -> approved -> published          a draft may also be published unapproved, or dropped

Two pairs of eyes: a change that loosens anything needs another person than its author, who
approved exactly this text against exactly the policy that is live, and said why. Tightening needs
neither, so that nobody has to wait for leave to be careful. Going back is a change like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

from recommender.errors import ConflictError, Forbidden, InputError, PolicyError
from recommender.guard.ledger import (
    Activation,
    Approval,
    ChangeNote,
    Kind,
    Ledger,
    LiveVersion,
    State,
    Version,
    person_of,
    reason_of,
    same_person,
)
from recommender.times import iso_utc

MOST_DRAFTS = 50
"""Drafts that may still be published, kept at one time."""


@dataclass(frozen=True)
class Candidate:
    """What is known of a version that wants to become live.

    live           what is live at this moment
    change         against it
    ends           seconds since 1970, the first moment after `valid_until`
    errors         what lint says must be mended
    needs_reason   what lint says needs a reason, a pattern that matches everything for one
    """

    live: LiveVersion
    change: ChangeNote
    ends: float
    errors: tuple[str, ...] = ()
    needs_reason: tuple[str, ...] = ()


def drafted(
    ledger: Ledger,
    *,
    version: int,
    digest: str,
    author: str,
    at: int,
    reason: str = "",
    live: LiveVersion | None = None,
) -> Ledger:
    """With a draft added, or replaced by its own author. An approval of another text lapses.

    live   what is live; None where no bundle is
    """
    author, reason = person_of(author), reason_of(reason)
    held = ledger.versions.get(version)
    _check_number(ledger, version, live)
    if held is not None and not same_person(held.author, author):
        raise Forbidden(
            f"version {version} of the policy is a draft of {held.author}",
            hint=f"write a version of your own: set guard.version to {_free(ledger, live)}",
        )
    open_drafts = [n for n in ledger.versions if n > ledger.highest]
    if held is None and len(open_drafts) >= MOST_DRAFTS:
        raise InputError(
            f"{MOST_DRAFTS} drafts of the policy are open already",
            hint="drop those that nobody needs, or publish one",
        )
    approvals = held.approvals if held is not None and held.digest == digest else ()
    draft = Version(
        version=version,
        digest=digest,
        author=author,
        drafted_at=at,
        reason=reason,
        approvals=approvals,
    )
    return ledger.with_version(draft)


def dropped(ledger: Ledger, *, version: int, by: str) -> Ledger:
    """Without a draft; only its author may take it away."""
    by = person_of(by)
    held = ledger.version(version)
    if held.state is State.PUBLISHED:
        raise InputError(
            f"version {version} of the policy was published, and is kept",
            hint="only drafts can be dropped; to leave a live version, roll back",
        )
    if not same_person(held.author, by):
        raise Forbidden(
            f"version {version} of the policy is a draft of {held.author}",
            hint=f"ask {held.author} to drop it, or leave it: a higher version passes it by",
        )
    left = {number: v for number, v in ledger.versions.items() if number != version}
    return ledger.model_copy(update={"versions": left})


def approved(
    ledger: Ledger, *, version: int, approver: str, at: int, reason: str, found: Candidate
) -> Ledger:
    """With a second person's yes: to a draft, or to going back to a published version.

    A draft is never approved by its author, going back never by who published the live version.
    """
    approver, reason = person_of(approver), reason_of(reason)
    held = ledger.version(version)
    _check_not_live(held, found.live)
    going_back = held.state is State.PUBLISHED
    other = _publisher(ledger) if going_back else held.author
    if same_person(other, approver):
        did = "made the live version live" if going_back else "wrote it"
        raise Forbidden(
            f"{approver} cannot approve version {version} of the policy: {other} {did}",
            hint="ask another person with the role approver",
        )
    if found.change.loosens and not reason:
        raise InputError(
            f"version {version} of the policy loosens the guard, and no reason is given",
            hint=f"say why, in `reason`: {found.change.shortly}",
        )
    approval = Approval(
        by=approver,
        at=at,
        reason=reason,
        digest=held.digest,
        against=found.live,
        change=found.change,
    )
    return ledger.with_version(held.model_copy(update={"approvals": (*held.approvals, approval)}))


def published(
    ledger: Ledger,
    *,
    version: int,
    by: str,
    at: int,
    reason: str = "",
    found: Candidate,
    expected_live: int | None = None,
) -> Ledger:
    """With a version live that never was; see the module for who has to agree.

    expected_live   the live version that the publisher saw; None: whichever it is
    """
    by, reason = person_of(by), reason_of(reason)
    held = ledger.version(version)
    _check_expected(found.live, expected_live)
    _check_not_live(held, found.live)
    _check_number(ledger, version, found.live)
    _check_fit(version, at, found)
    approver = _needed_approval(held, found, {held.author}).by if found.change.loosens else ""
    odd = (*found.change.whole_catalogue, *found.needs_reason)
    if odd and not reason:
        raise InputError(
            f"version {version} of the policy reaches half the catalogue or more, and no reason "
            f"is given: {', '.join(odd)}",
            hint="say in `reason` that it is meant, or narrow the patterns",
        )
    done = held.model_copy(update={"published_at": at, "change": found.change})
    step = Activation(
        version=version, at=at, by=by, kind=Kind.PUBLISH, reason=reason, approver=approver
    )
    return _activated(ledger.with_version(done), step)


def rolled_back(
    ledger: Ledger,
    *,
    version: int | None,
    by: str,
    at: int,
    reason: str,
    found: Candidate,
    expected_live: int | None = None,
) -> Ledger:
    """With an earlier version live again, the one before or a named one.

    found   of `ledger.target(version)`
    """
    by, reason = person_of(by), reason_of(reason)
    held = ledger.target(version)
    _check_expected(found.live, expected_live)
    _check_not_live(held, found.live)
    _check_fit(held.version, at, found)
    if not reason:
        raise InputError(
            "going back to an earlier policy needs a reason", hint="say why, in `reason`"
        )
    approver = ""
    if found.change.loosens:
        approver = _needed_approval(held, found, {by, _publisher(ledger)}).by
    step = Activation(
        version=held.version, at=at, by=by, kind=Kind.ROLLBACK, reason=reason, approver=approver
    )
    return _activated(ledger, step)


def _activated(ledger: Ledger, step: Activation) -> Ledger:
    return ledger.model_copy(
        update={"activations": (*ledger.activations, step), "live": step.version}
    )


def _needed_approval(held: Version, found: Candidate, parties: set[str]) -> Approval:
    """The approval that a loosening change rests on; Forbidden says what is missing."""
    live = found.live
    approval = held.approvals[-1] if held.approvals else None
    if approval is None:
        missing = "nobody has approved it"
    elif approval.digest != held.digest:
        missing = f"{approval.by} approved another text of it"
    elif approval.against != live:
        missing = (
            f"{approval.by} approved it against version {approval.against.version}, and version "
            f"{live.version} is live"
        )
    elif not approval.change.loosens or not approval.reason:
        missing = f"when {approval.by} approved it, it loosened nothing"
    elif any(same_person(approval.by, party) for party in parties):
        missing = f"{approval.by} approved it and is a party to the change"
    else:
        return approval
    raise Forbidden(
        f"version {held.version} of the policy loosens the guard, and {missing}: "
        f"{found.change.shortly}",
        hint="another person with the role approver approves it, with a reason: "
        f"`tactful guard approve {held.version} --reason ...`",
    )


def _check_number(ledger: Ledger, version: int, live: LiveVersion | None) -> None:
    least = _free(ledger, live, above_drafts=False)
    if version < least:
        raise InputError(
            f"version {version} of the policy is not above {least - 1}, which was published",
            hint=f"raise guard.version to {_free(ledger, live)}",
        )


def _free(ledger: Ledger, live: LiveVersion | None, *, above_drafts: bool = True) -> int:
    """A number that nobody has taken."""
    taken = [ledger.highest, live.version if live else 0]
    if above_drafts:
        taken += ledger.versions
    return max(taken) + 1


def _check_fit(version: int, at: int, found: Candidate) -> None:
    if at >= found.ends:
        raise PolicyError(
            f"version {version} of the policy ended on {iso_utc(found.ends - 1)[:10]}",
            hint="set guard.valid_until to a later day: an expired policy holds everything back",
        )
    if found.errors:
        more = f", and {len(found.errors) - 1} more" if len(found.errors) > 1 else ""
        raise PolicyError(
            f"version {version} of the policy cannot be published: {found.errors[0]}{more}",
            hint="mend what `tactful guard lint` calls an error",
        )


def _check_expected(live: LiveVersion, expected: int | None) -> None:
    if expected is not None and expected != live.version:
        raise ConflictError(
            f"version {live.version} of the policy is live, not {expected}",
            hint="somebody else was faster: look at what it changes, then publish again",
        )


def _check_not_live(held: Version, live: LiveVersion) -> None:
    if (held.version, held.digest) == (live.version, live.digest):
        raise ConflictError(
            f"version {held.version} of the policy is live already",
            hint="there is nothing to do",
        )


def _publisher(ledger: Ledger) -> str:
    """Who made the live version live; "" when nobody did."""
    return ledger.activations[-1].by if ledger.activations else ""
