"""Every policy that the marketers' pages show can be applied as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recommender.guard.document import compile_policy, parse_policy
from recommender.guard.policy import Stance
from recommender.guard.taxonomy import builtin_pack

ROOT = Path(__file__).parents[2]
HANDBOOK = ROOT / "docs" / "guard.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", HANDBOOK.read_text(), re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_the_handbook_can_be_applied(text: str) -> None:
    document = parse_policy(text, "guard.md")
    lists = dict.fromkeys(document.proxy_lists, "item_id\n40017\n")
    guard = compile_policy(document, [builtin_pack(name) for name in document.packs], lists)
    assert len(guard.life_events) >= 40


def test_the_handbook_shows_the_usual_wishes() -> None:
    assert len(EXAMPLES) >= 10


def test_the_tests_that_the_handbook_names_exist() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", HANDBOOK.read_text()))
    found = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert sorted(named - found) == []
    assert len(named) >= 5


def test_the_handbook_names_every_guarantee_and_every_policy() -> None:
    text = HANDBOOK.read_text()
    assert all(f"| G{number} |" in text for number in range(1, 12))
    assert all(f"| `{stance.value}` |" in text for stance in Stance)
