"""Seconds since 1970 as text that people and file names can carry. The core has no clock."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from recommender.types import SECONDS_A_DAY


def iso_utc(seconds: float) -> str:
    """`2017-12-31T18:30:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compact_utc(seconds: float) -> str:
    """`20171231T183000`: sorts by time and is safe in keys and file names."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%S")


def day_month_year(seconds: float) -> str:
    """`3 March 2017`."""
    return _day_month_year(int(seconds // SECONDS_A_DAY))


@lru_cache(maxsize=4096)
def _day_month_year(days: int) -> str:
    # Answers name the same few days again and again.
    day = datetime.fromtimestamp(days * SECONDS_A_DAY, UTC)
    return f"{day.day} {day:%B %Y}"
