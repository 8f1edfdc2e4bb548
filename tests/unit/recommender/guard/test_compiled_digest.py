"""The digest of a compiled guard: all that it says and matches, whatever it is called."""

from __future__ import annotations

from recommender.guard.source import PolicySource

HEAD = "guard: {version: %s, owner: %s, approved_by: dpo@shop, valid_until: %s}\n"
REST = "packs: [grocery@1]\nlife_events: {infant: {evidence: {keyword: [%s]}}}\n"


def digest(
    version: int = 1, owner: str = "anna", until: str = "2099-01-01", word: str = "nappy"
) -> str:
    text = HEAD % (version, owner, until) + REST % word
    return PolicySource(text=text).compile().digest


def test_a_number_and_an_owner_change_nothing_that_holds() -> None:
    assert digest(version=2) == digest(owner="ben") == digest()
    assert len(digest()) == 32


def test_a_term_or_a_pattern_makes_it_another_guard() -> None:
    assert len({digest(), digest(until="2098-01-01"), digest(word="pram")}) == 3
