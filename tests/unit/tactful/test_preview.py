"""A preview counts what a policy matches in a shop, and names the patterns that did it."""

from __future__ import annotations

import pytest

from recommender.catalogue import own_offers
from recommender.errors import NotFound
from recommender.guard.document import CompiledGuard
from recommender.guard.life_event import LifeEvent, Patterns
from recommender.guard.policy import UNMAPPED, GuardPolicy, Stance
from tactful.because import because
from tactful.preview import Preview
from tests.support.shop import LIFE_EVENTS, catalogue, policy
from training.guarding import guarded

TEA = LifeEvent(
    id="tea",
    title="tea drinkers",
    stance=Stance.BLOCK,
    evidence=Patterns(category=("tea",), item=("tea-1",)),
    targets=Patterns(
        keyword=("soap no", "cheese"), not_keyword=("no 5",), soft=("bread no 2",), offer=("corn",)
    ),
    proxies=("paper-0",),
)


def preview(*layers: tuple[LifeEvent, ...], given: GuardPolicy | None = None) -> Preview:
    joined = layers[0]
    rules = given or GuardPolicy(life_events=tuple(event.rule for event in joined))
    guard = CompiledGuard(rules, joined, layers)
    listing = catalogue()
    return Preview(guard, guarded(listing, own_offers(listing), guard), ("mine@1 (your own)",))


def test_it_counts_items_offers_proxies_and_soft_targets_of_a_life_event() -> None:
    (tea,) = preview((TEA,)).matches().events
    assert (tea.id, tea.title, tea.stance) == ("tea", "tea drinkers", "block")
    assert (tea.evidence, tea.proxies) == (6 + 1, 1)
    assert (tea.targets, tea.soft) == (6 + 5 + 5, 1)
    # "cheese-5" too: the id leaves with the offer, and no negative pattern is in it.
    assert tea.offers == 6 + 5 + 6 + 1 + 1


def test_it_counts_what_is_masked_contained_and_could_not_be_matched() -> None:
    found = preview(LIFE_EVENTS, given=policy()).matches()
    assert found.n_items == found.n_offers == len(catalogue())
    assert (found.n_masked, found.n_contained) == (8, 10)
    assert (found.n_unmapped, found.unmapped) == (2, ("blank", "unlisted"))
    assert found.packs == ("mine@1 (your own)",)


def test_all_items_of_a_life_event_are_listed_with_what_they_are_and_why() -> None:
    shelf = preview((TEA,)).life_event("tea")
    items = {item.item_id: item for item in shelf.items}
    assert len(items) == 6 + 5 + 5 + 1 + 1
    assert items["tea-1"].because == ("item tea-1", "category tea")
    assert items["tea-1"].roles == ("evidence", "target")
    assert (items["soap-0"].roles, items["soap-0"].because) == (("target",), ("keyword soap no",))
    assert items["bread-2"].roles == ("soft target",)
    assert items["bread-2"].because == ("soft bread no 2",)
    assert (items["paper-0"].roles, items["paper-0"].because) == (("proxy",), ("approved proxy",))
    assert items["paper-0"].category == "Paper"
    assert "soap-5" not in items


def test_offers_are_listed_with_where_they_are_held_back() -> None:
    held = {offer.offer_id: offer.held for offer in preview((TEA,)).life_event("tea").offers}
    assert (held["tea-0"], held["corn"]) == ("everywhere", "everywhere")
    assert held["bread-2"] == "outbound only"


def test_patterns_of_every_layer_are_named_and_negatives_act_in_their_own_layer_only() -> None:
    other = TEA.model_copy(
        update={"targets": Patterns(keyword=("soap",)), "evidence": Patterns(), "proxies": ()}
    )
    items = {item.item_id: item for item in preview((TEA,), (other,)).life_event("tea").items}
    assert items["soap-0"].because == ("keyword soap no", "keyword soap")
    assert items["soap-5"].because == ("keyword soap",)


def test_examples_have_different_titles() -> None:
    (tea,) = preview((TEA,)).matches().events
    assert len({item.title for item in tea.examples}) == 3


def test_an_unknown_life_event_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(NotFound, match="'tee'") as error:
        preview((TEA,)).life_event("tee")
    assert "tea" in error.value.hint


def test_every_item_that_is_matched_has_a_reason_and_no_other_item_has_one() -> None:
    """The twin that explains agrees with the matcher that counts."""
    found = preview(LIFE_EVENTS, given=policy())
    for bit, event in enumerate(LIFE_EVENTS):
        bits = found.shop.evidence | found.shop.target | found.shop.soft
        matched = {i for i in range(len(catalogue())) if int(bits[i]) & ~UNMAPPED & 1 << bit}
        explained = {i for i in range(len(catalogue())) if because([event], catalogue(), i)}
        assert matched == explained


def test_a_program_reads_the_same() -> None:
    told = preview((TEA,)).matches().as_json()
    assert told["events"][0]["examples"][0].keys() == {
        *("item_id", "title", "category", "roles", "because"),
    }
    assert preview((TEA,)).life_event("tea").as_json()["items"][0]["roles"] == ("soft target",)
