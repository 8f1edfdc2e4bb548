"""The sections of `train.yaml`, setting by setting.

Each class is one section; each description is printed on the settings page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from recommender.interactions import Columns

Rate = Annotated[float, Field(ge=0.0, le=10.0)]
Weeks = Annotated[float, Field(gt=0.0, le=520.0)]
Name = Annotated[str, Field(min_length=1, max_length=256)]


class Section(BaseModel):
    """Immutable, and closed: an unknown key is an error. Infinity and NaN are no values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PurchaseColumns(Section):
    """What the columns of the purchases are called in the shop's own files."""

    customer_id: Name = Field(Columns.CUSTOMER, description="Who bought.")
    item_id: Name = Field(Columns.ITEM, description="What was bought.")
    timestamp: Name = Field(
        Columns.TIMESTAMP, description="When: ISO text, a datetime, a date, or epoch seconds."
    )
    quantity: Name = Field(Columns.QUANTITY, description="Units; negative for a return.")
    unit_price: Name = Field(Columns.UNIT_PRICE, description="Optional: the price of one unit.")
    order_id: Name = Field(
        Columns.ORDER, description="Optional: the order or receipt; without it a day is a basket."
    )
    event_id: Name = Field(
        Columns.EVENT, description="Optional: lines with the same id are read once."
    )
    channel: Name = Field(Columns.CHANNEL, description="Optional: where it was bought.")
    gift: Name = Field(
        Columns.GIFT,
        description="Optional: whether it was bought as a gift; then it never enters the view.",
    )


class Purchases(Section):
    """Where the purchases are, and how to read them."""

    path: Path | None = Field(
        None, description="A CSV or Parquet file, or a folder of them (read in order of name)."
    )
    columns: PurchaseColumns = Field(
        default_factory=PurchaseColumns,
        description="Name in Tactful: name in the file. A name not given is expected as it is.",
    )
    timezone: str = Field(
        "UTC",
        description="IANA time zone of timestamps that name none. The earlier one is taken where "
        "a clock was put back; a time that a clock skipped is an error.",
    )
    unknown_items: Literal["error", "keep"] = Field(
        "error",
        description="A purchased item that the catalogue lacks: an error, or kept as an unlisted "
        "item of which nothing is known (the guard treats it as unmapped).",
    )

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no IANA time zone, such as Europe/London") from error
        return value


class CatalogueColumns(Section):
    """What the columns of the catalogue are called in the shop's own files."""

    item_id: Name = Field("item_id", description="The item, as the purchases name it.")
    title: Name = Field("title", description="Optional: text for people.")
    category: Name | tuple[Name, ...] = Field(
        "category",
        description="Optional: one column with a list or a path (`a > b > c`), or a list of "
        "columns from the widest category to the narrowest.",
    )
    price: Name = Field("price", description="Optional: in the shop's currency.")
    available: Name = Field(
        "available", description="Optional: false for an item that is not to be offered."
    )
    tags: Name = Field("tags", description="Optional: a list, or text separated by commas.")
    brand: Name = Field("brand", description="Optional: the brand.")

    @field_validator("category")
    @classmethod
    def _some_category(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not value:
            raise ValueError("an empty list; leave the key out instead")
        return value


class CatalogueFile(Section):
    """Where the catalogue is, and how to read it."""

    path: Path | None = Field(
        None,
        description="A CSV or Parquet file, or a folder of them. Without one, every purchased "
        "item is an unlisted item.",
    )
    columns: CatalogueColumns = Field(
        default_factory=CatalogueColumns,
        description="Name in Tactful: name in the file. A name not given is expected as it is.",
    )
    separator: str = Field(
        ">", min_length=1, max_length=3, description="What stands between categories of a path."
    )
    duplicates: Literal["error", "most_frequent"] = Field(
        "error",
        description="An item that has several rows: an error, or one item made of the most "
        "frequent value of each column (for a catalogue taken from invoice lines).",
    )


class OffersFile(Section):
    """Where the offers are."""

    path: Path | None = Field(
        None,
        description="A YAML list or a Parquet file. Without one, every available item is its "
        "own offer.",
    )


class Guard(Section):
    """What the engine must not know, and must not show."""

    policy: Path | None = Field(None, description="The marketer's policy; without one, the packs'.")
    controls: Path | None = Field(
        None,
        description="What customers have told us, as `tactful controls export` wrote it; without "
        "it nobody has unlocked, locked or taken back anything.",
    )
    packs: tuple[Name, ...] = Field(
        ("grocery@1",), description="Shipped taxonomies of life events; [] guards nothing."
    )


class Model(Section):
    """How the models are fitted. What the validation window decides stands under `tuning`."""

    factors: int = Field(64, ge=1, le=512, description="Dimensions of the ALS factors.")
    iterations: int = Field(15, ge=1, le=200, description="Sweeps of ALS.")
    regularization: float = Field(20.0, gt=0.0, le=1e6, description="Lambda of ALS.")
    confidence_floor: float = Field(
        0.1, ge=0.0, le=100.0, description="c = floor + sqrt(decayed number of baskets)."
    )
    confidence_half_life_weeks: Weeks = Field(
        8.0, description="After so many weeks a basket counts half in the confidence of ALS."
    )
    min_support: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto",
        description="Customers whose view must have an item before the models know it; auto is "
        "one in fifty customers, at least 1, at most 10.",
    )
    popularity_half_life_weeks: Weeks = Field(
        2.0, description="After so many weeks a buyer counts half in the popularity of an item."
    )
    trend_half_life_weeks: Weeks = Field(
        8.0, description="The longer half-life that recent popularity is compared with."
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Of the random starting factors.")
    threads: int = Field(
        0, ge=0, le=1024, description="Threads of ALS; 0 takes all cores. The result is the same."
    )

    def support(self, n_customers: int) -> int:
        """`min_support` as a number, for `n_customers` customers with a view."""
        if self.min_support == "auto":
            return max(1, min(10, n_customers // 50))
        return self.min_support


class Tuning(Section):
    """What is tried on the validation window, the weeks before the test window."""

    window_weeks: int = Field(4, ge=1, le=52, description="Length of the validation window.")
    customers: int = Field(2000, ge=1, description="At most so many customers are scored.")
    own_half_life_weeks: tuple[Weeks, ...] = Field(
        (4.0, 8.0, 16.0, 32.0, 64.0),
        min_length=1,
        description="Half-lives of a customer's own baskets, in weeks.",
    )
    repeat_exponent: tuple[Rate, ...] = Field(
        (0.0, 0.1, 0.2, 0.4), min_length=1, description="Powers of an item's repeat rate."
    )
    trend_exponent: tuple[Rate, ...] = Field(
        (0.0, 0.35, 0.7, 1.0), min_length=1, description="Powers of an item's trend."
    )
    cross_weight: tuple[Rate, ...] = Field(
        (0.0, 0.006, 0.012, 0.024, 0.048, 0.096, 0.2, 0.4),
        min_length=1,
        description="Weights of what similar customers buy.",
    )
    popularity_weight: tuple[Rate, ...] = Field(
        (0.0, 0.003, 0.01, 0.03, 0.1, 0.3),
        min_length=1,
        description="Weights of what sells now.",
    )


class Evaluation(Section):
    """How the quality on the test window, the last weeks, is measured."""

    window_weeks: int = Field(4, ge=1, le=52, description="Length of the test window.")
    n: int = Field(10, ge=1, le=100, description="Offers a customer, for NDCG@n and Recall@n.")
    customers: int = Field(5000, ge=1, description="At most so many customers are evaluated.")
    bootstrap: int = Field(
        1000, ge=10, le=100_000, description="Resamples behind a confidence interval."
    )
