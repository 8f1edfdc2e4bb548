"""`tactful guard log` and `tactful token`, as people run them."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from recommender.keys import Keys
from serving.roles import Role, load_tokens
from tests.support.command import Run
from tests.support.service import RedisServer, redis_server

STREAM = Keys().suppressed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_server(folder) as found:
        yield found


def fill(redis: Redis, count: int, life_event: str = "pregnancy") -> list[str]:
    """Adds decisions, each for another customer; gives the ids of their entries."""
    held = [{"placement": "home", "offer": "crib", "life_events": [life_event]}]
    entry = {"at": 1, "channel": "site", "policy": 3, "cell": 20, "held": held}
    pipe = redis.pipeline()
    for customer in range(count):
        pipe.xadd(STREAM, {"json": json.dumps(entry | {"mark": f"mark-{customer}"})})
    return [added.decode() for added in pipe.execute()]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_counts_are_shown_in_cells(tactful: Run, server: RedisServer) -> None:
    extra = {"TACTFUL_REDIS_URL": server.url}
    assert "nothing was held back" in tactful("guard", "log", extra=extra).stdout
    with server.client() as redis:
        fill(redis, 59)
        fill(redis, 7, "recovery")
    shown = tactful("guard", "log", extra=extra)
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[1].split() == ["pregnancy", "site", "3", "about", "40"]
    assert "recovery" not in shown.stdout
    told = json.loads(tactful("guard", "log", "--json", extra=extra).stdout)
    assert told["cell"] == 20
    assert [cell["text"] for cell in told["held_back"]] == ["about 40"]


def test_an_export_goes_on_where_the_last_one_ended(
    tactful: Run, server: RedisServer, tmp_path: Path
) -> None:
    extra = {"TACTFUL_REDIS_URL": server.url}
    first, second = tmp_path / "out" / "1.jsonl", tmp_path / "out" / "2.jsonl"
    with server.client() as redis:
        ids = fill(redis, 1_100)
        done = tactful("guard", "log", "--out", first, extra=extra)
        assert done.returncode == 0, done.stderr
        assert "1,100 entries" in done.stdout
        assert f"--since {ids[-1]}" in done.stdout
        assert "guard log" in done.stderr
        more = fill(redis, 3)
    told = tactful(*("guard", "log", "--out", second, "--since", ids[-1], "--json"), extra=extra)
    assert json.loads(told.stdout) == {"file": str(second), "entries": 3, "last": more[-1]}
    assert [line["entry"] for line in lines(first) + lines(second)] == ids + more
    assert lines(second)[0]["held"][0]["offer"] == "crib"
    assert "mark" not in first.read_text()
    assert stat.S_IMODE(second.stat().st_mode) == 0o600
    assert sorted(path.name for path in first.parent.iterdir()) == ["1.jsonl", "2.jsonl"]


def test_an_export_whose_beginning_is_gone_says_so(
    tactful: Run, server: RedisServer, tmp_path: Path
) -> None:
    extra = {"TACTFUL_REDIS_URL": server.url}
    with server.client() as redis:
        ids = fill(redis, 3)
        redis.xdel(STREAM, ids[0])
    out = tmp_path / "rest.jsonl"
    done = tactful("guard", "log", "--out", out, "--since", ids[0], extra=extra)
    assert done.returncode == 0
    assert "may be missing" in done.stderr
    assert [line["entry"] for line in lines(out)] == ids[1:]


def test_what_cannot_be_exported_ends_with_2_and_a_hint(
    tactful: Run, server: RedisServer, tmp_path: Path
) -> None:
    extra = {"TACTFUL_REDIS_URL": server.url}
    there = tmp_path / "there.jsonl"
    there.write_text("kept")
    for arguments, what in (
        (("--out", there), "is there already"),
        (("--since", "1-0"), "--since 1-0 cannot be used"),
        (("--since", "yesterday", "--out", tmp_path / "new.jsonl"), "--since yesterday"),
    ):
        refused = tactful("guard", "log", *arguments, extra=extra)
        assert refused.returncode == 2
        assert what in refused.stderr
        assert "how to mend it" in refused.stderr
    assert there.read_text() == "kept"
    assert not (tmp_path / "new.jsonl").exists()


def test_a_server_that_is_away_ends_with_1(tactful: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    extra = {"TACTFUL_REDIS_URL": "redis://127.0.0.1:1/0"}
    failed = tactful("guard", "log", "--out", out, extra=extra)
    assert failed.returncode == 1
    assert "does not answer" in failed.stderr
    assert not out.exists()


def test_a_token_is_printed_once_with_the_entry_of_its_file(tactful: Run, tmp_path: Path) -> None:
    made = tactful("token", "anna@shop", "--role", "marketer", "--role", "approver")
    assert made.returncode == 0, made.stderr
    fresh, *entry = made.stdout.splitlines()
    path = tmp_path / "tokens.yaml"
    path.write_text("\n".join(entry))
    person = load_tokens(path).person(fresh)
    assert person is not None
    assert (person.name, person.roles) == ("anna@shop", {Role.MARKETER, Role.APPROVER})
    assert fresh not in path.read_text()
    told = json.loads(tactful("token", "ben@shop", "--role", "privacy", "--json").stdout)
    assert told["token"] != fresh
    assert told["entry"]["roles"] == ["privacy"]


def test_a_token_for_a_role_that_is_none_is_refused(tactful: Run) -> None:
    refused = tactful("token", "anna@shop", "--role", "markter")
    assert refused.returncode == 2
    assert "did you mean marketer?" in refused.stderr
    assert tactful("token", "anna@shop").returncode == 2
