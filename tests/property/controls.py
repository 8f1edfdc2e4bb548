"""Random controls of the corner shop's customers, and a second opinion on what they unlock."""

from __future__ import annotations

from hypothesis import strategies as st

from recommender.channel import Channel
from recommender.controls import Controls, Declaration, Need, Term
from recommender.guard.policy import LifeEventRule, Stance, Surface
from tests.support.shop import AS_OF, CATEGORIES, DAY, LOCKED, PLAIN

LIFE_EVENTS = ("infant", "pregnancy", "recovery", "school")
SOURCES = ("preference_centre", "baby_registry", "a_stranger")
PURPOSES = ("history", "age_verification", *(channel.value for channel in Channel))
ITEMS = (*PLAIN, *LOCKED, "crib", "school-1", "corn")

_AT = st.integers(-400, 0).map(lambda days: AS_OF + days * DAY)
_UNTIL = st.none() | st.integers(-30, 400).map(lambda days: AS_OF + days * DAY)
TERMS = st.builds(Term, at=_AT, until=_UNTIL)
DECLARATIONS = st.builds(Declaration, at=_AT, until=_UNTIL, source=st.sampled_from(SOURCES))
NEEDS = st.builds(
    Need,
    at=_AT,
    until=_UNTIL,
    text=st.just("looking for it"),
    category=st.sampled_from(["", "diapers", "furniture", "books", CATEGORIES[0]]),
    offer_id=st.sampled_from(["", "crib", "sober-book", "diaper-1", "both", "bread-1"]),
)
CONTROLS = st.builds(
    Controls,
    declarations=st.dictionaries(st.sampled_from(LIFE_EVENTS), DECLARATIONS, max_size=3),
    withdrawals=st.dictionaries(st.sampled_from(LIFE_EVENTS), TERMS, max_size=2),
    consents=st.dictionaries(
        st.sampled_from(LIFE_EVENTS),
        st.dictionaries(st.sampled_from(PURPOSES), TERMS, min_size=1, max_size=4),
        max_size=3,
    ),
    objections=st.dictionaries(st.sampled_from(LIFE_EVENTS), TERMS, max_size=2),
    needs=st.dictionaries(st.sampled_from(["n1", "n2"]), NEEDS, max_size=2),
    gifts=st.dictionaries(st.sampled_from(ITEMS), TERMS, max_size=3),
    forgotten=st.dictionaries(st.sampled_from(ITEMS), _AT, max_size=3),
    too_personal=st.dictionaries(
        st.sampled_from(["tea", "diapers", "furniture", "paper"]), TERMS, max_size=2
    ),
)


def in_force(term: Term | None, now: float) -> bool:
    """A second opinion on terms: they end at `until`, and None never ends."""
    return term is not None and (term.until is None or term.until > now)


def locked(rule: LifeEventRule, controls: Controls, now: float) -> bool:
    """Objected to, or silent after a withdrawal that no own hand has taken back."""
    if in_force(controls.objections.get(rule.id), now):
        return True
    gone = controls.withdrawals.get(rule.id)
    if gone is None:
        return False
    silent_until = gone.at + rule.silence_days * DAY
    if not in_force(gone, now) and silent_until <= now:
        return False
    again = controls.declarations.get(rule.id)
    return not (again and again.source == "preference_centre" and again.at > gone.at)


def leave(controls: Controls, life_event: str, purpose: str, now: float) -> bool:
    """Leave for a purpose: it goes with the declaration that ended, a verified age does not."""
    given = controls.consents.get(life_event, {}).get(purpose)
    over = life_event in controls.declarations and not in_force(
        controls.declarations[life_event], now
    )
    return in_force(given, now) and (purpose == "age_verification" or not over)


def shown_on(rule: LifeEventRule, controls: Controls, channel: Channel, now: float) -> bool:
    """Whether the channel may show targets of a declared life event."""
    surface = rule.surfaces.get(channel)
    if surface is None:
        surface = Surface.ALLOW if channel in (Channel.SITE, Channel.APP) else Surface.CONSENT
    if surface is Surface.CONSENT:
        return leave(controls, rule.id, channel.value, now)
    return surface is Surface.ALLOW


def declared(rule: LifeEventRule, controls: Controls, now: float) -> bool:
    """Whether a declaration counts."""
    said = controls.declarations.get(rule.id)
    if said is None or said.source not in rule.declared_by or not in_force(said, now):
        return False
    return rule.declaration_days is None or said.at + rule.declaration_days * DAY > now


def may_offer(  # all that the decision depends on
    rule: LifeEventRule,
    controls: Controls,
    channel: Channel,
    now: float,
    *,
    needed: bool = False,
) -> bool:
    """U(c, channel), written down once more: may a target of this life event be offered?"""
    if locked(rule, controls, now):
        return False
    if rule.stance is Stance.BLOCK:
        return False
    if rule.age_verification and not leave(controls, rule.id, "age_verification", now):
        return False
    if rule.stance is Stance.ALLOW:
        return True
    asked = needed or declared(rule, controls, now)
    return asked and shown_on(rule, controls, channel, now)


def may_use(rule: LifeEventRule, controls: Controls, channel: Channel, now: float) -> bool:
    """U_H(c), written down once more: may evidence of this life event be used?"""
    if rule.stance is Stance.ALLOW:
        return not locked(rule, controls, now)
    history = leave(controls, rule.id, "history", now)
    return history and declared(rule, controls, now) and may_offer(rule, controls, channel, now)
