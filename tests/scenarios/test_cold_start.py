"""Cold start by masking: `cora` bought only what nobody may look at. She is a new customer."""

from __future__ import annotations

from tests.support.examples import ONE_EACH, Stage


def test_she_is_answered_like_a_new_customer_to_the_byte(grocer: Stage) -> None:
    for query in (
        {"placements": ONE_EACH, "reasons": "full"},
        {"placements": ["discovery"], "channel": "email", "n": 10},
        {"placements": ["basket"], "context": {"basket": ["PASTA"]}},
    ):
        assert grocer.body("cora", **query) == grocer.body("never-seen", **query)


def test_nothing_at_all_is_stored_of_her(grocer: Stage) -> None:
    assert grocer.stored("cora") == (None, None, None)
    assert "cora" not in grocer.trained.table.customers


def test_she_still_gets_offers(grocer: Stage) -> None:
    answer = grocer.ask("cora")
    assert answer["fallback"]
    assert len(answer["placements"]["home"]["offers"]) == 10
