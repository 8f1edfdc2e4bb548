"""How many items and offers change hands between two policies, life event by life event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from recommender.channel import Channel
from recommender.guard.crossing import Crossing, Groups, Kind
from recommender.guard.marks import Group, Laid, Numbering, members, numbered
from recommender.guard.opening import Marks, bits_of
from recommender.guard.policy import GuardRules

EXAMPLES = 5
"""Ids that are shown as examples of one thing."""

Count = Literal["items_masked", "items_visible", "offers_held_back", "offers_offerable"]
_FREED: dict[Kind, Count] = {Kind.USE: "items_visible", Kind.SHOW: "offers_offerable"}


class LifeEventChange(BaseModel):
    """What changes through one life event.

    items_masked, offers_held_back    newly locked for a customer who has told us nothing
    items_visible, offers_offerable   newly free for some customer, on some channel
    examples                          ids, by the name of the count
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    items_masked: int = 0
    items_visible: int = 0
    offers_held_back: int = 0
    offers_offerable: int = 0
    examples: dict[str, tuple[str, ...]] = {}


def counts(
    old: Laid,
    new: Laid,
    *,
    numbering: Numbering,
    groups: Groups,
    crossings: Iterable[Crossing],
    ids: Mapping[Kind, Sequence[str]],
    now: float,
) -> dict[str, LifeEventChange]:
    """Life event -> what changes through it; those through which nothing does are left out.

    crossings   at `now`
    ids         of items (`Kind.USE`) and of offers (`Kind.SHOW`)
    """
    found: defaultdict[tuple[str, Kind, Count], dict[int, None]] = defaultdict(dict)
    for crossing in crossings:
        if crossing.kind in _FREED:
            key = crossing.life_event, crossing.kind, _FREED[crossing.kind]
            found[key].update(dict.fromkeys(crossing.groups))
    for kind, count in ((Kind.USE, "items_masked"), (Kind.SHOW, "offers_held_back")):
        for number, bit in _locked(old, new, numbering, groups[kind], kind=kind, now=now):
            found[numbering.name(bit), kind, count][number] = None  # type: ignore[index]
    values: defaultdict[str, dict[str, object]] = defaultdict(dict)
    examples: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for (life_event, kind, count), numbers in found.items():
        positions = members([groups[kind][number] for number in numbers])
        if len(positions):
            values[life_event][count] = len(positions)
            examples[life_event][count] = tuple(ids[kind][i] for i in positions[:EXAMPLES])
    return {
        name: LifeEventChange.model_validate({**values[name], "examples": examples[name]})
        for name in sorted(values)
    }


def _locked(
    old: Laid,
    new: Laid,
    numbering: Numbering,
    groups: Sequence[Group],
    *,
    kind: Kind,
    now: float,
) -> Iterator[tuple[int, int]]:
    """Groups, with the life events that newly lock them for a customer who told us nothing."""
    for channel in (Channel.SITE, Channel.EMAIL):
        before, after = (laid.policy.rules(now).on(channel) for laid in (old, new))
        locks = _locks(before, kind, numbering.old), _locks(after, kind, numbering.new)
        for number, group in enumerate(groups):
            was, is_ = _held(group.marks, *locks[0])[0], _held(group.marks, *locks[1])[1]
            if is_ and not was:
                yield from ((number, bit) for bit in bits_of(is_))


def _locks(rules: GuardRules, kind: Kind, numbers: dict[int, int]) -> tuple[int, int]:
    hard = rules.masked if kind is Kind.USE else rules.contained
    soft = 0 if kind is Kind.USE else rules.soft
    return numbered(hard, numbers), numbered(soft, numbers)


def _held(marks: Marks, hard: int, soft: int) -> tuple[int, int]:
    """The bits that hold it back, by its old marks and by its new ones."""
    return (
        (marks.hard_old & hard) | (marks.soft_old & soft),
        (marks.hard_new & hard) | (marks.soft_new & soft),
    )
