"""The invented shops of `configs/examples`, trained, published and served for real."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from recommender.bundle import CustomerTable, FactorBundle
from recommender.controls import Controls, parse_controls
from recommender.index import BundleIndex
from recommender.keys import Keys
from serving.settings import Settings
from tactful.demo.examples import example
from tests.support.service import RedisServer, Running, running
from training.bundle_dir import read_bundle
from training.config import TrainConfig
from training.pipeline import train
from training.publish import Publisher

ONE_EACH = [{"name": name, "n": 5} for name in ("usuals", "discovery", "home", "basket")]
"""Every built-in placement but `replenish`, which shows own locked items."""


@dataclass(frozen=True, eq=False)
class Trained:
    """An example after `tactful train`."""

    config: TrainConfig
    folder: Path
    bundle: FactorBundle
    table: CustomerTable


@dataclass(frozen=True, eq=False)
class Stage:
    """A running service over an example, and what lies in Redis under it."""

    service: Running
    redis: Redis
    keys: Keys
    trained: Trained

    @property
    def index(self) -> BundleIndex:
        """The bundle that answers, for looks into the future: HTTP has only today's clock."""
        live = self.service.services.swapper.bundle
        assert live is not None
        return live.index

    def ask(self, customer: str | None, **query: Any) -> Any:
        """The answer to POST /v1/offers; its decision id aside, as nothing else may differ."""
        named = {} if customer is None else {"customer_id": customer}
        answer = self.service.offers(**named, **query)
        answer.pop("decision_id")
        return answer

    def shown(self, customer: str | None, placement: str = "home", **query: Any) -> list[str]:
        """The ids of the offers of one placement, best first."""
        answer = self.ask(customer, placements=[placement], **query)
        return [offer["offer_id"] for offer in answer["placements"][placement]["offers"]]

    def body(self, customer: str, **query: Any) -> bytes:
        """The bytes of an answer, its decision id cut out."""
        response = self.service.http.post("/v1/offers", json={"customer_id": customer, **query})
        assert response.status_code == 200, response.text
        return response.content.replace(response.json()["decision_id"].encode(), b"")

    def tell(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """A call under /v1/customers; what is on record then."""
        response: httpx.Response = self.service.http.request(
            method, f"/v1/customers/{path}", json=body or None
        )
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def controls(self, customer: str) -> Controls:
        """The controls record as it is stored."""
        raw: Any = self.redis.get(self.keys.controls(customer))
        assert raw is not None
        return parse_controls(raw)

    def stored(self, customer: str) -> tuple[bytes | None, ...]:
        """What online keys hold of a customer: learned, live, controls."""
        version = self.trained.bundle.manifest.version
        keys = (
            self.keys.learned(version, customer),
            self.keys.events(customer),
            self.keys.controls(customer),
        )
        found: Any = self.redis.mget(keys)
        return tuple(found)

    @contextmanager
    def told_by(self, *customers: str) -> Iterator[None]:
        """Forgets in the end what these customers tell meanwhile, and what they do."""
        try:
            yield
        finally:
            for customer in customers:
                self.redis.delete(
                    self.keys.controls(customer),
                    self.keys.events(customer),
                    self.keys.replenish(customer),
                )

    def everywhere(self, customer: str) -> set[str]:
        """Every offer that any placement shows on any channel, as long as the lists may be."""
        found: set[str] = set()
        for channel in ("site", "app", "email", "sms", "push", "call", "post", "print"):
            private = channel in ("site", "app")
            for placement in ("usuals", "home", "discovery", "basket"):
                if private or placement in ("discovery", "basket"):
                    n = 10 if placement == "discovery" else 100
                    found |= set(self.shown(customer, placement, channel=channel, n=n))
        return found


def trained(name: str, folder: Path) -> Trained:
    """Trains an example as `tactful train` does."""
    config = example(name)
    train(config, folder, now=time.time())
    return Trained(config, folder, *read_bundle(folder))


def serve(server: RedisServer, trained: Trained, namespace: str) -> Iterator[Stage]:
    """Publishes and serves."""
    keys = Keys(namespace)
    with server.client() as redis:
        publisher = Publisher(redis, keys, time.time)
        publisher.publish(trained.folder)
        publisher.activate(trained.bundle.manifest.version)
        settings = Settings(redis_url=server.url, namespace=namespace, redis_timeout=2.0)
        with running(settings) as service:
            yield Stage(service, redis, keys, trained)
