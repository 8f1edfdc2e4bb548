"""`tactful guard draft | approve | publish | rollback | drop | versions | show | diff`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Run

HEAD = "guard: {{version: {}, owner: anna@shop, approved_by: dpo@shop}}\npacks: [grocery@1]\n"
TIGHT = "life_events: {tea: {policy: block, targets: {category: [Tea]}}}\n"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "guard.yaml"
    path.write_text(HEAD.format(5) + TIGHT)
    return path


def told(tactful: Run, *arguments: str | Path) -> Any:
    done = tactful("guard", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_tightening_needs_nobody_else_loosening_does_and_both_can_be_undone(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    assert "no policy was drafted" in tactful("guard", "versions").stdout
    early = tactful("guard", "draft", policy, "--as", "anna@shop")
    assert "no bundle is live yet" in early.stdout
    tactful("publish", bundles[1])

    drafted = told(tactful, "draft", policy, "--as", "anna@shop", "--reason", "less tea")
    assert (drafted["version"], drafted["author"], drafted["state"]) == (5, "anna@shop", "draft")
    assert drafted["change"]["loosens"] is False
    live = told(tactful, "publish", "5", "--as", "anna@shop", "--expect", "0")
    assert live["state"] == "published"

    policy.write_text(HEAD.format(6))
    loosening = tactful("guard", "draft", policy, "--as", "anna@shop")
    assert "this loosens the guard: another person approves it" in loosening.stdout
    refused = tactful("guard", "publish", "6", "--as", "anna@shop")
    assert refused.returncode == 2
    assert "nobody has approved it" in refused.stderr
    own = tactful("guard", "approve", "6", "--as", "anna@shop", "--reason", "mine")
    assert own.returncode == 2
    yes = tactful("guard", "approve", "6", "--as", "dpo@shop", "--reason", "tea is fine")
    assert "is approved by dpo@shop" in yes.stdout
    stale = tactful("guard", "publish", "6", "--as", "anna@shop", "--expect", "4")
    assert stale.returncode == 1
    assert "holds; every worker" in tactful("guard", "publish", "6", "--as", "anna@shop").stdout

    listed = tactful("guard", "versions").stdout
    for words in ("holds", "version 6", "approved by dpo@shop", "tea is fine", "less tea"):
        assert words in listed
    back = told(tactful, "rollback", "--as", "anna@shop", "--reason", "too much tea")
    assert back["version"] == 5
    ledger = told(tactful, "versions")
    assert (ledger["live"], ledger["activations"][-1]["reason"]) == (5, "too much tea")


def test_a_draft_is_dropped_by_its_author_only(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    tactful("publish", bundles[0])
    tactful("guard", "draft", policy, "--as", "anna@shop")
    other = tactful("guard", "drop", "5", "--as", "ben@shop")
    assert other.returncode == 2
    assert "anna@shop" in other.stderr
    assert told(tactful, "drop", "5", "--as", "anna@shop") == {"dropped": 5}
    assert tactful("guard", "drop", "5").returncode == 2


def test_the_text_of_a_version_comes_back_with_its_packs_and_lists(
    tactful: Run, policy: Path, tmp_path: Path
) -> None:
    (tmp_path / "packs").mkdir()
    pack = "pack: {name: mine, version: 1}\nsources: {s: ours}\nlife_events:\n"
    pack += "  tea: {title: tea, sources: [s], policy: block, evidence: {category: [Tea]}}\n"
    (tmp_path / "packs" / "mine.yaml").write_text(pack)
    (tmp_path / "tea.csv").write_text("corn\n")
    text = HEAD.format(5).replace("[grocery@1]", "[mine@1]")
    text += "life_events: {tea: {proxies: {list: tea.csv, status: approved}}}\n"
    policy.write_text(text)
    tactful("guard", "draft", policy)
    shown = tactful("guard", "show", "5")
    assert shown.stdout == text + "\n"
    assert "written by" in shown.stderr
    out = tmp_path / "back" / "guard.yaml"
    done = tactful("guard", "show", "5", "--out", out)
    assert done.returncode == 0, done.stderr
    assert (out.read_text(), (out.parent / "packs" / "mine.yaml").read_text()) == (text, pack)
    assert (out.parent / "tea.csv").read_text() == "corn\n"
    again = tactful("guard", "show", "5", "--out", out)
    assert again.returncode == 2
    assert "there already" in again.stderr
    assert told(tactful, "show", "5")["source"]["packs"] == {"mine": pack}


@pytest.mark.parametrize(
    ("version", "said"),
    [("live", "ever published"), ("9", "no version 9"), ("newest", "no version")],
)
def test_a_version_that_is_not_there_is_bad_input(tactful: Run, version: str, said: str) -> None:
    done = tactful("guard", "show", version)
    assert done.returncode == 2
    assert said in done.stderr


def test_publishing_a_bundle_says_when_another_policy_holds(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    first = json.loads(tactful("publish", bundles[0], "--json").stdout)
    assert first["policy"] == {"holds": None, "trained_under": 0, "same": True}
    tactful("guard", "draft", policy, "--as", "anna@shop")
    tactful("guard", "publish", "5", "--as", "anna@shop")
    done = tactful("publish", bundles[0])
    assert "the live policy, version 5, holds; the bundle was trained under version 0" in (
        done.stdout
    )
    looser = tactful("publish", bundles[1])
    assert looser.returncode == 2
    assert "trained under a looser guard policy than the one that holds" in looser.stderr
    assert "tactful guard show live" in looser.stderr


def test_a_diff_of_two_files_says_what_changes_in_words_and_in_numbers(
    tactful: Run, csvs: tuple[Path, Path], policy: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.yaml"
    old.write_text(HEAD.format(4) + TIGHT.replace("Tea", "Soap"))
    done = tactful("guard", "diff", old, policy, "--catalogue", csvs[1])
    assert done.returncode == 0, done.stderr
    for words in (
        "targets, categories added: Tea",
        "targets, categories removed: Soap",
        "held back now: 6 offers (tea-0",
        "may be shown now: 6 offers (soap-0",
        "this loosens the guard",
    ):
        assert words in done.stdout
    same = tactful("guard", "diff", old, old, "--catalogue", csvs[1])
    assert "both say the same, and do the same" in same.stdout
    assert "this loosens nothing" in same.stdout


def test_a_diff_knows_what_holds_versions_and_a_bundles_own(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    tactful("publish", bundles[0])
    own = told(tactful, "diff", "live", policy)
    assert own["old"] == "the live bundle's own policy"
    assert own["said"]["tea"] == ["is new: block"]
    assert own["change"]["life_events"]["tea"]["offers_held_back"] == 6
    tactful("guard", "draft", policy, "--as", "anna@shop")
    tactful("guard", "publish", "5", "--as", "anna@shop")
    live = told(tactful, "diff", "5", "live")
    assert (live["old"], live["new"]) == ("version 5", "the live policy, version 5")
    assert (live["said"], live["change"]["loosens"]) == ({}, False)
    files = told(tactful, "diff", "bundle", policy, "--bundle", bundles[1])
    assert files["change"]["loosens"] is False


def test_a_bundles_own_policy_over_a_catalogue_and_an_unpublished_one_are_refused(
    tactful: Run, bundles: tuple[Path, Path], csvs: tuple[Path, Path], policy: Path
) -> None:
    lost = tactful("guard", "diff", "bundle", policy, "--catalogue", csvs[1])
    assert lost.returncode == 2
    assert "its text was not kept" in lost.stderr
    never = tactful("guard", "diff", "live", policy, "--bundle", bundles[0])
    assert never.returncode == 2
    assert "no policy was ever published" in never.stderr


def test_what_is_shown_into_a_file_stays_in_its_folder_and_replaces_nothing(
    tactful: Run, policy: Path, tmp_path: Path
) -> None:
    """A list may be called as the policy will be, and a folder may be a link to elsewhere."""
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "tea.csv").write_text("corn\n")
    entry = "life_events: {tea: {policy: block, targets: {keyword: [tea]}, "
    proxies = "proxies: {list: lists/tea.csv, status: approved}}}\n"
    policy.write_text(HEAD.format(5) + entry + proxies)
    drafted = tactful("guard", "draft", policy, "--as", "anna@shop")
    assert drafted.returncode == 0, drafted.stderr
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    (out / "lists").symlink_to(elsewhere)
    led_out = tactful("guard", "show", "5", "--out", out / "guard.yaml")
    assert led_out.returncode == 2
    assert "lies outside the folder" in led_out.stderr
    assert list(elsewhere.iterdir()) == []
    policy.write_text((HEAD.format(5) + entry + proxies).replace("lists/tea.csv", "tea.csv"))
    (tmp_path / "tea.csv").write_text("corn\n")
    tactful("guard", "draft", policy, "--as", "anna@shop")
    twice = tactful("guard", "show", "5", "--out", tmp_path / "new" / "tea.csv")
    assert twice.returncode == 2
    assert "is there already" in twice.stderr
    assert not (tmp_path / "new").exists()


def test_a_second_spelling_of_a_name_is_no_second_person(
    tactful: Run, bundles: tuple[Path, Path], policy: Path
) -> None:
    tactful("publish", bundles[0])
    tactful("guard", "draft", policy, "--as", "anna@shop")
    for name in ("\u0430nna@shop", "an\u200bna@shop", "an na@shop"):
        done = tactful("guard", "approve", "5", "--as", name, "--reason", "well")
        assert done.returncode == 2
        assert "cannot be the name of a person" in done.stderr
