"""What each placement holds, what filters and the context do, and what newcomers get."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from recommender.customer import CustomerState, EventKind, apply_events, new_customer
from recommender.decide import check_request, decide, popular
from recommender.errors import InputError, NotFound
from recommender.explain import Explainer, Reason
from recommender.related import item_picks
from recommender.request import (
    BUILT_IN,
    Basis,
    Channel,
    Context,
    Decision,
    Filters,
    OfferRequest,
    Placement,
    Source,
)
from recommender.types import ItemId, OfferId
from tests.support.shop import AS_OF, Shop, population, train


@cache
def shop() -> Shop:
    return train(population())


def ask(*names: str, **request: object) -> OfferRequest:
    return OfferRequest(tuple(BUILT_IN[name] for name in names), **request)  # type: ignore[arg-type]


def answer(request: OfferRequest, customer: str | None = "c03") -> Decision:
    state = new_customer() if customer is None else shop().state(customer)
    return decide(shop().index, state, request, AS_OF)


def ids(decision: Decision, placement: int = 0) -> list[str]:
    return [shop().index.offer_id(p.offer) for p in decision.placements[placement].picks]


def bought(customer: str) -> set[str]:
    return {shop().index.item_id(row) for row in shop().state(customer).view.rows}


def test_usuals_are_the_customers_own_and_nothing_else() -> None:
    decision = answer(ask("usuals"))
    assert set(ids(decision)) <= bought("c03")
    assert len(ids(decision)) == min(10, len(bought("c03") - {"crib", "sober-book"}))


def test_discovery_holds_nothing_that_the_customer_bought() -> None:
    assert not set(ids(answer(ask("discovery")))) & bought("c03")


def test_home_is_the_best_of_both_by_score() -> None:
    everything = OfferRequest((Placement("home", Source.HOME, 40),))
    picks = answer(everything).placements[0].picks
    assert len(picks) == len(shop().bundle.offers) - 2  # the two targets that customers buy
    assert [p.score for p in picks] == sorted((p.score for p in picks), reverse=True)
    own = {p.offer for p in picks if p.own}
    assert {shop().index.offer_id(o) for o in own} == bought("c03") - {"crib", "sober-book"}


def test_placements_are_filled_in_order_and_share_no_offer() -> None:
    together = answer(ask("usuals", "home"))
    alone = answer(ask("usuals"))
    assert ids(together) == ids(alone)
    assert not set(ids(together)) & set(ids(together, 1))


def test_what_lies_in_the_basket_is_not_offered_again() -> None:
    basket = tuple(ItemId(i) for i in ids(answer(ask("home")))[:3])
    assert not set(ids(answer(ask("home", context=Context(basket=basket))))) & set(basket)


def test_a_context_changes_the_factor_of_a_known_customer() -> None:
    plain, with_page = (
        answer(ask("home")),
        answer(ask("home", context=Context(page=ItemId("tea-0")))),
    )
    assert plain.known.factor is not None
    assert with_page.known.factor is not None
    assert not np.array_equal(plain.known.factor, with_page.known.factor)


def test_a_visitor_with_a_basket_gets_a_personal_answer() -> None:
    context = Context(basket=(ItemId("tea-0"), ItemId("tea-1")))
    visitor = answer(ask("home", context=context), None)
    assert not visitor.fallback
    assert ids(visitor) != ids(answer(ask("home"), None))


def test_a_newcomer_gets_what_is_popular_and_is_told_so() -> None:
    decision = answer(ask("home", "discovery"), None)
    assert decision.fallback
    assert all(a.fallback for a in decision.placements)
    popularity = shop().index.popularity
    shown = [p.offer for p in decision.placements[0].picks]
    allowed = [
        o
        for o in shop().index.by_popularity
        if shop().index.offer_id(o) not in ("crib", "sober-book")
    ]
    assert shown == allowed[:10]
    assert (np.diff(popularity[shown]) <= 0).all()


def test_an_empty_view_with_a_stored_factor_is_still_a_newcomer() -> None:
    state = CustomerState(new_customer().view, np.ones(8, dtype=np.float32))
    assert decide(shop().index, state, ask("home"), AS_OF).fallback


def test_popular_ignores_the_context() -> None:
    context = Context(basket=(ItemId("tea-0"),))
    assert popular(shop().index, ask("home", context=context), AS_OF).fallback


def test_filters_by_category_price_and_exclusion() -> None:
    index = shop().index
    tea = answer(ask("home", filters=Filters(categories=("TEA", "fruit"))))
    assert {i.split("-")[0] for i in ids(tea)} == {"tea", "fruit"}
    cheap = answer(ask("home", filters=Filters(min_price=2, max_price=3)))
    assert {index.price(p.offer) for p in cheap.placements[0].picks} == {2.0, 3.0}
    first = OfferId(ids(answer(ask("home")))[0])
    assert first not in ids(answer(ask("home", filters=Filters(exclude=frozenset({first})))))
    assert ids(answer(ask("home", filters=Filters(categories=("no such",))))) == []


def test_basket_offers_what_many_bought_together_then_fills_up() -> None:
    decision = answer(ask("basket", context=Context(basket=(ItemId("tea-0"),))), None)
    assert len(ids(decision)) == 10
    assert decision.placements[0].picks[-1].basis is Basis.BLEND


@pytest.mark.parametrize("name", ["usuals", "home", "replenish"])
@pytest.mark.parametrize("channel", [c for c in Channel if not c.private])
def test_own_purchases_never_go_out(name: str, channel: Channel) -> None:
    with pytest.raises(InputError, match=f"'{name}'.*cannot go out by {channel.value}"):
        check_request(shop().index, ask(name, channel=channel))


def test_discovery_may_go_out_but_stays_short() -> None:
    check_request(shop().index, ask("discovery", "basket", channel=Channel.EMAIL))
    long = OfferRequest((Placement("discovery", Source.DISCOVERY, 11),))
    with pytest.raises(
        InputError, match="11 offers are asked for on discovery, the policy allows 10"
    ):
        check_request(shop().index, long)


def test_similar_items_of_an_unknown_item_are_not_found() -> None:
    with pytest.raises(NotFound):
        item_picks(shop().index, shop().bundle.similar, (ItemId("nobody-knows"),), 5, AS_OF)


def test_a_protected_item_is_answered_like_a_rare_one() -> None:
    for item in ("test-1", "diaper-1", "blank"):
        picks, fallback = item_picks(shop().index, shop().bundle.similar, (ItemId(item),), 5, AS_OF)
        assert fallback
        assert [p.offer for p in picks] == [
            p.offer for p in popular(shop().index, ask("home"), AS_OF).placements[0].picks[:5]
        ]


def first_reasons(decision: Decision, detail: str = "full") -> tuple[Reason, ...]:
    explainer = Explainer(shop().index, decision, detail)  # type: ignore[arg-type]
    return explainer.reasons(decision.placements[0].picks[0])


def test_an_own_item_is_explained_by_its_purchases_and_their_latest_day() -> None:
    reason = first_reasons(answer(ask("usuals"), "c00"))[0]
    view = shop().state("c00").view
    (at,) = np.flatnonzero(view.rows == shop().index.rows(reason.items)[0])
    assert reason.kind == "own"
    assert reason.text.startswith(f"You bought this {view.baskets[at]} times, most recently on ")
    assert reason.text.endswith(" 2023")


def test_what_was_bought_since_training_is_dated_by_no_day() -> None:
    known = shop().state("c00")
    (row,) = shop().index.rows([ItemId("paper-5")])
    view = apply_events(
        known.view, [(EventKind.PURCHASE, row, AS_OF + 9, 1.0)], confidence_floor=0.1
    )
    only_it = Filters(categories=("paper",))
    decision = decide(shop().index, CustomerState(view), ask("usuals", filters=only_it), AS_OF)
    told = [Explainer(shop().index, decision).reasons(p)[0] for p in decision.placements[0].picks]
    (reason,) = [reason for reason in told if reason.items == ("paper-5",)]
    before = int(known.view.baskets[known.view.rows == row].sum())
    often = f"{before + 1} times, also lately" if before else "lately"
    assert reason.text == f"You bought this {often}"


def test_a_new_item_is_explained_by_what_the_customer_buys() -> None:
    decision = answer(ask("discovery"))
    cross = [r for r in first_reasons(decision) if r.kind == "cross"]
    assert cross[0].text.startswith("Goes with ")
    assert 1 <= len(cross[0].items) <= 2
    short = [r for r in first_reasons(decision, "short") if r.kind == "cross"]
    assert short[0].text == "Goes with what you usually buy"
    assert short[0].items == ()


def test_what_is_popular_says_only_that() -> None:
    reasons = first_reasons(answer(ask("home"), None))
    assert [(r.kind, r.share) for r in reasons] == [("popular", 1.0)]
