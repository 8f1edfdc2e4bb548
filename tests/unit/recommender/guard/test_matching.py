"""Category first, keywords second, negative patterns always."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.matching import ItemMasks, Matcher
from recommender.guard.policy import UNMAPPED, Stance
from recommender.guard.words import words
from tests.support.goods import Item, goods, offers


def event(
    evidence: Patterns | None = None,
    targets: Patterns | None = None,
    stance: Stance = Stance.BLOCK,
    proxies: tuple[str, ...] = (),
) -> LifeEvent:
    return LifeEvent(
        id="one",
        stance=stance,
        evidence=evidence or Patterns(),
        targets=targets or Patterns(),
        proxies=proxies,
    )


def masks_of(events: Sequence[LifeEvent], *items: Item) -> ItemMasks:
    return Matcher(events).masks(goods(*items))


INFANT = Patterns(
    category=("BABY FOODS", "DIAPERS & DISPOSABLES"),
    keyword=("baby", "infant formula"),
    not_keyword=("baby corn", "baby spinach"),
    item=("i9",),
    tag=("nursery",),
)


@pytest.mark.parametrize(
    ("item", "matches"),
    [
        (("Puree", ("Grocery", "baby food"), ()), True),
        (("Puree", ("Grocery", "BABY-FOODS"), ()), True),
        (("Puree", ("Baby Foods",), ()), True),
        (("Puree", ("Baby Foods and more",), ()), True),  # by the keyword
        (("Size 3", ("Drug", "Diaper & disposable"), ()), True),
        (("Size 3", ("Drug", "Diapers"), ()), False),
        (("Milk", ("Infant Formula Milk Base",), ()), True),
        (("Infant-Formula, organic", ("Grocery",), ()), True),
        (("Infant organic formula", ("Grocery",), ()), False),
        (("Babysitter handbook", ("Books",), ()), False),
        (("BABY wipes", ("Drug",), ()), True),
        (("\uff22\uff21\uff22\uff39 wipes", ("Drug",), ()), True),
        (("Cot", ("Home",), ("nursery",)), True),
        (("Cot", ("Home",), ("nursery furniture",)), False),
        (("Cot", ("Home",), ("for baby",)), True),
        (("Nursery rhymes", ("Books",), ()), False),  # a tag is not a keyword
        (("Baby corn 400 g", ("Vegetables",), ()), False),
        (("Salad", ("Produce", "Baby Spinach"), ()), False),
        (("Corn", ("Grocery",), ("baby corn",)), False),  # negatives look at tags too
        (("Corn", ("Baby foods",), ("baby corn",)), True),  # the shop itself says baby food
        (("Baby corn", ("Home",), ("nursery",)), True),
        (("Baby  CORNS", ("Vegetables",), ()), False),
        (("Kidney beans", ("Vegetables",), ()), False),
        (("", ("Baby foods",), ()), True),
        (("Baby bottle", (), ()), True),
    ],
)
def test_evidence_by_hand(item: Item, matches: bool) -> None:
    """One table for category, keyword, tag, spelling, word boundaries and negatives."""
    masks = masks_of([event(INFANT)], item)
    assert bool(masks.evidence[0] & np.uint64(1)) is matches


def test_an_item_can_be_named() -> None:
    """External ids match exactly."""
    items = [("Milk", ("Dairy",), ())] * 11
    masks = masks_of([event(INFANT)], *items)
    assert np.flatnonzero(masks.evidence).tolist() == [9]


@pytest.mark.parametrize("stance", Stance)
def test_evidence_is_a_target(stance: Stance) -> None:
    """What would say it is not offered either; allowed ones count once the policy expires."""
    sold = goods(("Baby wipes", ("Drug",), ()), ("Cot", ("Home",), ()), ("Milk", ("Dairy",), ()))
    masks = Matcher([event(INFANT, Patterns(keyword=("cot",)), stance)]).masks(sold)
    assert masks.evidence.tolist() == [1, 0, 0]
    assert masks.target.tolist() == [1, 1, 0]


def test_negatives_hold_for_their_own_patterns_only() -> None:
    """A negative of the evidence does not unmatch targets, nor another life event."""
    sold = goods(("Baby corn", ("Vegetables",), ()))
    evidence = Patterns(keyword=("baby",), not_keyword=("baby corn",))
    targets = Patterns(keyword=("baby",))
    both = Matcher([event(evidence, targets), event(targets)]).masks(sold)
    assert both.evidence.tolist() == [0b10]
    assert both.target.tolist() == [0b11]


def test_proxies_are_evidence_and_no_target() -> None:
    """Lotion as such says nothing: it is not used, and may be offered like any other item."""
    sold = goods(("Lotion", ("Drug",), ()), ("Zinc", ("Drug",), ()))
    masks = Matcher([event(INFANT, proxies=("i1", "gone"))]).masks(sold)
    assert masks.evidence.tolist() == [0, 1]
    assert masks.target.tolist() == [0, 0]


def test_unmapped_items_have_a_bit_of_their_own() -> None:
    """Neither title nor category: nothing could be matched, which is said in both masks."""
    masks = masks_of([], ("", (), ("nursery",)), ("x", (), ()), ("", ("x",), ()))
    assert masks.evidence.tolist() == [UNMAPPED, 0, 0]
    assert masks.target.tolist() == [UNMAPPED, 0, 0]


def test_bits_follow_the_order_of_the_life_events() -> None:
    """Bit b belongs to life_events[b]; an item may have several."""
    events = [
        event(Patterns(keyword=("milk",))),
        event(Patterns(keyword=("zinc",))),
        event(Patterns(keyword=("milk powder",))),
    ]
    sold = goods(("Milk powder", (), ()), ("Zinc", (), ()), ("Milk", (), ()))
    assert Matcher(events).masks(sold).evidence.tolist() == [0b101, 0b010, 0b001]


def test_the_63rd_life_event_has_a_bit() -> None:
    """The last bit below UNMAPPED works."""
    events = [event()] * 62 + [event(Patterns(keyword=("milk",)))]
    assert masks_of(events, ("Milk", (), ())).evidence.tolist() == [1 << 62]


def test_an_empty_catalogue_has_empty_masks() -> None:
    masks = masks_of([event(INFANT)])
    assert masks.evidence.dtype == np.uint64
    assert len(masks.evidence) == len(masks.target) == 0


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("20 % off diapers & disposables", 1),  # a category, said in a sentence
        ("For the nursery", 1),  # a tag, said in a sentence
        ("Everything for baby", 1),
        ("Cot and chair", 1),  # a target
        ("Baby corn", 0),
        ("Apricot or cot rose", 0),  # a negative of the targets
        ("A chair", 0),
        ("", 0),
    ],
)
def test_what_a_text_reveals(text: str, bits: int) -> None:
    """A text has no category, so names of categories and tags count as words."""
    events = [event(INFANT, Patterns(keyword=("cot",), not_keyword=("rose",)))]
    said = Matcher(events).said(offers(("o", text, ())))
    assert said.target.tolist() == [bits]


def test_an_offer_says_its_title_and_its_id_each_for_itself() -> None:
    """The id leaves with the offer; a negative in one takes back nothing in the other."""
    said = Matcher([event(INFANT)]).said(offers(("for-baby", "Baby corn", ()), ("o", "Milk", ())))
    assert said.target.tolist() == [1, 0]


def test_an_offer_can_be_named() -> None:
    """External ids match exactly, whatever the offer says."""
    events = [event(), event(targets=Patterns(offer=("LOAN-1",)))]
    said = Matcher(events).said(offers(("LOAN-1", "A loan", ()), ("LOAN-10", "A loan", ())))
    assert said.target.tolist() == [0b10, 0]
    assert said.soft.tolist() == [0, 0]


def test_soft_phrases_have_bits_of_their_own() -> None:
    """In items and in what offers say; a negative target takes them back."""
    soft = event(targets=Patterns(soft=("family car",), not_keyword=("toy",)))
    masks = masks_of(
        [soft], ("Family cars", (), ()), ("Toy: family car", (), ()), ("Van", ("Family car",), ())
    )
    assert masks.soft.tolist() == [1, 0, 1]
    assert masks.target.tolist() == masks.evidence.tolist() == [0, 0, 0]
    said = Matcher([soft]).said(offers(("a", "A family car", ()), ("b", "Family car toys", ())))
    assert said.soft.tolist() == [1, 0]
    assert said.target.tolist() == [0, 0]


@pytest.mark.parametrize("side", ["offer", "soft"])
def test_evidence_is_what_customers_buy(side: str) -> None:
    """No offer, and no phrase that only others may not read."""
    with pytest.raises(ValueError, match="is for targets"):
        event(Patterns.model_validate({side: ("x",)}))


def test_a_pattern_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no word"):
        Patterns(keyword=("--",))


PHRASES = st.lists(
    st.sampled_from(["baby", "babies", "Corn", "food", "MILK"]), min_size=1, max_size=3
).map(" ".join)
PATTERNS = st.builds(
    Patterns,
    category=st.lists(PHRASES, max_size=2).map(tuple),
    keyword=st.lists(PHRASES, max_size=2).map(tuple),
    not_keyword=st.lists(PHRASES, max_size=1).map(tuple),
    tag=st.lists(PHRASES, max_size=1).map(tuple),
)
ITEMS = st.tuples(
    PHRASES, st.lists(PHRASES, max_size=2).map(tuple), st.lists(PHRASES, max_size=2).map(tuple)
)


def plainly(patterns: Patterns, item: Item) -> bool:
    """The rules, written as they are read."""
    title, path, tags = item

    def says(text: str, phrase: str) -> bool:
        return f" {' '.join(words(phrase))} " in f" {' '.join(words(text))} "

    texts = (title, *path, *tags)
    if any(words(element) == words(name) for element in path for name in patterns.category):
        return True
    if any(words(tag) == words(name) for tag in tags for name in patterns.tag):
        return True
    if any(says(text, no) for text in texts for no in patterns.not_keyword):
        return False
    return any(says(text, phrase) for text in texts for phrase in patterns.keyword)


@given(st.lists(st.tuples(PATTERNS, PATTERNS), max_size=4), st.lists(ITEMS, max_size=6))
def test_the_index_agrees_with_the_rules(
    patterns: list[tuple[Patterns, Patterns]], items: list[Item]
) -> None:
    """Fast matching equals a literal reading of the rules, for any patterns and items."""
    events = [event(evidence, targets) for evidence, targets in patterns]
    masks = masks_of(events, *items)
    for i, item in enumerate(items):
        for bit, (evidence, targets) in enumerate(patterns):
            seen = plainly(evidence, item)
            assert bool(int(masks.evidence[i]) >> bit & 1) is seen
            assert bool(int(masks.target[i]) >> bit & 1) is (seen or plainly(targets, item))
