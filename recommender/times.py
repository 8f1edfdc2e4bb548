"""Seconds since 1970 as text that people and file names can carry. The core has no clock."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_utc(seconds: float) -> str:
    """`2017-12-31T18:30:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compact_utc(seconds: float) -> str:
    """`20171231T183000`: sorts by time and is safe in keys and file names."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%S")


def day_month_year(seconds: float) -> str:
    """`3 March 2017`."""
    day = datetime.fromtimestamp(seconds, UTC)
    return f"{day.day} {day:%B %Y}"
