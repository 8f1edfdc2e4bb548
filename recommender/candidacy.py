"""A policy that wants to become live, held against the one that is, over the live bundle."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.bundle import FactorBundle
from recommender.errors import ConflictError, NotFound
from recommender.guard.change import Laid, PolicyChange, compare
from recommender.guard.finding import Finding
from recommender.guard.layout import lay
from recommender.guard.ledger import Ledger, LiveVersion
from recommender.guard.lint import lint
from recommender.guard.source import PolicySource
from recommender.guard.transitions import Candidate


@dataclass(frozen=True, eq=False)
class LivePolicy:
    """What holds now, over the bundle that answers.

    bundle    as it was trained, under its own policy
    version   of the policy: published, or the bundle's own
    """

    bundle: FactorBundle
    version: LiveVersion
    laid: Laid

    def over(self, source: PolicySource) -> Laid:
        """A policy over this bundle's catalogue; PolicyError when it cannot be applied."""
        guard = source.compile()
        return Laid(guard.policy, lay(guard, self.bundle.catalogue, self.bundle.guarded_offers))

    def change(self, old: Laid, new: Laid, now: float) -> PolicyChange:
        """What changes for customers from `now` (seconds since 1970) on."""
        bundle = self.bundle
        return compare(
            old, new, now=now, item_ids=bundle.catalogue.ids, offer_ids=bundle.offers.ids
        )

    def findings(self, source: PolicySource, now: float) -> tuple[Finding, ...]:
        """What lint says of a policy in this shop."""
        bundle = self.bundle
        return lint(source, now=now, catalogue=bundle.catalogue, offers=bundle.guarded_offers)

    def candidate(self, source: PolicySource, now: float) -> tuple[Candidate, PolicyChange]:
        """What is known of a policy that wants to take this one's place. Raises PolicyError."""
        laid = self.over(source)
        change = self.change(self.laid, laid, now)
        found = self.findings(source, now)
        candidate = Candidate(
            live=self.version,
            change=change.note,
            ends=laid.policy.ends,
            errors=tuple(_told(finding) for finding in found if finding.level == "error"),
            needs_reason=tuple(_told(finding) for finding in found if finding.needs_reason),
        )
        return candidate, change


def own_policy(bundle: FactorBundle) -> LivePolicy:
    """The policy inside a bundle, which holds while none was ever published."""
    manifest = bundle.manifest
    version = own_version(manifest.policy.version, manifest.version)
    return LivePolicy(bundle, version, Laid(manifest.policy, bundle.bits))


def own_version(policy_version: int, bundle_version: str) -> LiveVersion:
    """How the policy inside a bundle is called."""
    return LiveVersion(version=policy_version, digest=bundle_version)


def published_policy(
    bundle: FactorBundle, version: LiveVersion, source: PolicySource
) -> LivePolicy:
    """The published policy over a bundle. Raises PolicyError."""
    own = own_policy(bundle)
    return LivePolicy(bundle, version, own.over(source))


def no_bundle() -> NotFound:
    """The error while nothing is live that a policy could be held against."""
    return NotFound(
        "no bundle is live, so nobody can say what this policy changes",
        hint="publish a bundle first: `tactful publish BUNDLE_DIR`",
    )


def overtaken(ledger: Ledger, live: LiveVersion) -> ConflictError:
    """The error of the second of two who publish at once.

    live   what was live when this one began
    """
    now = ledger.live_version or live
    by = f", published by {ledger.activations[-1].by}" if ledger.activations else ""
    return ConflictError(
        f"version {now.version} of the policy is live now{by}; version {live.version} was when "
        "this one was looked at",
        hint="look at what it changes against the live one, then publish again",
    )


def _told(finding: Finding) -> str:
    return f"{finding.where}: {finding.what}" if finding.where else finding.what
