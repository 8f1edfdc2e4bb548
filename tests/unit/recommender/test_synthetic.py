"""Invented customers: made from what a bundle says of everybody, the same ones every time."""

from __future__ import annotations

from functools import cache

import pytest

from recommender.channel import Channel
from recommender.decide import decide
from recommender.guard.life_event import LifeEvent, Patterns, Replenish
from recommender.guard.policy import Stance
from recommender.request import BUILT_IN, OfferRequest
from recommender.synthetic import examples, invented, touched
from tests.support.policies import under
from tests.support.shop import AS_OF, DAY, LIFE_EVENTS, Shop, population, train

NOW = float(AS_OF + DAY)
HOME = OfferRequest((BUILT_IN["home"],))
TEA = LifeEvent(
    id="tea",
    stance=Stance.BLOCK_UNLESS_DECLARED,
    evidence=Patterns(item=("tea-0",)),
    targets=Patterns(category=("Tea",)),
)


@cache
def shop() -> Shop:
    return train(population())


def test_a_change_touches_the_life_events_whose_word_or_matches_differ() -> None:
    old = under(shop(), *LIFE_EVENTS)
    other_stance = [e.model_copy(update={"stance": Stance.BLOCK}) for e in LIFE_EVENTS[1:2]]
    assert touched(old, under(shop(), *LIFE_EVENTS, version=9)) == ()
    assert touched(old, under(shop(), *LIFE_EVENTS, TEA)) == ("tea",)
    assert touched(under(shop(), *LIFE_EVENTS, TEA), old) == ("tea",)
    assert touched(old, under(shop(), LIFE_EVENTS[0], *other_stance, *LIFE_EVENTS[2:])) == (
        "pregnancy",
    )


def test_there_are_ordinary_customers_and_two_for_a_life_event_that_is_touched() -> None:
    people = invented(
        under(shop(), *LIFE_EVENTS), under(shop(), *LIFE_EVENTS, TEA), Channel.SITE, now=NOW
    )
    names = [person.description for person in people]
    assert names[0] == "buys what most people buy"
    assert names[1].startswith("buys ")
    assert names[-2:] == ["bought evidence of tea", "declared tea and consented to site"]
    assert all(len(person.state.view) > 3 for person in people)


def test_the_same_bundle_and_seed_give_the_same_customers() -> None:
    old, new = under(shop(), *LIFE_EVENTS), under(shop(), *LIFE_EVENTS, TEA)
    assert examples(old, new, HOME, now=NOW) == examples(old, new, HOME, now=NOW)
    assert examples(old, new, HOME, now=NOW, seed=2) != examples(old, new, HOME, now=NOW)


def test_what_a_change_holds_back_is_gone_from_the_list_after_it_except_where_declared() -> None:
    old, new = under(shop(), *LIFE_EVENTS), under(shop(), *LIFE_EVENTS, TEA)
    found = {example.customer: example for example in examples(old, new, HOME, now=NOW)}
    buyer = found["bought evidence of tea"]
    declared = found["declared tea and consented to site"]
    assert any(offer.startswith("tea") for offer, _ in buyer.before)
    assert not any(offer.startswith("tea") for offer, _ in buyer.after)
    assert any(offer.startswith("tea") for offer, _ in declared.after)
    assert len(buyer.before) == len(buyer.after) == 10


def test_evidence_that_training_masked_still_makes_a_customer_for_the_slot_replenish() -> None:
    gone = LIFE_EVENTS[0].model_copy(update={"stance": Stance.BLOCK, "replenish": None})
    kept = LIFE_EVENTS[0].model_copy(update={"replenish": Replenish(min_purchases=3)})
    request = OfferRequest((BUILT_IN["replenish"],))
    found = {
        e.customer: e for e in examples(under(shop(), kept), under(shop(), gone), request, now=NOW)
    }
    assert len(found["bought evidence of infant"].before) == 3
    assert found["bought evidence of infant"].after == ()


def test_no_real_customer_is_among_them() -> None:
    old, new = under(shop(), *LIFE_EVENTS), under(shop(), *LIFE_EVENTS, TEA)
    real = {tuple(shop().table.view(c).rows.tolist()) for c in range(len(shop().table))}
    for person in invented(old, new, Channel.SITE, now=NOW):
        assert tuple(person.state.view.rows.tolist()) not in real


@pytest.mark.parametrize("stance", [Stance.BLOCK, Stance.ALLOW])
def test_a_declaration_of_what_cannot_be_declared_unlocks_nothing(stance: Stance) -> None:
    closed = TEA.model_copy(update={"stance": stance})
    old, new = under(shop(), *LIFE_EVENTS, TEA), under(shop(), *LIFE_EVENTS, closed)
    person = invented(old, new, Channel.SITE, now=NOW)[-1]
    offers = [p.offer for p in decide(new, person.state, HOME, NOW).placements[0].picks]
    tea = [o for o in offers if new.offer_id(o).startswith("tea")]
    assert bool(tea) is (stance is Stance.ALLOW)


def test_a_shop_without_a_plain_item_has_newcomers_only() -> None:
    everything = LifeEvent(
        id="all", stance=Stance.ALLOW, evidence=Patterns(keyword=("no", "crib", "sober", "corn"))
    )
    index = under(shop(), everything, *LIFE_EVENTS)
    people = invented(index, index, Channel.SITE, now=NOW)
    assert [(p.description, len(p.state.view)) for p in people] == [
        ("buys what most people buy", 0)
    ]
