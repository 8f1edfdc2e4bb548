"""A decision just made, and what the log keeps of it; `serving.logged` says what an entry means."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, replace
from typing import Any

import orjson

from recommender.controls import dump_controls
from recommender.customer import CustomerState
from recommender.errors import StoreError
from recommender.keys import customer_tag
from recommender.record import LiveRecord, pack_live, unpack_learned, unpack_live
from recommender.request import Basis, Decision, OfferRequest, Source
from recommender.types import OfferId
from serving.answers import body_hash
from serving.counted import Usable
from serving.customers import Stored, sound
from serving.live import LiveBundle
from serving.logged import seconds
from serving.schemas import Detail

_NO_NAME = bytes(8)
_UNREADABLE = b"unreadable"


@dataclass(frozen=True, eq=False)
class Made:
    """A decision just made, with all that it was made from.

    at         milliseconds since 1970
    customer   the external id; None for a visitor
    stored     the records that `state` was read from
    """

    id: str
    at: int
    customer: str | None
    bundle: LiveBundle
    request: OfferRequest
    detail: Detail
    state: CustomerState
    stored: Stored
    degraded: bool
    decision: Decision
    body: bytes

    @property
    def now(self) -> float:
        """Seconds since 1970 that the decision was made with."""
        return seconds(self.at)

    def entry(self) -> bytes:
        """The entry of the log, as JSON."""
        decision, index = self.decision, self.bundle.index
        entry: dict[str, Any] = {
            "id": self.id,
            "at": self.at,
            "version": self.bundle.version,
            "policy": self.bundle.policy_version,
            "customer": "" if self.customer is None else customer_tag(self.customer),
            "channel": decision.channel.value,
            "fallback": decision.fallback,
            "degraded": self.degraded,
            "request": self._asked(),
            "learned": self._learned_counts(),
            # The slot `replenish` shows locked items: it leaves no trace here (guard G8).
            "placements": {
                answer.name: [
                    index.offer_id(pick.offer)
                    for pick in answer.picks
                    if pick.basis is not Basis.REPLENISH
                ]
                for answer in decision.placements
            },
        }
        if self.bundle.policy_name:
            entry["name"] = self.bundle.policy_name
        if decision.rules.expired:
            entry["expired"] = True
        if self.bundle.closed_over is not None:
            entry["over"] = self.bundle.closed_over
        if self.stored.live is not None and len(decision.known.view):
            live = self._what_counted(self.stored.live)
            if live.events:
                entry["live"] = base64.b64encode(pack_live(live)).decode()
        if self._has_aside:
            entry["aside"] = True
        else:
            entry["body"] = body_hash(self.body)
        return orjson.dumps(entry)

    def aside(self) -> bytes | None:
        """What a replay needs beside the entry, as JSON; None when that is nothing."""
        if not self._has_aside:
            return None
        found: dict[str, Any] = {"body": body_hash(self.body)}
        if self.stored.controls is not None:
            found["controls"] = base64.b64encode(self._told()).decode()
        if self.stored.replenish is not None:
            found["replenish"] = base64.b64encode(self.stored.replenish).decode()
        if self.request.filters.exclude:
            found["exclude"] = sorted(self.request.filters.exclude)
        return orjson.dumps(found)

    def _told(self) -> bytes:
        """The controls without the customer's name: erasing a customer does not reach this record.

        Those that could not be read stay unreadable.
        """
        if self.state.closed:
            return _UNREADABLE
        return dump_controls(self.state.controls.model_copy(update={"customer": ""}))

    @property
    def _usable(self) -> Usable:
        return Usable(self.bundle, self.state, self.decision.rules, self.now)

    def _learned_counts(self) -> bool:
        """Whether the learned record holds anything that the decision could use."""
        raw = self.stored.learned
        if raw is None or not len(self.decision.known.view):
            return False
        try:
            view, factor = unpack_learned(raw)
        except StoreError:
            return False  # it counted for nothing, and the metrics say so
        return sound(self.bundle, view, factor) and self._usable.learned(view) > 0

    def _what_counted(self, raw: bytes) -> LiveRecord:
        """The events of a live record that the decision used, with the factor that it used."""
        try:
            events = self._usable.events(unpack_live(raw).events)
        except StoreError:
            return LiveRecord()  # it counted for nothing, and the metrics say so
        known = self.decision.known
        # With a context the factor was folded in for this one answer, and will be again.
        factor = None if len(known.context_rows) else known.factor
        # The events' own names say nothing that an answer depends on.
        return LiveRecord(tuple(replace(e, event_hash=_NO_NAME) for e in events), "", factor)

    @property
    def _has_aside(self) -> bool:
        return self.stored.controls is not None or asks_for_own(self.request)

    def _asked(self) -> dict[str, Any]:
        request, index = self.request, self.bundle.index
        filters = request.filters
        context = self.decision.known.context_rows.tolist()
        excluded = [offer for offer in filters.exclude if self._matters(offer)]
        asked: dict[str, Any] = {
            "placements": [[p.name, p.source.value, p.n] for p in request.placements],
            "reasons": self.detail,
            "gift": request.gift or None,
            "context": [index.item_id(row) for row in context] or None,
            "categories": filters.categories or None,
            "min_price": filters.min_price,
            "max_price": filters.max_price,
            "exclude": sorted(excluded) or None,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def _matters(self, offer: OfferId) -> bool:
        """Whether leaving an offer out could change an answer: it is known, and not held back."""
        index, rules = self.bundle.index, self.decision.rules
        at = index.offer_index.get(offer)
        if at is None:
            return False
        bundle = index.bundle
        if int(bundle.offer_target[at]) & rules.contained:
            return False
        if int(bundle.offer_soft[at]) & rules.soft:
            return False
        muted = self.state.controls.muted_categories(self.now)
        return not any(index.touching(name)[at] for name in muted)


def new_id(at: int) -> str:
    """A decision's name: 12 hexadecimal digits of its millisecond, then 20 that are random.

    The first say where in the log to look; the others, that nobody guesses it.
    """
    return f"{at:012x}{secrets.token_hex(10)}"


def asks_for_own(request: OfferRequest) -> bool:
    """Whether a request reads the purchases of the slot `replenish`."""
    return any(p.source is Source.REPLENISH for p in request.placements)
