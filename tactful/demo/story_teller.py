"""How the story is told: chapters, requests, answers side by side, and claims that are checked."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from recommender.errors import ContainmentBreach

WIDTH = 100
_DIGITS = 12
_LONGEST_CELL = 30


class Teller:
    """Writes to a screen. What it claims it has looked at: a claim that fails ends the story."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._chapter = 0
        self._asked = False

    def chapter(self, title: str, text: str) -> None:
        """A heading, and two or three sentences."""
        self._chapter += 1
        self._screen.print()
        self._screen.rule(f"[bold]{self._chapter}  {title}[/]", align="left", style="dim")
        self._screen.print()
        self.say(text)

    def say(self, text: str) -> None:
        """A paragraph; square brackets are markup."""
        self._screen.print(text)

    def request(self, method: str, path: str, body: Mapping[str, Any] | str = "") -> None:
        """A call as it was sent; a body that is too long to read is told in words."""
        sent = body if isinstance(body, str) else json.dumps(body)
        if not self._asked:
            self._screen.print()
        self._asked = True
        self._screen.print(f"   [cyan]{method} {path}[/] [dim]{escape(sent)}[/]")

    def lists(self, columns: Mapping[str, Sequence[str]], telling: Collection[str] = ()) -> None:
        """Lists of offers side by side, under their headings; those that tell something in red."""
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
        for heading in columns:
            table.add_column(heading, no_wrap=True, overflow="ellipsis", max_width=_LONGEST_CELL)
        longest = max(map(len, columns.values()))
        for row in range(longest):
            cells = (titles[row] if row < len(titles) else "" for titles in columns.values())
            table.add_row(*(_cell(cell, telling) for cell in cells))
        self._asked = False
        self._screen.print()
        self._screen.print(Padding(table, (0, 0, 0, 3), expand=False))
        self._screen.print()

    def claim(self, true: bool, sentence: str) -> None:
        """A sentence that holds; ContainmentBreach when it does not."""
        if not true:
            raise ContainmentBreach(
                f"the story does not hold: {sentence}",
                hint="this is a defect of Tactful: please report it with the version",
            )
        self._screen.print(Padding(f"[green]✓[/] {sentence}", (0, 0, 0, 3), expand=False))

    def same(self, one: bytes, other: bytes, sentence: str) -> None:
        """Two answers that are equal to the byte, and the digest of both."""
        digest = sha256(one).hexdigest()[:_DIGITS]
        self.claim(one == other, f"{sentence} [bold]same bytes[/]: sha256 {digest}...")


def _cell(title: str, telling: Collection[str]) -> str:
    return f"[red]{escape(title)}[/]" if title in telling else escape(title)
