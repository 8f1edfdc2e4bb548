"""Results go to standard output, for people or for programs; all else to standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape

from recommender.errors import TactfulError


def out() -> Console:
    """Where results go."""
    return Console(highlight=False)


def err() -> Console:
    """Where progress and problems go."""
    return Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def tell(sentence: str) -> None:
    """One sentence for a person, on standard error."""
    err().print(f"tactful: {escape(sentence)}", soft_wrap=True)


def tell_error(error: TactfulError) -> None:
    """What is wrong, and how to mend it."""
    screen = err()
    screen.print(f"[bold red]error:[/] {escape(error.what)}", soft_wrap=True)
    for note in getattr(error, "__notes__", ()):
        screen.print(f"  {escape(note)}", soft_wrap=True)
    if error.hint:
        screen.print(f"[bold]how to mend it:[/] {escape(error.hint)}", soft_wrap=True)


def size(n: float) -> str:
    """`11.4 MB`, `7.3 kB`, `727 bytes`."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n >= unit:
            return f"{n / unit:,.1f} {name}"
    return f"{n:.0f} bytes"
