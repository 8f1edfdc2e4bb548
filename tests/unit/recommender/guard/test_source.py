"""A policy with all that it names: one digest, one compiled guard, bounded."""

from __future__ import annotations

import re

import pytest

from recommender.errors import PolicyError
from recommender.guard.document import compile_policy, parse_policy
from recommender.guard.source import PolicySource
from recommender.guard.taxonomy import builtin_pack

MINE = """\
pack: {name: mine, version: 2}
life_events:
  hunting: {policy: block, evidence: {keyword: [ammo]}}
  moving: {policy: allow, targets: {keyword: [moving box]}}
no_chaining: [moving]
"""
POLICY = """\
guard: {version: 3}
packs: [mine@2]
life_events:
  hunting: {proxies: {list: p.csv, status: approved}}
"""


def source(text: str = POLICY, **changes: object) -> PolicySource:
    given = {"packs": {"mine": MINE}, "proxy_lists": {"p.csv": "boots\n"}, **changes}
    return PolicySource.model_validate({"text": text, **given})


def test_a_policy_brings_its_own_packs_and_lists() -> None:
    guard = source().compile()
    hunting, moving = guard.life_events
    assert (hunting.id, hunting.evidence.keyword, hunting.proxies) == (
        "hunting",
        ("ammo",),
        ("boots",),
    )
    assert moving.targets.keyword == ("moving box",)
    assert guard.policy.no_chaining == ("moving",)
    assert source().document().packs == ("mine@2",)


def test_shipped_packs_need_no_text() -> None:
    text = "packs: [grocery@1]"
    expected = compile_policy(parse_policy(text, "guard.yaml"), [builtin_pack("grocery@1")])
    assert PolicySource(text=text).compile() == expected


def test_own_and_shipped_packs_are_joined() -> None:
    """A life event of both has patterns of both."""
    mine = MINE.replace("hunting", "infant")
    guard = source("packs: [grocery@1, mine@2]", packs={"mine": mine}).compile()
    infant = next(event for event in guard.life_events if event.id == "infant")
    assert infant.stance == "block"
    assert {"ammo", "diaper"} <= set(infant.evidence.keyword)
    assert len(guard.layers) == 2


@pytest.mark.parametrize(
    ("packs", "handed_in", "says"),
    [
        ("[mine@2]", {}, r"guard.yaml, line 1, column 9: unknown pack 'mine@2'"),
        ("[min@2]", {"mine": MINE}, "did you mean `mine`"),
        ("[mine@2]", {}, "the file packs/mine.yaml beside the policy"),
        ("[mine@3]", {"mine": MINE}, "names 'mine@3', but packs/mine.yaml holds 'mine@2'"),
        ("[other@2]", {"other": MINE}, "holds 'mine@2'"),
        ("[mine@2]", {"mine": "pack: 3"}, "packs/mine.yaml, line 1, column 7: "),
    ],
)
def test_a_pack_that_cannot_be_had_is_named(
    packs: str, handed_in: dict[str, str], says: str
) -> None:
    with pytest.raises(PolicyError, match=re.escape(says)):
        source(f"packs: {packs}", packs=handed_in).compile()


def test_a_name_that_ships_cannot_be_taken() -> None:
    with pytest.raises(PolicyError, match="'grocery', as one that ships"):
        source(packs={"grocery": MINE})


def test_the_digest_is_of_all_texts_and_of_nothing_else() -> None:
    """The order in which files are handed in, and the name of the policy, say nothing."""
    same = [
        source(),
        source(name="other.yaml"),
    ]
    two = {"mine": MINE, "unused": ""}
    assert source(packs=two).digest == source(packs=dict(reversed(two.items()))).digest
    others = [
        source(POLICY + "# note\n"),
        source(packs={"mine": MINE + "\n"}),
        source(packs=two),
        source(proxy_lists={"p.csv": "boots"}),
        source(proxy_lists={"q.csv": "boots\n"}),
    ]
    assert {found.digest for found in same} == {source().digest}
    assert len({found.digest for found in [*same, *others]}) == 6
    assert re.fullmatch("[0-9a-f]{32}", source().digest)


def test_a_policy_of_five_megabytes_is_refused_unread() -> None:
    with pytest.raises(PolicyError, match=r"guard\.yaml is longer than 1,000,000 bytes"):
        PolicySource(text="# x\n" * 1_250_000)


def test_letters_of_several_bytes_count_as_such() -> None:
    with pytest.raises(PolicyError, match="longer than 1,000,000 bytes"):
        PolicySource(text="é" * 500_001)


def test_everything_together_is_bounded() -> None:
    lists = {f"{n}.csv": "x" * 1_000_000 for n in range(5)}
    with pytest.raises(PolicyError, match=r"with its packs and lists is longer than 5,000,000"):
        source(proxy_lists=lists)


@pytest.mark.parametrize("text", ["", "   \n", "# nothing\n"])
def test_an_empty_policy_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(PolicyError, match=r"guard\.yaml is empty"):
        PolicySource(text=text).compile()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("guard: {schema: 2}\npacks: []", "written for a newer release of Tactful"),
        ("packs: []\npacks: []", "stands twice"),
        ("packs: []\nlife_events: !!python/object/apply:os.system ['true']", "a tag"),
        ("packs: []\nguard: {owner: !exec x}", "a tag"),
        ("life_events: {infnt: {policy: block}}", "in no pack and matches nothing"),
    ],
)
def test_what_a_policy_must_not_hold_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(PolicyError, match=r"guard\.yaml, line \d+, column \d+: ") as caught:
        PolicySource(text=text).compile()
    assert says in str(caught.value)


def test_anchors_that_would_explode_are_refused_at_the_first() -> None:
    """A billion laughs: ten levels of ten aliases each."""
    laughs = "\n".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10) if n else 'ha'}]" for n in range(10)
    )
    with pytest.raises(PolicyError, match=r"line 1, column 5: an anchor or alias"):
        PolicySource(text=laughs).compile()


@pytest.mark.parametrize(
    "name",
    [
        "../evil.csv",
        "lists/../../evil.csv",
        "/etc/evil.csv",
        "C:evil.csv",
        "..\\evil.csv",
        "evil\n.csv",
        "evil\u202e.csv",
        "",
        ".",
        "x" * 256,
    ],
)
def test_no_list_is_named_outside_the_folder_of_the_policy(name: str) -> None:
    with pytest.raises(PolicyError, match="cannot be the name of a proxy list"):
        source(proxy_lists={name: "boots\n"})


@pytest.mark.parametrize("name", ["../mine", "/mine", "Mine", "mi ne", "", "mine/x"])
def test_no_pack_is_named_outside_the_folder_of_packs(name: str) -> None:
    with pytest.raises(PolicyError, match="cannot be the name of a pack"):
        source(packs={name: MINE})


def test_a_pack_is_handed_in_by_its_name_without_the_version() -> None:
    with pytest.raises(PolicyError) as caught:
        source(packs={"mine@2": MINE})
    assert caught.value.hint.startswith("hand it in as 'mine'")


def test_a_file_that_nobody_sees_in_the_policy_is_not_taken() -> None:
    """A pending list is named in the policy, so it may be handed in."""
    source().check_used()
    source(POLICY.replace("approved", "pending")).check_used()
    with pytest.raises(PolicyError, match=r"'q\.csv' is handed in, and the policy does not use it"):
        source(proxy_lists={"p.csv": "boots\n", "q.csv": ""}).check_used()
    with pytest.raises(PolicyError, match=r"'packs/other\.yaml' is handed in"):
        source(packs={"mine": MINE, "other": MINE}).check_used()


def test_a_file_goes_with_the_words_that_named_it() -> None:
    shorter = source("packs: [mine@2]", proxy_lists={"p.csv": "boots\n"})
    assert (shorter.without_unused().packs, shorter.without_unused().proxy_lists) == (
        {"mine": MINE},
        {},
    )
    assert source().without_unused() == source()
