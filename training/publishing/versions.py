"""What is known of published versions: their summaries, and who answers with them. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from recommender.bundle import Manifest
from recommender.errors import StoreError
from training.publishing.ruling import Ruling

HEARTBEAT_SECONDS = 60
"""A worker that has not reported for longer is taken for gone."""


class Marker(StrEnum):
    """The place of a version: it answers, it answers after a rollback, or neither."""

    LIVE = "live"
    PREVIOUS = "previous"
    NONE = ""


@dataclass(frozen=True)
class Summary:
    """What Redis keeps of a published version beside its manifest.

    published_at         seconds since 1970, UTC; of the latest publish of the same bundle
    as_of                seconds since 1970, UTC: the last purchase that the bundle knows
    bytes                payload of all arrays and learned records
    bytes_per_customer   measured in Redis: keys, values and Redis' own overhead
    parent               the version that was live when this one was published; "": none
    locked_exposure      personalised places that held-back offers took in its own evaluation;
                         None: its quality was not measured
    """

    version: str
    digest: str
    created_at: str
    published_at: float
    as_of: int
    n_customers: int
    n_items: int
    n_offers: int
    metrics: dict[str, float]
    bytes: int
    bytes_per_customer: float
    parent: str = ""
    locked_exposure: int | None = None


@dataclass(frozen=True)
class VersionInfo:
    """A published version as `tactful versions` lists it; `workers` answer with it right now.

    ruling   what the gate found of it; None for a version of an earlier release
    """

    summary: Summary
    marker: Marker
    workers: tuple[str, ...]
    ruling: Ruling | None = None

    @property
    def version(self) -> str:
        """The version's name."""
        return self.summary.version


@dataclass(frozen=True)
class PublishResult:
    """What a publish did.

    already   True when the same bundle was there, byte for byte
    ruling    what the gate found of it; None until it was asked
    """

    summary: Summary
    already: bool
    ruling: Ruling | None = None

    @property
    def version(self) -> str:
        """The version's name."""
        return self.summary.version


@dataclass(frozen=True)
class Collected:
    """What a collection removed: whole versions, and leftovers of publishes that died."""

    versions: tuple[str, ...]
    leftovers: tuple[str, ...]


def summarise(
    manifest: Manifest,
    *,
    published_at: float,
    payload: int,
    bytes_per_customer: float,
    parent: str,
    locked_exposure: int | None,
) -> Summary:
    """The summary of a bundle that was just written; arguments as in `Summary`."""
    return Summary(
        version=manifest.version,
        digest=manifest.digest,
        created_at=manifest.created_at,
        published_at=published_at,
        as_of=manifest.as_of,
        n_customers=manifest.n_customers,
        n_items=manifest.n_items,
        n_offers=manifest.n_offers,
        metrics=dict(manifest.metrics),
        bytes=payload,
        bytes_per_customer=bytes_per_customer,
        parent=parent,
        locked_exposure=locked_exposure,
    )


def dump_summary(summary: Summary) -> bytes:
    """The summary as JSON."""
    return json.dumps(asdict(summary), sort_keys=True).encode()


def parse_summary(raw: bytes) -> Summary:
    """Reads `dump_summary`; StoreError when the bytes are something else."""
    try:
        return Summary(**json.loads(raw))
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"a version's summary in Redis cannot be read: {raw[:80]!r}",
            hint="another release may have written it: publish the bundle again with this one",
        ) from error


def reporting(workers: Mapping[bytes, bytes], now: float) -> dict[str, tuple[str, ...]]:
    """Version -> the workers that reported it within the last minute, in alphabetical order.

    workers   the hash `Keys.workers`: worker -> "version seconds"
    """
    found: dict[str, list[str]] = {}
    for worker, value in sorted(workers.items()):
        version, seen = _heartbeat(value)
        if now - seen <= HEARTBEAT_SECONDS:
            found.setdefault(version, []).append(worker.decode())
    return {version: tuple(names) for version, names in found.items()}


def newer_than(live: str, published: Mapping[str, Summary]) -> set[str]:
    """Versions published after the live one: somebody may be about to activate them.

    All of them while none is live.
    """
    since = published[live].published_at if live in published else float("-inf")
    return {version for version, s in published.items() if s.published_at > since}


def gone(workers: Mapping[bytes, bytes], now: float, after_seconds: float) -> list[bytes]:
    """Workers that have not reported for `after_seconds`."""
    return [
        worker for worker, value in workers.items() if now - _heartbeat(value)[1] > after_seconds
    ]


def _heartbeat(value: bytes) -> tuple[str, float]:
    version, _, seconds = value.decode(errors="replace").rpartition(" ")
    try:
        return version, float(seconds)
    except ValueError:
        return version, float("-inf")
