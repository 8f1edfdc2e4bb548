"""What callers send and get. Bounds and ids are checked here, once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    WithJsonSchema,
    model_validator,
)

from recommender.channel import Channel
from recommender.customer import EventKind
from recommender.ids import id_problem
from recommender.types import ID_LENGTH
from serving.placements import MOST_OFFERS

MOST_EVENTS = 500
"""Most events in one call."""


def _checked_id(value: str) -> str:
    problem = id_problem(value)
    if problem is not None:
        raise ValueError(f"the id {problem}")
    return value


Id = Annotated[
    str,
    AfterValidator(_checked_id),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": ID_LENGTH}),
]
"""An external id: 1 to 256 characters, none of them a control character."""

Count = Annotated[int, Field(ge=1, le=MOST_OFFERS)]
Price = Annotated[FiniteFloat, Field(ge=0)]


class Strict(BaseModel):
    """Refuses unknown fields and wrong types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PlacementQuery(Strict):
    """A placement, and how many offers it needs."""

    name: Id
    n: Count | None = Field(
        default=None, description="offers wanted here; else `n` of the call, else the placement's"
    )


def _moment(value: Any) -> Any:
    """Seconds since 1970 from ISO 8601; anything but text is left to the next check."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("is neither seconds since 1970 nor ISO 8601") from error
    if moment.tzinfo is None:
        raise ValueError("has no offset from UTC, as in 2026-01-31T18:30:00Z")
    return moment.timestamp()


Moment = Annotated[
    FiniteFloat,
    BeforeValidator(_moment),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "format": "date-time"}]}),
]
"""Seconds since 1970, UTC; callers may also send ISO 8601 with an offset."""


def _by_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


WantedPlacement = Annotated[
    PlacementQuery,
    BeforeValidator(
        _by_name,
        json_schema_input_type=Annotated[str, Field(max_length=ID_LENGTH)] | PlacementQuery,
    ),
]
"""The name of a placement, or the name with a number of offers."""


class ContextQuery(Strict):
    """What happens right now. Items that the live bundle does not know are ignored."""

    basket: tuple[Id, ...] = Field(default=(), max_length=100, description="items in the basket")
    page: Id | None = Field(default=None, description="the item whose page is shown")
    session: tuple[Id, ...] = Field(
        default=(), max_length=200, description="items looked at in this visit"
    )


class FilterQuery(Strict):
    """What must not be shown. Prices are in the shop's currency, limits included."""

    categories: tuple[Annotated[str, Field(min_length=1, max_length=ID_LENGTH)], ...] = Field(
        default=(), max_length=50, description="only offers of one of these; none: of any"
    )
    min_price: Price | None = None
    max_price: Price | None = None
    exclude: tuple[Id, ...] = Field(default=(), max_length=1000, description="offers left out")

    @model_validator(mode="after")
    def _ordered(self) -> FilterQuery:
        if (
            self.min_price is not None
            and self.max_price is not None
            and self.min_price > self.max_price
        ):
            raise ValueError("min_price is above max_price: nothing could be offered")
        return self


Detail = Literal["none", "short", "full"]


class OfferQuery(Strict):
    """One call for offers: several placements, and no offer twice."""

    customer_id: Id | None = Field(default=None, description="leave out for a visitor")
    placements: tuple[WantedPlacement, ...] = Field(
        default=(PlacementQuery(name="home"),), min_length=1, max_length=10
    )
    n: Count | None = Field(
        default=None, description="offers a placement; left out: what the placement holds, 10"
    )
    channel: Channel = Channel.SITE
    context: ContextQuery = ContextQuery()
    filters: FilterQuery = FilterQuery()
    gift: bool = Field(
        default=False,
        description="true: the customer shops for somebody else, nothing of their own is used",
    )
    reasons: Detail = "short"

    @model_validator(mode="after")
    def _named_once(self) -> OfferQuery:
        names = [placement.name for placement in self.placements]
        if len(set(names)) < len(names):
            raise ValueError("a placement is named twice")
        return self


class ReasonAnswer(BaseModel):
    """Why an offer is here; the shares of one offer's reasons sum to 1."""

    kind: str
    text: str = Field(description="safe to show to the customer")
    share: float = Field(description="its part of the score; below 0 where it speaks against")
    items: tuple[str, ...] | None = Field(default=None, description="items that it rests on")


class OfferAnswer(BaseModel):
    """One offer."""

    offer_id: str
    title: str
    price: float | None = Field(default=None, description="left out when unknown")
    reasons: tuple[ReasonAnswer, ...] | None = None


class FilledPlacement(BaseModel):
    """The offers of one placement, best first."""

    fallback: bool = Field(description="true: popular offers, nothing personal was known")
    offers: tuple[OfferAnswer, ...]


class OffersAnswer(BaseModel):
    """The answer to POST /v1/offers."""

    decision_id: str = Field(description="send it back with impressions, clicks and purchases")
    version: str = Field(description="the bundle that answered")
    policy_version: int
    degraded: bool = Field(description="true: the customer's history could not be read in time")
    fallback: bool
    placements: dict[str, FilledPlacement]


class RelatedAnswer(BaseModel):
    """Offers that go with items: the same for every customer."""

    version: str
    policy_version: int
    fallback: bool = Field(description="true: popular offers, nothing is known to go with these")
    offers: tuple[OfferAnswer, ...]


class BasketQuery(Strict):
    """A basket that wants company."""

    basket: tuple[Id, ...] = Field(min_length=1, max_length=100, description="items in it")
    n: Count = 10


class EventQuery(Strict):
    """Something that a customer did. Sending it twice changes nothing: `event_id` counts once."""

    event_id: Id
    customer_id: Id
    kind: Annotated[EventKind, Field(strict=False)]
    item_id: Id
    timestamp: Moment | None = Field(
        default=None,
        description="seconds since 1970, or ISO 8601 with an offset; left out: now",
    )
    quantity: Annotated[FiniteFloat, Field(gt=0, le=1e6)] = 1.0
    order_id: Id | None = None
    decision_id: Id | None = None
    placement: Id | None = None
    channel: Channel | None = None
    gift: bool = Field(
        default=False, description="bought for somebody else: it says nothing of the customer"
    )


class EventsQuery(Strict):
    """A batch of events, of one customer or of many."""

    events: tuple[EventQuery, ...] = Field(min_length=1, max_length=MOST_EVENTS)


class EventsAnswer(BaseModel):
    """The answer to POST /v1/events; it is the same for every kind of item."""

    accepted: int


class Problem(BaseModel):
    """Every error: what is wrong, where, and how to mend it (RFC 9457)."""

    title: str
    status: int
    detail: str
    hint: str | None = None
    where: str | None = None
    problems: tuple[dict[str, str], ...] | None = None


class Liveness(BaseModel):
    """The process answers."""

    alive: bool


class Readiness(BaseModel):
    """Whether this worker should get traffic, and if not, why."""

    ready: bool
    version: str | None
    policy_version: int | None
    as_of: str | None = Field(description="last purchase that the bundle knows")
    degraded: bool
    reasons: tuple[str, ...]
