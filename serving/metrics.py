"""What the service counts. No label and no count depends on locked evidence (guard G1)."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

MULTIPROCESS_DIR = "PROMETHEUS_MULTIPROC_DIR"
"""Where workers share their numbers; prometheus_client reads it when it is imported."""
CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The counters of one worker, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # Looking a label up costs more than counting; routes and statuses are few.
        self._observed: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"tactful_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(
                f"tactful_{name}", text, registry=self.registry, multiprocess_mode="livemin"
            )

        self.requests = counter("requests", "Requests by route and status", "route", "status")
        self.seconds = Histogram(
            "tactful_request_seconds",
            "Seconds from request to answer",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.answers = counter("answers", "Offer answers by kind", "fallback", "degraded")
        self.events = counter("events", "Accepted events", "kind")
        self.unreadable = counter(
            "unreadable_records", "Records that could not be read, answered as unknown", "record"
        )
        self.decisions_dropped = counter(
            "decisions_dropped", "Decisions that were not logged, oldest first"
        )
        self.audited = counter("decisions_audited", "Decisions looked at for what was held back")
        self.not_audited = counter(
            "decisions_not_audited", "Decisions beyond what TACTFUL_AUDIT_PER_SECOND allows"
        )
        self.swaps = counter("bundle_swaps", "Bundles that were put into use")
        self.refusals = counter("bundle_refusals", "Published bundles that were refused")
        self.policy_refusals = counter(
            "policy_refusals", "Published policies that could not be applied: everything is locked"
        )
        self.breaches = counter("containment_breaches", "Answers stopped by the last lock")
        self.expired = counter("policy_expired_answers", "Answers under an expired policy")
        self.redis_up = gauge("redis_up", "1 while Redis answers")
        self.bundle_as_of = gauge("bundle_as_of_seconds", "Last purchase the bundle knows, UTC")

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Counts one answered request."""
        found = self._observed.get((route, status))
        if found is None:
            found = self.requests.labels(route, str(status)), self.seconds.labels(route)
            self._observed[route, status] = found
        count, duration = found
        count.inc()
        duration.observe(seconds)

    def exposition(self) -> bytes:
        """The Prometheus text of this worker, or of all workers when they share a directory."""
        if MULTIPROCESS_DIR not in os.environ:
            return generate_latest(self.registry)
        _forget_the_dead(os.environ[MULTIPROCESS_DIR])
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)


def _forget_the_dead(shared: str) -> None:
    """Drops the gauges of workers that died: the least of all must be the least of the living."""
    for path in Path(shared).glob("gauge_live*_*.db"):
        worker = path.stem.rpartition("_")[2]
        if worker.isdecimal() and not _lives(int(worker)):
            mark_process_dead(int(worker), shared)  # type: ignore[no-untyped-call]


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
