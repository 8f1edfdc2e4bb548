"""Locks that a hostile reader once opened: each test is one door, and says that it is shut."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis import Redis

from recommender.bundle import Promotions
from recommender.channel import Channel
from recommender.controls import Controls, Declaration, Need, Term
from recommender.customer import (
    CustomerState,
    ReplenishPurchase,
    closed_customer,
    new_customer,
)
from recommender.decide import decide
from recommender.errors import ContainmentBreach
from recommender.explain import Explainer
from recommender.guard.containment import release_replenish
from recommender.guard.policy import PREFERENCE_CENTRE
from recommender.guard.source import PolicySource
from recommender.index import BundleIndex
from recommender.keys import Keys
from recommender.request import BUILT_IN, OfferRequest, Placement, Source
from recommender.types import ItemId
from serving.live import LiveBundle
from serving.settings import Settings
from tests.property.test_controls_in_the_core import (
    guarded,
    rich_policy,
    shown,
    train_guarded,
    with_row,
)
from tests.support.service import Running, eventually, publish, redis_server, running
from tests.support.shop import AS_OF, DAY, Shop, policy, population, train

HOME = OfferRequest((Placement("home", Source.HOME, 60),))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Redis, Keys]]:
    """A service that keeps few events a customer, so that its cap is soon reached."""
    shop, keys = train(population(), rich_policy()), Keys("doors")
    folder: Path = tmp_path_factory.mktemp("bundle") / "b"
    with redis_server(tmp_path_factory.mktemp("redis")) as server, server.client() as redis:
        publish(redis, keys, folder, shop.bundle, shop.table)
        chosen = Settings(
            redis_url=server.url, namespace="doors", redis_timeout=2.0, most_live_events=5
        )
        with running(chosen) as service:
            yield service, redis, keys


def buy(service: Running, customer: str, items: list[str], at: int) -> None:
    events = [
        {
            "event_id": f"{item}-{at}-{n}",
            "customer_id": customer,
            "kind": "purchase",
            "item_id": item,
            "timestamp": at + n,
        }
        for n, item in enumerate(items)
    ]
    assert service.events(*events).status_code == 202


def answer(service: Running, customer: str, **query: object) -> Any:
    asked = {"customer_id": customer, "reasons": "full"} | query
    found = dict(service.offers(**asked))
    found.pop("decision_id")
    return found


@pytest.mark.parametrize(
    ("told", "item"),
    [
        ((("declarations/pregnancy", None), ("consents/pregnancy/history", None)), "test-1"),
        ((("gifts/cheese-3", {"until": "2099-12-24"}),), "cheese-3"),
        ((("too-personal", {"category": "Cheese"}),), "cheese-3"),
    ],
)
def test_g1_what_is_hidden_crowds_nothing_out_of_a_full_record(
    stage: tuple[Running, Redis, Keys], told: Any, item: str
) -> None:
    """One twin also buys, again and again, what may not be used (outbound, or at all)."""
    service = stage[0]
    moment = int(time.time()) - 10_000
    twins = [f"twin-{item}-{len(told)}-{n}-{told[0][0][:4]}" for n in range(2)]
    for twin in twins:
        for path, body in told:
            put = service.http.put(f"/v1/customers/{twin}/{path}", json=body or {})
            assert put.status_code == 200, put.text
        buy(service, twin, ["bread-0", "bread-1", "tea-0", "tea-1"], moment)
    buy(service, twins[1], [item] * 12, moment + 100)
    email = {"placements": ["discovery"], "channel": "email"}
    assert answer(service, twins[0], **email) == answer(service, twins[1], **email)
    if "pregnancy" in told[0][0]:
        for twin in twins:
            service.http.put(f"/v1/customers/{twin}/objections/pregnancy")
    home = {"placements": ["home"]}
    assert answer(service, twins[0], **home) == answer(service, twins[1], **home)


def test_g7_a_policy_that_cannot_be_read_opens_nothing_that_the_last_one_held(
    tmp_path: Path,
) -> None:
    """The bundle's own policy never heard of the life event that the published one guards."""
    shop, keys = train(population(), policy(life_events=())), Keys("unread")
    text = (
        "guard: {version: 4}\npacks: []\nlife_events:\n"
        "  pregnancy: {policy: block_unless_declared, targets: {keyword: [bread]}}\n"
    )
    source = PolicySource(text=text)
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as server, server.client() as redis:
        publish(redis, keys, tmp_path / "b", shop.bundle, shop.table)
        with running(Settings(redis_url=server.url, namespace="unread")) as service:

            def page() -> tuple[int, set[str]]:
                found: Any = service.offers(
                    customer_id="c01", placements=[{"name": "home", "n": 60}]
                )
                offers = {o["offer_id"] for o in found["placements"]["home"]["offers"]}
                return found["policy_version"], offers

            assert {"bread-1", "crib", "sober-book"} <= page()[1]
            redis.set(keys.policy_source("a" * 32), source.model_dump_json())
            redis.set(keys.policy, f"4 {'a' * 32}")
            eventually(lambda: page()[0] == 4)
            assert not {o for o in page()[1] if o.startswith("bread")}
            redis.set(keys.policy, f"5 {'b' * 32}")
            eventually(lambda: page()[0] == 5)
            assert "cannot be applied" in service.http.get("/readyz").text
            held = page()[1]
            assert not {o for o in held if o.startswith("bread")}
            assert not held & {"crib", "sober-book", "diaper-1", "test-1"}, "any pack that ships"
            assert "tea-1" in held, "the rest is served"


def test_a_closed_bundle_without_any_policy_holds_what_the_packs_that_ship_would() -> None:
    open_shop = train(population(), policy(life_events=()))
    closed = LiveBundle.of(open_shop.index).closed("9 gone")
    assert closed.policy_version == 9
    decision = decide(closed.index, open_shop.state("c01"), HOME, AS_OF)
    offers = shown(Shop(closed.index, open_shop.table), decision)
    assert not offers & {"crib", "diaper-1"}
    assert "tea-1" in offers


def test_g5_the_slot_replenish_shows_no_target_of_another_locked_life_event() -> None:
    """Nappies sold with a crib sheet are evidence of one life event and a target of another."""
    own = train_guarded()
    bundle = own.bundle
    at = own.index.item_index[ItemId("diaper-1")]
    target = bundle.target.copy()
    target[at] |= np.uint64(own.index.policy.bit("pregnancy"))
    index = own.index.under(own.index.policy, replace(own.index.bits, target=target))
    bought = tuple(
        ReplenishPurchase(bytes([n] * 8), ItemId("diaper-1"), AS_OF - n * DAY) for n in (1, 9)
    )
    state = CustomerState(new_customer().view, replenish=bought)
    request = OfferRequest((BUILT_IN["replenish"],))
    assert decide(own.index, state, request, AS_OF).placements[0].picks
    assert not decide(index, state, request, AS_OF).placements[0].picks
    with pytest.raises(ContainmentBreach):
        release_replenish([at], bundle.evidence, target, index.rules(AS_OF))


def test_g7_nothing_goes_out_to_who_may_be_in_a_silence_that_nobody_can_read() -> None:
    rules = [r.model_copy(update={"outbound_silence_days": 90}) for r in policy().life_events]
    own = train_guarded()
    quiet = own.index.policy.model_copy(update={"life_events": tuple(rules)})
    index = own.index.under(quiet, own.index.bits)
    request = OfferRequest((BUILT_IN["discovery"],), Channel.EMAIL)
    assert not decide(index, closed_customer(), request, AS_OF).placements[0].picks
    assert decide(index, new_customer(), request, AS_OF).placements[0].picks
    at_home = replace(request, channel=Channel.SITE)
    assert decide(index, closed_customer(), at_home, AS_OF).placements[0].picks


def test_too_personal_holds_an_offer_of_which_one_item_is_unknown_to_the_models() -> None:
    """An offer promotes bread and a locked beer; drinks are too personal."""
    own = train_guarded()
    bundle = own.bundle
    bread, beer = own.index.offer_index["bread-0"], own.index.item_index[ItemId("beer-0")]
    old = bundle.promotions
    at = int(old.indptr[bread + 1])
    indptr = old.indptr.copy()
    indptr[bread + 1 :] += 1
    promotions = Promotions(indptr, np.insert(old.items, at, beer))
    both = Shop(BundleIndex(replace(bundle, promotions=promotions)), own.table)
    assert own.index.row_of_item[beer] == -1
    muted = CustomerState(
        new_customer().view, controls=Controls(too_personal={"drinks": Term(at=AS_OF)})
    )
    assert "bread-0" in shown(both, decide(both.index, new_customer(), HOME, AS_OF))
    assert "bread-0" not in shown(both, decide(both.index, muted, HOME, AS_OF))


def test_a_need_that_names_a_category_unlocks_nothing() -> None:
    """Furniture does not ask for a crib; the crib's own name does."""
    found = guarded()
    state = found.state("c01")
    for need, expected in (
        (Need(at=AS_OF - DAY, text="please", category="furniture"), False),
        (Need(at=AS_OF - DAY, text="please", offer_id="crib"), True),
    ):
        asks = replace(state, controls=Controls(needs={"n": need}))
        offers = shown(found, decide(found.index, asks, HOME, AS_OF))
        assert ("crib" in offers) is expected


def test_g6_what_was_declared_does_not_hang_on_what_must_not_chain() -> None:
    """School pens are all that is known: the declared nappies are ranked by popularity alone."""
    told = Controls(declarations={"infant": Declaration(at=AS_OF - DAY, source=PREFERENCE_CENTRE)})
    found = guarded()
    row = int(found.index.row_of_item[found.index.item_index[ItemId("school-1")]])
    pens = with_row(new_customer().view, row, 3)
    answers = []
    for controls in (told, told.with_entry("objections", "school", Term(at=AS_OF))):
        state = CustomerState(pens, controls=controls)
        decision = decide(found.index, state, HOME, AS_OF)
        answers.append(shown(found, decision) & {"diaper-1", "diaper-2", "food-1"})
        explainer = Explainer(found.index, decision, "full")
        for pick in decision.placements[0].picks:
            total = sum(part.value for part in explainer.contributions(pick))
            assert total == pytest.approx(pick.score, rel=1e-4, abs=1e-5)
    assert answers[0] == answers[1] != set()
