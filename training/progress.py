"""How training tells a person what it is doing: named stages, each with a total."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

Advance = Callable[[int], None]
"""Called with the number of steps that were just done."""


class Progress(Protocol):
    """Anything that can show stages. Never part of a result: models do not depend on it."""

    def stage(self, name: str, total: int) -> AbstractContextManager[Advance]:
        """One stage of `total` steps; leaving the context ends it."""
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Advance]:  # noqa: ARG002 - says nothing
        """A stage that nobody sees."""
        yield lambda _: None


class Labelled:
    """Says beside each stage what it belongs to."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress, self._label = progress, label

    def stage(self, name: str, total: int) -> AbstractContextManager[Advance]:
        """The same stage with the label after its name."""
        return self._progress.stage(f"{name} ({self._label})", total)


class RichProgress:
    """Bars with the time left, on standard error, one below the other."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Advance]:
        """A bar of `total` steps."""
        bars = Bars(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        with bars:
            task = bars.add_task(name, total=max(total, 1))
            yield lambda steps: bars.advance(task, steps)
            bars.update(task, completed=max(total, 1))
