"""New items get their due, from the shop's files to the offers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.index import BundleIndex
from recommender.request import OfferRequest, Placement, Source
from recommender.types import CustomerId
from training.bundle_dir import read_bundle
from training.config import load_config
from training.pipeline import TrainResult, train
from training.progress import Silent

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LAST = datetime(2026, 2, 1, tzinfo=UTC)
DAY = 86_400
KINDS = ("Bread", "Tea", "Soap", "Paper")
CUSTOMERS = 60
BREAD_BUYERS = range(0, CUSTOMERS, 4)
LATER = {
    "rye": ("Bread", "2026-01-31"),
    "oat": ("Bread", "2026-02-20"),
    "wheat": ("Bread", None),
    "malt": ("Bread", "2025-12-20"),
    "spelt": ("Bread", "2026-01-02"),
    "millet": ("Bread", "2025-12-20"),
    "soft": ("BABY DIAPERS", "2026-01-31"),
}
"""Category, and since when it is on sale. All carry the brand of the bread."""

Purchase = tuple[str, str, int]
"""Customer, item, and days before `LAST`."""


def purchases() -> list[Purchase]:
    """Everybody buys of one kind and now and then of the next; bread buyers find what is new.

    Malt sells from its launch on. Spelt is on sale since before the window, and taken in it for
    the first time. Nobody ever takes millet.
    """
    chance = random.Random(4)
    bought = [("c00", "Bread-0", 0)]
    for c in range(CUSTOMERS):
        customer, kind, other = f"c{c:02d}", KINDS[c % 4], KINDS[(c + 1) % 4]
        for _ in range(30):
            day = chance.randrange(200)
            bought += [(customer, f"{kind}-{i}", day) for i in chance.sample(range(10), 2)]
            bought.append((customer, f"{other}-{chance.randrange(3)}", day))
    bought += [(f"c{c:02d}", "malt", 30 + c % 5) for c in BREAD_BUYERS[2:]]
    bought += [(f"c{c:02d}", "spelt", 9 + c % 5) for c in BREAD_BUYERS[1:]]
    return [*bought, *((f"c{c:02d}", "soft", 3) for c in range(0, CUSTOMERS, 2))]


def trained(folder: Path) -> TrainResult:
    """A bundle of the shop's files, everything at its default but what saves time."""
    bought = purchases()
    known = {f"{kind}-{i}": (kind, None) for kind in KINDS for i in range(10)}
    listed: dict[str, tuple[str, str | None]] = {**known, **LATER}
    pl.DataFrame(
        {
            "customer_id": [c for c, _, _ in bought],
            "item_id": [i for _, i, _ in bought],
            "timestamp": [int(LAST.timestamp()) - days * DAY for _, _, days in bought],
            "quantity": [1] * len(bought),
        }
    ).write_parquet(folder / "purchases.parquet")
    pl.DataFrame(
        {
            "item_id": list(listed),
            "title": list(listed),
            "category": [category for category, _ in listed.values()],
            "brand": ["Mill" if i in LATER else kind for i, (kind, _) in listed.items()],
            "Launched": [added for _, added in listed.values()],
        }
    ).write_csv(folder / "catalogue.csv")
    settings = [
        f"purchases.path={folder}/purchases.parquet",
        f"catalogue.path={folder}/catalogue.csv",
        "catalogue.columns.added=Launched",
        "model.min_support=2",
        "model.factors=8",
        "model.regularization=1.0",
        "model.threads=1",
        "tuning.trials=20",
        "evaluation.bootstrap=20",
        "evaluation.guard_cost=false",
    ]
    config = load_config(None, settings)
    return train(config, folder / "bundle", now=NOW.timestamp(), progress=Silent())


@dataclass(frozen=True, eq=False)
class Shop:
    """A training, and its bundle made ready to answer."""

    result: TrainResult
    index: BundleIndex
    states: dict[str, CustomerState]

    def home(self, customer: str) -> list[str]:
        """All offers for the customer, best first."""
        request = OfferRequest((Placement("home", Source.HOME, 60),))
        answer = decide(self.index, self.states[customer], request, LAST.timestamp())
        return [self.index.offer_id(pick.offer) for pick in answer.placements[0].picks]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    result = trained(tmp_path_factory.mktemp("new"))
    bundle, table = read_bundle(result.directory)
    place = {customer: c for c, customer in enumerate(table.customers)}
    states = {
        f"c{c:02d}": CustomerState(
            table.view(place[CustomerId(f"c{c:02d}")]),
            table.factors[place[CustomerId(f"c{c:02d}")]],
        )
        for c in range(CUSTOMERS)
    }
    return Shop(result, BundleIndex(bundle), states)


def test_an_item_of_yesterday_is_offered_to_those_who_like_its_kind(shop: Shop) -> None:
    """Above most of a kind that they never bought, though others buy all of that every week."""
    for c in BREAD_BUYERS:
        offers = shop.home(f"c{c:02d}")
        never = sorted(offers.index(f"Soap-{i}") for i in range(10))
        assert offers.index("rye") < never[4]


def test_it_is_not_pushed_at_those_who_like_something_else(shop: Shop) -> None:
    for c in range(2, CUSTOMERS, 4):
        offers = shop.home(f"c{c:02d}")
        assert offers.index("rye") > max(offers.index(f"Soap-{i}") for i in range(10))


def test_what_stays_unsold_is_offered_after_what_is_of_yesterday(shop: Shop) -> None:
    """Millet has had six weeks to sell as its kind does, and rye one day."""
    for c in BREAD_BUYERS:
        offers = shop.home(f"c{c:02d}")
        assert offers.index("rye") < offers.index("millet")


def test_rows_are_what_sells_and_what_is_new(shop: Shop) -> None:
    """Not what is to come, not what nobody ever bought, and nothing of a life event."""
    rows = {shop.index.item_id(row) for row in range(shop.result.manifest.n_rows)}
    assert {"rye", "spelt", "malt", "millet"} <= rows
    assert not {"oat", "wheat", "soft"} & rows
    assert all({"oat", "wheat", "soft"}.isdisjoint(shop.home(c)) for c in shop.states)


def test_the_report_shows_how_new_items_fare(shop: Shop) -> None:
    """Nobody had spelt when the window began; in it all bread buyers but one found it."""
    found = shop.result.evaluation
    assert found is not None
    new = found.methods[0].new
    assert new is not None
    assert new.cold.customers == len(BREAD_BUYERS) - 1
    assert new.cold.ndcg is not None
    assert new.cold.ndcg.mean > 0
    assert new.cold.shown > 0
    assert "new items" in (shop.result.directory / "report.html").read_text().lower()
