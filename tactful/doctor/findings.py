"""A finding of the doctor: how bad, what, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    FINE = "fine"
    LOOK = "look"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `hint` says what to do when it is not fine."""

    level: Level
    subject: str
    what: str
    hint: str = ""


def fine(subject: str, what: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.FINE, subject, what)


def look(subject: str, what: str, hint: str) -> Finding:
    """It works, but somebody should look at it."""
    return Finding(Level.LOOK, subject, what, hint)


def broken(subject: str, what: str, hint: str) -> Finding:
    """It does not work."""
    return Finding(Level.BROKEN, subject, what, hint)
