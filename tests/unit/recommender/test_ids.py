"""Which external ids are accepted."""

from __future__ import annotations

import pytest

from recommender.ids import id_problem


@pytest.mark.parametrize("good", ["1", "a b", "{x}", "ö:9", "x" * 256, "顧客"])
def test_text_of_1_to_256_characters_is_an_id(good: str) -> None:
    assert id_problem(good) is None


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("", "is empty"),
        ("x" * 10_000, "has 10000 characters, more than 256"),
        ("a\x00b", "has a control character"),
        ("a\nb", "has a control character"),
        ("\ud800", "has a control character"),
    ],
)
def test_other_text_is_none_and_the_problem_is_named(bad: str, problem: str) -> None:
    assert id_problem(bad) == problem
