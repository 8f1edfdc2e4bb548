"""Every Redis key, named in one place. No I/O.

    {ns}:live                         the version that answers (a string; the one pointer)
    {ns}:activations                  list of versions, newest first, for rollback
    {ns}:versions                     hash: version -> its summary (JSON)
    {ns}:publishing                   lock of the publish that runs now
    {ns}:workers                      hash: worker -> "version seconds" that it answers with
    {ns}:v:{version}:manifest         the manifest (JSON)
    {ns}:v:{version}:a:{array}        one named array of the bundle
    {ns}:v:{version}:c:{hash tag}     learned record of one customer
    {ns}:e:{hash tag}                 live record (visible events since the cut-off); expires
    {ns}:r:{hash tag}                 replenishment record; expires
    {ns}:raw                          stream of raw events: serving appends and never reads
    {ns}:decisions                    stream of decisions, trimmed

A customer is addressed by a hash of the id inside a Redis Cluster hash tag: no id, however
strange, can leave its key, and all keys of one customer live on one node.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import blake2b


def customer_tag(customer_id: str) -> str:
    """`{` + 22 characters + `}`: 128 bits of BLAKE2b of the external id."""
    digest = blake2b(customer_id.encode(), digest_size=16, person=b"tactful-customer").digest()
    return "{" + base64.urlsafe_b64encode(digest).decode().rstrip("=") + "}"


def event_hash(event_id: str) -> bytes:
    """8 bytes that stand for an event's id in a customer's record."""
    return blake2b(event_id.encode(), digest_size=8, person=b"tactful-event").digest()


@dataclass(frozen=True)
class Keys:
    """The keys under one namespace."""

    namespace: str = "tactful"

    @property
    def live(self) -> str:
        """The pointer."""
        return f"{self.namespace}:live"

    @property
    def activations(self) -> str:
        """Versions that were activated, newest first."""
        return f"{self.namespace}:activations"

    @property
    def versions(self) -> str:
        """Summaries of published versions."""
        return f"{self.namespace}:versions"

    @property
    def publishing(self) -> str:
        """The publish lock."""
        return f"{self.namespace}:publishing"

    @property
    def workers(self) -> str:
        """Which worker answers with which version."""
        return f"{self.namespace}:workers"

    @property
    def raw(self) -> str:
        """The raw event stream."""
        return f"{self.namespace}:raw"

    @property
    def decisions(self) -> str:
        """The decision stream."""
        return f"{self.namespace}:decisions"

    def version_prefix(self, version: str) -> str:
        """What every key of one version starts with."""
        return f"{self.namespace}:v:{version}:"

    def manifest(self, version: str) -> str:
        """The manifest of a version."""
        return self.version_prefix(version) + "manifest"

    def array(self, version: str, name: str) -> str:
        """One array of a version."""
        return self.version_prefix(version) + "a:" + name

    def learned(self, version: str, customer_id: str) -> str:
        """A customer's learned record."""
        return self.version_prefix(version) + "c:" + customer_tag(customer_id)

    def events(self, customer_id: str) -> str:
        """A customer's live record."""
        return f"{self.namespace}:e:{customer_tag(customer_id)}"

    def replenish(self, customer_id: str) -> str:
        """A customer's replenishment record."""
        return f"{self.namespace}:r:{customer_tag(customer_id)}"
