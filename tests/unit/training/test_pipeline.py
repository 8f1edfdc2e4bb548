"""A whole training on small files: what it writes, what it never lets in, what it says."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from recommender.errors import InputError
from recommender.index import BundleIndex
from training.bundle_dir import read_bundle, read_manifest
from training.config import TrainConfig, load_config
from training.pipeline import TrainResult, train
from training.progress import Advance, Silent
from training.sections import CatalogueColumns, PurchaseColumns

NOW = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
LAST = datetime(2026, 2, 1, tzinfo=UTC)
DAY = 86_400
MILK = [f"milk-{i}" for i in range(12)]

Purchase = tuple[str, str, int]
"""Customer, item, and days before `LAST`."""


class Stages:
    """Notes the stages of a training, in order, and how many steps each took."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.steps: Counter[str] = Counter()

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Advance]:
        """One stage; a name that comes again adds its steps."""
        self.names.append(name)
        before = self.steps[name]
        yield lambda steps: self.steps.update({name: steps})
        assert self.steps[name] - before <= total


def population(days: int = 200, seed: int = 2) -> list[Purchase]:
    """Thirty customers, each with four habits and the odd change."""
    chance = random.Random(seed)
    bought = []
    for c in range(30):
        habits = chance.sample(MILK, 4)
        for _ in range(25):
            day = chance.randrange(days)
            bought += [(f"c{c:02d}", item, day) for item in (*chance.sample(habits, 2), *MILK[:1])]
        bought.append((f"c{c:02d}", chance.choice(MILK), chance.randrange(days)))
    bought.append(("c00", MILK[0], 0))
    return bought


def shop(folder: Path, purchases: list[Purchase], *more: str) -> TrainConfig:
    """Files of a shop that lists milk and a nappy; `ghost` is bought and not listed."""
    folder.mkdir(parents=True, exist_ok=True)
    end = int(LAST.timestamp())
    pl.DataFrame(
        {
            "customer_id": [c for c, _, _ in purchases],
            "item_id": [i for _, i, _ in purchases],
            "timestamp": [end - days * DAY for _, _, days in purchases],
            "quantity": [1] * len(purchases),
        }
    ).write_parquet(folder / "purchases.parquet")
    pl.DataFrame(
        {
            "item_id": [*MILK, "nappy"],
            "title": [f"Milk number {i}" for i in range(12)] + ["Soft and dry"],
            "category": ["DAIRY > MILK"] * 12 + ["BABY > BABY DIAPERS"],
        }
    ).write_parquet(folder / "catalogue.parquet")
    return load_config(
        None,
        [
            f"purchases.path={folder}/purchases.parquet",
            f"catalogue.path={folder}/catalogue.parquet",
            "purchases.unknown_items=keep",
            "model.factors=4",
            "model.iterations=3",
            "model.threads=1",
            "evaluation.bootstrap=20",
            *more,
        ],
    )


def trained(folder: Path, purchases: list[Purchase], *more: str, now: float = NOW) -> TrainResult:
    config = shop(folder, purchases, *more)
    return train(config, folder / "bundle", now=now, progress=Silent())


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return trained(tmp_path_factory.mktemp("whole"), population())


def test_a_bundle_lies_where_it_was_asked_for(result: TrainResult) -> None:
    bundle, table = read_bundle(result.directory)
    assert bundle.manifest == result.manifest
    assert len(table) == 30
    assert bundle.manifest.as_of == int(LAST.timestamp())
    assert bundle.manifest.created_at == "2026-03-01T00:00:00+00:00"
    assert bundle.manifest.metrics["ndcg@10_all"] > 0
    assert BundleIndex(bundle).offer_id(0) == "milk-0"


def test_the_weeks_are_tuned_and_measured(result: TrainResult) -> None:
    assert result.tuned is not None
    assert result.evaluation is not None
    assert result.manifest.parameters == result.tuned.parameters
    assert result.evaluation.window_until == result.manifest.as_of
    assert result.notes == ()


def test_the_report_needs_nothing_else(result: TrainResult) -> None:
    """One file: no script, no link, every picture inside."""
    page = (result.directory / "report.html").read_text(encoding="utf-8")
    assert "http" not in page
    assert "<script" not in page
    assert page.count('src="data:image/png;base64,') == page.count("<img") == 4
    assert "Training on purchases up to 1 February 2026" in page
    assert "{{" not in page


def test_the_numbers_are_there_for_programs(result: TrainResult) -> None:
    found = json.loads((result.directory / "evaluation.json").read_text(encoding="utf-8"))
    assert found["evaluation"]["methods"][0]["name"] == "Tactful"
    assert found["tuned"]["parameters"] == result.manifest.parameters.model_dump()


def test_training_twice_gives_the_same_digest(result: TrainResult, tmp_path: Path) -> None:
    """On another day, from lines in another order, on more threads."""
    purchases = population()
    random.Random(3).shuffle(purchases)
    again = trained(tmp_path, purchases, "model.threads=2", now=NOW + DAY)
    assert again.manifest.digest == result.manifest.digest
    assert again.manifest.version == result.manifest.version


def test_locked_evidence_leaves_no_trace(result: TrainResult, tmp_path: Path) -> None:
    """G4: nappies and unlisted items, later than all else, by new customers: the same digest."""
    locked = [("c03", "nappy", d) for d in (-9, 0, 50)]
    locked += [(f"parent{i}", "nappy", 3) for i in range(40)]
    locked += [("c04", "ghost", 5), ("c05", "phantom", 6)]
    again = trained(tmp_path, [*locked, *population()])
    assert again.manifest.digest == result.manifest.digest
    bundle, _ = read_bundle(again.directory)
    assert "ghost" not in bundle.catalogue.ids
    assert "nappy" in bundle.catalogue.ids


def test_without_a_guard_the_same_purchases_count(result: TrainResult, tmp_path: Path) -> None:
    locked = [(f"c{i:02d}", "nappy", 3) for i in range(20)]
    found = trained(tmp_path, [*locked, *population()], "guard.packs=[]")
    assert found.manifest.digest != result.manifest.digest
    assert found.manifest.n_rows == 13
    assert found.notes == ("nothing is guarded: guard.packs is []",)
    page = (found.directory / "report.html").read_text(encoding="utf-8")
    assert "No life event is protected" in page


def test_too_little_history_says_so_and_still_trains(tmp_path: Path) -> None:
    """Six weeks: nothing is measured. Ten weeks: measured, with the shipped defaults."""
    short = trained(tmp_path / "short", population(days=42))
    assert short.evaluation is None
    assert short.tuned is None
    assert "no test window" in short.notes[0]
    assert "quality was not measured" in short.notes[0]
    assert short.manifest.metrics == {}
    page = (short.directory / "report.html").read_text(encoding="utf-8")
    assert "too little history to measure" in page
    longer = trained(tmp_path / "longer", population(days=70))
    assert longer.evaluation is not None
    assert longer.tuned is None
    assert "shipped defaults are used" in longer.notes[0]


def test_one_customer_who_bought_one_thing_gets_a_bundle(tmp_path: Path) -> None:
    found = trained(tmp_path, [("ann", "milk-3", 0)])
    assert (found.manifest.n_customers, found.manifest.n_rows, found.manifest.n_offers) == (1, 1, 1)


def test_nothing_visible_is_an_error_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no purchase is left to learn from"):
        trained(tmp_path, [("ann", "nappy", 0)])
    assert not (tmp_path / "bundle").exists()


def test_nothing_to_offer_is_an_error(tmp_path: Path) -> None:
    """Unlisted items alone can be learnt from without a guard, but not offered."""
    with pytest.raises(InputError, match="nothing to offer"):
        trained(tmp_path, [("ann", "ghost", 0)], "guard.packs=[]")


def test_an_expired_policy_is_said_aloud(tmp_path: Path) -> None:
    """It fails closed: school supplies, which it allowed, are locked now."""
    tmp_path.mkdir(exist_ok=True)
    policy = tmp_path / "guard.yaml"
    policy.write_text(
        "guard: {version: 2, valid_until: 2026-02-28}\npacks: [grocery@1]\n", encoding="utf-8"
    )
    found = trained(tmp_path, population(), f"guard.policy={policy}")
    assert "expired on 2026-02-28" in found.notes[0]
    assert read_manifest(found.directory).policy.version == 2


def test_training_again_replaces_the_bundle(tmp_path: Path) -> None:
    first = trained(tmp_path, population())
    second = trained(tmp_path, population(seed=9))
    assert read_manifest(tmp_path / "bundle").digest == second.manifest.digest
    assert first.manifest.digest != second.manifest.digest


def test_other_column_names_give_the_same_version(result: TrainResult, tmp_path: Path) -> None:
    """The same rows, however the shop's own files call their columns."""
    config = shop(tmp_path, population())
    bought, listing = tmp_path / "purchases.parquet", tmp_path / "catalogue.parquet"
    pl.read_parquet(bought).rename({"customer_id": "Customer ID"}).write_parquet(bought)
    pl.read_parquet(listing).rename({"category": "Path"}).write_parquet(listing)
    columns = {
        "purchases": config.purchases.model_copy(
            update={"columns": PurchaseColumns(customer_id="Customer ID")}
        ),
        "catalogue": config.catalogue.model_copy(
            update={"columns": CatalogueColumns(category="Path")}
        ),
    }
    again = train(config.model_copy(update=columns), tmp_path / "bundle", now=NOW)
    assert again.manifest.version == result.manifest.version


def test_a_window_in_which_nobody_takes_anything_new_leaves_no_number(tmp_path: Path) -> None:
    """Two customers who buy the same two items every week for half a year."""
    twins = [(c, item, 7 * week) for c in ("ann", "bob") for item in MILK[:2] for week in range(26)]
    found = trained(tmp_path, twins)
    assert set(found.manifest.metrics) == {"ndcg@10_all", "recall@10_all", "coverage_all"}
    assert "offers of new items were not measured" in "".join(found.notes)
    stored = json.loads((found.directory / "evaluation.json").read_text(encoding="utf-8"))
    assert {method["new"] for method in stored["evaluation"]["methods"]} == {None}
    for points in stored["tuned"]["curves"].values():
        assert {point["ndcg_new"] for point in points} == {None}
    assert stored["notes"] == list(found.notes)
    page = (found.directory / "report.html").read_text(encoding="utf-8")
    assert found.notes[0] in page


def test_long_steps_between_reading_and_fitting_are_shown(tmp_path: Path) -> None:
    stages = Stages()
    train(shop(tmp_path, population()), tmp_path / "bundle", now=NOW, progress=stages)
    assert stages.names.index("read purchases") + 1 == stages.names.index("sort and net purchases")
    assert stages.steps["sort and net purchases"] == 2
