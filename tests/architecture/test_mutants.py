"""The mutants can be tried: each text stands where the mutant says, and the tests are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mutants import GUARD_SUITE, MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
FEWEST = 25


def test_there_are_enough_of_them_and_no_name_stands_twice() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(names) >= FEWEST
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_what_stands_exactly_once(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text()
    assert mutant.edits
    for old, new in mutant.edits:
        assert text.count(old) == 1
        assert old != new


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_names_tests_that_exist_and_whom_it_would_hurt(mutant: Mutant) -> None:
    assert mutant.why
    assert mutant.tests
    assert [test for test in mutant.tests if not (ROOT / test).exists()] == []


def test_the_guard_suite_exists() -> None:
    assert [path for path in GUARD_SUITE if not (ROOT / path).exists()] == []
