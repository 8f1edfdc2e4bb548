"""What a new policy changes for customers: computed over their situations, never read off a text.

It *loosens* when for some possible customer, on some channel, at some moment from now on, an item
becomes visible, an offer may be shown, something may be replenished, or an amount grows, that was
not before. Whatever is left is tightening, or no change.

Beside the items of the catalogue every life event has probes: an item that is nothing but its
evidence, and offers that are nothing but its target. So a stance that is loosened counts even
where the catalogue holds nothing of the life event today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from recommender.guard import sentences
from recommender.guard.counts import LifeEventChange, counts
from recommender.guard.crossing import Crossing, Crossings, Groups, Kind, crossings
from recommender.guard.ledger import ChangeNote
from recommender.guard.marks import Laid, Numbering, members
from recommender.guard.policy import GuardPolicy
from recommender.guard.situations import EVERYBODY, Policies

__all__ = ["Laid", "LifeEventChange", "PolicyChange", "compare"]

WHOLE_CATALOGUE = 0.5
"""A life event that hits so much of a catalogue needs a written reason."""
_IMPLIED = {Kind.FILL: Kind.USE, Kind.ASK: Kind.SHOW}
"""What goes without saying where something wider is free for the same customers."""


class PolicyChange(BaseModel):
    """What a new policy changes.

    loosens           somebody may get or be known by something that was held back
    reasons           what is loosened, in sentences
    life_events       those through which anything changes
    settings          values that differ: name -> (old, new)
    whole_catalogue   life events that hit half of the catalogue or more under the new policy
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    loosens: bool
    reasons: tuple[str, ...] = ()
    life_events: dict[str, LifeEventChange] = {}
    settings: dict[str, tuple[Any, Any]] = {}
    whole_catalogue: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What goes out over HTTP, and into files."""
        return self.model_dump(mode="json")

    @property
    def note(self) -> ChangeNote:
        """What the ledger keeps of it."""
        return ChangeNote.of(self.reasons, self.whole_catalogue)


def compare(
    old: Laid, new: Laid, *, now: float, item_ids: Sequence[str], offer_ids: Sequence[str]
) -> PolicyChange:
    """What changes for customers when `new` follows `old`, from `now` (seconds since 1970) on.

    old, new             over the same catalogue and the same offers
    item_ids, offer_ids  in the order of the bits
    """
    numbering = Numbering.of(old.policy, new.policy)
    items, offers = numbering.items(old.bits, new.bits), numbering.offers(old.bits, new.bits)
    groups = {
        Kind.USE: items,
        Kind.FILL: items,
        Kind.SHOW: offers,
        Kind.ASK: offers,
        Kind.NAME: numbering.named(old.bits, new.bits),
    }
    found = {
        at: crossings(Policies(old.policy, new.policy, at), numbering, groups)
        for at in _moments(old.policy, new.policy, now)
    }
    reasons = (
        *_reasons(old.policy, found, groups, now),
        *sentences.of_settings(old.policy, new.policy),
    )
    ids = {Kind.USE: item_ids, Kind.SHOW: offer_ids}
    return PolicyChange(
        loosens=bool(reasons),
        reasons=reasons,
        life_events=counts(
            old,
            new,
            numbering=numbering,
            groups=groups,
            crossings=found[now].items,
            ids=ids,
            now=now,
        ),
        settings=_settings(old.policy, new.policy),
        whole_catalogue=_whole_catalogue(new),
    )


def _moments(old: GuardPolicy, new: GuardPolicy, now: float) -> list[float]:
    """Now, and each later moment at which a policy ends: between them nothing changes by itself."""
    ends = {end for end in (old.ends, new.ends) if now < end < float("inf")}
    return [now, *sorted(ends)]


def _reasons(
    old: GuardPolicy, found: Mapping[float, Crossings], groups: Groups, now: float
) -> Iterator[str]:
    """Sentences about what crosses now, and about what only crosses later."""
    seen: set[tuple[Kind, int]] = set()
    for at, crossed in found.items():
        ended = at >= old.ends
        if at == now and not ended:
            yield from _of_now(crossed, groups)
        fresh = {(c.kind, number) for c in crossed.items for number in c.groups} - seen
        if fresh and (at > now or ended):
            items, offers = (_members(fresh, kind, groups) for kind in (Kind.USE, Kind.SHOW))
            yield sentences.of_moment(at, now, items, offers, ended=ended)
        seen |= fresh


def _of_now(crossed: Crossings, groups: Groups) -> Iterator[str]:
    counts = {c: len(members([groups[c.kind][n] for n in c.groups])) for c in crossed.items}
    real = {(c.kind, c.life_event) for c, count in counts.items() if count}
    shown = {c.life_event for c in crossed.items if c.kind is Kind.SHOW}
    free = {(c.kind, c.life_event, c.who) for c in crossed.items}
    said: set[tuple[Kind, str, str]] = set()
    for crossing, count in sorted(counts.items(), key=_in_order):
        kind, life_event, who = crossing.kind, crossing.life_event, crossing.who
        # A probe is news where the catalogue has nothing; a name, where no offer has it.
        if not count and ((kind, life_event) in real or (kind, life_event, who) in said):
            continue
        if kind is Kind.NAME and (not count or life_event in shown):
            continue
        wider = _IMPLIED.get(kind), life_event
        if (*wider, who) in free or (*wider, EVERYBODY) in free:
            continue
        said.add((kind, life_event, who))
        yield sentences.of_crossing(crossing, count)
    yield from map(sentences.of_release, crossed.customers)


def _in_order(counted: tuple[Crossing, int]) -> tuple[str, int, int, int]:
    """By life event; of one kind the most first, and probes by their channels."""
    crossing, count = counted
    kind = list(Kind).index(crossing.kind)
    return crossing.life_event, kind, -count, 0 if count else -len(crossing.channels)


def _members(fresh: Iterable[tuple[Kind, int]], wanted: Kind, groups: Groups) -> int:
    return len(members([groups[kind][number] for kind, number in fresh if kind is wanted]))


def _settings(old: GuardPolicy, new: GuardPolicy) -> dict[str, tuple[Any, Any]]:
    before, after = (
        policy.model_dump(mode="json", exclude={"version", "life_events"}) for policy in (old, new)
    )
    return {n: (before[n], after[n]) for n in before if before[n] != after[n]}


def _whole_catalogue(laid: Laid) -> tuple[str, ...]:
    bits = laid.bits.evidence | laid.bits.target | laid.bits.soft
    hits = [np.count_nonzero(bits >> np.uint64(bit) & np.uint64(1)) for bit in _bits(laid.policy)]
    rules = laid.policy.life_events
    return tuple(
        rule.id
        for rule, n in zip(rules, hits, strict=True)
        if n and n >= WHOLE_CATALOGUE * len(bits)
    )


def _bits(policy: GuardPolicy) -> range:
    return range(len(policy.life_events))
