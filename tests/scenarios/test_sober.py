"""Sober: the wine stops, alcohol-free begins. No wine, no rehab, and nobody is won back.

`sven` and `sven-without` made the same purchases; `sven` also bought wine until spring, then
alcohol-free beer.
"""

from __future__ import annotations

import time

from tests.support.examples import ONE_EACH, Stage

WINE = {"REDWINE", "WHITEWINE", "BEER", "CORKSCREW"}
RECOVERY = {"BEERZERO", "WINEZERO", "SOBERBOOK"}


def test_no_wine_no_rehab_and_no_alcohol_free_beer_is_offered_anywhere(grocer: Stage) -> None:
    assert not grocer.everywhere("sven") & (WINE | RECOVERY)
    assert grocer.shown("sven", "replenish") == []


def test_neither_the_wine_that_stopped_nor_what_came_instead_changes_a_byte(
    grocer: Stage,
) -> None:
    """There is nothing left from which a win-back could start: no recency of what is locked."""
    grocery = [*ONE_EACH, "replenish"]
    for query in (
        {"placements": grocery, "reasons": "full"},
        {"placements": ["discovery", "basket"], "channel": "email"},
    ):
        assert grocer.body("sven", **query) == grocer.body("sven-without", **query)


def test_what_is_stored_is_the_same_bytes(grocer: Stage) -> None:
    assert grocer.stored("sven") == grocer.stored("sven-without")
    assert grocer.stored("sven")[0]


def test_an_objection_to_alcohol_shuts_the_own_slot_too_and_for_good(grocer: Stage) -> None:
    """With a verified age the own wine could come back; one word ends that."""
    now = int(time.time())
    with grocer.told_by("sven"):
        grocer.tell("PUT", "sven/consents/alcohol/age_verification")
        for days in (30, 8):
            sent = grocer.service.events(
                {
                    "event_id": f"wine-{days}",
                    "customer_id": "sven",
                    "kind": "purchase",
                    "item_id": "REDWINE",
                    "timestamp": now - days * 86_400,
                }
            )
            assert sent.status_code == 202
        assert grocer.shown("sven", "replenish") == ["REDWINE"]
        told = grocer.tell("PUT", "sven/objections/alcohol")
        assert told["objections"]["alcohol"]["until"] is None
        assert grocer.shown("sven", "replenish") == []
        assert not grocer.everywhere("sven") & (WINE | RECOVERY)
