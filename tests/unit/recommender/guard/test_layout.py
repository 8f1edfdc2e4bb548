"""A guard of several packs, laid over items and offers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recommender.catalogue import own_offers
from recommender.guard.document import CompiledGuard
from recommender.guard.layout import lay
from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.policy import UNMAPPED, GuardPolicy, Stance
from tests.support.goods import goods, offers, titled


def guard(*layers: tuple[LifeEvent, ...]) -> CompiledGuard:
    return CompiledGuard(GuardPolicy(), (), layers)


def event(evidence: Patterns | None = None, targets: Patterns | None = None) -> LifeEvent:
    return LifeEvent(
        id="e",
        stance=Stance.BLOCK,
        evidence=evidence or Patterns(),
        targets=targets or Patterns(),
    )


BABY = event(
    Patterns(keyword=("baby",), not_keyword=("baby corn",)),
    Patterns(keyword=("cot",), soft=("family car",), offer=("LOAN",)),
)
WINE = event(Patterns(keyword=("wine",)))
NOTHING = event()


def test_an_offer_reveals_all_that_it_promotes_and_says() -> None:
    """OR over the promoted items, its title, its id, and the policy that names it."""
    sold = titled("Milk", "Baby wipes", "Wine", "Cot")
    bits = lay(
        guard((BABY, WINE)),
        sold,
        offers(
            ("a", "Breakfast", (0,)),
            ("b", "Bundle", (0, 1)),
            ("c", "Nothing", ()),
            ("d", "A baby is coming", (0,)),
            ("e", "All", (0, 1, 2)),
            ("wine-6", "Six", (0,)),
            ("LOAN", "A loan", ()),
            ("f", "Furniture", (3,)),
        ),
    )
    assert bits.evidence.tolist() == [0, 1, 2, 0]
    assert bits.target.tolist() == [0, 1, 2, 1]
    assert bits.offer_target.tolist() == [0, 1, 0, 1, 3, 2, 1, 1]


def test_soft_bits_of_items_and_words_reach_the_offer() -> None:
    """Without a hard bit beside them."""
    bits = lay(
        guard((WINE, BABY)),
        titled("Milk", "A family car"),
        offers(("a", "Milk", (0,)), ("b", "Vehicles", (0, 1)), ("c", "For the family car", (0,))),
    )
    assert bits.soft.tolist() == [0, 2]
    assert bits.offer_soft.tolist() == [0, 2, 2]
    assert not bits.target.any()
    assert not bits.offer_target.any()


def test_own_offers_reveal_what_their_items_do() -> None:
    """With every item its own offer, items and offers agree."""
    sold = goods(("Milk", ("Dairy",), ()), ("Baby wipes", ("Drug",), ()), ("", (), ()))
    bits = lay(guard((BABY,)), sold, own_offers(sold))
    assert bits.offer_target.tolist() == bits.target.tolist() == [0, 1, UNMAPPED]


def test_negatives_act_within_their_own_layer() -> None:
    """What one pack takes back, another may still find."""
    crude = event(Patterns(keyword=("baby",)))
    sold = titled("Baby corn", "Baby wipes")
    one = lay(guard((BABY, NOTHING), (NOTHING, crude)), sold, own_offers(sold))
    both = lay(guard((BABY,), (crude,)), sold, own_offers(sold))
    assert one.evidence.tolist() == [0b10, 0b11]
    assert both.evidence.tolist() == [1, 1]


def test_without_a_layer_only_the_unmapped_is_found() -> None:
    sold = titled("", "Milk")
    bits = lay(guard(), sold, own_offers(sold))
    assert bits.evidence.tolist() == bits.offer_target.tolist() == [UNMAPPED, 0]
    assert bits.soft.tolist() == bits.offer_soft.tolist() == [0, 0]


def test_no_items_and_no_offers_have_no_bits() -> None:
    bits = lay(guard((BABY,)), titled(), offers())
    assert {len(found) for found in bits.__dict__.values()} == {0}
    assert {found.dtype.name for found in bits.__dict__.values()} == {"uint64"}


PHRASES = st.lists(st.sampled_from(["baby", "corn", "wine", "cot"]), min_size=1, max_size=2).map(
    " ".join
)
LISTS = st.lists(PHRASES, max_size=2).map(tuple)
EVENTS = st.builds(
    event,
    st.builds(Patterns, keyword=LISTS, not_keyword=LISTS),
    st.builds(Patterns, keyword=LISTS, not_keyword=LISTS, soft=LISTS),
)


@given(st.lists(st.tuples(EVENTS, EVENTS), min_size=1, max_size=3), st.lists(PHRASES, max_size=4))
def test_another_pack_never_frees_an_item(
    layers: list[tuple[LifeEvent, LifeEvent]], titles: list[str]
) -> None:
    """Every bit that a pack alone finds is found with others beside it, in any order."""
    sold = titled(*titles)
    joined = lay(guard(*layers), sold, own_offers(sold))
    backwards = lay(guard(*reversed(layers)), sold, own_offers(sold))
    for name, bits in joined.__dict__.items():
        assert bits.tolist() == getattr(backwards, name).tolist()
        for layer in layers:
            alone = getattr(lay(guard(layer), sold, own_offers(sold)), name)
            assert ((alone & ~bits) == 0).all()
