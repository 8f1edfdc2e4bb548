"""Every Redis key, named in one place. No I/O.

    {ns}:live                         the version that answers (a string; the one pointer)
    {ns}:activations                  list of versions, newest first, for rollback
    {ns}:versions                     hash: version -> its summary (JSON)
    {ns}:rulings                      hash: version -> what the gate found of it (JSON)
    {ns}:publishing                   lock of the publish that runs now
    {ns}:workers                      hash: worker -> "version seconds" that it answers with
    {ns}:v:{version}:manifest         the manifest (JSON)
    {ns}:v:{version}:a:{array}        one named array of the bundle
    {ns}:v:{version}:c:{hash tag}     learned record of one customer
    {ns}:policy                       the guard policy that holds: "version digest" (a pointer)
    {ns}:policies                     ledger of policy versions (JSON): who, when, why
    {ns}:p:{digest}                   a policy's sources (JSON), immutable
    {ns}:t:{hash tag}                 what a customer has told us (controls); expires when all does
    {ns}:e:{hash tag}                 live record (visible events since the cut-off); expires
    {ns}:r:{hash tag}                 replenishment record; expires
    {ns}:raw                          stream of raw events: serving appends and never reads
    {ns}:decisions                    stream of decisions, trimmed
    {ns}:q:{decision}                 what a replay needs and the log must not hold; expires
    {ns}:suppressed                   stream of what the guard held back and why, trimmed
    {ns}:secret                       random bytes: offsets of counts, marks of that log

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
    def rulings(self) -> str:
        """What the gate found of published versions, and who went past it."""
        return f"{self.namespace}:rulings"

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

    @property
    def policy(self) -> str:
        """The pointer to the policy that holds."""
        return f"{self.namespace}:policy"

    @property
    def policies(self) -> str:
        """The ledger of policy versions."""
        return f"{self.namespace}:policies"

    def policy_source(self, digest: str) -> str:
        """The sources of one policy."""
        return f"{self.namespace}:p:{digest}"

    @property
    def suppressed(self) -> str:
        """The stream of what the guard held back."""
        return f"{self.namespace}:suppressed"

    @property
    def secret(self) -> str:
        """Random bytes that nobody who asks for counts may know."""
        return f"{self.namespace}:secret"

    def replay(self, decision_id: str) -> str:
        """What one decision read and the log must not hold: controls, replenishment record."""
        return f"{self.namespace}:q:{decision_id}"

    def controls(self, customer_id: str) -> str:
        """What a customer has told us."""
        return f"{self.namespace}:t:{customer_tag(customer_id)}"

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
        return self.learned_under(version, customer_tag(customer_id))

    def learned_under(self, version: str, tag: str) -> str:
        """The learned record of the customer whose tag (`customer_tag`) is known."""
        return self.version_prefix(version) + "c:" + tag

    def events(self, customer_id: str) -> str:
        """A customer's live record."""
        return f"{self.namespace}:e:{customer_tag(customer_id)}"

    def replenish(self, customer_id: str) -> str:
        """A customer's replenishment record."""
        return f"{self.namespace}:r:{customer_tag(customer_id)}"

    def beside(self, tag: str) -> tuple[str, str, str]:
        """Live record, controls and replenishment record of the customer with a known tag."""
        live, told, bought = (f"{self.namespace}:{kind}:{tag}" for kind in "etr")
        return live, told, bought
