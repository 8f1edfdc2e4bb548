"""Spelling, width, case and number make no difference to the guard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.guard.words import singular, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BEERS/ALES", ("beer", "ale")),
        ("Beer & Ale", ("beer", "ale")),
        ("DIAPERS & DISPOSABLES", ("diaper", "disposable")),
        ("diaper-disposable", ("diaper", "disposable")),
        ("CHRISTMAS  SEASONAL", ("christma", "seasonal")),
        ("Children's Magazines", ("child", "magazine")),
        ("CHILDREN S ACTIVITY", ("child", "activity")),
        ("women\u2019s", ("woman",)),
        ("head lice", ("head", "louse")),
        ("snake_case", ("snake", "case")),
        ("  ", ()),
        ("--/&", ()),
        ("750ML $9.99", ("750ml", "9", "99")),
    ],
)
def test_text_becomes_words(text: str, expected: tuple[str, ...]) -> None:
    """Punctuation and blanks separate; possessives and plurals fall away."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("variant", "plain"),
    [
        ("\uff2d\uff21\uff34\uff25\uff32\uff2e\uff29\uff34\uff39", "maternity"),
        ("mater\u00adnity", "maternity"),
        ("mater\u200cnity", "maternity"),
        ("mater\u2060nity", "maternity"),
        ("PREGNANCY\u200bTESTS", "pregnancy test"),
        ("pregnancy\u3164test", "pregnancy test"),
        ("red wine\ufe0f", "red wine"),
        ("pregnan\ufe0fcy", "pregnancy"),
        ("bee\u20ddr", "beer"),
        ("preg\u1ab0nancy", "pregnancy"),
        ("\u845b\U000e0100", "\u845b"),
        ("pr\u00e9natal", "pre\u0301natal"),
        ("pr\u00e9natal", "prenatal"),
        ("STRASSE", "stra\u00dfe"),
        ("\ufb01rst aid", "first aid"),
        ("\u0130stanbul", "istanbul"),
        ("baby\u3000food", "baby food"),
        ("\u7d19\u304a\u3080\u3064", "\u7d19\u304a\u3080\u3064"),
    ],
)
def test_variants_of_a_spelling_are_equal(variant: str, plain: str) -> None:
    """Full-width, combining, ligature, invisible and special casing forms compare equal."""
    assert words(variant) == words(plain)


def test_japanese_is_found_inside_longer_text() -> None:
    """Where no blank separates words, every character is one."""
    text, pattern = (
        words("\u65b0\u751f\u5150\u7d19\u304a\u3080\u3064"),
        words("\u7d19\u304a\u3080\u3064"),
    )
    assert text[-len(pattern) :] == pattern


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("baby", "babies"),
        ("battery", "batteries"),
        ("box", "boxes"),
        ("brush", "brushes"),
        ("child", "children"),
        ("cookie", "cookies"),
        ("diaper", "diapers"),
        ("dish", "dishes"),
        ("fry", "fries"),
        ("glass", "glasses"),
        ("headache", "headaches"),
        ("knife", "knives"),
        ("mix", "mixes"),
        ("nappy", "nappies"),
        ("pie", "pies"),
        ("shoe", "shoes"),
        ("tomato", "tomatoes"),
        ("wine", "wines"),
        ("wipe", "wipes"),
        ("woman", "women"),
    ],
)
def test_singular_and_plural_are_one(one: str, many: str) -> None:
    """Both numbers of a word fold to the same spelling."""
    assert singular(one) == singular(many)


def test_different_things_stay_different() -> None:
    """Folding number does not fold meaning."""
    apart = ["win", "wine", "cat", "cater", "corn", "corner", "win", "wind", "pea", "pear", "bras"]
    assert len({singular(word) for word in apart}) == len(set(apart))


@given(st.text())
def test_words_are_stable(text: str) -> None:
    """Case never matters, and the words of any text are words without blanks."""
    said = words(text)
    assert words(text.upper().lower()) == words(text.upper())
    assert all(word and not word.isspace() for word in said)
