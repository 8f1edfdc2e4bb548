"""Who may draft, approve, publish and roll back a policy, and what the ledger keeps of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import (
    ConflictError,
    Forbidden,
    InputError,
    NotFound,
    PolicyError,
    StoreError,
)
from recommender.guard.ledger import (
    LONGEST_NAME,
    LONGEST_REASON,
    MOST_REASONS,
    ChangeNote,
    Kind,
    Ledger,
    LiveVersion,
    State,
    dump_ledger,
    parse_ledger,
    same_person,
)
from recommender.guard.transitions import (
    MOST_DRAFTS,
    Candidate,
    approved,
    drafted,
    dropped,
    published,
    rolled_back,
)

OWN = LiveVersion(version=3, digest="bundle-1")
"""The policy inside the live bundle."""
TIGHTENS = ChangeNote(loosens=False)
LOOSENS = ChangeNote.of(("17 offers of `pregnancy` may be shown",), ())
NEVER = float("inf")


def draft(ledger: Ledger, version: int, by: str = "anna", text: str = "", **more: Any) -> Ledger:
    digest = text or f"text-{version}"
    given = {"at": version, "live": ledger.live_version or OWN, **more}
    return drafted(ledger, version=version, digest=digest, author=by, **given)


def found(ledger: Ledger, change: ChangeNote = TIGHTENS, **more: Any) -> Candidate:
    return Candidate(
        **{"live": ledger.live_version or OWN, "change": change, "ends": NEVER, **more}
    )


def approve(
    ledger: Ledger, version: int, by: str = "ben", reason: str = "agreed", **more: Any
) -> Ledger:
    candidate = more.pop("found", found(ledger, LOOSENS))
    return approved(
        ledger, version=version, approver=by, at=version + 10, reason=reason, found=candidate
    )


def publish(
    ledger: Ledger, version: int, change: ChangeNote = TIGHTENS, by: str = "anna", **more: Any
) -> Ledger:
    candidate = more.pop("found", found(ledger, change))
    return published(ledger, version=version, by=by, at=version + 20, found=candidate, **more)


def back(ledger: Ledger, change: ChangeNote = TIGHTENS, by: str = "anna", **more: Any) -> Ledger:
    candidate = more.pop("found", found(ledger, change))
    given = {"version": None, "reason": "it hits too much", "at": 99, **more}
    return rolled_back(ledger, by=by, found=candidate, **given)


def three() -> Ledger:
    """Versions 4, 5 and 6, each published after the other as tightening."""
    ledger = Ledger()
    for version in (4, 5, 6):
        ledger = publish(draft(ledger, version), version)
    return ledger


# ---- drafts ------------------------------------------------------------------------------------


def test_a_draft_keeps_its_author_reason_and_time() -> None:
    held = draft(Ledger(), 4, " anna ", reason=" spring ").version(4)
    assert (held.author, held.reason, held.drafted_at, held.state) == (
        "anna",
        "spring",
        4,
        State.DRAFT,
    )


def test_a_number_must_be_above_every_published_one_and_above_the_bundles_own() -> None:
    with pytest.raises(InputError, match=r"version 3 .* not above 3") as caught:
        draft(Ledger(), 3)
    assert caught.value.hint == "raise guard.version to 4"
    ledger = back(draft(three(), 9))
    assert ledger.live == 5
    with pytest.raises(InputError, match=r"version 6 .* not above 6") as caught:
        draft(ledger, 6)
    assert caught.value.hint == "raise guard.version to 10"


def test_without_a_bundle_drafting_works() -> None:
    assert draft(Ledger(), 1, live=None).version(1).state is State.DRAFT
    with pytest.raises(InputError, match="version 0"):
        draft(Ledger(), 0, live=None)


def test_only_its_author_replaces_or_drops_a_draft() -> None:
    ledger = draft(Ledger(), 4)
    with pytest.raises(Forbidden, match="draft of anna") as caught:
        draft(ledger, 4, "ben")
    assert "guard.version to 5" in caught.value.hint
    with pytest.raises(Forbidden, match="draft of anna"):
        dropped(ledger, version=4, by="ben")
    assert draft(ledger, 4, "ANNA ", text="other").version(4).digest == "other"
    assert dropped(ledger, version=4, by="Anna").versions == {}


def test_what_was_published_is_kept() -> None:
    with pytest.raises(InputError, match="was published, and is kept"):
        dropped(three(), version=4, by="anna")
    with pytest.raises(NotFound, match="no version 7") as caught:
        dropped(three(), version=7, by="anna")
    assert caught.value.hint == "known: 6, 5, 4"
    with pytest.raises(NotFound) as caught:
        Ledger().version(1)
    assert "none was drafted" in caught.value.hint


def test_drafts_are_bounded_and_those_that_were_overtaken_do_not_count() -> None:
    ledger = Ledger()
    for version in range(4, 4 + MOST_DRAFTS):
        ledger = draft(ledger, version)
    with pytest.raises(InputError, match="drafts of the policy are open"):
        draft(ledger, 99)
    assert draft(ledger, 4).version(4)
    last = 3 + MOST_DRAFTS
    assert draft(publish(ledger, last), last + 1).version(last + 1)


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST_NAME + 1)])
def test_everything_is_done_by_a_person_with_a_name(name: str) -> None:
    with pytest.raises(InputError, match="name of the person"):
        draft(Ledger(), 4, name)


def test_a_reason_is_short() -> None:
    with pytest.raises(InputError, match="2001 characters"):
        draft(Ledger(), 4, reason="x" * (LONGEST_REASON + 1))


# ---- tightening --------------------------------------------------------------------------------


def test_tightening_needs_neither_approval_nor_reason() -> None:
    ledger = publish(draft(Ledger(), 4), 4)
    assert ledger.live_version == LiveVersion(version=4, digest="text-4")
    [step] = ledger.activations
    assert (step.version, step.by, step.kind, step.reason, step.approver) == (
        4,
        "anna",
        Kind.PUBLISH,
        "",
        "",
    )
    assert ledger.version(4).state is State.PUBLISHED
    assert ledger.version(4).published_at == 24


def test_an_expired_policy_and_one_with_errors_are_refused() -> None:
    ledger = draft(Ledger(), 4)
    with pytest.raises(PolicyError, match="ended on 1970-01-01"):
        publish(ledger, 4, found=found(ledger, ends=24.0))
    assert publish(ledger, 4, found=found(ledger, ends=25.0)).live == 4
    with pytest.raises(PolicyError, match="cannot be published: one, and 1 more"):
        publish(ledger, 4, found=found(ledger, errors=("one", "two")))
    with pytest.raises(PolicyError, match="cannot be published: one\n"):
        publish(ledger, 4, found=found(ledger, errors=("one",)))


def test_what_hits_half_the_catalogue_needs_a_reason() -> None:
    ledger = draft(Ledger(), 4)
    whole = ChangeNote.of((), ("garden",))
    with pytest.raises(InputError, match=r"half the catalogue or more, .*: garden"):
        publish(ledger, 4, whole)
    with pytest.raises(InputError, match="'a' matches everything"):
        publish(ledger, 4, found=found(ledger, needs_reason=("'a' matches everything",)))
    with pytest.raises(InputError, match="garden"):
        publish(ledger, 4, whole, reason="  ")
    done = publish(ledger, 4, whole, reason="a garden shop")
    assert done.activations[0].reason == "a garden shop"
    assert done.version(4).change == whole


# ---- loosening ---------------------------------------------------------------------------------


def test_loosening_needs_another_person_and_says_what_to_do() -> None:
    ledger = draft(Ledger(), 4)
    with pytest.raises(Forbidden, match=r"nobody has approved it: 17 offers") as caught:
        publish(ledger, 4, LOOSENS, reason="I want it")
    assert "tactful guard approve 4" in caught.value.hint
    done = publish(approve(ledger, 4), 4, LOOSENS)
    assert done.activations[0].approver == "ben"


@pytest.mark.parametrize("name", ["anna", "ANNA", "  Anna "])
def test_nobody_approves_their_own_draft(name: str) -> None:
    with pytest.raises(Forbidden, match="anna wrote it"):
        approve(draft(Ledger(), 4), 4, name)


def test_an_approval_of_loosening_needs_a_reason_and_one_of_tightening_none() -> None:
    ledger = draft(Ledger(), 4)
    with pytest.raises(InputError, match="loosens the guard, and no reason") as caught:
        approve(ledger, 4, reason=" ")
    assert "17 offers" in caught.value.hint
    held = approve(ledger, 4, reason="", found=found(ledger)).version(4)
    assert held.state is State.APPROVED


def test_an_approval_is_of_one_text() -> None:
    ledger = approve(draft(Ledger(), 4), 4)
    assert draft(ledger, 4, reason="clearer").version(4).state is State.APPROVED
    changed = draft(ledger, 4, text="another")
    assert changed.version(4).state is State.DRAFT
    with pytest.raises(Forbidden, match="nobody has approved"):
        publish(changed, 4, LOOSENS)


def test_an_approval_of_another_text_counts_for_nothing() -> None:
    """Even if a ledger from elsewhere holds one."""
    ledger = approve(draft(Ledger(), 4), 4)
    held = ledger.version(4)
    forged = ledger.with_version(held.model_copy(update={"digest": "other"}))
    with pytest.raises(Forbidden, match="ben approved another text"):
        publish(forged, 4, LOOSENS)


def test_an_approval_is_against_what_was_live() -> None:
    ledger = approve(draft(Ledger(), 5), 5)
    ledger = publish(draft(ledger, 4, "carl"), 4, by="carl")
    with pytest.raises(Forbidden, match="against version 3, and version 4 is live"):
        publish(ledger, 5, LOOSENS)
    assert publish(approve(ledger, 5), 5, LOOSENS).live == 5


def test_who_approved_tightening_has_not_approved_loosening() -> None:
    ledger = draft(Ledger(), 4)
    ledger = approve(ledger, 4, found=found(ledger))
    with pytest.raises(Forbidden, match="when ben approved it, it loosened nothing"):
        publish(ledger, 4, LOOSENS)


def test_the_approver_may_publish_and_so_may_a_third_person() -> None:
    for person in ("ben", "carl"):
        assert publish(approve(draft(Ledger(), 4), 4), 4, LOOSENS, by=person).live == 4


# ---- two at once -------------------------------------------------------------------------------


def test_who_saw_another_live_version_is_told_which_one_is_live() -> None:
    ledger = draft(publish(draft(Ledger(), 4), 4), 5)
    with pytest.raises(ConflictError, match="version 4 of the policy is live, not 3"):
        publish(ledger, 5, expected_live=3)
    assert publish(ledger, 5, expected_live=4).live == 5


def test_what_is_live_cannot_become_live() -> None:
    ledger = publish(draft(Ledger(), 4), 4)
    with pytest.raises(ConflictError, match=r"version 4 .* is live already"):
        publish(ledger, 4)
    with pytest.raises(ConflictError, match="is live already"):
        approve(ledger, 4)
    with pytest.raises(ConflictError, match="is live already"):
        back(ledger, version=4)


def test_a_lower_draft_cannot_follow_a_higher_version() -> None:
    ledger = publish(draft(draft(Ledger(), 4), 5), 5)
    with pytest.raises(InputError, match="not above 5"):
        publish(ledger, 4)


# ---- rollback ----------------------------------------------------------------------------------


def test_rollback_goes_one_back_each_time_as_an_undo_does() -> None:
    ledger = three()
    assert ledger.previous == 5
    ledger = back(ledger)
    assert (ledger.live, ledger.previous) == (5, 4)
    ledger = back(ledger)
    assert (ledger.live, ledger.previous) == (4, None)
    with pytest.raises(NotFound, match="no earlier version"):
        back(ledger)
    ledger = back(ledger, version=6)
    assert (ledger.live, ledger.previous) == (6, 4)
    assert [step.kind for step in ledger.activations] == [Kind.PUBLISH] * 3 + [Kind.ROLLBACK] * 3


def test_rollback_names_a_version_that_was_live() -> None:
    assert back(three(), version=4).live == 4
    with pytest.raises(InputError, match="was never live"):
        back(draft(three(), 7), version=7)
    with pytest.raises(NotFound, match="no version 8"):
        back(three(), version=8)


def test_rollback_needs_a_reason_and_a_policy_that_still_holds() -> None:
    with pytest.raises(InputError, match="needs a reason"):
        back(three(), reason="")
    with pytest.raises(PolicyError, match="ended on"):
        back(three(), found=found(three(), ends=5.0))
    with pytest.raises(ConflictError, match="is live, not 4"):
        back(three(), expected_live=4)


def test_a_rollback_that_loosens_needs_another_person_than_who_published_and_who_goes_back() -> (
    None
):
    ledger = three()
    with pytest.raises(Forbidden, match="nobody has approved it"):
        back(ledger, LOOSENS)
    with pytest.raises(Forbidden, match="anna made the live version live"):
        approve(ledger, 5, "anna")
    agreed = approve(ledger, 5, "ben")
    with pytest.raises(Forbidden, match="ben approved it and is a party"):
        back(agreed, LOOSENS, "ben")
    done = back(agreed, LOOSENS, "carl")
    assert (done.live, done.activations[-1].approver) == (5, "ben")
    assert done.version(5).state is State.PUBLISHED


def test_an_old_approval_does_not_carry_a_rollback() -> None:
    ledger = publish(approve(draft(Ledger(), 4), 4), 4, LOOSENS)
    ledger = publish(draft(ledger, 5), 5)
    with pytest.raises(Forbidden, match="against version 3, and version 5 is live"):
        back(ledger, LOOSENS)


# ---- records -----------------------------------------------------------------------------------


def test_a_ledger_is_read_as_it_was_written() -> None:
    ledger = back(approve(three(), 5), LOOSENS, "carl")
    assert parse_ledger(dump_ledger(ledger)) == ledger
    assert parse_ledger(None) == Ledger()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"live": 4}',
        b'{"versions": {"4": {}}}',
        b'{"later": 1}',
        b'{"versions": {"5": {"version": 4, "digest": "d", "author": "a", "drafted_at": 1}}}',
        b'{"activations": [{"version": 4, "at": 1, "by": "a", "kind": "publish"}]}',
    ],
)
def test_garbage_is_no_ledger(raw: bytes) -> None:
    with pytest.raises(StoreError, match="ledger of policies") as caught:
        parse_ledger(raw)
    assert "backup" in caught.value.hint


@given(st.binary(max_size=60))
def test_no_bytes_surprise_the_reader(raw: bytes) -> None:
    with suppress(StoreError):
        assert parse_ledger(raw) is not None


def test_a_note_keeps_the_first_reasons_and_says_how_many_there_are() -> None:
    note = ChangeNote.of(tuple(f"reason {n}" for n in range(30)), ())
    assert len(note.reasons) == MOST_REASONS
    assert note.shortly == "reason 0 (and 19 more)"
    assert TIGHTENS.shortly == "nothing is loosened"
    assert LOOSENS.shortly == "17 offers of `pregnancy` may be shown"


_PEOPLE = st.sampled_from(["anna", "ben", "carl"])
_STEP = st.tuples(
    st.sampled_from(["draft", "approve", "publish", "rollback", "drop"]),
    st.integers(1, 6),
    _PEOPLE,
    st.booleans(),
)


@given(st.lists(_STEP, max_size=25))
def test_whatever_people_try_what_loosens_was_approved_by_somebody_else(
    steps: list[tuple[str, int, str, bool]],
) -> None:
    """And what was ever published stays, and the live version is the last activation's."""
    ledger = Ledger()
    for kind, version, person, loosens in steps:
        before = ledger
        change = LOOSENS if loosens else TIGHTENS
        try:
            if kind == "draft":
                ledger = draft(ledger, version, person)
            elif kind == "approve":
                ledger = approve(ledger, version, person, found=found(ledger, change))
            elif kind == "publish":
                ledger = publish(ledger, version, change, person)
            elif kind == "rollback":
                ledger = back(ledger, change, person)
            else:
                ledger = dropped(ledger, version=version, by=person)
        except (InputError, NotFound, ConflictError):
            assert ledger == before
            continue
        kept = {n for n, v in before.versions.items() if v.state is State.PUBLISHED}
        assert kept <= ledger.versions.keys()
        assert parse_ledger(dump_ledger(ledger)) == ledger
        if ledger.activations != before.activations:
            step = ledger.activations[-1]
            assert ledger.live == step.version
            if loosens:
                assert step.approver
                assert step.approver != step.by or step.kind is Kind.PUBLISH
                if step.kind is Kind.PUBLISH:
                    assert step.approver != ledger.version(step.version).author


LOOKS_LIKE_ANNA = (
    "\uff41\uff4e\uff4e\uff41",  # full-width letters
    "an na",
    "an\u200bna",  # a blank without a width
    "an\u00adna",  # a hyphen that is shown only where a line ends
    "\u0430nna",  # a Cyrillic letter
    "\uff21nna",
)


@pytest.mark.parametrize("name", LOOKS_LIKE_ANNA)
def test_a_name_that_looks_like_the_authors_is_no_second_person(name: str) -> None:
    with pytest.raises((Forbidden, InputError)):
        approve(draft(Ledger(), 4), 4, by=name)
    with pytest.raises((Forbidden, InputError)):
        dropped(draft(Ledger(), 4, by="ben"), version=4, by=name)


def test_names_that_an_older_ledger_holds_are_compared_as_they_look() -> None:
    for name in ("\uff41\uff4e\uff4e\uff41", " An na", "an\u200bna", "an\u00adna"):
        assert same_person(name, "anna")
    assert not same_person("anna", "anne")


@pytest.mark.parametrize("name", ["J\u00f6rg", "anna smith", "\u0430nna", "an\u200bna", "a/b"])
def test_names_are_of_letters_that_have_no_doubles(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a person") as caught:
        draft(Ledger(), 4, by=name)
    assert str(caught.value).isascii()
    assert draft(Ledger(), 4, by="A.b_c-d+e@shop9").version(4).author == "A.b_c-d+e@shop9"
