"""Which policy a training compiles, from which files."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import NotFound, PolicyError
from training.guarding import compile_guard
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
