"""`tactful demo --story` as people run it; the scenarios beside this prove what it claims."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import environment, run_tactful

CHAPTERS = (
    "The nursery loan",
    "Easylife",
    "Target's daughter",
    "Registry",
    "Replenishment",
    "Mother's Day",
    "Sober",
    "Cold start by masking",
    "Outage",
    "Retrain",
)
STORY = Path(__file__).parents[2] / "docs" / "story.md"
ANY_PORT = {"TACTFUL_PORT": "0"}


def claims(text: str) -> list[str]:
    """The sentences with a tick; digests and dates aside."""
    found = re.findall(r"^   ✓ (.+)$", text, re.MULTILINE)
    return [re.sub(r"sha256 .+|\d{4}-\d\d-\d\d", "", claim).strip() for claim in found]


def chapters(text: str) -> list[str]:
    """What was told, line by line; dates aside."""
    whole = text[: text.index("For customers who have not declared")]
    return [line for line in whole.splitlines() if "Silent until" not in line]


@pytest.mark.slow
def test_the_story_tells_ten_scenarios_and_tells_them_again_the_same(tmp_path: Path) -> None:
    """Ctrl-C ends the first telling. The second finds what that one left, and forgets it."""
    first = ""
    with subprocess.Popen(  # our own interpreter and module
        [sys.executable, "-m", "tactful", "demo", "--story"],
        env=environment(tmp_path, ANY_PORT | {"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            first += line
            if "Ctrl-C ends the story" in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    second = run_tactful("demo", "--story", "--once", state=tmp_path, extra=ANY_PORT)
    assert second.returncode == 0, second.stderr
    assert "/docs" not in second.stdout
    headings = re.findall(r"^(\d+)  (.+?) ─", second.stdout, re.MULTILINE)
    assert headings == [(str(n), title) for n, title in enumerate(CHAPTERS, start=1)]
    assert max(map(len, second.stdout.splitlines())) <= 100
    assert second.stdout.count("same bytes: sha256") == 8
    assert chapters(first) == chapters(second.stdout)
    assert claims(second.stdout) == claims(STORY.read_text())
