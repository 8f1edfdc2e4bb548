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
    added: Name = Field(
        "added",
        description="Optional: since when it is on sale, as `timestamp` of the purchases; empty "
        "when unknown, and it may be to come.",
    )

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
    trend_short_weeks: Weeks = Field(
        2.0, description="Trend: half-life of the recent buyers of an item that are compared ..."
    )
    trend_long_weeks: Weeks = Field(8.0, description="... with those of this longer half-life.")
    edges: int = Field(
        100, ge=1, le=1000, description="Items that each item of a history can lead to."
    )
    ease_items: int = Field(
        4000, ge=1, le=20_000, description="EASE is solved for so many of the most bought items."
    )
    path_short_weeks: Weeks = Field(
        1.0, description="Half-life of what others bought after an item, in the short path ..."
    )
    path_long_weeks: Weeks = Field(4.0, description="... and in the long one.")
    kin_half_life_weeks: Weeks = Field(
        2.0, description="Half-life of what sells now in a category or of a brand."
    )
    new_item_weeks: int = Field(
        8,
        ge=0,
        le=52,
        description="An item with too few buyers is known by its category and brand for so many "
        "weeks after it was added to the catalogue or first bought; 0: never.",
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
    """The search on a window of purchases, `evaluation.window_weeks` long."""

    enabled: bool = Field(
        default=True, description="false: the shipped defaults are used, and nothing is searched."
    )
    trials: int = Field(
        150, ge=1, le=100_000, description="Blends tried in each of the two searches of a window."
    )
    budget_seconds: float = Field(
        240.0,
        ge=0.0,
        le=86_400.0,
        description="Of a training that measures one window; each further window adds half of it. "
        "Gathering the candidates to score is not counted. "
        "0: as `enabled: false`. A search that is cut short says so, since its result depends on "
        "the machine's speed.",
    )
    customers: int = Field(2000, ge=1, description="At most so many customers are scored.")
    storage: Path | None = Field(
        None,
        description="A file in which the search keeps its journal: an interrupted training goes "
        "on from it. Other data or settings start anew in the same file.",
    )


class Evaluation(Section):
    """How quality is measured: on the last weeks, and on windows before them."""

    window_weeks: int = Field(
        4, ge=1, le=52, description="Length of every window that is measured or tuned on."
    )
    windows: int = Field(
        1,
        ge=1,
        le=12,
        description="Windows that are measured, the newest and those before it; each takes one "
        "more fit and one more search.",
    )
    guard_cost: bool = Field(
        default=True,
        description="Whether the report says what the guard costs: one more fit, of models that "
        "look at everything, are measured and thrown away.",
    )
    n: int = Field(10, ge=1, le=100, description="Offers a customer, for NDCG@n and Recall@n.")
    customers: int = Field(5000, ge=1, description="At most so many customers are evaluated.")
    bootstrap: int = Field(
        1000, ge=10, le=100_000, description="Resamples behind a confidence interval."
    )


class Mlflow(Section):
    """Where a training is put on record beside its bundle; needs the extra `mlflow`."""

    tracking_uri: Name | None = Field(
        None,
        description="An MLflow server or store, such as http://mlflow:5000. Settings, parameters, "
        "metrics, lineage and the report go there, nothing about a customer. Without it, nothing.",
    )
    experiment: Name = Field("tactful", description="The experiment that trainings are runs of.")
