"""Every bad input over HTTP: the right status, in words, at the right place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from recommender.keys import customer_tag
from tests.integration.serving.conftest import Stage

APPENDED_TO = {b"stage:raw", b"stage:decisions", b"stage:suppressed", b"stage:secret"}
"""Keys of the shop, not of a customer, that a request may write to."""
EVENT = {"event_id": "e", "customer_id": "c", "kind": "purchase", "item_id": "tea-1"}
STRANGE_IDS = ["{x}", "a:b", "a b", "*", "../..", "ÄÖ\N{SNOWMAN}", "%00", "{" * 256]
IMPOSSIBLE_IDS = ["", "x" * 257, "x" * 10_000, "a\x00b", "a\nb", "a\rb", "\x1b[2J", "\x7f"]


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The body of an error, which must have the one shape of errors."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert response.headers["x-request-id"]
    return body


@pytest.mark.parametrize("path", ["/v1/offers", "/v1/events", "/v1/basket/complements"])
def test_ten_megabytes_are_refused_before_they_are_parsed(stage: Stage, path: str) -> None:
    body = json.dumps({"customer_id": "x" * 10_000_000}).encode()
    refused = problem(stage.service.http.post(path, content=body), 413)
    assert "1,000,000 bytes" in refused["detail"]
    assert "TACTFUL_BODY_LIMIT" in refused["hint"]


def test_a_body_of_unknown_length_is_counted_as_it_comes(stage: Stage) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 50_000

    problem(stage.service.http.post("/v1/offers", content=chunks()), 413)
    assert stage.service.http.get("/livez").status_code == 200


def test_a_body_in_pieces_is_read_whole(stage: Stage) -> None:
    pieces = [b'{"customer_', b'id":"c03"', b"}"]
    response = stage.service.http.post("/v1/offers", content=iter(pieces))
    assert not response.json()["fallback"]


@pytest.mark.parametrize("n", [0, -1, 10_000])
def test_an_impossible_n_is_refused_where_it_stands(stage: Stage, n: int) -> None:
    post, get = stage.service.http.post, stage.service.http.get
    assert problem(post("/v1/offers", json={"n": n}), 422)["where"] == "$.n"
    named = {"placements": ["usuals", {"name": "home", "n": n}]}
    assert problem(post("/v1/offers", json=named), 422)["where"] == "$.placements[1].n"
    assert problem(get(f"/v1/items/tea-1/similar?n={n}"), 422)["where"] == "query.n"
    basket = {"basket": ["tea-1"], "n": n}
    assert problem(post("/v1/basket/complements", json=basket), 422)["where"] == "$.n"


def test_an_unknown_placement_is_told_the_known_ones(stage: Stage) -> None:
    query = {"placements": ["home", "hoem"]}
    refused = problem(stage.service.http.post("/v1/offers", json=query), 422)
    assert refused["where"] == "$.placements[1]"
    assert "basket, checkout, discovery, home, replenish, usuals" in refused["hint"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "line 1 column 0"),
        (b'{"customer_id": "c', "line 1 column 18"),
        (b'{"n": 1,\n "m" 2}', "line 2"),
        (b"{'n': 1}", "line 1 column 2"),
        (b'{"customer_id": "\xff"}', "unicode"),
        (b'{"customer_id": "\\ud800"}', "line 1"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_malformed_json_is_told_where_it_breaks(stage: Stage, body: bytes, words: str) -> None:
    refused = problem(stage.service.http.post("/v1/offers", content=body), 400)
    assert words in refused["detail"]


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"text"'])
def test_json_that_is_no_object_is_refused(stage: Stage, body: bytes) -> None:
    assert problem(stage.service.http.post("/v1/offers", content=body), 422)["where"] == "$"


@pytest.mark.parametrize("wrong", IMPOSSIBLE_IDS)
def test_impossible_ids_are_refused_everywhere(stage: Stage, wrong: str) -> None:
    post = stage.service.http.post
    refused = problem(post("/v1/offers", json={"customer_id": wrong}), 422)
    assert refused["where"] == "$.customer_id"
    in_basket = {"context": {"basket": ["tea-1", wrong]}}
    assert problem(post("/v1/offers", json=in_basket), 422)["where"] == "$.context.basket[1]"
    for field in ("event_id", "customer_id", "item_id"):
        events = {"events": [EVENT, EVENT | {field: wrong}]}
        assert problem(post("/v1/events", json=events), 422)["where"] == f"$.events[1].{field}"


@pytest.mark.parametrize("strange", STRANGE_IDS)
def test_strange_ids_work_and_stay_within_their_key(stage: Stage, strange: str) -> None:
    """No id, however odd, writes anywhere but under its own tag."""
    before = set(stage.redis.scan_iter(match="stage:*"))
    event = EVENT | {"event_id": f"strange {strange}"[:256], "customer_id": strange}
    assert stage.service.events(event).status_code == 202
    assert not stage.service.offers(customer_id=strange)["fallback"]
    created = set(stage.redis.scan_iter(match="stage:*")) - before
    assert {k for k in created if b":e:" in k} == {f"stage:e:{customer_tag(strange)}".encode()}
    assert {k for k in created if b":e:" not in k} <= APPENDED_TO


def test_the_hint_names_what_is_wrong_and_nothing_of_what_was_sent(stage: Stage) -> None:
    query = {"customer_id": "c03", "context": {"basket": ["secret-item\x00"]}}
    assert "secret-item" not in stage.service.http.post("/v1/offers", json=query).text


def test_an_unknown_item_is_not_found(stage: Stage) -> None:
    refused = problem(stage.service.http.get("/v1/items/no-such-item/similar"), 404)
    assert "catalogue" in refused["detail"]
    basket = {"basket": ["no-such-item"]}
    problem(stage.service.http.post("/v1/basket/complements", json=basket), 404)


def test_an_item_id_of_10_000_characters_is_refused(stage: Stage) -> None:
    response = stage.service.http.get(f"/v1/items/{'x' * 10_000}/similar")
    assert problem(response, 422)["where"] == "path.item_id"


def test_unknown_paths_and_methods_have_the_same_shape(stage: Stage) -> None:
    problem(stage.service.http.get("/v1/nothing"), 404)
    problem(stage.service.http.get("/v1/offers"), 405)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("timestamp", 1_000, "before 1990"),
        ("timestamp", 1_700_000_000_000, "more than a day ahead"),
        ("timestamp", -1e300, "before 1990"),
        ("quantity", 0, "greater than 0"),
        ("quantity", -1, "greater than 0"),
        ("kind", "theft", "purchase"),
    ],
)
def test_an_impossible_event_is_named_by_its_number(
    stage: Stage, field: str, value: object, words: str
) -> None:
    before = stage.redis.xlen(stage.keys.raw)
    fine = EVENT | {"event_id": "beside an impossible one"}
    response = stage.service.events(fine, EVENT | {field: value})
    refused = problem(response, 422)
    assert refused["where"] == f"$.events[1].{field}"
    assert words in refused["detail"]
    assert stage.redis.xlen(stage.keys.raw) == before, "half of a refused batch was stored"


def test_a_batch_has_at_most_500_events(stage: Stage) -> None:
    refused = problem(stage.service.events(*[EVENT] * 501), 422)
    assert refused["where"] == "$.events"
