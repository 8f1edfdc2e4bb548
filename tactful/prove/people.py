"""Customers of a proof: made out of those whom the bundle knows, and looked at in Redis."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from recommender.guard.view import view_of_customer
from recommender.models.als import fold_in
from recommender.record import pack_learned, unpack_learned
from recommender.types import CustomerId
from tactful.prove.goods import Goods
from tactful.prove.stage import Reply, Stage

APART = ("date", "x-request-id")
"""Headers that name the moment and the request."""


def learn_of(
    stage: Stage, goods: Goods, known: str, customer: str, *, masked: bool = False
) -> None:
    """Gives `customer` the learned record of a customer whom the bundle knows.

    masked   without what the policy locks: training under it would have stored no more
    """
    keys, version = stage.keys, goods.bundle.version
    raw = stage.redis.get(keys.learned(version, known))
    if masked and locked_of(goods, known):
        view = view_of_customer(unpack_learned(raw)[0], goods.index.evidence_of_row, goods.rules)
        if not len(view):
            return
        bundle = goods.bundle
        factor = fold_in(
            bundle.factors,
            bundle.gramian,
            bundle.parameters.regularization,
            view.rows,
            view.confidence,
        )
        raw = pack_learned(view, factor)
    stage.redis.set(keys.learned(version, customer), raw)


def locked_of(goods: Goods, known: str) -> bool:
    """Whether the bundle's record of a customer holds what the policy locks."""
    view = goods.table.view(goods.table.customers.index(CustomerId(known)))
    return len(view_of_customer(view, goods.index.evidence_of_row, goods.rules)) < len(view)


def declare(stage: Stage, goods: Goods, customer: str, life_event: str) -> None:
    """A declaration from a source that the policy believes; consents are another matter."""
    rules = {rule.id: rule for rule in goods.policy.life_events}
    body = {"source": rules[life_event].declared_by[0]}
    stage.control("PUT", path_of(customer, "declarations", life_event), body)


def path_of(customer: str, kind: str, *names: str) -> str:
    """The path of something that a customer controls."""
    told = "/".join(quote(name, safe="") for name in (customer, kind, *names))
    return f"/v1/customers/{told}"


def comparable(reply: Reply) -> tuple[int, dict[str, str], Any]:
    """A whole answer; the date, the request's id and the decision's id aside."""
    body = reply.body()
    body.pop("decision_id", None)
    headers = {name: value for name, value in reply.headers.items() if name not in APART}
    return reply.status, headers, body


def held_bytes(stage: Stage, goods: Goods, customer: str) -> dict[str, bytes | None]:
    """What is stored of a customer, replenishment records aside (guard G5)."""
    keys = {
        "learned": stage.keys.learned(goods.bundle.version, customer),
        "live": stage.keys.events(customer),
        "controls": stage.keys.controls(customer),
    }
    return dict(zip(keys, stage.redis.mget(list(keys.values())), strict=True))
