"""A new version is held against the live one on its newest window; a worse one needs a reason."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from recommender.bundle import Lineage
from recommender.errors import GateRefusal, InputError
from recommender.keys import Keys
from recommender.types import CustomerId
from tests.support.measured import POOR, write_measured
from tests.support.shop import MODEL, Purchase, intimate, population
from training.bundle_dir import read_bundle, write_bundle
from training.newest import FILE as NEWEST_FILE
from training.outcomes import FILE as OUTCOMES_FILE
from training.publish import Publisher
from training.publishing.gatekeeper import Force
from training.publishing.pointers import Pointers
from training.publishing.versions import dump_summary, parse_summary

EVERYTHING = [*population(), *intimate()]
FORCE = Force(by="anna", reason="the campaign begins tonight")


def until(days_before: int) -> list[Purchase]:
    """The shop's purchases without the last days."""
    return [line for line in EVERYTHING if line[2] >= days_before]


def activated(publisher: Publisher, folder: Path) -> str:
    """Publishes a directory and makes it live."""
    version = publisher.publish(folder).version
    publisher.activate(version)
    return version


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundles: of today, of last week and of six weeks ago, made well and made poorly."""
    folder = tmp_path_factory.mktemp("measured")
    for name, days in (("today", 0), ("week", 7), ("old", 42)):
        write_measured(folder / name, until(days))
        write_measured(folder / f"{name}-poor", until(days), POOR)
    write_measured(folder / "exposed", EVERYTHING, exposed=2)
    write_measured(folder / "unmeasured", until(1), measure=False)
    write_measured(folder / "unmeasured-week", until(7), measure=False)
    return folder


@pytest.fixture
def live(publisher: Publisher, made: Path) -> str:
    """Last week's bundle, live."""
    return activated(publisher, made / "week")


def test_the_first_version_has_nothing_to_be_compared_with(
    publisher: Publisher, made: Path
) -> None:
    result = publisher.publish(made / "today")
    assert result.ruling is not None
    assert result.ruling.sentence == "nothing was live to compare with"
    publisher.activate(result.version)
    assert publisher.live() == result.version


def test_what_showed_a_locked_offer_is_refused_even_as_the_first_and_by_force(
    publisher: Publisher, made: Path
) -> None:
    version = publisher.publish(made / "exposed").version
    for force in (None, FORCE):
        with pytest.raises(GateRefusal, match="2 offers that the guard holds back"):
            publisher.activate(version, force)
    assert publisher.live() is None


def test_the_same_recipe_a_week_later_is_compared_and_equal(
    publisher: Publisher, live: str, made: Path
) -> None:
    result = publisher.publish(made / "today")
    assert result.ruling is not None
    assert "fitted again" in result.ruling.how
    assert "are equal for every customer" in result.ruling.sentence
    assert result.summary.parent == live
    publisher.activate(result.version)


def test_the_same_recipe_on_the_same_lines_is_taken_without_a_comparison(
    publisher: Publisher, live: str, made: Path, tmp_path: Path
) -> None:
    result = publisher.publish(changed(made / "week", tmp_path / "again", config_digest="other"))
    assert result.version != live
    assert result.ruling is not None
    assert f"the same recipe on the same lines as {live}" in result.ruling.how
    publisher.activate(result.version)


def test_an_older_version_is_refused_unless_it_was_live(publisher: Publisher, made: Path) -> None:
    """Its recipe is the live one's: a comparison alone would find them equal."""
    activated(publisher, made / "today")
    version = publisher.publish(made / "week").version
    with pytest.raises(GateRefusal, match="it would forget what was bought since"):
        publisher.activate(version)
    publisher.activate(version, FORCE)
    activated(publisher, made / "today")
    again = publisher.publish(made / "week").ruling
    assert again is not None
    assert again.passed


def test_lines_that_were_lost_are_refused_although_the_live_one_lost_them_too(
    publisher: Publisher, live: str, made: Path, tmp_path: Path
) -> None:
    write_measured(tmp_path / "cut", [line for line in EVERYTHING if line[2] < 130])
    ruling = publisher.publish(tmp_path / "cut").ruling
    assert ruling is not None
    assert [reason.partition(":")[0] for reason in ruling.reasons] == ["it has 32 % fewer lines"]
    assert ruling.champion == live


def test_quality_on_record_that_fell_is_refused(
    publisher: Publisher, made: Path, tmp_path: Path
) -> None:
    activated(publisher, changed(made / "week", tmp_path / "live", metrics={"ndcg@10_all": 0.4}))
    folder = changed(made / "today", tmp_path / "new", metrics={"ndcg@10_all": 0.3})
    version = publisher.publish(folder).version
    with pytest.raises(GateRefusal, match="NDCG@10 for anything is 25 % lower"):
        publisher.activate(version)


@pytest.mark.usefixtures("live")
def test_a_handful_asked_although_more_could_answer_is_refused(
    publisher: Publisher, tmp_path: Path
) -> None:
    write_measured(tmp_path / "few", EVERYTHING, customers=5)
    version = publisher.publish(tmp_path / "few").version
    with pytest.raises(GateRefusal, match=r"5 customers of .* raise evaluation.customers"):
        publisher.activate(version)


def test_a_recipe_that_cannot_be_fitted_again_leaves_it_to_a_person(
    publisher: Publisher, made: Path, tmp_path: Path
) -> None:
    """Nothing is bought by so many customers before the window."""
    lineage = read_bundle(made / "week")[0].manifest.lineage
    assert lineage is not None
    rare = lineage.model_copy(update={"model": lineage.model | {"min_support": 1_000}})
    activated(publisher, changed(made / "week", tmp_path / "live", lineage=rare))
    version = publisher.publish(made / "today").version
    with pytest.raises(GateRefusal, match="nobody can tell which is better"):
        publisher.activate(version)
    publisher.activate(version, FORCE)


def test_what_was_live_and_is_published_again_goes_through_the_gate(
    publisher: Publisher, live: str, made: Path
) -> None:
    version = publisher.publish(made / "today-poor").version
    publisher.activate(version, FORCE)
    publisher.activate(live)
    publisher.publish(made / "today-poor")
    with pytest.raises(GateRefusal, match="surely worse"):
        publisher.activate(version, back=False)


def test_an_exposure_that_was_counted_once_stays(
    publisher: Publisher, client: Redis, keys: Keys, made: Path
) -> None:
    result = publisher.publish(made / "exposed")
    assert result.summary.locked_exposure == 2
    key = keys.learned(result.version, CustomerId("c00"))
    for damage in (False, True):
        if damage:
            client.delete(key)
        again = publisher.publish(made / "exposed").summary
        assert again.locked_exposure == 2
    raw: Any = client.hget(keys.versions, result.version)
    known = parse_summary(raw)
    client.hset(keys.versions, result.version, dump_summary(replace(known, locked_exposure=3)))
    assert publisher.publish(made / "exposed").summary.locked_exposure == 3


def test_a_worse_recipe_a_week_later_is_refused_by_a_live_one_that_was_fitted_again(
    publisher: Publisher, live: str, made: Path
) -> None:
    result = publisher.publish(made / "today-poor")
    ruling = result.ruling
    assert ruling is not None
    assert ruling.comparison is not None
    assert "fitted again on the purchases before the window" in ruling.how
    with pytest.raises(GateRefusal, match="surely worse for anything: NDCG@10") as caught:
        publisher.activate(result.version)
    assert f"tactful activate {result.version} --force-reason" in caught.value.hint
    assert publisher.live() == live


def test_the_live_one_fitted_again_reaches_what_it_reached_alone(
    publisher: Publisher, made: Path
) -> None:
    """Today's good bundle found the same for itself as the gate finds for last week's recipe."""
    activated(publisher, made / "week")
    ruling = publisher.publish(made / "today-poor").ruling
    publisher.activate(publisher.publish(made / "today").version)
    again = publisher.publish(made / "today-poor").ruling
    assert ruling is not None
    assert again is not None
    assert ruling.comparison == again.comparison


def test_a_better_recipe_takes_the_place_of_a_worse_one(publisher: Publisher, made: Path) -> None:
    activated(publisher, made / "week-poor")
    result = publisher.publish(made / "today")
    assert result.ruling is not None
    assert result.ruling.passed
    assert "the new one is better for anything" in result.ruling.sentence.lower()
    publisher.activate(result.version)
    assert publisher.live() == result.version


@pytest.mark.parametrize(("old", "new", "passes"), [("", "-poor", False), ("-poor", "", True)])
def test_a_live_one_from_before_the_window_is_measured_as_it_is(
    publisher: Publisher, made: Path, old: str, new: str, *, passes: bool
) -> None:
    activated(publisher, made / f"old{old}")
    ruling = publisher.publish(made / f"today{new}").ruling
    assert ruling is not None
    assert "as it is: it knows no purchase of the window" in ruling.how
    assert ruling.passed is passes


def test_who_went_past_the_gate_why_and_over_what_is_kept_and_listed(
    publisher: Publisher, clock: Any, live: str, made: Path
) -> None:
    version = publisher.publish(made / "today-poor").version
    publisher.activate(version, FORCE)
    assert publisher.live() == version
    [listed] = [v for v in publisher.versions() if v.version == version]
    assert listed.ruling is not None
    [forced] = listed.ruling.forced
    assert (forced.by, forced.reason) == ("anna", "the campaign begins tonight")
    assert (forced.against, forced.at) == (live, int(clock.now))
    assert "surely worse" in forced.refusal


def test_going_back_to_what_was_live_needs_no_reason(
    publisher: Publisher, live: str, made: Path
) -> None:
    version = publisher.publish(made / "today-poor").version
    publisher.activate(version, FORCE)
    publisher.activate(live)
    publisher.activate(version)
    assert publisher.rollback() == live


@pytest.mark.usefixtures("live")
def test_a_force_that_was_not_needed_is_not_kept(publisher: Publisher, made: Path) -> None:
    version = publisher.publish(made / "today").version
    publisher.activate(version, FORCE)
    assert [v.ruling.forced for v in publisher.versions() if v.ruling] == [(), ()]


@pytest.mark.usefixtures("live")
def test_without_a_measurement_none_takes_the_place_of_a_measured_one(
    publisher: Publisher, made: Path
) -> None:
    version = publisher.publish(made / "unmeasured").version
    with pytest.raises(GateRefusal, match="its quality was not measured"):
        publisher.activate(version)
    publisher.activate(version, FORCE)


def test_two_that_were_never_measured_follow_each_other(publisher: Publisher, made: Path) -> None:
    activated(publisher, made / "unmeasured-week")
    activated(publisher, made / "unmeasured")


def test_a_ruling_holds_only_against_what_was_live_when_it_was_made(
    publisher: Publisher, made: Path
) -> None:
    early = publisher.publish(made / "today-poor").version
    activated(publisher, made / "week")
    with pytest.raises(GateRefusal, match="publish its directory again"):
        publisher.activate(early)
    activated(publisher, made / "today")
    publisher.publish(made / "today-poor")
    with pytest.raises(GateRefusal, match="surely worse"):
        publisher.activate(early)


def test_publishing_what_is_live_again_compares_nothing(publisher: Publisher, made: Path) -> None:
    activated(publisher, made / "week")
    again = publisher.publish(made / "week")
    assert again.ruling is not None
    assert again.ruling.how == "nothing was live to compare with"


def test_publishing_what_is_live_again_keeps_who_forced_it(
    publisher: Publisher, live: str, made: Path
) -> None:
    version = publisher.publish(made / "today-poor").version
    publisher.activate(version, FORCE)
    kept = publisher.ruling(version)
    assert publisher.publish(made / "today-poor").ruling == kept
    assert kept is not None
    assert (kept.champion, len(kept.forced)) == (live, 1)


def test_a_whole_bundle_takes_the_place_of_a_damaged_one(
    publisher: Publisher, client: Redis, keys: Keys, live: str, made: Path
) -> None:
    client.set(keys.manifest(live), b"damaged")
    result = publisher.publish(made / "today-poor")
    assert result.ruling is not None
    assert "cannot be read" in result.ruling.how
    publisher.activate(result.version)
    assert publisher.live() == result.version


@pytest.mark.parametrize("name", [OUTCOMES_FILE, NEWEST_FILE])
def test_a_damaged_measurement_is_refused_before_anything_is_written(
    publisher: Publisher, tmp_path: Path, name: str
) -> None:
    write_measured(tmp_path / "damaged", until(7))
    (tmp_path / "damaged" / name).write_bytes(b"PAR1")
    with pytest.raises(InputError, match=name):
        publisher.publish(tmp_path / "damaged")
    assert publisher.versions() == []


@pytest.mark.parametrize("names", [(OUTCOMES_FILE,), (NEWEST_FILE,), (OUTCOMES_FILE, NEWEST_FILE)])
def test_the_measurement_of_another_bundle_is_not_believed(
    publisher: Publisher, made: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    folder = Path(shutil.copytree(made / "today-poor", tmp_path / "poor"))
    for name in names:
        shutil.copy(made / "today" / name, folder / name)
    with pytest.raises(InputError, match="copied from another bundle, or edited"):
        publisher.publish(folder)


@pytest.mark.parametrize("names", [(OUTCOMES_FILE,), (OUTCOMES_FILE, NEWEST_FILE)])
def test_a_measurement_that_was_taken_away_is_missed(
    publisher: Publisher, made: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    folder = Path(shutil.copytree(made / "today", tmp_path / "bare"))
    for name in names:
        (folder / name).unlink()
    with pytest.raises(InputError, match=f"lacks .*{OUTCOMES_FILE}, which its manifest names"):
        publisher.publish(folder)


def test_a_measurement_that_no_training_sealed_is_not_believed(
    publisher: Publisher, made: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(made / "unmeasured", tmp_path / "lent"))
    for name in (OUTCOMES_FILE, NEWEST_FILE):
        shutil.copy(made / "today" / name, folder / name)
    with pytest.raises(InputError, match="not what this bundle was measured with"):
        publisher.publish(folder)


def test_a_ruling_goes_with_its_version_unless_somebody_forced_it(
    publisher: Publisher, client: Redis, keys: Keys, clock: Any, made: Path
) -> None:
    plain = activated(publisher, made / "old")
    clock.now += 1
    forced = publisher.publish(made / "week-poor").version
    publisher.activate(forced, FORCE)
    for name in ("week", "today"):
        clock.now += 1
        publisher.activate(publisher.publish(made / name).version, FORCE)
    assert set(publisher.collect().versions) == {plain, forced}
    kept: Any = client.hkeys(keys.rulings)
    assert forced.encode() in kept
    assert plain.encode() not in kept


def test_a_ruling_that_cannot_be_read_is_none(
    publisher: Publisher, client: Redis, keys: Keys, made: Path
) -> None:
    activated(publisher, made / "week")
    version = publisher.publish(made / "today").version
    client.hset(keys.rulings, version, b"{}")
    with pytest.raises(GateRefusal, match="publish its directory again"):
        publisher.activate(version)


def test_a_training_that_knew_controls_is_compared_under_them(
    publisher: Publisher, client: Redis, keys: Keys, made: Path, tmp_path: Path
) -> None:
    """Controls that cannot be read lock everything: such a customer is answered as a newcomer."""
    activated(publisher, made / "old")
    everybody = [keys.controls(CustomerId(f"c{c:02d}")) for c in range(40)]
    client.mset(dict.fromkeys(everybody, b"unreadable"))
    without = publisher.publish(made / "today").ruling
    folder = changed(made / "today", tmp_path / "told", controls_at=1)
    under = publisher.publish(folder).ruling
    client.delete(*everybody)
    nothing = publisher.publish(folder).ruling
    assert without is not None
    assert under is not None
    assert nothing is not None
    assert without.comparison == nothing.comparison != under.comparison


def changed(source: Path, folder: Path, **changes: object) -> Path:
    """The same bundle with another manifest; what names no measurement brings none."""
    bundle, table = read_bundle(source)
    manifest = bundle.manifest.model_copy(update=changes)
    names = manifest.lineage.measurement if manifest.lineage else ()
    extras = {name: (source / name).read_bytes() for name in names}
    write_bundle(
        folder,
        replace(bundle, manifest=manifest),
        table,
        created_at="2026-01-01T00:00:00Z",
        extras=extras,
    )
    return folder


LATER = Lineage(release="99", lines="", n_lines=1, model={"a setting of the future": 1})


@pytest.mark.parametrize(
    ("lineage", "why"), [(None, "has no lineage"), (LATER, "was made by release 99")]
)
def test_a_live_one_that_cannot_be_made_again_stops_nobody(
    publisher: Publisher, made: Path, tmp_path: Path, lineage: Lineage | None, why: str
) -> None:
    activated(publisher, changed(made / "week", tmp_path / "live", lineage=lineage))
    result = publisher.publish(made / "today")
    assert result.ruling is not None
    assert why in result.ruling.how
    publisher.activate(result.version)


def test_of_two_who_activate_at_once_the_second_is_told(
    publisher: Publisher, client: Redis, keys: Keys, live: str, made: Path
) -> None:
    version = publisher.publish(made / "today").version
    pointers = Pointers(client, keys)
    assert pointers.activate(version, "another") == "overtaken"
    assert publisher.live() == live
    assert pointers.activate(version, live) == "live"


@pytest.mark.parametrize(("by", "reason"), [("anna", " "), ("anna", "x" * 2_001), ("", "why")])
def test_a_force_has_a_name_and_a_reason(by: str, reason: str) -> None:
    with pytest.raises(InputError):
        Force(by=by, reason=reason)


def test_models_differ_in_nothing_but_what_the_tests_say() -> None:
    assert {k for k, v in POOR if getattr(MODEL, k) != v} == {"min_support"}
