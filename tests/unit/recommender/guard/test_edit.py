"""One value of a policy changes, and not a byte beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import PolicyError
from recommender.guard.document import parse_policy
from recommender.guard.edit import edit_policy, remove_from_policy
from recommender.guard.taxonomy import read_yaml

CONFIG = (Path(__file__).parents[4] / "configs" / "guard.yaml").read_text(encoding="utf-8")
POLICY = """\
# top
guard: {version: 1, # the first
  owner: 'anna@shop'   # who
  }

packs:
- grocery@1   # shipped
# before the events
life_events:
  infant:
    policy: block   # for now
    title: |
      baby
    evidence:
      keyword:

        - crib    # wood
        - "on"

  # between
  pregnancy: {policy: block, targets: {soft: [family car], tag: []}}
"""


@pytest.mark.parametrize(
    ("key", "value", "old", "new"),
    [
        ("guard.version", "2", "version: 1, #", "version: 2, #"),
        ("guard.owner", "eva@shop", "owner: 'anna@shop'   #", "owner: eva@shop   #"),
        ("guard.owner", "no one, really", "'anna@shop'", '"no one, really"'),
        ("guard.owner", "'off'", "'anna@shop'", '"off"'),
        ("guard.approved_by", "dpo", "'anna@shop'   #", "'anna@shop', approved_by: dpo   #"),
        ("packs", "[]", "- grocery@1   #", " []   #"),
        ("packs", "- grocery@1\n- mine@2", "- grocery@1   #", " [grocery@1, mine@2]   #"),
        ("life_events.infant.policy", "allow", "policy: block   #", "policy: allow   #"),
        ("life_events.infant.title", "child", "title: |\n      baby\n", "title: child\n"),
        (
            "life_events.infant.evidence.keyword",
            "[cot]",
            '        - crib    # wood\n        - "on"\n',
            "        [cot]\n",
        ),
        (
            "life_events.infant.evidence.tag",
            "[a b]",
            '        - "on"\n',
            '        - "on"\n      tag: [a b]\n',
        ),
        (
            "life_events.infant.surfaces.push",
            "never",
            '        - "on"\n',
            '        - "on"\n    surfaces: {push: never}\n',
        ),
        (
            "life_events.infant.replenish",
            "{min_purchases: 3, within: 6 months}",
            '        - "on"\n',
            '        - "on"\n    replenish: {min_purchases: 3, within: 6 months}\n',
        ),
        (
            "life_events.pregnancy.targets.offer",
            "[LOAN-1]",
            "tag: []}",
            "tag: [], offer: [LOAN-1]}",
        ),
        (
            "life_events.pregnancy.evidence.keyword",
            "[x]",
            "tag: []}}\n",
            "tag: []}, evidence: {keyword: [x]}}\n",
        ),
        (
            "life_events.ageing.policy",
            "block",
            "tag: []}}\n",
            "tag: []}}\n  ageing: {policy: block}\n",
        ),
        (
            "defaults.discovery_slots",
            "5",
            "tag: []}}\n",
            "tag: []}}\ndefaults: {discovery_slots: 5}\n",
        ),
    ],
)
def test_a_value_is_set_where_it_stands(key: str, value: str, old: str, new: str) -> None:
    """Comments, order, quotes and blank lines are those of before."""
    assert POLICY.count(old) == 1
    edited = edit_policy(POLICY, key, value)
    assert edited == POLICY.replace(old, new)
    written = read_yaml(edited, "p").under(*key.split("."))
    assert written is not None
    assert written.same(read_yaml(value, "p"))
    parse_policy(edited, "p")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("guard.version", "1"),
        ("guard.owner", '"anna@shop"'),
        ("packs", "[grocery@1]"),
        ("life_events.infant.evidence", "{keyword: [crib, 'on']}"),
    ],
)
def test_the_value_it_has_changes_not_a_byte(key: str, value: str) -> None:
    assert edit_policy(POLICY, key, value) == POLICY


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("guard.version", "version: 1, # the first\n  owner", "owner"),
        ("guard.owner", ", # the first\n  owner: 'anna@shop'", " # the first\n  "),
        ("guard", None, None),
        ("life_events.infant.policy", "    policy: block   # for now\n", ""),
        ("life_events.infant.title", "    title: |\n      baby\n", ""),
        (
            "life_events.infant.evidence.keyword",
            '    evidence:\n      keyword:\n\n        - crib    # wood\n        - "on"\n',
            "",
        ),
        ("life_events.pregnancy.policy", "policy: block, targets", "targets"),
        ("life_events.pregnancy.targets.tag", ", tag: []", ""),
        ("life_events.pregnancy.targets", ", targets: {soft: [family car], tag: []}", ""),
        (
            "life_events.pregnancy",
            "  pregnancy: {policy: block, targets: {soft: [family car], tag: []}}\n",
            "",
        ),
        ("life_events.ageing", "", ""),
        ("defaults.discovery_slots", "", ""),
    ],
)
def test_a_key_is_taken_out_with_what_only_it_filled(
    key: str, old: str | None, new: str | None
) -> None:
    """What is not there is taken out without a change."""
    if old is None or new is None:
        old, new = POLICY[POLICY.index("guard:") : POLICY.index("\npacks")], ""
    assert remove_from_policy(POLICY, key) == POLICY.replace(old, new)


def test_braces_may_become_empty_only_at_the_top() -> None:
    """A mapping that nothing fills any more goes with its key."""
    text = "{packs: [], guard: {version: 1}}"
    assert remove_from_policy(text, "guard.version") == "{packs: []}"
    with pytest.raises(PolicyError, match="guards nothing"):
        remove_from_policy("{packs: []}", "packs")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("packs: []", "packs: []\nguard: {version: 2}\n"),
        ("packs: []\r\n# end", "packs: []\r\nguard: {version: 2}\r\n# end"),
        ("packs: []\n...\n", "packs: []\nguard: {version: 2}\n...\n"),
        ("{packs: []}", "{packs: [], guard: {version: 2}}"),
        ("{packs: [], guard: {}}", "{packs: [], guard: {version: 2}}"),
        ("packs: []  # é 🍼\nguard:\n  version: 1", "packs: []  # é 🍼\nguard:\n  version: 2"),
    ],
)
def test_any_way_to_write_a_mapping_will_do(text: str, expected: str) -> None:
    assert edit_policy(text, "guard.version", "2") == expected


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("gaurd.version", "2", "did you mean `guard`"),
        ("guard.versoin", "2", "did you mean `version`"),
        ("life_events.infant.polcy", "block", "did you mean `policy`"),
        ("life_events.infant.surfaces.sight", "allow", "did you mean `site`"),
        ("guard.version.major", "2", "set guard.version as a whole"),
        ("", "2", "unknown key ''"),
        ("guard.version", "two", "whole number"),
        ("guard.version", "", "is empty"),
        ("guard.version", "[1", "not YAML"),
        ("guard.version", "&a 1", "anchor or alias"),
        ("guard.version", "!!int 1", "a tag"),
        ("guard.owner", "yes", "words, not yes/no"),
        ("guard.owner", "~", "has no value"),
        ("guard.schema", "2", "newer release"),
        ("life_events.Infant.policy", "block", "cannot be the id"),
        ("life_events.infant.evidence.keyword", "['.*']", "patterns are words"),
        ("life_events.infant.policy", "replenish", "did you mean `replenish_only`"),
        ("life_events.infant", "block", "not a mapping"),
    ],
)
def test_what_a_policy_cannot_say_is_refused(key: str, value: str, says: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(says)):
        edit_policy(POLICY, key, value)


def test_taking_out_needs_a_known_key_and_a_sound_policy() -> None:
    with pytest.raises(PolicyError, match="did you mean `guard`"):
        remove_from_policy(POLICY, "gaurd")
    wrong, says = "gaurd: {version: 1}", r"p\.yaml, line 1, column 1: unknown key 'gaurd'"
    with pytest.raises(PolicyError, match=says):
        edit_policy(wrong, "guard.version", "2", "p.yaml")
    with pytest.raises(PolicyError, match=says):
        remove_from_policy(wrong, "guard.version", "p.yaml")


def test_the_policy_that_ships_can_be_edited_and_put_back() -> None:
    edited = edit_policy(CONFIG, "guard.valid_until", "2031-12-31")
    assert parse_policy(edited, "p").valid_until is not None
    assert remove_from_policy(edited, "guard.valid_until") == CONFIG


KEYS = st.sampled_from(
    [
        ("guard.version", "9"),
        ("guard.owner", "'x, y: {z}'"),
        ("guard.approved_by", "dpo"),
        ("defaults.discovery_slots", "7"),
        ("packs", "- grocery@1\n- mine@3"),
        ("life_events.infant.policy", "allow"),
        ("life_events.infant.title", '"no"'),
        ("life_events.infant.evidence.keyword", "['a, b', c d]"),
        ("life_events.infant.surfaces.push", "never"),
        ("life_events.pregnancy.targets.soft", "[van]"),
        ("life_events.pregnancy.declaration_expires", "10 months"),
        ("life_events.hunting.evidence", "{category: ['A & B', '#1'], keyword: [x]}"),
        ("no_chaining", "[moving]"),
    ]
)


@given(
    st.sampled_from([POLICY, CONFIG, POLICY.replace("\n", "\r\n"), "{packs: []}"]), st.lists(KEYS)
)
def test_any_edits_set_their_values_and_nothing_else(
    text: str, edits: list[tuple[str, str]]
) -> None:
    """After many edits, each key has its last value, and the rest is as it was."""
    edited, last = text, dict(edits)
    for key, value in edits:
        edited = edit_policy(edited, key, value)
    comments = [comment for comment in re.findall("#.*", text) if "wood" not in comment]
    assert [c for c in re.findall("#.*", edited) if c in comments] == comments
    tree = read_yaml(edited, "p")
    for key, value in last.items():
        found = tree.under(*key.split("."))
        assert found is not None
        assert found.same(read_yaml(value, "p"))
    for key in last.keys() - {"packs"}:
        edited, text = remove_from_policy(edited, key), remove_from_policy(text, key)
    packs = last.get("packs")
    expected = edit_policy(text, "packs", packs) if packs else text
    assert read_yaml(edited, "p").same(read_yaml(expected, "p"))


@pytest.mark.parametrize("value", ["Anna # chef", "[a, b] # both", "{a: b} #c", '"Anna" # chef'])
def test_a_value_that_is_read_only_in_part_is_refused(value: str) -> None:
    with pytest.raises(PolicyError, match="which YAML takes for a comment") as caught:
        edit_policy("packs: []\n", "guard.owner", value)
    assert "quotes" in caught.value.hint


def test_a_sign_in_quotes_or_within_a_word_is_part_of_the_value() -> None:
    for value, owner in (('"Anna # chef"', "Anna # chef"), ("Anna#1", "Anna#1")):
        edited = edit_policy("packs: []\n", "guard.owner", value)
        assert parse_policy(edited, "guard.yaml").owner == owner
