"""The body of an answer to POST /v1/offers: the same bytes for a request and for its replay."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson

from recommender.explain import Explainer, Reason
from recommender.request import Decision, Pick
from serving.live import LiveBundle
from serving.schemas import Detail

_ID_ENDS = len(b'{"decision_id":"') + 32


def answer_body(
    bundle: LiveBundle, decision: Decision, detail: Detail, decision_id: str, *, degraded: bool
) -> bytes:
    """The answer as JSON; it depends on its arguments alone."""
    return orjson.dumps(
        {
            "decision_id": decision_id,
            "version": bundle.version,
            "policy_version": bundle.policy_version,
            "degraded": degraded,
            "fallback": decision.fallback,
            "placements": _filled(bundle, decision, detail),
        }
    )


def body_hash(body: bytes) -> str:
    """SHA-256, in hexadecimal, of everything in a body that follows the decision's id.

    Equal answers have equal hashes, to whomever they were given.
    """
    return sha256(memoryview(body)[_ID_ENDS:]).hexdigest()


def _filled(bundle: LiveBundle, decision: Decision, detail: Detail) -> dict[str, Any]:
    """The placements of an answer, ready for JSON."""
    explainer = None if detail == "none" else Explainer(bundle.index, decision, detail)

    def shown(pick: Pick) -> dict[str, Any]:
        offer = bundle.offer(pick.offer)
        if explainer is not None:
            offer["reasons"] = [_reason(reason) for reason in explainer.reasons(pick)]
        return offer

    return {
        answer.name: {"fallback": answer.fallback, "offers": [shown(p) for p in answer.picks]}
        for answer in decision.placements
    }


def _reason(reason: Reason) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": reason.kind,
        "text": reason.text,
        "share": round(reason.share, 4),
    }
    if reason.items:
        shown["items"] = reason.items
    return shown
