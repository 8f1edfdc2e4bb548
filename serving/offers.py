"""One answer to POST /v1/offers, from the checked query to the bytes that leave."""

from __future__ import annotations

from collections.abc import Mapping

from recommender.customer import CustomerState, closed_customer, new_customer
from recommender.decide import check_request, decide
from recommender.errors import ContainmentBreach, StoreError
from recommender.request import Context, Filters, OfferRequest, Placement, Source
from recommender.types import ItemId, OfferId
from serving.answers import answer_body
from serving.auditor import Auditor
from serving.breaker import Breaker
from serving.customers import Customers, Stored
from serving.decisions import DecisionLog
from serving.live import LiveBundle
from serving.logged import seconds
from serving.made import Made, asks_for_own, new_id
from serving.metrics import Metrics
from serving.problems import FieldError
from serving.schemas import ContextQuery, FilterQuery, OfferQuery, PlacementQuery

_NO_CONTEXT, _NO_FILTERS = ContextQuery(), FilterQuery()


class Offering:
    """Answers offer queries. It has no state of its own beyond what it is given."""

    def __init__(
        self,
        customers: Customers,
        placements: Mapping[str, Placement],
        breaker: Breaker,
        metrics: Metrics,
        *,
        decisions: DecisionLog,
        auditor: Auditor,
    ) -> None:
        self._customers = customers
        self._placements = placements
        self._breaker = breaker
        self._decisions = decisions
        self._auditor = auditor
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
        state, stored, degraded = await self._state(bundle, query, request)
        # What is logged is what was decided with: a replay at that millisecond is exact.
        at = int(now * 1000)
        try:
            decision = decide(bundle.index, state, request, seconds(at))
        except ContainmentBreach:
            self._metrics.breaches.inc()
            raise
        decision_id = new_id(at)
        body = answer_body(bundle, decision, query.reasons, decision_id, degraded=degraded)
        self._note(
            Made(
                id=decision_id,
                at=at,
                customer=query.customer_id,
                bundle=bundle,
                request=request,
                detail=query.reasons,
                state=state,
                stored=stored,
                degraded=degraded,
                decision=decision,
                body=body,
            )
        )
        return decision_id, body

    async def _state(
        self, bundle: LiveBundle, query: OfferQuery, request: OfferRequest
    ) -> tuple[CustomerState, Stored, bool]:
        """What is known of the customer, what it was read from, and True when it was not.

        A customer whose controls cannot be asked for may object to anything: all is locked.
        """
        if query.customer_id is None:
            return new_customer(), Stored(), False
        if not self._breaker.closed:
            return closed_customer(), Stored(), True
        own = asks_for_own(request)
        try:
            read = await self._customers.state(bundle, query.customer_id, replenish=own)
        except StoreError as error:
            self._breaker.fail(error.what)
            return closed_customer(), Stored(), True
        return *read, False

    def _request(self, bundle: LiveBundle, query: OfferQuery) -> OfferRequest:
        slots = bundle.index.policy.discovery_slots
        return OfferRequest(
            placements=tuple(
                self._placement(number, wanted, query.n, slots)
                for number, wanted in enumerate(query.placements)
            ),
            channel=query.channel,
            context=_context(query.context),
            filters=_filters(query.filters),
            gift=query.gift,
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

    def _note(self, made: Made) -> None:
        """Counts the answer, queues it for the log, and offers it to the auditor."""
        self._answers[made.decision.fallback, made.degraded].inc()
        if made.decision.rules.expired:
            self._metrics.expired.inc()
        self._decisions.add(made)
        self._auditor.consider(made)


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
