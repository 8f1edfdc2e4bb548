"""Easylife: a jar opener and a dinner tray are no arthritis, and no reason for a call.

`ida` and `ida-without` made the same purchases; `ida` also bought a jar opener and two dinner
trays.
"""

from __future__ import annotations

from typing import Any

import pytest

from tactful.demo.aside import without_guard
from tests.support.examples import ONE_EACH, Stage

TRIGGERS = {"JAROPENER", "DINNERTRAY", "COMPRESSION"}
SOLD_THEN = "GLUCOSAMINE"


@pytest.mark.parametrize(
    "query",
    [
        {"placements": ONE_EACH, "reasons": "full"},
        {"placements": ["discovery"], "channel": "call"},
        {"placements": ["discovery"], "channel": "post"},
        {"placements": ["basket"], "context": {"basket": ["HONEY", "DINNERTRAY"]}},
    ],
    ids=["site", "call", "post", "basket"],
)
def test_answers_are_the_same_bytes_with_and_without_the_jar_opener(
    grocer: Stage, query: dict[str, Any]
) -> None:
    assert grocer.body("ida", **query) == grocer.body("ida-without", **query)


def test_what_is_stored_is_the_same_bytes(grocer: Stage) -> None:
    learned, live, controls = grocer.stored("ida")
    assert learned
    assert (live, controls) == (None, None)
    assert grocer.stored("ida-without") == (learned, None, None)


def test_bought_today_it_changes_no_byte_either(grocer: Stage) -> None:
    """Through the events of the running service, not only through training."""
    query = {"placements": ONE_EACH, "reasons": "full"}
    before = grocer.body("ida-without", **query)
    with grocer.told_by("ida-without"):
        for number, item in enumerate(sorted(TRIGGERS)):
            sent = grocer.service.events(
                {
                    "event_id": f"easylife-{number}",
                    "customer_id": "ida-without",
                    "kind": "purchase",
                    "item_id": item,
                }
            )
            assert sent.status_code == 202
        assert grocer.body("ida-without", **query) == before
        assert grocer.stored("ida-without") == (grocer.stored("ida")[0], None, None)


def test_without_a_guard_somebody_would_call_about_glucosamine(grocer: Stage) -> None:
    trained = grocer.trained
    aside = without_guard(trained.config, trained.bundle)
    assert "Glucosamine capsules" in aside.titles("ida", "discovery", 6)


def test_nobody_is_called_about_glucosamine(grocer: Stage) -> None:
    assert not grocer.everywhere("ida") & (TRIGGERS | {SOLD_THEN})
