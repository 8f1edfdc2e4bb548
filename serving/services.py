"""Everything that one worker holds, made and ended in one place."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from uuid import uuid4

from recommender.errors import ConfigError, StoreError
from recommender.keys import Keys
from recommender.request import Placement
from serving.auditor import Auditor
from serving.batching import CoalescedReader
from serving.breaker import Breaker
from serving.controls import ControlDesk
from serving.customers import Customers, Records
from serving.decisions import DecisionLog
from serving.events import Intake
from serving.live import LiveBundle
from serving.metrics import Metrics
from serving.offers import Offering
from serving.placements import load_placements
from serving.policies import PolicyDesk
from serving.replays import Replays
from serving.roles import Tokens, load_tokens, warn_of_readers
from serving.settings import Settings
from serving.simulations import Simulations
from serving.store import Store
from serving.swapper import Swapper


@dataclass(frozen=True, eq=False)
class Services:
    """The parts of a worker, wired."""

    settings: Settings
    store: Store
    breaker: Breaker
    reader: CoalescedReader
    swapper: Swapper
    decisions: DecisionLog
    auditor: Auditor
    replays: Replays
    offering: Offering
    intake: Intake
    controls: ControlDesk
    policies: PolicyDesk
    simulations: Simulations
    metrics: Metrics
    tokens: Tokens

    async def start(self) -> None:
        """Loads the live bundle, if Redis has one, and starts the background tasks."""
        await self.swapper.start()
        self.decisions.start()
        self.auditor.start()

    async def stop(self) -> None:
        """Ends the tasks, writes what is queued, closes the connections."""
        await self.auditor.stop()
        await self.decisions.stop()
        await self.swapper.stop()
        await self.reader.close()
        await self.store.close()

    def bundle(self) -> LiveBundle:
        """The bundle in use; StoreError while none was ever loaded."""
        bundle = self.swapper.bundle
        if bundle is None:
            raise StoreError(
                "no bundle is loaded yet", hint="GET /readyz says why; `tactful doctor` says more"
            )
        return bundle


def check_settings(settings: Settings) -> dict[str, Placement]:
    """The placements that `settings` name; ConfigError for what could only fail later."""
    if not settings.redis_url:
        raise ConfigError(
            "no Redis server is named",
            hint="set TACTFUL_REDIS_URL=redis://HOST:6379/0, or use `tactful serve`, which "
            "starts an embedded server when none is set",
        )
    load_tokens(settings.tokens)
    return load_placements(settings.placements)


def create_services(
    settings: Settings, placements: dict[str, Placement], metrics: Metrics
) -> Services:
    """Wires the parts. Nothing is connected before `start`."""
    warn_of_readers(settings.tokens)
    keys = Keys(settings.namespace)
    store = Store(settings.redis_url, keys, timeout=settings.redis_timeout)
    breaker = Breaker()
    reader = CoalescedReader(store.read, timeout=settings.redis_timeout)
    worker = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    swapper = Swapper(store, breaker, metrics, worker=worker, interval=settings.poll_interval)
    records = Records(metrics)
    decisions = DecisionLog(
        store,
        keys,
        metrics,
        keep=settings.decisions_kept,
        aside_seconds=settings.replay_ttl,
    )
    auditor = Auditor(
        store,
        keys,
        metrics,
        per_second=settings.audit_per_second,
        keep=settings.suppressed_kept,
    )
    customers = Customers(reader, keys, records)
    intake = Intake(store, keys, records, breaker, settings)
    policies = PolicyDesk(store, keys, swapper)
    return Services(
        settings=settings,
        store=store,
        breaker=breaker,
        reader=reader,
        swapper=swapper,
        decisions=decisions,
        auditor=auditor,
        replays=Replays(store, keys, records),
        offering=Offering(
            customers, placements, breaker, metrics, decisions=decisions, auditor=auditor
        ),
        intake=intake,
        controls=ControlDesk(store, keys, records, intake, breaker),
        policies=policies,
        simulations=Simulations(store, keys, records, policies, placements),
        metrics=metrics,
        tokens=load_tokens(settings.tokens),
    )
