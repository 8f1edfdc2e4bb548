"""What a customer says while an event of theirs is being written holds for that event too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from recommender.customer import EventKind
from recommender.keys import Keys
from recommender.record import unpack_live, unpack_replenish
from serving import wishes
from serving.breaker import Breaker
from serving.control_schemas import TermQuery
from serving.controls import ControlDesk, Step
from serving.customers import Records
from serving.events import Intake
from serving.live import LiveBundle
from serving.metrics import Metrics
from serving.schemas import EventQuery
from serving.settings import Settings
from serving.store import Change, Store
from tests.support.service import RedisServer
from tests.support.shop import Shop

KEYS = Keys("meanwhile")
Said = Callable[[LiveBundle, int], Step]


class Interrupted(Store):
    """A store in front of whose first write something else happens, from start to end."""

    first: Callable[[], Awaitable[object]] | None = None

    async def replace(self, changes: Sequence[Change]) -> list[bool]:
        """As the store does, after what happens first."""
        first, self.first = self.first, None
        if first is not None:
            await first()
        return await super().replace(changes)


def closed() -> Breaker:
    """A breaker that knows that Redis is there."""
    breaker = Breaker()
    breaker.recover()
    return breaker


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (
            "school-1",
            lambda bundle, now: wishes.objected(bundle.index.policy, "school", TermQuery(), now),
        ),
        ("tea-1", lambda _, now: wishes.forgotten("tea-1", now)),
        (
            "diaper-1",
            lambda bundle, now: wishes.objected(bundle.index.policy, "infant", TermQuery(), now),
        ),
        ("diaper-1", lambda _, now: wishes.forgotten("diaper-1", now)),
    ],
    ids=["an objection", "forget it", "an objection to what comes back", "forget what comes back"],
)
def test_a_no_that_comes_between_reading_and_writing_counts(
    server: RedisServer, shop: Shop, item: str, said: Said
) -> None:
    """The objection is on record, and its cleaning over, before the purchase is written."""
    bundle, now = LiveBundle.of(shop.index), int(time.time())
    customer = f"{item}-{said(bundle, now).__qualname__}"

    async def scenario() -> None:
        settings = Settings(redis_url=server.url, namespace=KEYS.namespace)
        records, breaker = Records(Metrics()), closed()
        plain = Store(server.url, KEYS, timeout=1)
        slow = Interrupted(server.url, KEYS, timeout=1)
        cleaner = Intake(plain, KEYS, records, breaker, settings)
        desk = ControlDesk(plain, KEYS, records, cleaner, breaker)
        slow.first = lambda: desk.change(bundle, customer, now, said(bundle, now))
        event = EventQuery(
            event_id="e",
            customer_id=customer,
            kind=EventKind.PURCHASE,
            item_id=item,
            timestamp=now - 9,
        )
        await Intake(slow, KEYS, records, breaker, settings).accept(bundle, [event], now)
        assert slow.first is None
        await plain.close()
        await slow.close()

    asyncio.run(scenario())
    with server.client() as redis:
        live: Any = redis.get(KEYS.events(customer))
        waiting: Any = redis.get(KEYS.replenish(customer))
    assert live is None or not unpack_live(live).events
    assert waiting is None or not unpack_replenish(waiting)


def test_nothing_said_meanwhile_changes_nothing(server: RedisServer, shop: Shop) -> None:
    """The tests above can fail: without the no, both purchases are on record."""
    bundle, now = LiveBundle.of(shop.index), int(time.time())

    async def scenario() -> None:
        settings = Settings(redis_url=server.url, namespace=KEYS.namespace)
        store = Store(server.url, KEYS, timeout=1)
        events = [
            EventQuery(
                event_id=i, customer_id="c", kind=EventKind.PURCHASE, item_id=i, timestamp=now - 9
            )
            for i in ("school-1", "diaper-1")
        ]
        intake = Intake(store, KEYS, Records(Metrics()), closed(), settings)
        await intake.accept(bundle, events, now)
        await store.close()

    asyncio.run(scenario())
    with server.client() as redis:
        live: Any = redis.get(KEYS.events("c"))
        waiting: Any = redis.get(KEYS.replenish("c"))
    assert [event.item for event in unpack_live(live).events] == ["school-1"]
    assert [purchase.item for purchase in unpack_replenish(waiting)] == ["diaper-1"]
