"""One change of the ledger, as Redis is told to make it."""

from __future__ import annotations

import pytest

from recommender.errors import StoreError
from recommender.guard.ledger import ChangeNote, Ledger, LiveVersion, dump_ledger
from recommender.guard.source import PolicySource
from recommender.guard.transitions import Candidate, drafted, dropped, published
from recommender.guard.update import Update, dump_source, read_source
from recommender.keys import Keys

KEYS = Keys("shop")
SOURCE = PolicySource(text="packs: []")
LIVE = LiveVersion(version=1, digest="bundle")
DRAFT = drafted(Ledger(), version=2, digest=SOURCE.digest, author="anna", at=1, live=LIVE)


def test_a_draft_brings_its_text_and_leaves_the_pointer() -> None:
    update = Update(None, Ledger(), DRAFT, SOURCE)
    assert update.keys(KEYS) == ["shop:policies", "shop:policy", f"shop:p:{SOURCE.digest}"]
    assert update.arguments() == [b"", dump_ledger(DRAFT), b"", dump_source(SOURCE)]


def test_a_publication_moves_the_pointer_to_a_text_that_must_be_there() -> None:
    found = Candidate(live=LIVE, change=ChangeNote(loosens=False), ends=float("inf"))
    live = published(DRAFT, version=2, by="anna", at=2, found=found)
    update = Update(b"before", DRAFT, live)
    assert update.keys(KEYS)[2] == f"shop:p:{SOURCE.digest}"
    assert update.arguments() == [
        b"before",
        dump_ledger(live),
        f"2 {SOURCE.digest}".encode(),
        b"",
    ]
    again = drafted(live, version=3, digest="other", author="anna", at=3)
    assert Update(b"", live, again, SOURCE).pointer == ""


def test_a_dropped_draft_takes_its_text_along() -> None:
    update = Update(b"", DRAFT, dropped(DRAFT, version=2, by="anna"))
    assert update.keys(KEYS)[3:] == [f"shop:p:{SOURCE.digest}"]


def test_a_text_is_read_as_it_was_written() -> None:
    assert read_source(dump_source(SOURCE), 2, SOURCE.digest) == SOURCE


@pytest.mark.parametrize("raw", [None, b"", b"{}", b'{"text": 4}', b'{"text": "packs: [] "}'])
def test_a_text_that_is_gone_or_was_altered_is_an_error(raw: bytes | None) -> None:
    with pytest.raises(StoreError, match="version 2 of the policy is not in Redis") as caught:
        read_source(raw, 2, SOURCE.digest)
    assert "noeviction" in caught.value.hint
