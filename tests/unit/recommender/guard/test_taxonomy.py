"""Packs are plain data, read with the place of every mistake."""

from __future__ import annotations

import pytest

from recommender.errors import PolicyError
from recommender.guard.policy import Stance
from recommender.guard.taxonomy import (
    LifeEvent,
    Patterns,
    Replenish,
    builtin_pack,
    known_packs,
    parse_pack,
)

PACK = """\
pack: {name: corner, version: 3}
sources: {G: Google Ads policy, "9": GDPR}
life_events:
  infant:
    title: baby
    sources: [G, 9]
    policy: replenish_only
    evidence: {category: [Baby foods], keyword: [diaper], not_keyword: [baby corn], item: [007]}
    targets: {tag: [nursery]}
    replenish: {slot: replenish, min_purchases: 3, within: 10 months}
  adult:
    policy: block
  school: {policy: allow, on_withdrawal: {also: [infant]}}
no_chaining: [school]
"""


def test_a_pack_is_what_it_says() -> None:
    """Every key arrives; ids of items keep their zeros; months are of 365/12 days."""
    pack = parse_pack(PACK, "corner.yaml")
    assert pack.reference == "corner@3"
    assert pack.sources == {"G": "Google Ads policy", "9": "GDPR"}
    assert pack.life_events == (
        LifeEvent(
            id="infant",
            title="baby",
            sources=("G", "9"),
            stance=Stance.REPLENISH_ONLY,
            evidence=Patterns(
                category=("Baby foods",),
                keyword=("diaper",),
                not_keyword=("baby corn",),
                item=("007",),
            ),
            targets=Patterns(tag=("nursery",)),
            replenish=Replenish(min_purchases=3, within_days=304),
        ),
        LifeEvent(id="adult", stance=Stance.BLOCK),
        LifeEvent(id="school", stance=Stance.ALLOW, silences=("infant",)),
    )
    assert pack.no_chaining == ("school",)


def test_what_a_pack_leaves_out_has_a_default() -> None:
    """No sources; two own purchases in a year."""
    event = "a: {policy: block, replenish: {slot: replenish}}"
    pack = parse_pack(f"pack: {{name: x, version: 1}}\nlife_events: {{{event}}}", "x.yaml")
    assert pack.sources == {}
    assert pack.no_chaining == ()
    assert pack.life_events[0].replenish == Replenish(min_purchases=2, within_days=365)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("    title: baby", "    titel: baby", 5, "did you mean `title`"),
        ("pack: {name", "pack: {nmae", 1, "did you mean `name`"),
        ("sources: {G", "source: {G", 2, "did you mean `sources`"),
        ("policy: block\n", "policy: bloc\n", 12, "did you mean `block`"),
        ("policy: block\n", "policy: [block]\n", 12, "is a list, not a text"),
        ("policy: block\n", "policy: no\n", 12, "words, not yes/no"),
        ("policy: block\n", "title: x\n", 12, "has no `policy`"),
        ("policy: block\n", "policy:\n", 12, "has no value"),
        ("sources: [G, 9]", "sources: [G, H]", 6, "Known values: 9, G"),
        ("not_keyword:", "not_keywrd:", 8, "did you mean `not_keyword`"),
        ("keyword: [diaper]", "keyword: diaper", 8, "put it in brackets"),
        ("keyword: [diaper]", "keyword: [true]", 8, "words, not yes/no"),
        ("keyword: [diaper]", "keyword: ['&']", 8, "holds no word"),
        ("min_purchases: 3", "min_purchases: many", 10, "whole number from 1 to 1000"),
        ("min_purchases: 3", "min_purchases: 0", 10, "whole number from 1 to 1000"),
        ("within: 10 months", "within: 10", 10, "a duration in words"),
        ("within: 10 months", "within: 0 days", 10, "a duration in words"),
        ("slot: replenish", "slot: usuals", 10, "Known values: replenish"),
        ("version: 3", "version: three", 1, "whole number"),
        ("  adult:", "  Adult:", 11, "small letters"),
        ("  adult:", "  infant:", 11, "first on line 4"),
        ("    title: baby", "    title: baby\n    title: child", 6, "first on line 5"),
        ("  adult:\n    policy: block", "  adult: block", 11, "not a mapping"),
        ("targets: {tag", "targets: {ofer", 9, "did you mean `offer`"),
        ("evidence: {category", "evidence: {offer", 8, "unknown key 'offer'"),
        ("also: [infant]", "also: [infnt]", 13, "did you mean `infant`"),
        ("no_chaining: [school]", "no_chaining: [adult]", 14, "no allowed life event"),
        ("no_chaining: [school]", "no_chaining: [schol]", 14, "did you mean `school`"),
        ("no_chaining: [school]", "no_chain: [school]", 14, "did you mean `no_chaining`"),
        ("title: baby", "title: &b baby", 5, "anchor or alias"),
        ("title: baby", "title: *b", 5, "anchor or alias"),
        ("title: baby", "title: !!python/name:os.system x", 5, "a tag"),
        ("title: baby", "title: [" + "[" * 20 + "]" * 20 + "]", 5, "more than 12 levels"),
        ("title: baby", "title: ? [a]", 5, "not YAML"),
        ("title: baby", "title: 'baby", 15, "not YAML"),
        ("  adult:", "  [adult]:", 11, "a key is one word"),
        ("  adult:", "---\n  adult:", 12, "a second document"),
    ],
)
def test_mistakes_are_named_with_their_place(old: str, new: str, line: int, says: str) -> None:
    """Line, what is wrong, and the nearest known word or how to write it."""
    assert old in PACK
    with pytest.raises(PolicyError) as caught:
        parse_pack(PACK.replace(old, new), "corner.yaml")
    assert caught.value.what.startswith(f"corner.yaml, line {line}, column ")
    assert says in str(caught.value)
    assert caught.value.hint


def test_a_column_is_named_too() -> None:
    with pytest.raises(PolicyError, match=r"line 8, column 40: unknown key 'keywords'"):
        parse_pack(PACK.replace("keyword: [diaper]", "keywords: [diaper]"), "corner.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\n\n"])
def test_an_empty_pack_is_an_error(text: str) -> None:
    with pytest.raises(PolicyError, match=r"corner\.yaml is empty"):
        parse_pack(text, "corner.yaml")


@pytest.mark.parametrize("text", ["x" * 1_000_001, "\u00e9" * 500_001, "a: [" * 2_000_000])
def test_a_huge_pack_is_refused_unread(text: str) -> None:
    with pytest.raises(PolicyError, match="longer than 1,000,000 bytes"):
        parse_pack(text, "corner.yaml")


def test_deep_nesting_is_refused_without_exhausting_the_stack() -> None:
    with pytest.raises(PolicyError, match="more than 12 levels"):
        parse_pack("[" * 100_000, "corner.yaml")


def test_control_characters_are_refused() -> None:
    with pytest.raises(PolicyError, match="not YAML"):
        parse_pack("pack: \0", "corner.yaml")


def test_packs_that_ship_are_known_by_name_and_version() -> None:
    assert "grocery@1" in known_packs()
    for reference in known_packs():
        assert builtin_pack(reference).reference == reference


@pytest.mark.parametrize("reference", ["grocery", "grocery@2", "grocer@1", "../grocery@1", ""])
def test_an_unknown_pack_lists_the_known_ones(reference: str) -> None:
    with pytest.raises(PolicyError, match=r"Known packs: .*grocery@1"):
        builtin_pack(reference)
