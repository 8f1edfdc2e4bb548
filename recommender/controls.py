"""What a customer has told us: one small record a customer, apart from everything learned.

    declarations   "I am expecting a child": unlocks targets of a life event, never the history
    consents       leave for one purpose: a channel, `history`, `age_verification`
    objections     "nothing about this": locks a life event, whatever else is unlocked
    withdrawals    a declaration taken back; silence follows
    needs          "I am looking for this": unlocks the offer that it names, and no history
    gifts          bought for somebody else: not the customer's own taste until its date
    forgotten      purchases up to a moment that count no more
    too_personal   categories that the customer does not want to see used or offered

Times are whole seconds since 1970, UTC. Everything here is a pure function of its arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recommender.errors import InputError, StoreError
from recommender.guard.policy import PREFERENCE_CENTRE, LifeEventRule
from recommender.terms import Declaration, Need, Second, Term, after
from recommender.types import ID_LENGTH, SECONDS_A_DAY

__all__ = [
    "AGE_VERIFICATION",
    "HISTORY",
    "MOST_ENTRIES",
    "NEED_DAYS",
    "NOTHING_TOLD",
    "TOO_PERSONAL_DAYS",
    "WITHDRAWAL_DAYS",
    "Controls",
    "Declaration",
    "Need",
    "Term",
    "by_customer",
    "dump_controls",
    "parse_controls",
]

HISTORY = "history"
"""The purpose of a consent to use one's purchases for a declared life event."""
AGE_VERIFICATION = "age_verification"
"""The purpose under which a shop records that it has verified a customer's age."""
MOST_ENTRIES = 200
"""Entries of one kind that a customer's record holds."""
TOO_PERSONAL_DAYS = 365
"""How long a category stays masked after `too personal`."""
NEED_DAYS = 90
"""How long a need holds when nobody says until when."""
WITHDRAWAL_DAYS = 730
"""How long a withdrawal stays on record at the least: a policy that becomes stricter finds it."""


class Controls(BaseModel):
    """Everything that one customer has told us, by name.

    customer    the external id, so that the record can be exported for training
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer: str = Field(default="", max_length=ID_LENGTH)
    declarations: dict[str, Declaration] = {}
    withdrawals: dict[str, Term] = {}
    consents: dict[str, dict[str, Term]] = {}
    objections: dict[str, Term] = {}
    needs: dict[str, Need] = {}
    gifts: dict[str, Term] = {}
    forgotten: dict[str, Second] = {}
    too_personal: dict[str, Term] = {}

    def __bool__(self) -> bool:
        """False when nothing is on record."""
        return any(getattr(self, kind) for kind in _KINDS)

    # ---- what holds at a moment ---------------------------------------------------------------

    def declared(self, rule: LifeEventRule, now: float) -> bool:
        """Whether a declaration of a life event counts: its source, its term, the policy's term."""
        found = self.declarations.get(rule.id)
        if found is None or not found.holds(now) or found.source not in rule.declared_by:
            return False
        days = rule.declaration_days
        return days is None or now < found.at + days * SECONDS_A_DAY

    def consented(self, life_event: str, purpose: str, now: float) -> bool:
        """Whether leave was given for a purpose.

        It ends with the declaration at the latest; a verified age does not depend on one.
        """
        found = self.consents.get(life_event, {}).get(purpose)
        if found is None or not found.holds(now):
            return False
        told = self.declarations.get(life_event)
        return told is None or told.holds(now) or purpose == AGE_VERIFICATION

    def objects(self, life_event: str, now: float) -> bool:
        """Whether the customer wants nothing of a life event."""
        found = self.objections.get(life_event)
        return found is not None and found.holds(now)

    def silenced(self, rule: LifeEventRule, now: float) -> bool:
        """Whether a withdrawal still silences a life event.

        A later declaration by the customer's own hand ends the silence; no other source does.
        """
        gone = self.withdrawals.get(rule.id)
        if gone is None:
            return False
        again = self.declarations.get(rule.id)
        if again is not None and again.source == PREFERENCE_CENTRE and again.at > gone.at:
            return False
        # A policy that has become stricter since counts too.
        return gone.holds(now) or now < gone.at + rule.silence_days * SECONDS_A_DAY

    def hides(self, item: str, now: float) -> bool:
        """Whether an item is a gift whose date has not come: it stays out of the view."""
        found = self.gifts.get(item)
        return found is not None and found.holds(now)

    def forgets(self, item: str, timestamp: float) -> bool:
        """Whether a purchase of an item was made before the customer had it forgotten."""
        return timestamp <= self.forgotten.get(item, -1)

    def muted_categories(self, now: float) -> frozenset[str]:
        """Categories, in small letters, that are too personal at this moment."""
        return frozenset(name for name, term in self.too_personal.items() if term.holds(now))

    def open_needs(self, now: float) -> tuple[Need, ...]:
        """What the customer is looking for, the oldest first."""
        held = (need for need in self.needs.values() if need.holds(now))
        return tuple(sorted(held, key=lambda need: (need.at, need.text)))

    # ---- what changes them --------------------------------------------------------------------

    def with_entry(self, kind: str, name: str, entry: object) -> Controls:
        """The same with one more entry, or another one of that name.

        Raises InputError when the record would grow beyond `MOST_ENTRIES` of the kind.
        """
        changed = {**getattr(self, kind), name: entry}
        if len(changed) > MOST_ENTRIES:
            raise InputError(
                f"the customer has {MOST_ENTRIES} entries of {kind.replace('_', ' ')} already",
                hint="erase the customer instead: what was forgotten stays forgotten"
                if kind == "forgotten"
                else "take one back that is no longer wanted",
            )
        return self.model_copy(update={kind: changed})

    def without_entry(self, kind: str, name: str) -> Controls:
        """The same without an entry; itself when there is none."""
        held = getattr(self, kind)
        if name not in held:
            return self
        return self.model_copy(update={kind: {k: v for k, v in held.items() if k != name}})

    def with_declaration(
        self, rule: LifeEventRule, source: str, at: int, until: int | None
    ) -> Controls:
        """The same with a life event declared.

        It ends when the policy of this moment says, or earlier. What the customer declared with
        their own hand stands while it counts: no other source replaces it. Doing so again ends
        the silence after a withdrawal. Leave stays when the same source declares it again while
        it counts; otherwise this is a new declaration, and leave is asked for anew.
        """
        own = source == PREFERENCE_CENTRE
        held = self.declarations.get(rule.id)
        counts = held is not None and self.declared(rule, at)
        if counts and held and held.source == PREFERENCE_CENTRE and not own:
            return self
        days = rule.declaration_days
        ends = [until] if days is None else [until, after(at, days)]
        end = min((e for e in ends if e is not None), default=None)
        told = Declaration(at=at, until=end, source=source)
        changed = self.with_entry("declarations", rule.id, told)
        if own:
            changed = changed.without_entry("withdrawals", rule.id)
        if counts and held and held.source == source:
            return changed
        verified = self.consents.get(rule.id, {}).get(AGE_VERIFICATION)
        left = changed.without_entry("consents", rule.id)
        return left.with_consent(rule.id, AGE_VERIFICATION, verified) if verified else left

    def with_consent(self, life_event: str, purpose: str, term: Term) -> Controls:
        """The same with leave for one purpose."""
        held = self.consents.get(life_event, {})
        return self.with_entry("consents", life_event, {**held, purpose: term})

    def without_consent(self, life_event: str, purpose: str) -> Controls:
        """The same without that leave."""
        held = self.consents.get(life_event, {})
        if purpose not in held:
            return self
        left = {name: term for name, term in held.items() if name != purpose}
        if left:
            return self.with_entry("consents", life_event, left)
        return self.without_entry("consents", life_event)

    def withdrawn(self, rule: LifeEventRule, at: int) -> Controls:
        """The same with a declaration taken back, its consents gone, and silence begun.

        Also when the declaration is over, or none is on record: nobody wants to hear of what was
        taken back. A policy without silence leaves a withdrawal that silences nothing, so that a
        stricter one finds it.
        """
        changed = self.without_entry("declarations", rule.id).without_entry("consents", rule.id)
        for life_event in (rule.id, *rule.silences):
            told, held = self.declarations.get(life_event), self.withdrawals.get(life_event)
            # A worker whose clock was ahead wrote a later second for what was said before.
            since = max([at, *(term.at for term in (told, held) if term)])
            silence = Term(at=since, until=after(since, rule.silence_days))
            longest = silence if held is None else held.longer(silence)
            changed = changed.with_entry("withdrawals", life_event, longest)
        return changed

    def pruned(self, now: float) -> Controls:
        """The same without what holds no more. Forgotten purchases stay forgotten."""
        changed: dict[str, Any] = {
            kind: {name: t for name, t in getattr(self, kind).items() if _kept(kind, t).holds(now)}
            for kind in _TERMS
        }
        consents = {
            life_event: {p: term for p, term in given.items() if self.consented(life_event, p, now)}
            for life_event, given in self.consents.items()
        }
        changed["consents"] = {name: given for name, given in consents.items() if given}
        return self.model_copy(update=changed)

    def ends(self) -> int | None:
        """When the last entry ends, so that the record may expire; None: never."""
        if self.forgotten:
            return None
        ends = [term.until for term in self._terms()]
        return None if None in ends else max((e for e in ends if e is not None), default=0)

    def _terms(self) -> Iterator[Term]:
        """Everything that can end, with the end that counts."""
        for kind in _TERMS:
            yield from (_kept(kind, term) for term in getattr(self, kind).values())
        for life_event, given in self.consents.items():
            told = self.declarations.get(life_event)
            for purpose, leave in given.items():
                # Leave that ends with the declaration needs no end of its own.
                if told is None or purpose == AGE_VERIFICATION:
                    yield leave


_TERMS = ("declarations", "withdrawals", "objections", "needs", "gifts", "too_personal")
_KINDS = (*_TERMS, "consents", "forgotten")
NOTHING_TOLD = Controls()
"""The controls of a customer who has told us nothing."""


def _kept(kind: str, term: Term) -> Term:
    """An entry as long as it stays on record: a withdrawal for two years at the least."""
    return term.at_least(WITHDRAWAL_DAYS) if kind == "withdrawals" else term


def dump_controls(controls: Controls) -> bytes:
    """The record, as compact JSON; equal controls give equal bytes, whoever told us first."""
    told = controls.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_controls(raw: bytes) -> Controls:
    """Reads `dump_controls`; StoreError when the bytes are something else."""
    try:
        return Controls.model_validate_json(raw)
    except ValidationError as error:
        raise StoreError(
            f"a controls record of {len(raw)} bytes cannot be read",
            hint="export the controls of a backup, or ask the customer again; until then "
            "nothing is unlocked for this customer",
        ) from error


def by_customer(records: Iterable[Controls]) -> Mapping[str, Controls]:
    """Customer -> controls, for training."""
    return {controls.customer: controls for controls in records}
