"""`tactful publish | activate | rollback | versions`: processes that meet in one server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from recommender.keys import Keys
from tactful.embedded import connect, embedded_server
from tests.support.command import Run
from tests.support.measured import POOR, write_measured
from tests.support.shop import intimate, population


def version(bundle: Path) -> str:
    return str(json.loads((bundle / "manifest.json").read_text())["version"])


def listed(tactful: Run) -> list[dict[str, Any]]:
    done = tactful("versions", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_publish_activate_rollback_and_versions_work_together(
    tactful: Run, bundles: tuple[Path, Path]
) -> None:
    older, newer = map(version, bundles)
    assert "nothing is published" in tactful("versions").stdout
    assert older in tactful("publish", bundles[0]).stdout
    told = json.loads(tactful("publish", bundles[1], "--no-activate", "--json").stdout)
    assert (told["version"], told["live"], told["already"]) == (newer, False, False)
    assert told["bytes_per_customer"] > 0
    marks = {v["version"]: v["marker"] for v in listed(tactful)}
    assert marks == {older: "live", newer: ""}
    assert json.loads(tactful("activate", newer, "--json").stdout) == {"live": newer}
    assert {v["version"]: v["marker"] for v in listed(tactful)} == {
        older: "previous",
        newer: "live",
    }
    assert older in tactful("rollback").stdout
    again = tactful("publish", bundles[0])
    assert "was there already" in again.stdout


def test_nothing_to_roll_back_to_and_nothing_to_activate_are_bad_input(
    tactful: Run, bundles: tuple[Path, Path]
) -> None:
    tactful("publish", bundles[0])
    rollback, activate = tactful("rollback"), tactful("activate", "no-such-version")
    assert (rollback.returncode, activate.returncode) == (2, 2)
    assert version(bundles[0]) in activate.stderr


def test_a_second_publish_at_the_same_time_ends_with_1_and_says_who_is_at_it(
    tactful: Run, bundles: tuple[Path, Path], state: Path
) -> None:
    keys = Keys()
    tactful("publish", bundles[0])
    holder = json.dumps({"token": "t", "who": "process 7 on shop", "since": "noon"})
    with embedded_server(state) as url, connect(url) as client:
        client.set(keys.publishing, holder)
        done = tactful("publish", bundles[1])
        assert done.returncode == 1
        assert "process 7 on shop (since noon)" in done.stderr
        assert client.get(keys.live) == version(bundles[0]).encode()


@pytest.mark.parametrize("damage", ["cut", "gone", "altered"])
def test_a_damaged_bundle_is_refused_and_the_live_version_stays(
    damage: str, tactful: Run, bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    tactful("publish", bundles[0])
    copy = tmp_path / "copy"
    shutil.copytree(bundles[1], copy)
    victim = max((copy / "arrays").iterdir(), key=lambda path: path.stat().st_size)
    content = victim.read_bytes()
    if damage == "gone":
        victim.unlink()
    else:
        victim.write_bytes(content[:-1] if damage == "cut" else b"\x01" + content[1:])
    done = tactful("publish", copy)
    assert done.returncode == 2
    assert victim.stem in done.stderr
    assert "how to mend it" in done.stderr
    assert [(v["version"], v["marker"]) for v in listed(tactful)] == [(version(bundles[0]), "live")]


def test_a_bundle_of_a_newer_schema_is_refused_by_name(
    tactful: Run, bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundles[0], copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"schema_version": 99}))
    done = tactful("publish", copy)
    assert done.returncode == 2
    assert "schema 99" in done.stderr


def test_a_namespace_is_a_shop_of_its_own(tactful: Run, bundles: tuple[Path, Path]) -> None:
    tactful("publish", bundles[0])
    done = tactful("versions", "--json", extra={"TACTFUL_NAMESPACE": "other"})
    assert json.loads(done.stdout) == []


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A good bundle of last week, and a poor one of today."""
    folder = tmp_path_factory.mktemp("measured")
    bought = [*population(), *intimate()]
    write_measured(folder / "week", [line for line in bought if line[2] >= 7])
    write_measured(folder / "poor", bought, POOR)
    return folder / "week", folder / "poor"


def test_a_worse_bundle_is_put_there_and_refused_with_3_until_somebody_says_why(
    tactful: Run, measured: tuple[Path, Path]
) -> None:
    week, poor = measured
    assert "nothing was live to compare with" in tactful("publish", week).stdout
    done = tactful("publish", poor)
    assert done.returncode == 3
    assert "the gate refuses it: surely worse for anything" in done.stdout
    assert f"tactful activate {version(poor)} --force-reason" in done.stderr
    assert [v["version"] for v in listed(tactful) if v["marker"] == "live"] == [version(week)]
    assert tactful("activate", version(poor)).returncode == 3
    why = ("--force-reason", "a campaign", "--as", "anna")
    assert tactful("activate", version(poor), *why).returncode == 0
    told = tactful("versions").stdout
    assert "refused: surely worse for anything" in told
    assert f"over {version(week)}: a campaign" in told
    [ruling] = [v["ruling"] for v in listed(tactful) if v["version"] == version(poor)]
    assert [(step["by"], step["reason"]) for step in ruling["forced"]] == [("anna", "a campaign")]


def test_publish_can_force_at_once_and_tells_programs_what_the_gate_found(
    tactful: Run, measured: tuple[Path, Path]
) -> None:
    week, poor = measured
    tactful("publish", week)
    refused = tactful("publish", poor, "--json")
    assert refused.returncode == 3
    told = json.loads(refused.stdout)
    assert told["live"] is False
    assert told["parent"] == told["ruling"]["champion"] == version(week)
    assert told["ruling"]["reasons"]
    forced = tactful("publish", poor, "--json", "--force-reason", "a campaign")
    assert forced.returncode == 0
    assert json.loads(forced.stdout)["live"] is True
    assert tactful("publish", week, "--force-reason", " ").returncode == 2


def test_publish_tells_people_and_programs_who_went_past_what(
    tactful: Run, measured: tuple[Path, Path]
) -> None:
    week, poor = measured
    assert f"{version(week)} published and verified, and is live" in tactful("publish", week).stdout
    refused = json.loads(tactful("publish", poor, "--json").stdout)
    assert "surely worse for anything" in refused["refused"]
    assert refused["ruling"]["forced"] == []
    why = ("--force-reason", "a campaign", "--as", "anna")
    told = tactful("publish", poor, *why).stdout
    assert "the gate refused it: surely worse for anything" in told
    assert f"over {version(week)}: a campaign" in told
    again = json.loads(tactful("publish", poor, "--json").stdout)
    assert (again["live"], again["refused"]) == (True, None)
    assert [step["by"] for step in again["ruling"]["forced"]] == ["anna"]
    assert "make it live with" not in tactful("publish", poor, "--no-activate").stdout


def test_what_was_live_is_published_through_the_gate_and_activated_past_it(
    tactful: Run, measured: tuple[Path, Path]
) -> None:
    week, poor = measured
    tactful("publish", week)
    tactful("publish", poor, "--force-reason", "a campaign")
    tactful("activate", version(week))
    assert tactful("publish", poor).returncode == 3
    assert tactful("activate", version(poor)).returncode == 0


def test_locked_exposure_is_told_and_listed_and_nothing_else_is_advised(
    tactful: Run, tmp_path: Path
) -> None:
    write_measured(tmp_path / "exposed", [*population(), *intimate()], exposed=1)
    done = tactful("publish", tmp_path / "exposed", "--force-reason", "a campaign")
    assert done.returncode == 3
    assert "no reason makes it live: locked exposure: 1 personalised place of" in done.stdout
    assert "make it live with" not in done.stdout
    assert "locked exposure: 1 personalised place of" in tactful("versions").stdout
