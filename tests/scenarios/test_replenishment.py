"""Replenishment: three orders of nappies, and nothing but the slot `replenish` changes."""

from __future__ import annotations

import time
from typing import Any

from tests.support.examples import ONE_EACH, Stage

DAY = 86_400
EVERYTHING = {"placements": ["replenish", *ONE_EACH], "reasons": "full"}


def order(grocer: Stage, customer: str, days_ago: int) -> None:
    at = int(time.time()) - days_ago * DAY
    sent = grocer.service.events(
        {
            "event_id": f"nappies-{customer}-{days_ago}",
            "customer_id": customer,
            "kind": "purchase",
            "item_id": "NAPPIES-1",
            "timestamp": at,
        }
    )
    assert sent.status_code == 202


def test_three_orders_change_the_slot_and_nothing_else(grocer: Stage) -> None:
    before: Any = grocer.ask("nils", **EVERYTHING)
    others = grocer.body("nils", placements=ONE_EACH, reasons="full")
    stored = grocer.stored("nils")
    with grocer.told_by("nils"):
        for days_ago in (40, 21, 3):
            order(grocer, "nils", days_ago)
        after: Any = grocer.ask("nils", **EVERYTHING)
        slots = [answer["placements"].pop("replenish") for answer in (before, after)]
        assert before == after
        assert slots[0]["offers"] == []
        assert [offer["offer_id"] for offer in slots[1]["offers"]] == ["NAPPIES-1"]
        assert slots[1]["fallback"] == slots[0]["fallback"]
        assert grocer.body("nils", placements=ONE_EACH, reasons="full") == others
        assert grocer.stored("nils") == stored


def test_the_first_order_alone_fills_no_slot(grocer: Stage) -> None:
    with grocer.told_by("nils"):
        order(grocer, "nils", 3)
        assert grocer.shown("nils", "replenish") == []
        order(grocer, "nils", 2)
        assert grocer.shown("nils", "replenish") == ["NAPPIES-1"]


def test_the_slot_never_leaves_the_house(grocer: Stage) -> None:
    for channel in ("email", "sms", "push", "call", "post", "print"):
        query = {"customer_id": "nils", "placements": ["replenish"], "channel": channel}
        assert grocer.service.http.post("/v1/offers", json=query).status_code == 422
