"""Similar items and basket complements: the same for everybody."""

from __future__ import annotations

from tests.integration.serving.conftest import Stage
from tests.support.shop import CONTAINED


def test_similar_items_do_not_hold_the_item_itself(stage: Stage) -> None:
    answer = stage.service.http.get("/v1/items/tea-1/similar", params={"n": 5}).json()
    offers = [offer["offer_id"] for offer in answer["offers"]]
    assert len(offers) == 5
    assert "tea-1" not in offers
    assert answer["version"] == stage.shop.bundle.version


def test_complements_do_not_hold_the_basket(stage: Stage) -> None:
    basket = {"basket": ["tea-1", "bread-0", "not known"], "n": 5}
    answer = stage.service.http.post("/v1/basket/complements", json=basket).json()
    offers = [offer["offer_id"] for offer in answer["offers"]]
    assert len(offers) == 5
    assert not {"tea-1", "bread-0"} & set(offers)


def test_beside_a_protected_item_stands_what_is_popular(stage: Stage) -> None:
    """The answer does not tell a protected item from a new one."""
    answer = stage.service.http.get("/v1/items/test-1/similar").json()
    assert answer["fallback"]
    assert not {offer["offer_id"] for offer in answer["offers"]} & set(CONTAINED)


def test_an_item_id_with_a_slash_is_an_item_id(stage: Stage) -> None:
    response = stage.service.http.get("/v1/items/a%2Fb/similar")
    assert response.status_code == 404
    assert "catalogue" in response.json()["detail"]
