"""Category first, keywords second, negative patterns always."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalogue import Catalogue, Offers, own_offers
from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.matching import compile_masks, offer_bits, target_bits_of_text
from recommender.guard.policy import UNMAPPED, Stance
from recommender.guard.words import words
from recommender.types import ItemId, OfferId

Item = tuple[str, tuple[str, ...], tuple[str, ...]]


def shop(*items: Item) -> Catalogue:
    """A catalogue of (title, path, tags); ids i0, i1, ..."""
    n = len(items)
    return Catalogue(
        ids=tuple(ItemId(f"i{number}") for number in range(n)),
        titles=tuple(item[0] for item in items),
        paths=tuple(item[1] for item in items),
        tags=tuple(item[2] for item in items),
        brands=("",) * n,
        price=np.ones(n, dtype=np.float32),
        available=np.ones(n, dtype=np.bool_),
        listed=np.ones(n, dtype=np.bool_),
    )


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
    masks = compile_masks([event(INFANT)], shop(item))
    assert bool(masks.evidence[0] & np.uint64(1)) is matches


def test_an_item_can_be_named() -> None:
    """External ids match exactly."""
    items = [("Milk", ("Dairy",), ())] * 11
    masks = compile_masks([event(INFANT)], shop(*items))
    assert np.flatnonzero(masks.evidence).tolist() == [9]


@pytest.mark.parametrize("stance", Stance)
def test_evidence_is_a_target(stance: Stance) -> None:
    """What would say it is not offered either; allowed ones count once the policy expires."""
    goods = shop(("Baby wipes", ("Drug",), ()), ("Cot", ("Home",), ()), ("Milk", ("Dairy",), ()))
    masks = compile_masks([event(INFANT, Patterns(keyword=("cot",)), stance)], goods)
    assert masks.evidence.tolist() == [1, 0, 0]
    assert masks.target.tolist() == [1, 1, 0]


def test_negatives_hold_for_their_own_patterns_only() -> None:
    """A negative of the evidence does not unmatch targets, nor another life event."""
    goods = shop(("Baby corn", ("Vegetables",), ()))
    evidence = Patterns(keyword=("baby",), not_keyword=("baby corn",))
    targets = Patterns(keyword=("baby",))
    both = compile_masks([event(evidence, targets), event(targets)], goods)
    assert both.evidence.tolist() == [0b10]
    assert both.target.tolist() == [0b11]


def test_proxies_are_evidence_and_no_target() -> None:
    """Lotion as such says nothing: it is not used, and may be offered like any other item."""
    goods = shop(("Lotion", ("Drug",), ()), ("Zinc", ("Drug",), ()))
    masks = compile_masks([event(INFANT, proxies=("i1", "gone"))], goods)
    assert masks.evidence.tolist() == [0, 1]
    assert masks.target.tolist() == [0, 0]


def test_unmapped_items_have_a_bit_of_their_own() -> None:
    """Neither title nor category: nothing could be matched, which is said in both masks."""
    masks = compile_masks([], shop(("", (), ("nursery",)), ("x", (), ()), ("", ("x",), ())))
    assert masks.evidence.tolist() == [UNMAPPED, 0, 0]
    assert masks.target.tolist() == [UNMAPPED, 0, 0]


def test_bits_follow_the_order_of_the_life_events() -> None:
    """Bit b belongs to life_events[b]; an item may have several."""
    events = [
        event(Patterns(keyword=("milk",))),
        event(Patterns(keyword=("zinc",))),
        event(Patterns(keyword=("milk powder",))),
    ]
    goods = shop(("Milk powder", (), ()), ("Zinc", (), ()), ("Milk", (), ()))
    assert compile_masks(events, goods).evidence.tolist() == [0b101, 0b010, 0b001]


def test_the_63rd_life_event_has_a_bit() -> None:
    """The last bit below UNMAPPED works."""
    events = [event()] * 62 + [event(Patterns(keyword=("milk",)))]
    assert compile_masks(events, shop(("Milk", (), ()))).evidence.tolist() == [1 << 62]


def test_an_empty_catalogue_has_empty_masks() -> None:
    masks = compile_masks([event(INFANT)], shop())
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
    assert target_bits_of_text(events, text) == bits


def test_an_offer_reveals_all_that_it_promotes_and_says() -> None:
    """OR over the promoted items, and the offer's own title."""
    goods = shop(("Milk", ("Dairy",), ()), ("Baby wipes", ("Drug",), ()), ("Wine", ("Wine",), ()))
    events = [event(INFANT), event(Patterns(category=("wine",)))]
    offers = Offers(
        ids=tuple(OfferId(f"o{number}") for number in range(5)),
        titles=("Breakfast", "Bundle", "Nothing", "A baby is coming", "All"),
        indptr=np.array([0, 1, 3, 3, 4, 7], dtype=np.int32),
        items=np.array([0, 0, 1, 0, 0, 1, 2], dtype=np.int32),
        valid_from=np.full(5, -np.inf),
        valid_until=np.full(5, np.inf),
    )
    target = compile_masks(events, goods).target
    assert offer_bits(events, offers, target).tolist() == [0, 1, 0, 1, 3]


def test_own_offers_reveal_what_their_items_do() -> None:
    """With every item its own offer, the two masks agree."""
    goods = shop(("Milk", ("Dairy",), ()), ("Baby wipes", ("Drug",), ()), ("", (), ()))
    target = compile_masks([event(INFANT)], goods).target
    assert offer_bits([event(INFANT)], own_offers(goods), target).tolist() == target.tolist()


def test_no_offers_have_no_bits() -> None:
    offers = own_offers(shop())
    assert len(offer_bits([event(INFANT)], offers, np.empty(0, dtype=np.uint64))) == 0


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
    masks = compile_masks(events, shop(*items))
    for i, item in enumerate(items):
        for bit, (evidence, targets) in enumerate(patterns):
            seen = plainly(evidence, item)
            assert bool(int(masks.evidence[i]) >> bit & 1) is seen
            assert bool(int(masks.target[i]) >> bit & 1) is (seen or plainly(targets, item))
