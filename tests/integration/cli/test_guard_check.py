"""`tactful guard lint | preview | set | unset`: a policy checked and changed as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Run

SOUND = "guard: {version: 7, owner: anna@shop, approved_by: dpo@shop}\npacks: [grocery@1]\n"
OWN_PACK = """pack: {name: mine, version: 1}
sources: {s: a list of ours}
life_events:
  tea:
    title: tea drinkers
    sources: [s]
    policy: block
    evidence: {category: [Tea]}
    targets: {keyword: [soap no], soft: [bread no 2], offer: [corn]}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "guard.yaml"
    path.write_text(SOUND)
    return path


def test_lint_has_nothing_to_say_of_a_sound_policy(tactful: Run, policy: Path) -> None:
    done = tactful("guard", "lint", policy, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["version"], told["findings"]) == (7, [])


def test_lint_warns_of_dead_patterns_with_their_line_once_it_has_a_catalogue(
    tactful: Run, policy: Path, csvs: tuple[Path, Path]
) -> None:
    policy.write_text(
        SOUND + "life_events: {tea: {policy: block, evidence: {keyword: [no such thing]}}}\n"
    )
    assert tactful("guard", "lint", policy).returncode == 0
    done = tactful("guard", "lint", policy, "--catalogue", csvs[1])
    assert done.returncode == 0, done.stderr
    assert "warning:" in done.stdout
    assert "line 3" in done.stdout
    assert "'no such thing'" in done.stdout
    strict = tactful("guard", "lint", policy, "--catalogue", csvs[1], "--strict", "--json")
    assert strict.returncode == 2
    levels = {finding["level"] for finding in json.loads(strict.stdout)["findings"]}
    assert levels == {"warning"}


def test_lint_ends_with_2_and_names_the_place_of_an_error(tactful: Run, policy: Path) -> None:
    policy.write_text(SOUND + "life_events: {tea: {polcy: block}}\n")
    done = tactful("guard", "lint", policy)
    assert done.returncode == 2
    assert "line 3" in done.stderr
    assert "`policy`" in done.stderr
    told = json.loads(tactful("guard", "lint", policy, "--json").stdout)
    assert [finding["level"] for finding in told["findings"]] == ["error"]
    assert told["version"] is None


def test_lint_tells_a_policy_that_the_settings_contradict(tactful: Run, policy: Path) -> None:
    done = tactful("guard", "lint", policy, "--set", "guard.packs=[bank@1]")
    assert done.returncode == 2
    assert "guard.packs" in done.stderr


def test_a_preview_counts_soft_targets_offers_and_packs_of_ones_own(
    tactful: Run, policy: Path, csvs: tuple[Path, Path]
) -> None:
    (policy.parent / "packs").mkdir()
    (policy.parent / "packs" / "mine.yaml").write_text(OWN_PACK)
    policy.write_text(SOUND.replace("[grocery@1]", "[grocery@1, mine@1]"))
    command = ("guard", "preview", policy, "--catalogue", csvs[1])
    told = json.loads(tactful(*command, "--json").stdout)
    tea = next(event for event in told["events"] if event["id"] == "tea")
    assert (tea["evidence"], tea["targets"], tea["soft"]) == (6, 12, 1)
    assert tea["offers"] == 14
    assert told["packs"] == ["grocery@1", "mine@1 (your own)"]
    shown = tactful(*command)
    assert "mine@1 (your own)" in shown.stdout
    assert "bread no 2 (soft bread no 2)" in shown.stdout
    assert "tea: block; evidence 6, targets 12, soft 1, offers 14" in shown.stdout
    everything = tactful(*command, "--life-event", "tea")
    assert everything.returncode == 0, everything.stderr
    for words in ("tea drinkers", "tea-5", "soft target", "everywhere", "category Tea"):
        assert words in everything.stdout


def test_a_preview_is_readable_at_eighty_columns(
    tactful: Run, policy: Path, csvs: tuple[Path, Path]
) -> None:
    command = ("guard", "preview", policy, "--catalogue", csvs[1])
    wide, narrow = (tactful(*command, extra={"COLUMNS": width}).stdout for width in ("200", "80"))
    assert "…" not in narrow
    assert wide.split() == narrow.split()
    events = [line for line in narrow.splitlines() if ": block" in line]
    assert any(line.startswith("pregnancy: block_unless_declared; evidence") for line in events)


def test_the_help_of_set_shows_a_list_with_its_brackets(tactful: Run) -> None:
    assert """'["a", "b"]'""" in " ".join(tactful("guard", "set", "--help").stdout.split())


def test_a_preview_of_an_unknown_life_event_names_the_nearest(
    tactful: Run, policy: Path, csvs: tuple[Path, Path]
) -> None:
    done = tactful(
        *("guard", "preview", policy, "--catalogue", csvs[1], "--life-event", "pregancy")
    )
    assert done.returncode == 2
    assert "`pregnancy`" in done.stderr


def test_set_and_unset_change_one_value_and_keep_every_comment(tactful: Run, policy: Path) -> None:
    before = "# ours\n" + SOUND + "# the end\n"
    policy.write_text(before)
    policy.chmod(0o640)
    key = ("life_events.infant.policy",)
    done = tactful("guard", "set", *key, "block", "--policy", policy)
    assert done.returncode == 0, done.stderr
    assert "+life_events: {infant: {policy: block}}" in done.stdout
    changed = policy.read_text()
    assert changed.replace("life_events: {infant: {policy: block}}\n", "") == before
    assert policy.stat().st_mode & 0o777 == 0o640
    again = tactful("guard", "set", *key, "block", "--policy", policy, "--json")
    assert json.loads(again.stdout)["changed"] is False
    undone = tactful("guard", "unset", *key, "--policy", policy, "--json")
    assert json.loads(undone.stdout)["changed"] is True
    assert policy.read_text() == before
    assert sorted(path.name for path in policy.parent.iterdir()) == ["guard.yaml"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("life_event.infant.policy", "block", "`life_events`"),
        ("life_events.infant.policy", "yes", "words, not yes/no"),
        ("guard.version", "[", "guard.version"),
    ],
)
def test_a_change_that_no_policy_could_have_is_refused_and_the_file_stays(
    tactful: Run, policy: Path, key: str, value: str, said: str
) -> None:
    done = tactful("guard", "set", key, value, "--policy", policy)
    assert done.returncode == 2
    assert said in done.stderr
    assert policy.read_text() == SOUND


def test_a_policy_file_that_is_not_there_is_bad_input(tactful: Run, tmp_path: Path) -> None:
    done = tactful("guard", "set", "guard.version", "2", "--policy", tmp_path / "none.yaml")
    assert done.returncode == 2
    assert "--policy" in done.stderr


def test_a_byte_order_mark_stays_where_an_editor_put_it(tactful: Run, policy: Path) -> None:
    policy.write_text(SOUND, encoding="utf-8-sig")
    done = tactful("guard", "set", "guard.version", "8", "--policy", policy)
    assert done.returncode == 0, done.stderr
    assert policy.read_text(encoding="utf-8") == "\ufeff" + SOUND.replace("7", "8", 1)
