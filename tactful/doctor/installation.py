"""Is everything there that answers need?"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.errors import StorageError, TactfulError
from recommender.times import iso_utc
from recommender.types import SECONDS_A_DAY
from tactful.doctor.findings import Finding, broken, fine, look
from tactful.embedded import ServerFacts

if TYPE_CHECKING:
    from training.publishing.versions import VersionInfo

STALE_DAYS = 14
_OLDEST_REDIS = 6
_FULL = 0.9
_LEAST_DISK = 1e9


def python_findings() -> Iterator[Finding]:
    """The interpreter, and the packages that the installation names."""
    running = ".".join(map(str, sys.version_info[:3]))
    yield fine("python", f"Python {running}, Tactful {version('tactful')}")
    missing = []
    for requirement in requires("tactful") or ():
        name, _, marker = requirement.partition(";")
        if "extra ==" in marker or "sys_platform" in marker:
            continue
        package = name.split(">")[0].split("=")[0].split("[")[0].strip()
        try:
            version(package)
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        yield broken("packages", f"not installed: {', '.join(missing)}", "pip install tactful")
    else:
        yield fine("packages", "all required packages are installed")


def disk_findings(state: Path) -> Iterator[Finding]:
    """Room for bundles and for the embedded server's data."""
    folder = state if state.exists() else Path.cwd()
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be looked at: {error.strerror}", hint="set TACTFUL_STATE"
        ) from error
    if free < _LEAST_DISK:
        yield look("disk", f"{free / 1e9:.1f} GB are free in {folder}", "free some, or move it")
    else:
        yield fine("disk", f"{free / 1e9:,.0f} GB are free in {folder}")


def server_findings(facts: ServerFacts, *, embedded: bool) -> Iterator[Finding]:
    """Whether the server can be relied upon to keep what is published."""
    whose = "embedded, " if embedded else ""
    used = f"{facts.used_bytes / 1e6:,.0f} MB in use"
    said = f"{whose}{facts.product} {facts.version}, {facts.keys:,} keys, {used}"
    major = facts.version.split(".")[0]
    if major.isdecimal() and int(major) < _OLDEST_REDIS:
        yield broken("server", said, "use Redis 6 or newer, or Valkey")
    else:
        yield fine("server", said)
    if facts.most_bytes and facts.policy != "noeviction":
        yield look(
            "memory",
            f"maxmemory-policy is {facts.policy}: Redis may throw published keys away",
            "set maxmemory-policy to noeviction",
        )
    if facts.most_bytes and facts.used_bytes > _FULL * facts.most_bytes:
        share = facts.used_bytes / facts.most_bytes
        yield look("memory", f"{share:.0%} of maxmemory are used", "raise maxmemory")


def bundle_findings(
    listed: Sequence[VersionInfo], live: str | None, now: float
) -> Iterator[Finding]:
    """What answers, how old it is, and who answers with it."""
    if live is None:
        yield look("bundle", "nothing is live", "tactful publish BUNDLE_DIR")
        return
    info = next((v for v in listed if v.version == live), None)
    if info is None:
        yield broken("bundle", f"{live} is live but not published", "publish it again")
        return
    age = (now - info.summary.as_of) / SECONDS_A_DAY
    knows = f"{live} knows purchases until {iso_utc(info.summary.as_of)}, {age:,.0f} days ago"
    if age > STALE_DAYS:
        yield look("bundle", f"stale: {knows}", "train on newer purchases and publish")
    else:
        yield fine("bundle", knows)
    yield _workers(listed, live)


def failure(subject: str, error: TactfulError) -> Finding:
    """Something that could not even be looked at."""
    return broken(subject, error.what, error.hint)


def _workers(listed: Sequence[VersionInfo], live: str) -> Finding:
    counts = {v.version: len(v.workers) for v in listed if v.workers}
    behind = sum(counts.values()) - counts.get(live, 0)
    if not counts:
        return look("workers", "no worker has reported in the last minute", "tactful serve")
    if behind:
        return look(
            "workers",
            f"{counts.get(live, 0)} answer with the live version, {behind} with another",
            "wait a few seconds; then GET /readyz of the others says why",
        )
    return fine("workers", f"{counts[live]} answer with the live version")
