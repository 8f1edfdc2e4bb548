"""One answer to POST /v1/offers, from the checked query to the bytes that leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson

from recommender.customer import CustomerState, new_customer
from recommender.decide import check_request, decide
from recommender.errors import ContainmentBreach, StoreError
from recommender.explain import Explainer, Reason
from recommender.keys import customer_tag
from recommender.request import (
    Basis,
    Context,
    Decision,
    Filters,
    OfferRequest,
    Pick,
    Placement,
    Source,
)
from recommender.types import ItemId, OfferId
from serving.breaker import Breaker
from serving.customers import Customers
from serving.decisions import DecisionLog
from serving.live import LiveBundle
from serving.metrics import Metrics
from serving.problems import FieldError
from serving.schemas import ContextQuery, Detail, FilterQuery, OfferQuery, PlacementQuery

_NO_CONTEXT, _NO_FILTERS = ContextQuery(), FilterQuery()


class Offering:
    """Answers offer queries. It has no state of its own beyond what it is given."""

    def __init__(
        self,
        customers: Customers,
        placements: Mapping[str, Placement],
        breaker: Breaker,
        decisions: DecisionLog,
        metrics: Metrics,
    ) -> None:
        self._customers = customers
        self._placements = placements
        self._breaker = breaker
        self._decisions = decisions
        self._metrics = metrics
        self._answers = {
            (fallback, degraded): metrics.answers.labels(_word(fallback), _word(degraded))
            for fallback in (False, True)
            for degraded in (False, True)
        }

    async def answer(self, bundle: LiveBundle, query: OfferQuery, now: float) -> tuple[str, bytes]:
        """The decision's id and the answer as JSON.

        now   seconds since 1970, UTC

        Raises InputError when the query asks for what no customer could get. A customer whose
        records cannot be read in time is answered like a newcomer, marked `degraded`.
        """
        request = self._request(bundle, query)
        check_request(bundle.index, request)
        state, degraded = await self._state(bundle, query, request)
        try:
            decision = decide(bundle.index, state, request, now)
        except ContainmentBreach:
            self._metrics.breaches.inc()
            raise
        decision_id = uuid4().hex
        filled = _filled(bundle, decision, query.reasons)
        self._note(bundle, query, decision, decision_id, degraded=degraded, now=now)
        return decision_id, orjson.dumps(
            {
                "decision_id": decision_id,
                "version": bundle.version,
                "policy_version": bundle.policy_version,
                "degraded": degraded,
                "fallback": decision.fallback,
                "placements": filled,
            }
        )

    async def _state(
        self, bundle: LiveBundle, query: OfferQuery, request: OfferRequest
    ) -> tuple[CustomerState, bool]:
        """What is known of the customer, and True when it could not be read."""
        if query.customer_id is None:
            return new_customer(), False
        if not self._breaker.closed:
            return new_customer(), True
        replenish = any(p.source is Source.REPLENISH for p in request.placements)
        try:
            state = await self._customers.state(bundle, query.customer_id, replenish=replenish)
        except StoreError as error:
            self._breaker.fail(error.what)
            return new_customer(), True
        return state, False

    def _request(self, bundle: LiveBundle, query: OfferQuery) -> OfferRequest:
        slots = bundle.index.bundle.manifest.policy.discovery_slots
        return OfferRequest(
            placements=tuple(
                self._placement(number, wanted, query.n, slots)
                for number, wanted in enumerate(query.placements)
            ),
            channel=query.channel,
            context=_context(query.context),
            filters=_filters(query.filters),
        )

    def _placement(
        self, number: int, wanted: PlacementQuery, n: int | None, slots: int
    ) -> Placement:
        known = self._placements.get(wanted.name)
        if known is None:
            raise FieldError(
                "there is no such placement",
                where=f"$.placements[{number}]",
                hint=f"known are {', '.join(sorted(self._placements))}",
            )
        asked = wanted.n if wanted.n is not None else n
        if asked is not None:
            return Placement(known.name, known.source, asked)
        # Nobody asked for a number: the policy's limit is no reason to refuse.
        if known.source is Source.DISCOVERY and known.n > slots:
            return Placement(known.name, known.source, slots)
        return known

    def _note(
        self,
        bundle: LiveBundle,
        query: OfferQuery,
        decision: Decision,
        decision_id: str,
        *,
        degraded: bool,
        now: float,
    ) -> None:
        """Counts the answer and queues its entry for the log."""
        self._answers[decision.fallback, degraded].inc()
        if decision.policy_expired:
            self._metrics.expired.inc()
        known = bundle.index.offer_id
        self._decisions.add(
            {
                "id": decision_id,
                "at": int(now * 1000),
                "version": bundle.version,
                "policy": bundle.policy_version,
                "customer": "" if query.customer_id is None else customer_tag(query.customer_id),
                "channel": query.channel.value,
                "fallback": decision.fallback,
                "degraded": degraded,
                # The slot `replenish` shows locked items: it leaves no trace here (guard G8).
                "placements": {
                    answer.name: [
                        known(pick.offer)
                        for pick in answer.picks
                        if pick.basis is not Basis.REPLENISH
                    ]
                    for answer in decision.placements
                },
            }
        )


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _context(context: ContextQuery) -> Context:
    if context == _NO_CONTEXT:
        return Context()
    return Context(
        basket=tuple(map(ItemId, context.basket)),
        page=None if context.page is None else ItemId(context.page),
        session=tuple(map(ItemId, context.session)),
    )


def _filters(filters: FilterQuery) -> Filters:
    if filters == _NO_FILTERS:
        return Filters()
    return Filters(
        categories=filters.categories,
        min_price=filters.min_price,
        max_price=filters.max_price,
        exclude=frozenset(map(OfferId, filters.exclude)),
    )


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
