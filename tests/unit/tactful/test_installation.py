"""What the doctor says of an installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.types import SECONDS_A_DAY
from tactful.doctor.findings import Finding, Level
from tactful.doctor.installation import (
    bundle_findings,
    disk_findings,
    python_findings,
    server_findings,
)
from tactful.embedded import ServerFacts
from training.publishing.versions import Marker, Summary, VersionInfo

AS_OF = 1_700_000_000


def facts(**changes: object) -> ServerFacts:
    known = {"product": "valkey", "version": "9.1.2", "policy": "noeviction", "keys": 3}
    values: dict[str, object] = known | {"used_bytes": 10_000_000, "most_bytes": 0} | changes
    return ServerFacts(**values)  # type: ignore[arg-type]


def info(version: str, marker: Marker, *workers: str) -> VersionInfo:
    summary = Summary(
        version=version,
        digest="",
        created_at="",
        published_at=0.0,
        as_of=AS_OF,
        n_customers=1,
        n_items=1,
        n_offers=1,
        metrics={},
        bytes=1,
        bytes_per_customer=1.0,
    )
    return VersionInfo(summary, marker, workers)


def levels(findings: list[Finding]) -> dict[str, Level]:
    return {finding.subject: finding.level for finding in findings}


def test_this_installation_is_whole(tmp_path: Path) -> None:
    found = [*python_findings(), *disk_findings(tmp_path)]
    assert {finding.level for finding in found} == {Level.FINE}


def test_every_finding_that_is_not_fine_says_what_to_do() -> None:
    old = facts(version="5.0.7", policy="allkeys-lru", most_bytes=11_000_000)
    found = [*server_findings(old, embedded=False), *bundle_findings([], "v", AS_OF)]
    assert len(found) == 4
    assert all(finding.hint for finding in found)


def test_an_old_server_is_broken_and_one_that_evicts_deserves_a_look() -> None:
    assert levels([*server_findings(facts(), embedded=True)]) == {"server": Level.FINE}
    assert levels([*server_findings(facts(version="5.0.7"), embedded=False)]) == {
        "server": Level.BROKEN
    }
    evicting = facts(policy="allkeys-lru", most_bytes=10**12)
    assert levels([*server_findings(evicting, embedded=False)])["memory"] is Level.LOOK


def test_a_limit_that_is_never_reached_needs_no_policy() -> None:
    assert "memory" not in levels([*server_findings(facts(policy="allkeys-lru"), embedded=False)])


@pytest.mark.parametrize(("days", "level"), [(14, Level.FINE), (15, Level.LOOK)])
def test_a_bundle_is_stale_after_two_weeks(days: int, level: Level) -> None:
    listed = [info("v", Marker.LIVE, "a")]
    found = levels([*bundle_findings(listed, "v", AS_OF + days * SECONDS_A_DAY)])
    assert found["bundle"] is level


def test_workers_that_answer_with_another_version_are_noticed() -> None:
    listed = [info("new", Marker.LIVE, "a"), info("old", Marker.PREVIOUS, "b", "c")]
    behind = [*bundle_findings(listed, "new", AS_OF)][1]
    assert behind.level is Level.LOOK
    assert "1 answer with the live version, 2 with another" in behind.what


def test_nothing_live_and_nobody_there_deserve_a_look() -> None:
    assert levels([*bundle_findings([], None, AS_OF)]) == {"bundle": Level.LOOK}
    alone = levels([*bundle_findings([info("v", Marker.LIVE)], "v", AS_OF)])
    assert alone["workers"] is Level.LOOK
