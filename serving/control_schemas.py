"""What customers tell us, as callers send it and read it back.

No field asks why, and none takes the answer.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from recommender.guard.policy import PREFERENCE_CENTRE
from recommender.types import ID_LENGTH, SECONDS_A_DAY
from serving.schemas import Id, Moment, Strict

_DATE_LENGTH = len("2027-03-31")


def _last_day(value: Any) -> Any:
    """The end (UTC) of a day that stands alone; anything else is left to the next check."""
    if not isinstance(value, str) or len(value) > _DATE_LENGTH:
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return datetime.combine(day, time(), UTC).timestamp() + SECONDS_A_DAY


Until = Annotated[Moment, BeforeValidator(_last_day)]
"""When something ends: as `Moment`, or a date such as 2027-03-31, which is then the last day."""

_UNTIL = "when it ends: ISO 8601, seconds since 1970, or a date, which is then the last day (UTC)"
Category = Annotated[str, Field(min_length=1, max_length=ID_LENGTH)]


class DeclarationQuery(Strict):
    """A life event that the customer, or somebody for the customer, tells us of."""

    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)] = Field(
        default=PREFERENCE_CENTRE, description="who says so; the policy knows whom to believe"
    )
    until: Until | None = Field(
        default=None, description=f"{_UNTIL}; left out: when the policy says"
    )


class TermQuery(Strict):
    """How long something holds."""

    until: Until | None = Field(
        default=None, description=f"{_UNTIL}; left out: until it is taken back"
    )


class NeedQuery(Strict):
    """Something that the customer is looking for."""

    text: Annotated[str, Field(max_length=2_000)] = Field(
        description="in the customer's own words; kept, and never used to guess anything"
    )
    category: Category | None = Field(default=None, description="offers of it are wanted")
    offer_id: Id | None = Field(default=None, description="this offer is wanted")
    until: Until | None = Field(default=None, description=f"{_UNTIL}; left out: 90 days")


class GiftQuery(Strict):
    """Until when a purchase is nobody's business."""

    until: Until = Field(description=_UNTIL)


class ForgetQuery(Strict):
    """Nothing needs to be said."""


class TooPersonalQuery(Strict):
    """What feels too personal: an item, whose narrowest category is meant, or a category."""

    item_id: Id | None = None
    category: Category | None = None

    @model_validator(mode="after")
    def _one(self) -> TooPersonalQuery:
        if (self.item_id is None) == (self.category is None):
            raise ValueError("send either item_id or category")
        return self


class TermAnswer(BaseModel):
    """Since when something holds, and until when."""

    since: str = Field(json_schema_extra={"format": "date-time"})
    until: str | None = Field(
        description="null: until it is taken back", json_schema_extra={"format": "date-time"}
    )


class DeclarationAnswer(TermAnswer):
    """A declared life event."""

    source: str


class NeedAnswer(TermAnswer):
    """Something that the customer is looking for."""

    text: str
    category: str | None
    offer_id: str | None


class ControlsAnswer(BaseModel):
    """Everything that a customer has told us and that holds now, by name."""

    customer_id: str
    declarations: dict[str, DeclarationAnswer] = Field(description="by life event")
    withdrawals: dict[str, TermAnswer] = Field(description="life events that are silent")
    consents: dict[str, dict[str, TermAnswer]] = Field(description="by life event, by purpose")
    objections: dict[str, TermAnswer] = Field(description="by life event")
    needs: dict[str, NeedAnswer] = Field(description="by the id that the caller gave")
    gifts: dict[str, TermAnswer] = Field(description="by item")
    forgotten: dict[str, str] = Field(
        description="by item: purchases until this moment count no more"
    )
    too_personal: dict[str, TermAnswer] = Field(description="by category")
