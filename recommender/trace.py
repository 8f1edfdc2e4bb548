"""Why each offer is in an answer, or is not: for people who answer for privacy, never for callers.

Candidates are what was shown and what would have been: with nothing held back, without the
caller's filters, without the placements before. Each of these is one more decision, made with the
same view: a trace sees nothing that the answer could not have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from recommender.customer import CustomerState
from recommender.guard.policy import UNMAPPED, GuardRules
from recommender.index import BundleIndex
from recommender.needs import Needs
from recommender.request import Basis, Decision, Filters, OfferRequest, Pick

UNMAPPED_NAME = "unmapped"
"""Stands for the life event of what could not be matched."""

Decide = Callable[[BundleIndex, OfferRequest], Decision]
"""Decides for the traced customer at the traced moment."""


class Verdict(StrEnum):
    """What became of a candidate."""

    SHOWN = "shown"
    HELD_BACK = "held back"
    FILTERED = "filtered"
    TAKEN = "taken by an earlier placement"
    OUTRANKED = "outranked"


class Stage(StrEnum):
    """Where a candidate came from."""

    OWN = "own"
    SIMILAR = "similar customers"
    POPULAR = "popular"
    TOGETHER = "together"
    REPLENISH = "replenish"
    NEED = "need"


class RuleKind(StrEnum):
    """By which rule an offer was held back."""

    TARGET = "target"
    """It reveals the life event."""
    SOFT = "soft"
    """It hints at it, on a channel where others may look on."""
    UNMAPPED = "unmapped"
    """Nothing says what it is."""


@dataclass(frozen=True)
class Hold:
    """One life event that holds an offer back."""

    life_event: str
    stance: str
    kind: RuleKind


@dataclass(frozen=True)
class Candidate:
    """An offer that was in the running for a placement.

    pick    with its score, parts of it, and its number in the index
    holds   why it was held back; empty unless it was
    """

    placement: str
    pick: Pick
    stage: Stage
    verdict: Verdict
    holds: tuple[Hold, ...] = ()


def candidates(
    index: BundleIndex, state: CustomerState, request: OfferRequest, now: float, decide: Decide
) -> tuple[Candidate, ...]:
    """Every candidate of a request, placement by placement; what was shown comes first.

    now      seconds since 1970
    decide   for this customer at `now`
    """
    decision = decide(index, request)
    needs = Needs.of(index, state, request, decision.rules, now)
    found: dict[tuple[str, int], Candidate] = {}

    def add(placement: str, pick: Pick, verdict: Verdict, holds: tuple[Hold, ...] = ()) -> None:
        stage = _stage(index, pick, needs, decision.rules)
        candidate = Candidate(placement, pick, stage, verdict, holds)
        found.setdefault((placement, pick.offer), candidate)

    for placement, pick in _picks(decision):
        add(placement, pick, Verdict.SHOWN)
    for placement, pick, holds in _missing(
        index, needs, decision, decide(index.uncontained(), request)
    ):
        add(placement, pick, Verdict.HELD_BACK if holds else Verdict.OUTRANKED, holds)
    for placement, pick, verdict in _crowded_out(index, request, decision, decide):
        add(placement, pick, verdict)
    order = [placement.name for placement in request.placements]
    return tuple(sorted(found.values(), key=lambda c: (order.index(c.placement), *_rank(c))))


def held_back(
    index: BundleIndex, needs: Needs, decision: Decision, opened: Decision
) -> list[tuple[str, Pick, tuple[Hold, ...]]]:
    """The offers that would have been shown if nothing were held back, with their placements.

    needs    those of the customer at that moment
    opened   the same decision over `index.uncontained()`
    """
    return [found for found in _missing(index, needs, decision, opened) if found[2]]


def _picks(decision: Decision) -> Iterator[tuple[str, Pick]]:
    for answer in decision.placements:
        for pick in answer.picks:
            yield answer.name, pick


def _missing(
    index: BundleIndex, needs: Needs, decision: Decision, opened: Decision
) -> Iterator[tuple[str, Pick, tuple[Hold, ...]]]:
    """What only the opened decision shows, with what holds it back: nothing, if crowded out."""
    shown = {pick.offer for _, pick in _picks(decision)}
    for placement, pick in _picks(opened):
        if pick.offer not in shown:
            yield placement, pick, _holds(index, needs, decision.rules, pick.offer)


def _crowded_out(
    index: BundleIndex, request: OfferRequest, decision: Decision, decide: Decide
) -> Iterator[tuple[str, Pick, Verdict]]:
    """What each placement alone would show, and what it would show without filters."""
    earlier: set[int] = set()
    for placement, answer in zip(request.placements, decision.placements, strict=True):
        alone = replace(request, placements=(placement,))
        own = {pick.offer for pick in answer.picks}
        found = decide(index, alone) if len(request.placements) > 1 else decision
        passed = {pick.offer for _, pick in _picks(found)}
        for _, pick in _picks(found):
            if pick.offer not in own:
                taken = pick.offer in earlier
                yield placement.name, pick, Verdict.TAKEN if taken else Verdict.OUTRANKED
        if request.filters != Filters():
            for _, pick in _picks(decide(index, replace(alone, filters=Filters()))):
                if pick.offer not in passed:
                    yield placement.name, pick, Verdict.FILTERED
        earlier.update(own)


def _holds(index: BundleIndex, needs: Needs, rules: GuardRules, offer: int) -> tuple[Hold, ...]:
    """What holds an offer back; the slot `replenish` has its own rules and is never asked."""
    if needs.offers is not None and needs.offers[offer]:
        rules = needs.rules
    target = int(index.bundle.offer_target[offer]) & rules.contained
    soft = int(index.bundle.offer_soft[offer]) & rules.soft & ~target
    policy = index.policy
    found = [
        Hold(rule.id, rule.stance.value, RuleKind.TARGET if target >> bit & 1 else RuleKind.SOFT)
        for bit, rule in enumerate(policy.life_events)
        if (target | soft) >> bit & 1
    ]
    if target & UNMAPPED:
        found.append(Hold(UNMAPPED_NAME, policy.on_unmapped_item, RuleKind.UNMAPPED))
    return tuple(found)


def _stage(index: BundleIndex, pick: Pick, needs: Needs, rules: GuardRules) -> Stage:
    if pick.basis is Basis.REPLENISH:
        return Stage.REPLENISH
    named = needs.offers is not None and bool(needs.offers[pick.offer])
    if named and _holds(index, Needs(None, rules), rules, pick.offer):
        return Stage.NEED  # nothing but the need let it through
    if pick.basis is Basis.TOGETHER:
        return Stage.TOGETHER
    if pick.basis is Basis.POPULAR:
        return Stage.POPULAR
    if pick.own:
        return Stage.OWN
    return Stage.SIMILAR if pick.cross >= pick.popular else Stage.POPULAR


def _rank(candidate: Candidate) -> tuple[bool, float, int]:
    """What was shown comes first and keeps its order; then the best score."""
    if candidate.verdict is Verdict.SHOWN:
        return False, 0.0, 0
    return True, -candidate.pick.score, candidate.pick.offer
