"""The search finds maxima, never varies, goes on where it stopped, and keeps to its time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from recommender.errors import InputError, StorageError
from training.search import Choice, Real, Setting, Space, Tried, search

SPACE: Space = {
    "x": Real(-1.0, 1.0),
    "y": Real(0.01, 100.0, log=True),
    "z": Choice((1.0, 2.0, 5.0)),
}
FIRST = ({"x": 0.9, "y": 50.0, "z": 1.0},)


def hill(setting: Setting) -> float:
    """Highest, 0, at x = .3 and z = 2, whatever y is."""
    return -((setting["x"] - 0.3) ** 2) - (setting["z"] != 2.0)


class Stopped(Exception):
    """The machine went away."""


def run(
    storage: Path | None = None,
    *,
    trials: int = 60,
    seed: int = 1,
    die_at: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Tried:
    calls = 0

    def objective(setting: Setting) -> float:
        nonlocal calls
        calls += 1
        if calls == die_at:
            raise Stopped
        return hill(setting)

    return search(
        objective,
        SPACE,
        FIRST,
        name="hill",
        trials=trials,
        seed=seed,
        out_of_time=lambda: False,
        advance=advance,
        storage=storage,
    )


def test_it_climbs_and_begins_where_it_was_told() -> None:
    found = run()
    assert found.settings[0] == FIRST[0]
    assert len(found.values) == 60
    assert max(found.values) > -0.01
    assert found.best["z"] == 2.0
    assert not found.cut_short


def test_every_setting_is_inside_the_space() -> None:
    for setting in run().settings:
        assert -1 <= setting["x"] <= 1
        assert 0.01 <= setting["y"] <= 100
        assert setting["z"] in {1.0, 2.0, 5.0}


def test_equal_seeds_try_equal_settings_and_others_do_not() -> None:
    assert run() == run()
    assert run(seed=2).settings[1:] != run().settings[1:]


@pytest.mark.parametrize("die_at", [1, 2, 15, 41])
def test_an_interrupted_search_ends_where_it_would_have_ended(tmp_path: Path, die_at: int) -> None:
    """Killed in the middle of a trial: among the first ones, the random ones, the proposed ones."""
    journal = tmp_path / "deep" / "journal.log"
    with pytest.raises(Stopped):
        run(journal, die_at=die_at)
    assert run(journal) == run()


def test_a_finished_search_is_read_back_and_nothing_is_tried_again(tmp_path: Path) -> None:
    journal = tmp_path / "journal.log"
    once = run(journal)
    assert run(journal, die_at=1) == once


def test_more_trials_go_on_from_fewer(tmp_path: Path) -> None:
    journal = tmp_path / "journal.log"
    few = run(journal, trials=30)
    more = run(journal)
    assert more.settings[:30] == few.settings
    assert more == run()


def test_out_of_time_it_stops_after_the_trial_at_hand_and_says_so() -> None:
    times = iter([False, False, True])
    found = search(
        hill,
        SPACE,
        FIRST,
        name="hill",
        trials=60,
        seed=1,
        out_of_time=lambda: next(times),
        advance=lambda _: None,
    )
    assert len(found.values) == 3
    assert found.cut_short
    assert found.settings == run().settings[:3]


@pytest.mark.parametrize("cut", [1, 40])
def test_a_last_line_that_was_cut_off_costs_its_trial_alone(tmp_path: Path, cut: int) -> None:
    """As a kill or a full disk leaves it; the mended journal is read again and again."""
    journal = tmp_path / "journal.log"
    run(journal, trials=20)
    journal.write_bytes(journal.read_bytes()[:-cut])
    tried = 0

    def counted(_: int) -> None:
        nonlocal tried
        tried += 1

    found = run(journal, trials=30, advance=counted)
    assert found == run(trials=30)
    assert tried == 1 + 11
    assert run(journal, trials=30, die_at=1) == found


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    journal = tmp_path / "journal.log"
    run(journal, trials=5)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:3], b"{\n", *lines[4:]]))
    with pytest.raises(InputError, match=r"journal\.log is no journal"):
        run(journal)


@pytest.mark.parametrize("text", ["dear diary", "dear diary\nno end", "dear diary\n"])
def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    other = tmp_path / "notes.txt"
    other.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"notes\.txt is no journal"):
        run(other)
    assert other.read_text(encoding="utf-8") == text


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("dear diary\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"notes\.txt is no journal"):
        run(other)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot keep its journal"):
        run(tmp_path / "file" / "journal.log")
