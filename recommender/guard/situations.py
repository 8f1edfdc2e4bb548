"""What one life event locks under two policies, in every situation that makes a difference.

A situation is what a customer has told us about a life event, and when: nothing, a declaration by
each source, consents, a verified age, an objection, a declaration taken back; each just before and
just after every moment at which either policy changes its answer. The locks are those of
`rules_of_customer` and `rules_of_needs`, the code that answers customers.

Life events do not disturb each other, but for a withdrawal that silences others: so it is enough
to try each alone, and then to combine what was found (`recommender.guard.change`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from typing import NamedTuple

from recommender.channel import Channel
from recommender.controls import AGE_VERIFICATION, HISTORY, Controls, Declaration, Term
from recommender.guard.policy import PREFERENCE_CENTRE, GuardPolicy, LifeEventRule, Surface
from recommender.guard.unlocks import rules_of_customer, rules_of_needs
from recommender.types import SECONDS_A_DAY

EVERYBODY = "everybody"
"""Who has told us nothing."""

_ALWAYS = Term(at=0)
_NOTHING = Controls()


class Locked(NamedTuple):
    """Whether a life event locks: `hard` its evidence or targets, `soft` its soft targets."""

    hard_old: bool
    hard_new: bool
    soft_old: bool = False
    soft_new: bool = False


Found = dict[Locked, str]
"""Each combination that occurs, with who is in it: those who have told us least."""


@dataclass(frozen=True)
class Locks:
    """All situations of one life event on one channel.

    use        evidence in the view
    show       targets in offers
    ask        targets in offers that a stated need names
    fill       own items in the slot `replenish`
    personal   who is answered personally under the new policy, and like a visitor under the old
    heard      who gets something on this channel under the new policy, and nothing under the old

    `personal` and `heard` hold at most one entry, of those who have told us least.
    """

    use: Found = field(default_factory=dict)
    show: Found = field(default_factory=dict)
    ask: Found = field(default_factory=dict)
    fill: Found = field(default_factory=dict)
    personal: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def joined(self, other: Locks) -> Locks:
        """Both; of equal situations this one's words."""
        return Locks(
            {**other.use, **self.use},
            {**other.show, **self.show},
            {**other.ask, **self.ask},
            {**other.fill, **self.fill},
            self.personal or other.personal,
            self.heard or other.heard,
        )

    def add(self, who: str, old: _Verdict, new: _Verdict, *, private: bool) -> None:
        """Notes one situation. What reaches nobody under the new policy opens nothing."""
        if new.personal:
            self.use.setdefault(Locked(old.masked, new.masked), who)
            if private:
                self.fill.setdefault(Locked(old.unfilled, new.unfilled), who)
            if not old.personal and not self.personal:
                self.personal.append(who)
        if not new.silent:
            show = Locked(old.contained, new.contained, old.soft, new.soft)
            ask = Locked(old.asked, new.asked, old.asked_soft, new.asked_soft)
            self.show.setdefault(show, who)
            self.ask.setdefault(ask, who)
            if old.silent and not self.heard:
                self.heard.append(who)


class _Verdict(NamedTuple):
    """The rules of one customer, as far as one life event goes."""

    masked: bool
    contained: bool
    soft: bool
    unfilled: bool
    asked: bool
    asked_soft: bool
    personal: bool
    silent: bool


class Pair(NamedTuple):
    """A life event in both policies; None where one does not know it."""

    old: LifeEventRule | None
    new: LifeEventRule | None

    @property
    def known(self) -> tuple[LifeEventRule, ...]:
        """The rules that exist."""
        return tuple(rule for rule in self if rule is not None)

    @property
    def id(self) -> str:
        """The life event."""
        return self.known[0].id

    def meaning(self, channel: Channel) -> tuple[bool, Surface | None, Surface | None]:
        """What a channel means to it: channels that mean the same need one look."""
        old, new = (None if rule is None else rule.surface(channel) for rule in self)
        return channel.private, old, new


class Told(NamedTuple):
    """One situation: who, and the controls that it leaves behind under each policy."""

    who: str
    old: Controls
    new: Controls


@dataclass(frozen=True)
class Policies:
    """Both policies at one moment, in seconds since 1970."""

    old: GuardPolicy
    new: GuardPolicy
    moment: float

    def locks(self, pair: Pair, channel: Channel) -> Locks:
        """What a life event locks for whom."""
        return self._noted(pair, (pair,), _situations(pair, channel, int(self.moment)), channel)

    def silenced(self, pair: Pair, by: Pair, channel: Channel) -> Locks:
        """What a life event locks for those who took back a declaration of another one."""
        return self._noted(pair, (by, pair), _silences(pair, by, int(self.moment)), channel)

    def _noted(
        self, pair: Pair, pairs: tuple[Pair, ...], situations: Iterator[Told], channel: Channel
    ) -> Locks:
        found = Locks()
        old = _Narrow(self.old, tuple(p.old for p in pairs), pair.id, channel, self.moment)
        new = _Narrow(self.new, tuple(p.new for p in pairs), pair.id, channel, self.moment)
        for told in situations:
            verdicts = old.verdict(told.old), new.verdict(told.new)
            found.add(told.who, *verdicts, private=channel.private)
        return found


class _Narrow:
    """A policy that knows a few life events only, asked about one of them."""

    def __init__(
        self,
        policy: GuardPolicy,
        rules: tuple[LifeEventRule | None, ...],
        life_event: str,
        channel: Channel,
        now: float,
    ) -> None:
        known = tuple(rule for rule in rules if rule is not None)
        self._policy = policy.model_copy(update={"life_events": known})
        self._rules = self._policy.rules(now)
        self._bit = self._policy.bit(life_event)
        self._channel, self._now = channel, now

    def verdict(self, controls: Controls) -> _Verdict:
        """What a customer with these controls meets."""
        asked_for = self._policy, self._rules, controls, self._channel, self._now
        rules = rules_of_customer(*asked_for)
        needs = rules_of_needs(self._policy, rules, controls, self._channel, self._now)
        return _Verdict(
            masked=bool(rules.masked & self._bit),
            contained=bool(rules.contained & self._bit),
            soft=bool(rules.soft & self._bit),
            unfilled=bool(rules.masked & ~rules.replenish & self._bit),
            asked=bool(needs.contained & self._bit),
            asked_soft=bool(needs.soft & self._bit),
            personal=rules.personal,
            silent=rules.silent,
        )


def _situations(pair: Pair, channel: Channel, now: int) -> Iterator[Told]:
    """Everything that a customer can have told us of a life event, the least first."""
    id_ = pair.id
    consents = list(_consents(pair, channel))
    for words, given in consents:
        controls = _NOTHING.model_copy(update={"consents": {id_: given} if given else {}})
        yield _same(words, controls)
    yield _same(("object to it",), Controls(objections={id_: _ALWAYS}))
    lasting = [rule.declaration_days for rule in pair.known]
    lasting += [rule.outbound_silence_days for rule in pair.known]
    for (when, age), source in product(_ages(lasting), _sources(pair)):
        declaration = Declaration(at=now - age, source=source)
        said = f"declared it{'' if source == PREFERENCE_CENTRE else f' through {source}'}{when}"
        for words, given in consents:
            told = Controls(declarations={id_: declaration}, consents={id_: given} if given else {})
            yield _same((said, *words), told)
    if pair.old is not None and pair.new is not None:
        yield from _withdrawals(pair, consents[-1][1], now)


def _withdrawals(pair: Pair, consents: dict[str, Term], now: int) -> Iterator[Told]:
    """A declaration taken back, and perhaps declared again, while silence follows."""
    id_ = pair.id
    for when, age in _ages([rule.silence_days for rule in pair.known]):
        if not age:
            continue
        at = now - age
        for source in _sources(pair):
            declared = Controls(declarations={id_: Declaration(at=at - 1, source=source)})
            left = [declared.withdrawn(rule, at) for rule in pair.known]
            again = [
                controls.with_entry(
                    "declarations", id_, Declaration(at=at + 1, source=source)
                ).with_entry("consents", id_, consents)
                for controls in left
            ]
            for words, (old, new) in ((), left), (("declared it again",), again):
                who = _who((f"took it back{when}", *words))
                yield Told(who, old, new)
                # What lies in Redis from before holds under the new policy too.
                yield Told(who, old, old)


def _silences(pair: Pair, by: Pair, now: int) -> Iterator[Told]:
    """A declaration of another life event taken back, which may silence this one as well."""
    days = [rule.silence_days for rule in (*by.known, *pair.known)]
    free = dict.fromkeys((*Channel, HISTORY, AGE_VERIFICATION), _ALWAYS)
    for (when, age), source in product(_ages(days), (None, *_sources(pair))):
        at = now - max(age, 1)
        declarations = {by.id: Declaration(at=at - 1, source=PREFERENCE_CENTRE)}
        if source is not None:
            declarations[pair.id] = Declaration(at=at - 2, source=source)
        before = Controls(declarations=declarations, consents={pair.id: free})
        old, new = (before if rule is None else before.withdrawn(rule, at) for rule in by)
        who = _who((f"took back {by.id}{when}",))
        yield Told(who, old, new)
        yield Told(who, old, old)


def _consents(pair: Pair, channel: Channel) -> Iterator[tuple[tuple[str, ...], dict[str, Term]]]:
    """Every set of consents that can matter, the smallest first."""
    purposes = []
    if any(rule.surface(channel) is Surface.CONSENT for rule in pair.known):
        purposes.append(("consented to the channel", channel.value))
    if any(rule.age_verification for rule in pair.known):
        purposes.append(("are of verified age", AGE_VERIFICATION))
    if any(rule.stance.declarable for rule in pair.known):
        purposes.append(("consented to the use of their purchases", HISTORY))
    sizes = range(len(purposes) + 1)
    for chosen in chain.from_iterable(combinations(purposes, size) for size in sizes):
        yield tuple(words for words, _ in chosen), {purpose: _ALWAYS for _, purpose in chosen}


def _ages(days: Sequence[int | None]) -> list[tuple[str, int]]:
    """Now, and just before and just after so many days, in seconds."""
    ages = [("", 0)]
    for n in sorted({day for day in days if day}):
        ages.append((f" less than {n} days ago", n * SECONDS_A_DAY - 1))
        ages.append((f" {n} days ago or longer", n * SECONDS_A_DAY))
    return ages


def _sources(pair: Pair) -> list[str]:
    """Sources of declarations, the customer's own hand first."""
    named = {source for rule in pair.known for source in rule.declared_by}
    return sorted(named, key=lambda source: (source != PREFERENCE_CENTRE, source))


def _same(words: tuple[str, ...], controls: Controls) -> Told:
    return Told(_who(words), controls, controls)


def _who(words: tuple[str, ...]) -> str:
    if not words:
        return EVERYBODY
    *first, last = words
    return "customers who " + (f"{', '.join(first)} and {last}" if first else last)
