"""POST /v1/offers over real HTTP and a real server."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.decide import decide
from recommender.keys import customer_tag
from recommender.request import BUILT_IN, Channel, OfferRequest
from tests.integration.serving.conftest import Stage
from tests.support.service import eventually, newest


def ids(answer: dict[str, Any], placement: str = "home") -> list[str]:
    return [offer["offer_id"] for offer in answer["placements"][placement]["offers"]]


def unreadable(stage: Stage, kind: str) -> float:
    """How many records of a kind could not be read so far."""
    name = f'tactful_unreadable_records_total{{record="{kind}"}} '
    lines = stage.service.http.get("/metrics").text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def test_a_known_customer_gets_what_the_decision_function_decides(stage: Stage) -> None:
    answer: Any = stage.service.offers(customer_id="c03", n=7)
    request = OfferRequest((BUILT_IN["home"],))
    decided = decide(stage.shop.index, stage.shop.state("c03"), request, 1.8e9)
    expected = [stage.shop.index.offer_id(p.offer) for p in decided.placements[0].picks[:7]]
    assert ids(answer) == expected
    assert (answer["fallback"], answer["degraded"]) == (False, False)
    assert answer["version"] == stage.shop.bundle.version
    assert answer["policy_version"] == 3


def test_the_answer_has_an_id_and_the_header_repeats_it(stage: Stage) -> None:
    responses = [stage.service.http.post("/v1/offers", json={}) for _ in range(2)]
    found = [r.json()["decision_id"] for r in responses]
    assert [r.headers["x-request-id"] for r in responses] == found
    assert found[0] != found[1]
    assert all(len(i) == 32 and int(i, 16) >= 0 for i in found)


def test_an_unknown_customer_gets_popular_offers_marked_fallback(stage: Stage) -> None:
    answer: Any = stage.service.offers(customer_id="never seen")
    assert answer["fallback"]
    assert answer["placements"]["home"]["fallback"]
    assert not answer["degraded"]
    assert len(ids(answer)) == 10


def test_a_visitor_with_a_basket_gets_a_folded_in_answer(stage: Stage) -> None:
    answer: Any = stage.service.offers(
        placements=["basket", "discovery"], context={"basket": ["tea-1", "no such item"]}, n=4
    )
    assert not answer["fallback"]
    shown = ids(answer, "basket") + ids(answer, "discovery")
    assert len(shown) == 8
    assert "tea-1" not in shown


def test_no_offer_appears_twice_over_placements(stage: Stage) -> None:
    placements = ["home", "usuals", "discovery", "basket", "checkout", "replenish"]
    answer: Any = stage.service.offers(customer_id="c03", placements=placements, n=5)
    shown = [offer for name in placements for offer in ids(answer, name)]
    assert list(answer["placements"]) == placements
    assert len(shown) == len(set(shown)) > 15


def test_n_is_the_placements_own_unless_the_call_says_otherwise(stage: Stage) -> None:
    basket = {"basket": ["tea-1"]}

    def shown(**query: Any) -> int:
        answer: Any = stage.service.offers(context=basket, **query)
        return len(ids(answer, "checkout"))

    assert shown(placements=["checkout"]) == 4
    assert shown(placements=["checkout"], n=6) == 6
    assert shown(placements=[{"name": "checkout", "n": 2}], n=6) == 2


def test_filters_hold(stage: Stage) -> None:
    answer: Any = stage.service.offers(
        customer_id="c03",
        n=30,
        filters={
            "categories": ["tea", "BREAD"],
            "min_price": 2,
            "max_price": 7,
            "exclude": ["tea-1"],
        },
    )
    offers = answer["placements"]["home"]["offers"]
    assert offers
    assert {offer["offer_id"].split("-")[0] for offer in offers} <= {"tea", "bread"}
    assert all(2 <= offer["price"] <= 7 for offer in offers)
    assert "tea-1" not in ids(answer)


@pytest.mark.parametrize("detail", ["short", "full"])
def test_the_reasons_of_an_offer_add_up_to_its_score(stage: Stage, detail: str) -> None:
    answer: Any = stage.service.offers(customer_id="c03", reasons=detail)
    for offer in answer["placements"]["home"]["offers"]:
        assert sum(reason["share"] for reason in offer["reasons"]) == pytest.approx(1, abs=1e-3)
        assert all(reason["text"] for reason in offer["reasons"])


def test_reasons_can_be_left_out_and_scores_are_never_in(stage: Stage) -> None:
    answer: Any = stage.service.offers(customer_id="c03", reasons="none")
    for offer in answer["placements"]["home"]["offers"]:
        assert set(offer) <= {"offer_id", "title", "price"}


def test_what_shows_own_purchases_does_not_go_out_by_mail(stage: Stage) -> None:
    outbound = [channel.value for channel in Channel if not channel.private]
    for channel in outbound:
        query = {"customer_id": "c03", "channel": channel, "placements": ["usuals"]}
        refused = stage.service.http.post("/v1/offers", json=query)
        assert refused.status_code == 422
        assert "discovery" in refused.json()["hint"]
    stage.service.offers(customer_id="c03", channel="email", placements=["discovery"])


def test_every_decision_is_logged_without_scores_or_history(stage: Stage) -> None:
    answer: Any = stage.service.offers(customer_id="c22", placements=["home", "discovery"], n=3)

    def entry() -> dict[str, Any] | None:
        entries = newest(stage.redis, stage.keys.decisions, 100)
        return next((e for e in entries if e["id"] == answer["decision_id"]), None)

    logged = eventually(entry)
    assert logged.pop("at") > 1_600_000_000_000
    assert len(logged.pop("body")) == 64
    assert logged == {
        "id": answer["decision_id"],
        "version": answer["version"],
        "policy": 3,
        "customer": customer_tag("c22"),
        "channel": "site",
        "fallback": False,
        "degraded": False,
        "learned": True,
        "request": {
            "placements": [["home", "home", 3], ["discovery", "discovery", 3]],
            "reasons": "short",
        },
        "placements": {name: ids(answer, name) for name in ("home", "discovery")},
    }


def test_a_record_that_cannot_be_read_counts_as_unknown_and_is_counted(stage: Stage) -> None:
    """Fail closed: garbage in either record is an alarm, never an error."""
    version, redis = stage.shop.bundle.version, stage.redis
    learned = redis.get(stage.keys.learned(version, "c22"))
    assert isinstance(learned, bytes)
    broken = {
        stage.keys.learned(version, "broken-1"): b"garbage",
        stage.keys.learned(version, "broken-2"): learned[:-1],
        stage.keys.learned(version, "broken-3"): learned.replace(b"TL1", b"TL9"),
        # rows beyond the bundle's: it reads, and would lead outside the arrays
        stage.keys.learned(version, "broken-4"): learned[:41] + b"\xff\xff\xff\x7f" + learned[45:],
        stage.keys.events("broken-5"): b"TE2\xff\xff garbage",
    }
    before = {kind: unreadable(stage, kind) for kind in ("learned", "live")}
    redis.mset(broken)
    try:
        for number in range(1, 6):
            answer: Any = stage.service.offers(customer_id=f"broken-{number}")
            assert answer["fallback"]
        assert unreadable(stage, "learned") == before["learned"] + 4
        assert unreadable(stage, "live") == before["live"] + 1
    finally:
        redis.delete(*broken)
