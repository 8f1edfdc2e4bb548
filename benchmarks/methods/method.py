"""What the harness asks of a method: a space of settings, and a fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from judge import Scorer

if TYPE_CHECKING:
    from optuna import Trial

Settings = Mapping[str, float | int | str]
Fit = Callable[..., Scorer]
"""(problem, **settings) -> scorer; deterministic."""


def nothing_to_tune(_: Trial) -> Settings:
    """The space of a method without settings."""
    return {}


@dataclass(frozen=True)
class Method:
    """One row of the table.

    space   suggests settings to Optuna
    start   the first setting tried: its authors' default, or what is known to be sane
    needs   the module that fitting imports; it is imported before the clock starts
    """

    name: str
    fit: Fit
    space: Callable[[Trial], Settings] = nothing_to_tune
    start: Settings = field(default_factory=dict)
    needs: str = "scipy.sparse"
