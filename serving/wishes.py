"""One thing that a customer tells us, as a step from the controls held to the controls wanted.

Each function checks against the live policy and the live catalogue and gives a step for
`serving.controls.ControlDesk.change`. Raises NotFound for a name in the path that nobody knows,
FieldError for one in the body.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from recommender.catalogue import Catalogue, category_name
from recommender.channel import Channel
from recommender.controls import (
    AGE_VERIFICATION,
    HISTORY,
    NEED_DAYS,
    TOO_PERSONAL_DAYS,
    Controls,
    Need,
    Term,
)
from recommender.errors import NotFound
from recommender.guard.policy import GuardPolicy, LifeEventRule
from recommender.index import BundleIndex
from recommender.types import SECONDS_A_DAY, ItemId, OfferId
from serving.control_schemas import (
    DeclarationQuery,
    GiftQuery,
    NeedQuery,
    TermQuery,
    TooPersonalQuery,
)
from serving.controls import Step
from serving.problems import FieldError

PURPOSES = (HISTORY, AGE_VERIFICATION, *(channel.value for channel in Channel))
"""What leave can be given for."""
MOST_DAYS = 36_525
"""A hundred years: something that ends later has a mistake of units."""


def declared(policy: GuardPolicy, life_event: str, query: DeclarationQuery, now: int) -> Step:
    """A life event is declared; one that the policy blocks may be too, and unlocks nothing."""
    rule = _rule(policy, life_event)
    if query.source not in rule.declared_by:
        raise FieldError(
            f"the policy takes no declaration of {life_event} from {query.source}",
            where="$.source",
            hint=f"it takes: {', '.join(rule.declared_by)}",
        )
    until = _until(query.until, now)

    def step(held: Controls) -> Controls:
        return held.with_declaration(rule, query.source, now, until)

    return step


def withdrawn(policy: GuardPolicy, life_event: str, now: int) -> Step:
    """A declaration is taken back; the policy says how long silence follows."""

    def step(held: Controls) -> Controls:
        if life_event in held.declarations and not policy.bit(life_event):
            # The policy knows the life event no more: nothing of it can be shown.
            left = held.without_entry("declarations", life_event)
            return left.without_entry("consents", life_event)
        return held.withdrawn(_rule(policy, life_event), now)

    return step


def consented(
    policy: GuardPolicy, life_event: str, purpose: str, query: TermQuery, now: int
) -> Step:
    """Leave is given for one purpose of one life event."""
    rule = _rule(policy, life_event)
    _known(purpose, PURPOSES, "purpose")
    term = Term(at=now, until=_until(query.until, now))
    return lambda held: held.with_consent(rule.id, purpose, term)


def unconsented(policy: GuardPolicy, life_event: str, purpose: str) -> Step:
    """That leave is taken back."""

    def step(held: Controls) -> Controls:
        if life_event not in held.consents:
            _rule(policy, life_event)
        _known(purpose, PURPOSES, "purpose")
        return held.without_consent(life_event, purpose)

    return step


def objected(policy: GuardPolicy, life_event: str, query: TermQuery, now: int) -> Step:
    """Nothing of a life event is wanted, whatever else is unlocked."""
    rule = _rule(policy, life_event)
    term = Term(at=now, until=_until(query.until, now))
    return lambda held: held.with_entry("objections", rule.id, term)


def unobjected(policy: GuardPolicy, life_event: str) -> Step:
    """An objection is taken back."""

    def step(held: Controls) -> Controls:
        if life_event not in held.objections:
            _rule(policy, life_event)
        return held.without_entry("objections", life_event)

    return step


def needed(index: BundleIndex, need_id: str, query: NeedQuery, now: int) -> Step:
    """Something is looked for."""
    catalogue = index.bundle.catalogue
    if query.category is not None and not _has(catalogue, query.category):
        raise _no_category(query.category)
    if query.offer_id is not None and OfferId(query.offer_id) not in index.offer_index:
        raise FieldError(
            "the live bundle has no such offer",
            where="$.offer_id",
            hint="name an offer as answers name it, or a category",
        )
    until = _until(query.until, now)
    need = Need(
        at=now,
        until=now + NEED_DAYS * SECONDS_A_DAY if until is None else until,
        text=query.text,
        category=query.category or "",
        offer_id=query.offer_id or "",
    )
    return lambda held: held.with_entry("needs", need_id, need)


def given(item: str, query: GiftQuery, now: int) -> Step:
    """A purchase was a gift: it is masked until its date."""
    term = Term(at=now, until=_until(query.until, now))
    return lambda held: held.with_entry("gifts", item, term)


def forgotten(item: str, until: int) -> Step:
    """Every purchase of an item up to a moment counts no more, for good.

    until   seconds since 1970: now, or that of a purchase on record whose clock was ahead
    """
    return lambda held: held.with_entry(
        "forgotten", item, max(until, held.forgotten.get(item, until))
    )


def too_personal(index: BundleIndex, query: TooPersonalQuery, now: int) -> Step:
    """A category is neither used nor offered for a year."""
    if query.category is not None:
        category = query.category
        if not _has(index.bundle.catalogue, category):
            raise _no_category(category)
    else:
        category = _narrowest(index, query.item_id or "")
    term = Term(at=now, until=now + TOO_PERSONAL_DAYS * SECONDS_A_DAY)
    return lambda held: held.with_entry("too_personal", category_name(category), term)


def without(kind: str, name: str) -> Step:
    """An entry is taken back."""
    return lambda held: held.without_entry(kind, name)


def not_too_personal(category: str) -> Step:
    """A category may be used and offered again."""
    return without("too_personal", category_name(category))


def _rule(policy: GuardPolicy, life_event: str) -> LifeEventRule:
    rules = {rule.id: rule for rule in policy.life_events}
    _known(life_event, rules, "life event")
    return rules[life_event]


def _known(name: str, names: Iterable[str], what: str) -> None:
    known = sorted(names)
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"
    raise NotFound(f"nobody knows a {what} of this name", hint=hint)


def _until(until: float | None, now: int) -> int | None:
    """The end of a term in whole seconds; FieldError for one in the past, or absurdly far."""
    if until is None:
        return None
    if not now < int(until) <= now + MOST_DAYS * SECONDS_A_DAY:
        side = "in the past" if until <= now + 1 else "more than a hundred years ahead"
        raise FieldError(
            f"`until` lies {side}",
            where="$.until",
            hint="send seconds (not milliseconds) since 1970, ISO 8601, or a date; what holds for "
            "good has no `until`",
        )
    return int(until)


def _narrowest(index: BundleIndex, item: str) -> str:
    at = index.item_index.get(ItemId(item))
    path = () if at is None else index.bundle.catalogue.paths[at]
    if not path:
        what = "the live bundle has no such item" if at is None else "the item has no category"
        raise FieldError(what, where="$.item_id", hint="name a category instead")
    return path[-1]


def _has(catalogue: Catalogue, category: str) -> bool:
    """Whether any item has a category; a catalogue has few distinct paths."""
    wanted = category_name(category)
    return any(wanted == category_name(name) for path in set(catalogue.paths) for name in path)


def _no_category(category: str) -> FieldError:
    return FieldError(
        f"no item of the live bundle has the category {category!r}",
        where="$.category",
        hint="spell it as the catalogue does; capitals do not matter",
    )
