"""One life event out of several packs: the strictest word of each.

A pack that names no `declared_by` leaves the sources to the others. A channel that a pack does not
name has its usual rule there: private surfaces allow, the others need a consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from recommender.channel import Channel
from recommender.guard.life_event import PATTERNS, LifeEvent, Patterns, Replenish
from recommender.guard.policy import Stance, Surface

_STRICTEST_FIRST = tuple(Stance)
_LAXEST_FIRST = tuple(Surface)


def joined(events: Sequence[LifeEvent]) -> LifeEvent:
    """Entries of the same life event as one, in the order of their packs; at least one.

    Patterns are united for display only: negatives act within their own pack, so matching needs
    the entries themselves.
    """
    return LifeEvent(
        id=events[0].id,
        title=next((event.title for event in events if event.title), ""),
        sources=_united(event.sources for event in events),
        stance=min((event.stance for event in events), key=_STRICTEST_FIRST.index),
        evidence=_all_patterns(event.evidence for event in events),
        targets=_all_patterns(event.targets for event in events),
        replenish=_replenish(events),
        declared_by=_declared_by(events),
        declaration_days=min(
            (e.declaration_days for e in events if e.declaration_days is not None), default=None
        ),
        surfaces=_surfaces(events),
        age_verification=any(event.age_verification for event in events),
        silence_days=max(event.silence_days for event in events),
        silences=_united(event.silences for event in events),
        personal=all(event.personal for event in events),
        outbound_silence_days=max(event.outbound_silence_days for event in events),
    )


def _united(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(lists)))


def _all_patterns(patterns: Iterable[Patterns]) -> Patterns:
    each = list(patterns)
    return Patterns(**{name: _united(getattr(p, name) for p in each) for name in PATTERNS})


def _replenish(events: Sequence[LifeEvent]) -> Replenish | None:
    """Open only where every pack of the strictest stance opens it."""
    strictest = min((event.stance for event in events), key=_STRICTEST_FIRST.index)
    given = [event.replenish for event in events if event.stance is strictest]
    slots = [slot for slot in given if slot is not None]
    if len(slots) < len(given):
        return None
    return Replenish(
        min_purchases=max(slot.min_purchases for slot in slots),
        within_days=min(slot.within_days for slot in slots),
    )


def _declared_by(events: Sequence[LifeEvent]) -> tuple[str, ...] | None:
    """Sources that all packs accept, which may be none."""
    named = [event.declared_by for event in events if event.declared_by is not None]
    if not named:
        return None
    return tuple(source for source in named[0] if all(source in sources for sources in named))


def _surfaces(events: Sequence[LifeEvent]) -> dict[Channel, Surface]:
    named = {channel for event in events for channel in event.surfaces}
    rules = [event.rule for event in events]
    return {
        channel: max((rule.surface(channel) for rule in rules), key=_LAXEST_FIRST.index)
        for channel in Channel
        if channel in named
    }
