"""A decision's trace as JSON, for people with the role `privacy`."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from recommender.decide import decide
from recommender.guard.policy import UNMAPPED
from recommender.index import BundleIndex
from recommender.request import Decision, OfferRequest
from recommender.standing import Standing, standings
from recommender.times import iso_utc
from recommender.trace import Candidate, candidates
from serving.live import LiveBundle
from serving.replays import Replayed


def trace(replayed: Replayed) -> dict[str, Any]:
    """Everything that led to an answer; what was masked is not in it, since nobody knows it."""
    bundle, logged, decision = replayed.bundle, replayed.logged, replayed.decision
    index, rules = bundle.index, decision.rules
    context = decision.known.context_rows.tolist()
    told = standings(index, replayed.state, replayed.request, rules, logged.now)
    return {
        "decision_id": logged.id,
        "at": iso_utc(logged.now),
        "version": bundle.version,
        "policy": {
            "version": bundle.policy_version,
            "name": bundle.policy_name,
            "expired": rules.expired,
        },
        "customer": logged.customer.strip("{}"),
        "channel": logged.channel.value,
        "gift": logged.request.gift,
        "degraded": logged.degraded,
        "fallback": decision.fallback,
        "visible": {
            "items": len(decision.known.view),
            "context": [index.item_id(row) for row in context],
        },
        "rules": {
            "personal": rules.personal,
            "silent": rules.silent,
            "unmapped_held": bool(rules.contained & UNMAPPED),
            "too_personal": sorted(replayed.state.controls.muted_categories(logged.now)),
            "life_events": [_standing(found) for found in told],
        },
        "candidates": [_candidate(bundle, found) for found in _candidates(replayed)],
        "replay": {"equal": replayed.equal, "sha256": sha256(replayed.body).hexdigest()},
    }


def _candidates(replayed: Replayed) -> tuple[Candidate, ...]:
    state, now = replayed.state, replayed.logged.now

    def again(index: BundleIndex, request: OfferRequest) -> Decision:
        return decide(index, state, request, now)

    return candidates(replayed.bundle.index, state, replayed.request, now, again)


def _standing(found: Standing) -> dict[str, Any]:
    return {
        "life_event": found.life_event,
        "policy": found.stance,
        "masked": found.masked,
        "targets_held": found.held,
        "soft_targets_held": found.hinted,
        "why": found.why,
    }


def _candidate(bundle: LiveBundle, found: Candidate) -> dict[str, Any]:
    pick = found.pick
    shown: dict[str, Any] = {
        "placement": found.placement,
        "offer_id": bundle.index.offer_id(pick.offer),
        "title": bundle.index.offer_title(pick.offer),
        "stage": found.stage.value,
        "verdict": found.verdict.value,
        "score": pick.score,
        "parts": {"own": pick.own, "cross": pick.cross, "popular": pick.popular},
    }
    if found.holds:
        shown["held_by"] = [
            {"life_event": hold.life_event, "policy": hold.stance, "rule": hold.kind.value}
            for hold in found.holds
        ]
    return shown
