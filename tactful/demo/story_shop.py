"""One invented shop of the story: trained, published, and asked over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from rich.status import Status

from recommender.channel import Channel
from recommender.keys import Keys
from recommender.request import BUILT_IN, Source
from tactful.demo.examples import example
from tactful.demo.service import Service, service
from tactful.embedded import answering, connect
from tactful.ports import next_free
from training.config import TrainConfig
from training.pipeline import TrainResult, train
from training.progress import Advance
from training.publish import Publisher


class Spinner:
    """Shows the stage of a training in one line that disappears."""

    def __init__(self, status: Status, what: str) -> None:
        self._status = status
        self._what = what

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Advance]:
        """Names the stage, and how far it is."""
        done = 0

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            self._status.update(f"{self._what}: {name}, {done:,} of {total:,}")

        advance(0)
        yield advance


@dataclass(frozen=True)
class Learned:
    """An example after training."""

    name: str
    config: TrainConfig
    result: TrainResult


def learn(name: str, folder: Path, overrides: Sequence[str], status: Status) -> Learned:
    """Trains an example into `folder`."""
    config = example(name, overrides)
    progress = Spinner(status, f"training the {name}")
    return Learned(name, config, train(config, folder / name, now=time.time(), progress=progress))


@dataclass(frozen=True)
class Shop:
    """A shop that answers.

    url, keys   where its records lie, for looks at what is stored
    """

    learned: Learned
    service: Service
    url: str
    keys: Keys

    def body(self, customer: str, query: dict[str, Any]) -> bytes:
        """The answer to POST /v1/offers, byte for byte, its decision id cut out."""
        body = self.service.call("POST", "/v1/offers", {"customer_id": customer, **query})
        decision: str = orjson.loads(body)["decision_id"]
        return body.replace(decision.encode(), b"")

    def titles(self, customer: str, query: dict[str, Any]) -> list[str]:
        """The titles of the first placement of an answer."""
        answer = orjson.loads(self.body(customer, query))
        first = next(iter(answer["placements"].values()))
        return [offer["title"] for offer in first["offers"]]

    def everywhere(self, customer: str) -> set[str]:
        """The titles that any placement shows on any channel, as long as the lists may be."""
        found: set[str] = set()
        for channel in Channel:
            for placement in BUILT_IN.values():
                if channel.private or not placement.source.private:
                    n = 10 if placement.source is Source.DISCOVERY else 100
                    query = {"placements": [placement.name], "channel": channel.value, "n": n}
                    found |= set(self.titles(customer, query))
        return found

    def tell(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call under /v1/customers/; what is on record then."""
        told: dict[str, Any] = orjson.loads(
            self.service.call(method, f"/v1/customers/{path}", body)
        )
        return told

    def stored(self, customer: str) -> bytes:
        """Everything that is kept to answer a customer; b"" for nothing."""
        keys = [
            self.keys.learned(self.learned.result.manifest.version, customer),
            self.keys.events(customer),
            self.keys.controls(customer),
        ]
        with answering(), connect(self.url) as client:
            found: Any = client.mget(keys)
        return b"|".join(value for value in found if value)

    def damage_controls(self, customer: str) -> None:
        """Makes what a customer told us unreadable, as a failing disk would."""
        with answering(), connect(self.url) as client:
            client.set(self.keys.controls(customer), b"\x00 unreadable")


@contextmanager
def opened(learned: Learned, url: str, host: str, port: int, folder: Path) -> Iterator[Shop]:
    """Publishes a trained shop to the server at `url` and serves it on the first free port.

    Whatever an earlier telling left there is forgotten.
    """
    keys = Keys(f"story-{learned.name}")
    with answering(), connect(url) as client:
        for key in client.scan_iter(match=f"{keys.namespace}:*"):
            client.delete(key)
        publisher = Publisher(client, keys, time.time)
        publisher.publish(learned.result.directory)
        publisher.activate(learned.result.manifest.version)
        publisher.collect()
    log = folder / f"{learned.name}.log"
    free = next_free(host, port)
    with service(url, host, free, log, namespace=keys.namespace) as running:
        yield Shop(learned, running, url, keys)
