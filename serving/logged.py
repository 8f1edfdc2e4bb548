"""A decision of the log, read again: enough to make the same answer, and no more.

    id, at           at in milliseconds since 1970: the moment of the decision, exactly
    version          the bundle; its learned records are immutable and are read again
    policy           the policy's version, and its `name` where one was published: "7 digest"
    over             where that one could not be applied: the name of the policy in use before
    customer         the customer's tag; "" for a visitor
    request          what was asked. Of the context and of the offers to leave out, only what
                     counted: what was masked or held back anyway leaves no trace here
    learned, live    whether a learned record held anything that counted; the events since the
                     training that counted, and the factor after them
    placements       the offers that were shown, the slot `replenish` aside
    body             hash of the answer (`answers.body_hash`); absent where `aside` is

What the customer told us, and the slot `replenish`, are no matter for a log: they go to a record
of their own beside it, which expires (`aside`). `serving.made` writes both.
"""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import Base64Bytes, BaseModel, ConfigDict, ValidationError

from recommender.channel import Channel
from recommender.errors import StoreError
from recommender.request import Context, Filters, OfferRequest, Placement, Source
from recommender.types import ItemId, OfferId
from serving.schemas import Detail


class Asked(BaseModel):
    """What was asked, as an entry holds it."""

    model_config = ConfigDict(frozen=True)

    placements: list[tuple[str, Source, int]]
    reasons: Detail = "none"
    gift: bool = False
    context: tuple[ItemId, ...] = ()
    categories: tuple[str, ...] = ()
    min_price: float | None = None
    max_price: float | None = None
    exclude: tuple[OfferId, ...] = ()


class Logged(BaseModel):
    """An entry of the log, read again."""

    model_config = ConfigDict(frozen=True)

    id: str
    at: int
    version: str
    policy: int
    name: str = ""
    customer: str
    channel: Channel
    degraded: bool
    request: Asked
    expired: bool = False
    over: str | None = None
    learned: bool = False
    live: Base64Bytes | None = None
    aside: bool = False
    body: str = ""

    @property
    def now(self) -> float:
        """Seconds since 1970 that the decision was made with."""
        return seconds(self.at)

    def asked(self, exclude: tuple[OfferId, ...] = ()) -> OfferRequest:
        """The request again; `exclude` adds what the record beside the entry holds."""
        asked = self.request
        return OfferRequest(
            placements=tuple(Placement(name, source, n) for name, source, n in asked.placements),
            channel=self.channel,
            context=Context(session=asked.context),
            filters=Filters(
                categories=asked.categories,
                min_price=asked.min_price,
                max_price=asked.max_price,
                exclude=frozenset((*asked.exclude, *exclude)),
            ),
            gift=asked.gift,
        )


class Aside(BaseModel):
    """The record beside an entry, read again."""

    model_config = ConfigDict(frozen=True)

    body: str
    controls: Base64Bytes | None = None
    replenish: Base64Bytes | None = None
    exclude: tuple[OfferId, ...] = ()


_Kept = TypeVar("_Kept", Logged, Aside)


def parse_logged(raw: bytes) -> Logged:
    """Reads `Made.entry`; StoreError when it is something else, or of an earlier release."""
    return _parsed(Logged, raw)


def parse_aside(raw: bytes) -> Aside:
    """Reads `Made.aside`; StoreError when it is something else."""
    return _parsed(Aside, raw)


def made_at(decision_id: str) -> int:
    """The millisecond that a decision's name tells; ValueError when it is no such name."""
    if not re.fullmatch(r"[0-9a-f]{32}", decision_id):
        raise ValueError(decision_id)
    return int(decision_id[:12], 16)


def seconds(at: int) -> float:
    """Milliseconds since 1970 as the seconds that decisions are made with."""
    return at / 1000


def _parsed(kind: type[_Kept], raw: bytes) -> _Kept:
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        raise StoreError(
            f"a logged decision of {len(raw)} bytes cannot be read",
            hint="it may have been written by an earlier release, whose decisions had no replay",
        ) from error
