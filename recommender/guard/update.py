"""One change of the ledger as Redis makes it: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.errors import StoreError
from recommender.guard.ledger import Ledger, dump_ledger
from recommender.guard.source import PolicySource
from recommender.keys import Keys


@dataclass(frozen=True)
class Update:
    """A ledger in place of another, for `recommender.scripts.UPDATE_POLICIES`.

    before   the bytes that the change was computed from; None when there was no ledger
    old      the same, read
    new      what takes its place
    source   a draft's, to be stored with it
    """

    before: bytes | None
    old: Ledger
    new: Ledger
    source: PolicySource | None = None

    @property
    def pointer(self) -> str:
        """What the pointer says from now on; "" when the live version stays what it is."""
        live = self.new.live_version
        if live is None or self.new.activations == self.old.activations:
            return ""
        return f"{live.version} {live.digest}"

    def keys(self, keys: Keys) -> list[str]:
        """Ledger, pointer, the source that must be there, and sources that nobody needs now."""
        live = self.new.live_version
        digest = self.source.digest if self.source else live.digest if live else ""
        needed = {version.digest for version in self.new.versions.values()}
        unneeded = {version.digest for version in self.old.versions.values()} - needed
        sources = [digest, *sorted(unneeded)]
        return [keys.policies, keys.policy, *map(keys.policy_source, sources)]

    def arguments(self) -> list[bytes]:
        """Ledger before, ledger after, pointer and source; empty for none."""
        source = b"" if self.source is None else dump_source(self.source)
        return [self.before or b"", dump_ledger(self.new), self.pointer.encode(), source]


def dump_source(source: PolicySource) -> bytes:
    """A policy with all that it names, as it lies in Redis."""
    return source.model_dump_json().encode()


def read_source(raw: bytes | None, version: int, digest: str) -> PolicySource:
    """Reads `dump_source`; StoreError when it is not there, or is another text."""
    if raw is None:
        raise lost_source(version)
    try:
        source = PolicySource.model_validate_json(raw)
    except ValueError as error:
        raise lost_source(version) from error
    if source.digest != digest:
        raise lost_source(version)
    return source


def lost_source(version: int) -> StoreError:
    """The error when the text of a version is gone, or is another one."""
    return StoreError(
        f"the text of version {version} of the policy is not in Redis, or was altered",
        hint="draft it again from your own file under a higher number, and see that "
        "the server's maxmemory-policy is noeviction",
    )
