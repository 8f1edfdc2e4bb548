"""What callers may send: bounds, ids, moments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from recommender.customer import EventKind
from recommender.ids import id_problem
from serving.schemas import BasketQuery, EventsQuery, OfferQuery

EVENT = {"event_id": "e", "customer_id": "c", "kind": "purchase", "item_id": "i"}


def read(model: type[BaseModel], **fields: Any) -> Any:
    return model.model_validate_json(json.dumps(fields))


def refused(model: type[BaseModel], **fields: Any) -> list[tuple[int | str, ...]]:
    """The places that are refused."""
    with pytest.raises(ValidationError) as refusal:
        read(model, **fields)
    return [error["loc"] for error in refusal.value.errors()]


def test_an_empty_query_asks_for_the_home_placement() -> None:
    query = read(OfferQuery)
    assert [p.name for p in query.placements] == ["home"]
    assert (query.customer_id, query.n, query.reasons) == (None, None, "short")


def test_a_placement_is_a_name_or_a_name_with_a_number() -> None:
    query = read(OfferQuery, placements=["home", {"name": "discovery", "n": 4}])
    assert [(p.name, p.n) for p in query.placements] == [("home", None), ("discovery", 4)]


@pytest.mark.parametrize("n", [0, -1, 101, 10_000, 2.5, "10", True])
def test_n_is_a_whole_number_from_1_to_100(n: object) -> None:
    assert refused(OfferQuery, n=n) == [("n",)]
    assert ("placements", 0, "n") in refused(OfferQuery, placements=[{"name": "home", "n": n}])


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"placement": ["home"]}, ("placement",)),
        ({"placements": []}, ("placements",)),
        ({"placements": ["home"] * 11}, ("placements",)),
        ({"placements": ["home", "home"]}, ()),
        ({"channel": "fax"}, ("channel",)),
        ({"reasons": "long"}, ("reasons",)),
        ({"context": {"basket": ["i"] * 101}}, ("context", "basket")),
        ({"context": {"session": ["i"] * 201}}, ("context", "session")),
        ({"context": {"page": 7}}, ("context", "page")),
        ({"filters": {"exclude": ["o"] * 1001}}, ("filters", "exclude")),
        ({"filters": {"categories": ["c"] * 51}}, ("filters", "categories")),
        ({"filters": {"min_price": -1}}, ("filters", "min_price")),
        ({"filters": {"min_price": float("nan")}}, ("filters", "min_price")),
        ({"filters": {"max_price": float("inf")}}, ("filters", "max_price")),
        ({"filters": {"min_price": 2, "max_price": 1}}, ("filters",)),
        ({"customer_id": 12}, ("customer_id",)),
    ],
)
def test_what_breaks_a_bound_is_refused_at_its_place(
    fields: dict[str, Any], where: tuple[int | str, ...]
) -> None:
    assert refused(OfferQuery, **fields) == [where]


@given(st.text(max_size=300))
def test_ids_follow_the_one_rule_for_ids(text: str) -> None:
    """Braces, colons and blanks are fine; control characters and 257 characters are not."""
    body = json.dumps({"customer_id": text}).encode()
    if id_problem(text) is None:
        assert OfferQuery.model_validate_json(body).customer_id == text
    else:
        with pytest.raises(ValidationError):
            OfferQuery.model_validate_json(body)


def test_an_event_needs_little() -> None:
    event = read(EventsQuery, events=[EVENT]).events[0]
    assert (event.kind, event.timestamp, event.quantity) == (EventKind.PURCHASE, None, 1.0)


@pytest.mark.parametrize(
    "moment", [1_000_000_000, 1_000_000_000.0, "2001-09-09T01:46:40Z", "2001-09-09T03:46:40+02:00"]
)
def test_a_moment_is_seconds_or_iso_8601(moment: object) -> None:
    event = read(EventsQuery, events=[{**EVENT, "timestamp": moment}]).events[0]
    assert event.timestamp == 1_000_000_000.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timestamp", "2001-09-09T01:46:40"),
        ("timestamp", "yesterday"),
        ("timestamp", float("nan")),
        ("timestamp", True),
        ("timestamp", [1]),
        ("quantity", 0),
        ("quantity", -1),
        ("quantity", float("inf")),
        ("kind", "theft"),
        ("event_id", ""),
        ("item_id", "a\nb"),
        ("colour", "red"),
    ],
)
def test_an_impossible_event_is_refused_with_its_number(field: str, value: object) -> None:
    where = refused(EventsQuery, events=[EVENT, {**EVENT, field: value}])
    assert ("events", 1, field) in where


def test_a_batch_has_1_to_500_events() -> None:
    assert len(read(EventsQuery, events=[EVENT] * 500).events) == 500
    assert refused(EventsQuery, events=[]) == [("events",)]
    assert refused(EventsQuery, events=[EVENT] * 501) == [("events",)]


def test_an_empty_basket_wants_nothing() -> None:
    assert refused(BasketQuery, basket=[]) == [("basket",)]
