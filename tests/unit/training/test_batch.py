"""Offers for many: guarded, complete, the same as online."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

from recommender.channel import Channel
from recommender.controls import Controls, Declaration, Term
from recommender.customer import new_customer
from recommender.decide import decide
from recommender.errors import InputError
from recommender.request import OfferRequest, Placement, Source
from recommender.types import CustomerId
from tests.support.shop import (
    AS_OF,
    CONTAINED,
    DAY,
    LOCKED,
    Purchase,
    Shop,
    catalogue,
    interactions,
    policy,
    population,
    train,
)
from training.batch import batch
from training.history import holdout_truth, learn, visible_history

BOUGHT = population()


@pytest.fixture(scope="module")
def shop() -> Shop:
    return train(BOUGHT)


def offers(
    shop: Shop,
    purchases: Sequence[Purchase],
    *,
    new_only: bool = False,
    customers: Sequence[str] | None = None,
    n: int = 10,
    channel: Channel = Channel.SITE,
    controls: Controls | None = None,
) -> pl.DataFrame:
    listing = catalogue()
    chosen = None if customers is None else [CustomerId(c) for c in customers]
    return batch(
        shop.index,
        interactions(purchases, listing),
        listing.ids,
        now=AS_OF,
        customers=chosen,
        n=n,
        new_only=new_only,
        channel=channel,
        controls=None if controls is None else {controls.customer: controls},
    )


def test_a_batch_is_what_the_decision_says(shop: Shop) -> None:
    """Row by row, for the history that the bundle was trained with."""
    found = offers(shop, BOUGHT, n=7)
    assert found.columns == ["customer_id", "rank", "offer_id", "score"]
    request = OfferRequest((Placement("home", Source.HOME, 7),))
    for customer in ("c00", "c23"):
        picks = decide(shop.index, shop.state(customer), request, AS_OF).placements[0].picks
        rows = found.filter(pl.col("customer_id") == customer)
        assert rows["rank"].to_list() == list(range(1, 8))
        assert rows["offer_id"].to_list() == [shop.index.offer_id(p.offer) for p in picks]
        assert rows["score"].to_list() == pytest.approx([p.score for p in picks], abs=1e-6)


def test_new_only_repeats_nothing(shop: Shop) -> None:
    found = offers(shop, BOUGHT, new_only=True)
    bought = {(customer, item) for customer, item, _ in BOUGHT}
    assert not bought & set(found.select("customer_id", "offer_id").iter_rows())


def test_locked_evidence_changes_nothing(shop: Shop) -> None:
    """Not even when it is the latest purchase of all."""
    more = [*BOUGHT, *(("c05", item, days) for item in LOCKED for days in (0, 40))]
    for new_only in (False, True):
        plain = offers(shop, BOUGHT, new_only=new_only)
        assert plain.equals(offers(shop, more, new_only=new_only))
    assert not set(offers(shop, more)["offer_id"]) & set(CONTAINED)


def test_everybody_gets_offers_in_the_order_asked(shop: Shop) -> None:
    """Unknown customers, and those of whom nothing is visible, get popular ones, once each."""
    purchases = [*BOUGHT, ("masked", "diaper-1", 3)]
    found = offers(shop, purchases, customers=["nobody", "c07", "masked", "nobody"], n=3)
    assert found["customer_id"].to_list() == ["nobody"] * 3 + ["c07"] * 3 + ["masked"] * 3
    request = OfferRequest((Placement("home", Source.HOME, 3),))
    picks = decide(shop.index, new_customer(), request, AS_OF).placements[0].picks
    popular = [shop.index.offer_id(p.offer) for p in picks]
    for customer in ("nobody", "masked"):
        assert found.filter(pl.col("customer_id") == customer)["offer_id"].to_list() == popular
    assert "masked" in set(offers(shop, purchases)["customer_id"])


def test_ages_count_back_from_the_latest_visible_purchase(shop: Shop) -> None:
    """A history that ended a year before the bundle is as fresh as it was then."""
    old = [(customer, item, days + 365) for customer, item, days in BOUGHT]
    assert offers(shop, old).equals(offers(shop, BOUGHT))


def test_items_that_the_bundle_lacks_are_passed_over(shop: Shop) -> None:
    """The catalogue of the purchases may be another one; ids decide."""
    listing = catalogue()
    lines = interactions(BOUGHT, listing)
    renamed = tuple("new " + i if i == "tea-0" else i for i in listing.ids)
    visible = visible_history(shop.index, lines, renamed, now=AS_OF)
    assert listing.ids.index("tea-0") not in visible.lines.item
    table = learn(shop.index, visible)
    tea = shop.index.rows([listing.ids[listing.ids.index("tea-0")]])[0]
    assert tea not in table.rows


def test_outbound_only_what_the_customer_has_not_bought_goes_out(shop: Shop) -> None:
    """Own purchases stay on private surfaces, whatever was asked for."""
    for channel in (Channel.EMAIL, Channel.PRINT):
        found = offers(shop, BOUGHT, channel=channel)
        assert found.equals(offers(shop, BOUGHT, channel=channel, new_only=True))
        bought = {(customer, item) for customer, item, _ in BOUGHT}
        assert not bought & set(found.select("customer_id", "offer_id").iter_rows())
    on_app = offers(shop, BOUGHT, channel=Channel.APP)
    assert on_app.equals(offers(shop, BOUGHT))
    with pytest.raises(InputError, match="policy allows 10"):
        offers(shop, BOUGHT, n=11, channel=Channel.EMAIL)


def test_outbound_a_declared_target_needs_consent_for_the_channel() -> None:
    rules = policy(discovery_slots=100)
    shop = train(BOUGHT, rules)
    declared = {"pregnancy": Declaration(at=AS_OF - DAY, source="preference_centre")}
    told = Controls(customer="nobody", declarations=declared)
    leave = {"pregnancy": {"email": Term(at=AS_OF - DAY)}}
    agreed = told.model_copy(update={"consents": leave})

    def offered(controls: Controls, channel: Channel) -> set[str]:
        one = ["nobody"]
        table = offers(shop, BOUGHT, customers=one, n=60, channel=channel, controls=controls)
        return set(table["offer_id"])

    assert "crib" in offered(told, Channel.SITE)
    assert "crib" not in offered(told, Channel.EMAIL)
    assert "crib" in offered(agreed, Channel.EMAIL)
    assert "crib" not in offered(agreed, Channel.SMS)


def test_nothing_goes_out_to_who_is_in_an_outbound_silence() -> None:
    rules = policy()
    quiet = rules.life_events[2].model_copy(update={"outbound_silence_days": 90})
    others = (*rules.life_events[:2], quiet, rules.life_events[3])
    shop = train(BOUGHT, policy(life_events=others))
    declared = {"recovery": Declaration(at=AS_OF - DAY, source="preference_centre")}
    told = Controls(customer="c01", declarations=declared)
    for channel in Channel:
        found = offers(shop, BOUGHT, customers=["c01", "c02"], channel=channel, controls=told)
        served = {"c01", "c02"} if channel.private else {"c02"}
        assert set(found["customer_id"]) == served


def test_impossible_numbers_are_errors(shop: Shop) -> None:
    with pytest.raises(InputError, match="n is 0"):
        offers(shop, BOUGHT, n=0)
    with pytest.raises(InputError, match="policy allows 10"):
        offers(shop, BOUGHT, n=11, new_only=True)


def test_a_holdout_is_what_came_after_the_bundle(shop: Shop) -> None:
    """History in the file is no truth; locked evidence is none either."""
    later: list[Purchase] = [("c03", "soap-1", -2), ("c03", "diaper-1", -3), ("new", "tea-0", -1)]
    listing = catalogue()
    lines = interactions([*BOUGHT, *later], listing)
    visible = visible_history(shop.index, lines, listing.ids, now=AS_OF)
    truth, until = holdout_truth(shop.index, shop.table, visible)
    assert until == AS_OF + 2 * DAY
    assert truth.customers.tolist() == [3]
    assert [shop.index.item_id(int(row)) for row in truth.of(3)] == ["soap-1"]


def test_a_holdout_without_anything_new_is_an_error(shop: Shop) -> None:
    listing = catalogue()
    visible = visible_history(shop.index, interactions(BOUGHT, listing), listing.ids, now=AS_OF)
    with pytest.raises(InputError, match="no visible purchase after"):
        holdout_truth(shop.index, shop.table, visible)
