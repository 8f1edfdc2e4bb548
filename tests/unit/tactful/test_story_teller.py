"""The story claims nothing that it has not looked at."""

from __future__ import annotations

from hashlib import sha256
from io import StringIO

import pytest
from rich.console import Console

from recommender.errors import ContainmentBreach
from tactful.demo.story_teller import Teller


@pytest.fixture
def screen() -> Console:
    return Console(file=StringIO(), width=100)


def written(screen: Console) -> str:
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


def test_a_claim_that_is_false_ends_the_story(screen: Console) -> None:
    with pytest.raises(ContainmentBreach, match="nobody is called"):
        Teller(screen).claim(False, "nobody is called")
    assert written(screen) == ""


def test_answers_that_differ_in_a_byte_end_the_story(screen: Console) -> None:
    with pytest.raises(ContainmentBreach, match="Ida and her twin"):
        Teller(screen).same(b"one", b"onE", "Ida and her twin")


def test_equal_answers_are_shown_with_their_digest(screen: Console) -> None:
    Teller(screen).same(b"one", b"one", "Ida and her twin get the")
    digest = sha256(b"one").hexdigest()[:12]
    assert f"✓ Ida and her twin get the same bytes: sha256 {digest}" in written(screen)


def test_titles_with_brackets_are_text_and_no_markup(screen: Console) -> None:
    Teller(screen).lists({"before": ["[red]wine[/]"], "after": []})
    assert "[red]wine[/]" in written(screen)


def test_chapters_are_counted(screen: Console) -> None:
    teller = Teller(screen)
    teller.chapter("One", "text")
    teller.chapter("Two", "text")
    assert "1  One" in written(screen)
    assert "2  Two" in written(screen)
