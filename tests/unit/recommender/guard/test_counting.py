"""Patterns counted in one pass match what the matcher says of each of them alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recommender.guard.counting import counts
from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.matching import Matcher
from recommender.guard.policy import Stance
from recommender.guard.words import words
from tests.support.goods import goods

TEXTS = st.lists(st.sampled_from(["baby", "Food", "corn", "wipes,"]), min_size=1, max_size=3).map(
    " ".join
)
NAMES = st.lists(TEXTS, max_size=2).map(tuple)
PATTERNS = st.lists(st.tuples(st.sampled_from(["keyword", "category", "tag"]), TEXTS), max_size=6)
ITEMS = st.lists(st.tuples(TEXTS, NAMES, NAMES), min_size=1, max_size=6)


@given(PATTERNS, ITEMS)
def test_many_patterns_count_as_each_of_them_does_alone(
    patterns: list[tuple[str, str]],
    items: list[tuple[str, tuple[str, ...], tuple[str, ...]]],
) -> None:
    catalogue = goods(*items)
    alone = []
    for kind, text in patterns:
        event = LifeEvent(
            id="x",
            stance=Stance.BLOCK,
            evidence=Patterns.model_validate({kind: (text,)}),
        )
        masks = Matcher([event]).masks(catalogue)
        alone.append(int((masks.evidence == 1).sum()))
    assert counts(patterns, catalogue, words) == alone
