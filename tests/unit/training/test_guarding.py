"""Which policy a training compiles, from which files."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import NotFound, PolicyError
from recommender.guard.source import PolicySource
from tests.support.goods import offers, titled
from training.guarding import compile_guard, guarded, read_policy_source
from training.sections import Guard

POLICY = """\
guard: {version: 4, owner: anna@shop, valid_until: 2999-12-31}
packs: [grocery@1]
life_events:
  infant: {policy: block}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "guard.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_packs_alone_hold_as_they_ship() -> None:
    guard = compile_guard(Guard())
    assert "infant" in [event.id for event in guard.life_events]
    assert guard.policy.valid_until is None


def test_no_packs_guard_nothing() -> None:
    assert compile_guard(Guard(packs=())).life_events == ()


def test_no_packs_guard_nothing_whatever_the_policy_says(tmp_path: Path) -> None:
    """`--set guard.packs=[]` on a shop's own settings, for an experiment."""
    found = compile_guard(Guard(packs=(), policy=written(tmp_path, POLICY)))
    assert found.life_events == ()


def test_a_policy_overrides_its_packs(tmp_path: Path) -> None:
    guard = compile_guard(Guard(policy=written(tmp_path, POLICY)))
    infant = next(event for event in guard.life_events if event.id == "infant")
    assert infant.stance == "block"
    assert guard.policy.version == 4


def test_a_policy_and_settings_that_disagree_are_an_error(tmp_path: Path) -> None:
    """Otherwise one of them would be ignored, and perhaps the stricter one."""
    policy = written(tmp_path, POLICY.replace("[grocery@1]", "[]"))
    with pytest.raises(PolicyError, match=r"grocery@1, but .* names none"):
        compile_guard(Guard(packs=("grocery@1",), policy=policy))
    assert compile_guard(Guard(packs=("grocery@1",), policy=written(tmp_path, POLICY))).life_events


def test_proxy_lists_lie_beside_the_policy(tmp_path: Path) -> None:
    (tmp_path / "approved.csv").write_text("item_id,why\n77,lotion\n", encoding="utf-8")
    text = POLICY.replace("{policy: block}", "{proxies: {list: approved.csv, status: approved}}")
    guard = compile_guard(Guard(policy=written(tmp_path, text)))
    infant = next(event for event in guard.life_events if event.id == "infant")
    assert infant.proxies == ("77",)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.yaml"):
        compile_guard(Guard(policy=tmp_path / "nowhere.yaml"))
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyError, match="cannot be read as text"):
        compile_guard(Guard(policy=tmp_path / "binary.yaml"))


MINE = "pack: {name: mine, version: 1}\nlife_events: {ham: {policy: block, evidence: {tag: [ham]}}}"


def test_a_pack_of_ones_own_lies_in_a_folder_beside_the_policy(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "mine.yaml").write_text(MINE, encoding="utf-8")
    policy = written(tmp_path, "packs: [grocery@1, mine@1]")
    guard = compile_guard(Guard(policy=policy))
    assert {"ham", "infant"} <= {event.id for event in guard.life_events}
    assert read_policy_source(policy).packs == {"mine": MINE}


def test_a_pack_that_is_not_there_is_named_with_its_place(tmp_path: Path) -> None:
    policy = written(tmp_path, "packs: [mine@1]")
    with pytest.raises(PolicyError, match=r"line 1, column 9: unknown pack 'mine@1'") as caught:
        compile_guard(Guard(policy=policy))
    assert "packs/mine.yaml beside the policy" in caught.value.hint


def test_without_a_policy_a_pack_of_ones_own_cannot_be_found() -> None:
    with pytest.raises(PolicyError, match=r"guard\.packs: unknown pack 'mine@1'") as caught:
        compile_guard(Guard(packs=("mine@1",)))
    assert "needs a policy file" in caught.value.hint


def test_a_source_holds_the_files_as_they_are(tmp_path: Path) -> None:
    """A byte order mark aside; a pending list is not read."""
    text = (
        "packs: [grocery@1]\nlife_events:\n"
        "  infant: {proxies: {list: lists/a.csv, status: approved}}\n"
        "  ageing: {proxies: {list: nowhere.csv, status: pending}}\n"
    )
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "a.csv").write_text("\ufeff77\n", encoding="utf-8")
    path = written(tmp_path, text)
    assert read_policy_source(path) == PolicySource(
        text=text, name=str(path), proxy_lists={"lists/a.csv": "77\n"}
    )


def test_a_policy_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    """Neither by its name nor by a link."""
    (tmp_path / "secret.csv").write_text("77\n", encoding="utf-8")
    inside = tmp_path / "inside"
    (inside / "packs").mkdir(parents=True)
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inside / "packs" / "mine.yaml").symlink_to(tmp_path / "secret.csv")
    entry = "packs: []\nlife_events: {ham: {proxies: {list: %s, status: approved}}}"
    with pytest.raises(PolicyError, match="leaves the policy's folder"):
        read_policy_source(written(inside, entry % "../secret.csv"))
    for text in (entry % "link.csv", "packs: [mine@1]"):
        with pytest.raises(PolicyError, match="lies outside the policy's folder"):
            read_policy_source(written(inside, text))


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    text = "packs: []\nlife_events: {ham: {proxies: {list: a.csv, status: approved}}}"
    with pytest.raises(NotFound, match=r"a\.csv"):
        read_policy_source(written(tmp_path, text))


def test_an_assortment_carries_every_bit_of_the_guard(tmp_path: Path) -> None:
    text = (
        "packs: []\nlife_events:\n  ham:\n    policy: block\n"
        "    evidence: {keyword: [ham]}\n"
        "    targets: {keyword: [spit], soft: [picnic], offer: [o]}\n"
    )
    guard = compile_guard(Guard(policy=written(tmp_path, text)))
    shelf = guarded(
        titled("Ham", "Spit", "Picnic rug"),
        offers(("n", "A week", (0, 2)), ("o", "A day", ()), ("p", "Picnics", ())),
        guard,
    )
    assert shelf.evidence.tolist() == [1, 0, 0]
    assert shelf.target.tolist() == [1, 1, 0]
    assert shelf.soft.tolist() == [0, 0, 1]
    assert shelf.offer_target.tolist() == [1, 1, 0]
    assert shelf.offer_soft.tolist() == [1, 0, 1]
    assert shelf.policy is guard.policy
