"""What was read, and where every line went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recommender.times import iso_utc


@dataclass(frozen=True)
class ReadReport:
    """Counts of a reading. Every line read is accounted for.

        lines_read = rejected_lines + duplicates + returns + cancelled + gifts + merged + kept

    rejected         rows set aside, by "table: rule" (catalogue rows among them)
    duplicates       lines whose event_id, customer and item were read before
    returns          lines with a negative quantity; `unmatched` of them found (in part) nothing
                     earlier to undo
    cancelled        purchases of which returns left nothing
    gifts            purchases marked as gifts, which enter no view
    merged           lines added to an equal line of the same basket
    items, offers    0 and not told for a history alone, of which the bundle knows them
    unlisted         items without a row in the catalogue
    offers_left_out  offers that promote only items that are not available
    window           first and last timestamp, seconds since 1970
    ignored          files beside the data that were not read
    unused           columns that were not used
    """

    files: tuple[str, ...]
    lines_read: int
    kept: int
    customers: int
    baskets: int
    window: tuple[int, int]
    items: int = 0
    rejected_lines: int = 0
    duplicates: int = 0
    returns: int = 0
    unmatched: int = 0
    cancelled: int = 0
    gifts: int = 0
    merged: int = 0
    unlisted: int = 0
    offers: int = 0
    offers_left_out: int = 0
    catalogue_files: tuple[str, ...] = ()
    catalogue_rows: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    rejected_to: str = ""
    ignored: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The report for a terminal or a log, without counts that are 0."""
        first, last = (iso_utc(t) for t in self.window)
        unlisted = _some(self.unlisted, "of them without a catalogue row")
        left_out = _some(self.offers_left_out, "left out: not available")
        text = [
            f"read {self.lines_read:,} lines from {_listed(self.files)}",
            f"  {self.kept:,} purchases by {self.customers:,} customers, {self.baskets:,} baskets",
            f"  from {first} to {last}",
        ]
        if self.items:
            text.append(f"  {self.items:,} items{unlisted}, {self.offers:,} offers{left_out}")
        counts = (
            (self.returns, "returns, netted against earlier purchases"),
            (self.unmatched, "of the returns found too little to undo"),
            (self.cancelled, "purchases returned in full"),
            (self.gifts, "gifts left out: they say nothing of who bought them"),
            (self.duplicates, "duplicates by event_id dropped"),
            (self.merged, "lines merged into an equal line of their basket"),
        )
        text += [f"  {count:,} {what}" for count, what in counts if count]
        text += [f"  {n:,} rows set aside: {rule}" for rule, n in sorted(self.rejected.items())]
        if self.rejected and self.rejected_to:
            text.append(f"  the rows set aside are in {self.rejected_to}")
        if self.ignored:
            text.append(f"  not read: {_listed(self.ignored)}")
        if self.unused:
            text.append(f"  columns not used: {_listed(self.unused, most=12)}")
        return text


def _some(count: int, what: str) -> str:
    return f" ({count:,} {what})" if count else ""


def _listed(names: tuple[str, ...], most: int = 3) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
