"""What a policy matches in a shop: counts, and lists with reasons."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Item:
    """One item that matches a life event.

    roles      `evidence`, `target`, `soft target`, `proxy`
    because    the patterns, as in `tactful.because`
    """

    item_id: str
    title: str
    category: str
    roles: tuple[str, ...]
    because: tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """One offer that a life event holds back, and where."""

    offer_id: str
    title: str
    held: str


@dataclass(frozen=True)
class EventMatches:
    """One life event: how many items and offers it matches, and a few of the items.

    evidence, targets, soft, proxies   items; an item may count in several
    offers                             that are held back, on outbound only included
    """

    id: str
    title: str
    stance: str
    evidence: int
    targets: int
    soft: int
    proxies: int
    offers: int
    examples: tuple[Item, ...]


@dataclass(frozen=True)
class Matches:
    """What a policy does to a catalogue, counted in items and offers.

    packs      as the policy names them; those of one's own end with "(your own)"
    unmapped   ids of a few items that have nothing which could be matched
    """

    n_items: int
    n_offers: int
    n_masked: int
    n_contained: int
    n_unmapped: int
    packs: tuple[str, ...]
    unmapped: tuple[str, ...]
    events: tuple[EventMatches, ...]

    def as_json(self) -> dict[str, Any]:
        """For a program to read."""
        return asdict(self)


@dataclass(frozen=True)
class Shelf:
    """Everything of one life event."""

    id: str
    title: str
    stance: str
    sources: tuple[str, ...]
    items: tuple[Item, ...]
    offers: tuple[Offer, ...]

    def as_json(self) -> dict[str, Any]:
        """For a program to read."""
        return asdict(self)
