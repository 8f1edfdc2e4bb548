"""A whole training on small files: what it writes, what it never lets in, what it says."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from recommender.errors import InputError
from recommender.index import BundleIndex
from tests.support.dairy import DAY, LAST, MILK, NOW, population, shop, trained
from training.bundle_dir import read_bundle, read_manifest
from training.lineage import checksums
from training.newest import FILE as NEWEST
from training.newest import read_newest
from training.outcomes import FILE as OUTCOMES
from training.outcomes import read_outcomes
from training.pipeline import TrainResult, train
from training.progress import Advance
from training.sections import CatalogueColumns, PurchaseColumns


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
    """One window is measured, so there is no backtest."""
    assert result.backtest is None
    assert result.tuned is not None
    assert result.evaluation is not None
    assert result.manifest.parameters == result.tuned.parameters
    assert result.evaluation.window_until == result.manifest.as_of
    assert result.notes == result.tuned.notes


def test_the_report_needs_nothing_else(result: TrainResult) -> None:
    """One file: no script, no link, every picture inside."""
    page = (result.directory / "report.html").read_text(encoding="utf-8")
    assert "http" not in page
    assert "<script" not in page
    assert page.count('src="data:image/png;base64,') == page.count("<img") > 4
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
    assert found.tuned is not None
    assert found.notes == ("nothing is guarded: guard.packs is []", *found.tuned.notes)
    page = (found.directory / "report.html").read_text(encoding="utf-8")
    assert "No life event is protected" in page


def test_too_little_history_says_so_and_still_trains(tmp_path: Path) -> None:
    """Six weeks: nothing is measured. Ten weeks: the defaults are, and what follows is tuned."""
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
    assert longer.tuned is not None
    assert longer.manifest.parameters == longer.tuned.parameters
    assert "what was measured are the shipped defaults" in longer.notes[0]
    for name in ("outcomes.parquet", "newest.parquet"):
        assert not (short.directory / name).exists()
        assert (longer.directory / name).exists()


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
    assert {name.rpartition("_")[2] for name in found.manifest.metrics} == {"all", "session"}
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


def test_several_windows_are_measured_and_told(tmp_path: Path) -> None:
    found = trained(tmp_path, population(), "evaluation.windows=3")
    assert found.backtest is not None
    assert found.backtest.windows[-1] == found.evaluation
    assert len(found.backtest.windows) == 3
    outcomes = read_outcomes(found.directory / OUTCOMES)
    assert [one.window_until for one in outcomes] == [
        w.window_until for w in found.backtest.windows
    ]
    stored = json.loads((found.directory / "evaluation.json").read_text(encoding="utf-8"))
    assert stored["backtest"] == found.backtest.model_dump(mode="json")
    page = (found.directory / "report.html").read_text(encoding="utf-8")
    assert "Window by window" in page


def test_what_a_training_writes_for_the_gate_is_of_one_window(result: TrainResult) -> None:
    """The newest lines are cut where the measured window begins; known is what was asked for."""
    [outcomes] = read_outcomes(result.directory / OUTCOMES)
    newest = read_newest(result.directory / NEWEST)
    assert outcomes.window_from <= newest.cut < outcomes.window_until == result.manifest.as_of
    assert newest.cut == result.manifest.as_of - 28 * DAY
    assert result.manifest.lineage is not None
    assert len(newest.visible) == result.manifest.lineage.n_lines
    files = {name: (result.directory / name).read_bytes() for name in (OUTCOMES, NEWEST)}
    assert result.manifest.lineage.measurement == checksums(files)
    assert outcomes.locked_exposure == 0
    assert newest.known.all()
