"""What a policy loosens, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator

from recommender.channel import Channel
from recommender.guard.crossing import Crossing, Kind, Release
from recommender.guard.marks import UNMAPPED_ID
from recommender.guard.policy import GuardPolicy, LifeEventRule, Stance
from recommender.guard.situations import EVERYBODY
from recommender.times import iso_utc


def of_crossing(crossing: Crossing, count: int) -> str:
    """`17 offers of `pregnancy` may be shown on email to customers who declared it`.

    count   items or offers of the catalogue; 0: there is none today, but there could be
    """
    who, kind = crossing.who, crossing.kind
    if kind is Kind.ASK:
        named = "customers who" if who == EVERYBODY else f"{who} and"
        who = f"{named} asked for them"
    noun = "offer" if kind in (Kind.SHOW, Kind.ASK) else "item"
    what = _counted(count, noun)
    if count:
        known = crossing.life_event != UNMAPPED_ID
        what += f" of `{crossing.life_event}`" if known else " without title and category"
    else:
        what = f"no {noun} today, but what would be of `{crossing.life_event}`"
    on = "" if kind is Kind.FILL else _on(crossing.channels)
    may = {
        Kind.USE: f"may be used{on} for",
        Kind.FILL: "may fill the slot replenish for",
        Kind.SHOW: f"may be shown{on} to",
        Kind.ASK: f"may be shown{on} to",
        Kind.NAME: f"may be named{on} to",
    }
    return f"{what} {may[kind]} {who}"


def of_release(release: Release) -> str:
    """Customers who are answered personally, or hear from the shop, and did not before."""
    does = f"get offers{_on(release.channels)}" if release.heard else "are answered personally"
    return f"`{release.life_event}`: {release.who} {does}, and did not before"


def of_moment(moment: float, now: float, items: int, offers: int, *, ended: bool) -> str:
    """What a later moment opens as a whole; `ended`: the old policy holds everything back then."""
    why = "when the live policy has ended" if ended else "when this policy has ended"
    if moment <= now:
        when = "the live policy has ended and holds everything back"
    else:
        when = f"from {iso_utc(moment)[:10]} on, {why}"
    return (
        f"{when}: {_counted(items, 'item')} may be used and {_counted(offers, 'offer')} shown that "
        "it would hold back"
    )


def of_settings(old: GuardPolicy, new: GuardPolicy) -> Iterator[str]:
    """Amounts that grow."""
    more, less = ("discovery_slots", "max_evidence"), ("discovery_support", "min_audience_cell")
    for name in (*more, *less):
        before, after = getattr(old, name), getattr(new, name)
        if after > before if name in more else after < before:
            yield f"{name} {'rises' if name in more else 'falls'} from {before} to {after}"
    known = {rule.id: rule for rule in new.life_events}
    for rule in old.life_events:
        after = known.get(rule.id)
        if after is not None and _replenished(rule) and _replenished(after):
            yield from _of_replenishing(rule, after)
    for id_ in sorted(set(old.no_chaining) - set(new.no_chaining)):
        if id_ not in known or known[id_].stance is not Stance.BLOCK:
            yield f"`{id_}` may raise the score of what reveals other life events"


def _of_replenishing(old: LifeEventRule, new: LifeEventRule) -> Iterator[str]:
    if new.min_purchases < old.min_purchases:
        enough = "is" if new.min_purchases == 1 else "are"
        yield (
            f"`{old.id}`: {_counted(new.min_purchases, 'purchase')} {enough} enough for the slot "
            f"replenish, where {old.min_purchases} were needed"
        )
    if new.within_days > old.within_days:
        yield (
            f"`{old.id}`: purchases of {new.within_days} days count for the slot replenish, where "
            f"{old.within_days} did"
        )


def _replenished(rule: LifeEventRule) -> bool:
    return rule.replenish and rule.stance is not Stance.ALLOW


def _on(channels: tuple[Channel, ...]) -> str:
    if len(channels) == len(Channel):
        return ""
    return " on " + ", ".join(channel.value for channel in Channel if channel in channels)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
