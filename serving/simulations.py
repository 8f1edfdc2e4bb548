"""What a version of the policy would do to customers' lists, tried on a sample of them.

Nothing is written, and nobody's list is shown: counts come in cells, and the lists are those of
invented customers. It is counted in a thread, a few customers at a time, so that answers go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from recommender.channel import Channel
from recommender.customer import CustomerState
from recommender.errors import ConflictError
from recommender.guard.ledger import LiveVersion
from recommender.index import BundleIndex
from recommender.keys import Keys
from recommender.request import OfferRequest, Placement
from recommender.simulate import Simulation, told
from recommender.synthetic import Example, examples
from recommender.tally import Tally, tally
from serving.customers import Records, Stored
from serving.live import LiveBundle
from serving.policies import PolicyDesk
from serving.problems import FieldError
from serving.store import Store

STEP = 50
"""Customers counted at one time."""


@dataclass(frozen=True)
class Simulated:
    """What was found, and against which live policy."""

    against: LiveVersion
    simulation: Simulation
    examples: tuple[Example, ...]


class Simulations:
    """Runs one simulation at a time: a second one would only make both slower."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        records: Records,
        policies: PolicyDesk,
        placements: Mapping[str, Placement],
    ) -> None:
        self._store = store
        self._keys = keys
        self._records = records
        self._policies = policies
        self._placements = placements
        self._turn = asyncio.Lock()

    def request(self, placement: str, n: int | None, channel: Channel) -> OfferRequest:
        """What every customer of the sample asks for; FieldError for an unknown placement."""
        known = self._placements.get(placement)
        if known is None:
            raise FieldError(
                "there is no such placement",
                where="$.placement",
                hint=f"known are {', '.join(sorted(self._placements))}",
            )
        wanted = Placement(known.name, known.source, known.n if n is None else n)
        return OfferRequest((wanted,), channel)

    async def run(self, number: int, request: OfferRequest, customers: int) -> Simulated:
        """A version against the live one, for a sample of at most `customers`.

        Raises ConflictError while another simulation runs in this worker.
        """
        if self._turn.locked():
            raise ConflictError(
                "a simulation runs already", hint="try again when it has ended, in a minute or so"
            )
        async with self._turn:
            ledger = await self._policies.ledger()
            source = await self._policies.source(ledger.version(number))
            bundle, live = await self._policies.live(ledger)

            def indices() -> tuple[BundleIndex, BundleIndex]:
                laid = live.over(source)
                own = bundle.own
                old = own.under(live.laid.policy, live.laid.bits)
                return old, own.under(laid.policy, laid.bits)

            old, new = await asyncio.to_thread(indices)
            now = time.time()
            total = Tally()
            secret = await self._store.secret()
            tags = await self._store.sample(bundle.version, customers)
            for at in range(0, len(tags), STEP):
                states = await self._states(bundle, tags[at : at + STEP])
                total += await asyncio.to_thread(tally, old, new, states, request, now=now)
            shown = await asyncio.to_thread(examples, old, new, request, now=now)
        return Simulated(live.version, told(total, old, new, secret), shown)

    async def _states(self, bundle: LiveBundle, tags: list[str]) -> list[CustomerState]:
        keys = [
            key
            for tag in tags
            for key in (
                self._keys.learned_under(bundle.version, tag),
                *self._keys.beside(tag),
            )
        ]
        found = await self._store.read_patiently(keys)
        return [
            self._records.state(bundle, Stored(*found[at : at + 4]))
            for at in range(0, len(found), 4)
        ]
