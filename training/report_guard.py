"""The report on the guard: what it protects, and what it costs."""

from __future__ import annotations

import numpy as np

from recommender.guard.policy import UNMAPPED
from recommender.types import Bits
from training.findings import Findings
from training.guard_cost import GuardCost, in_words
from training.report_page import paragraphs, table


def price_section(cost: GuardCost) -> str:
    """What it takes away, on the first page."""
    words = [f"<b>{kind.capitalize()}</b>: {told}" for kind, told in in_words(cost)]
    rows = [
        (event.title, f"{event.offers:,}", _share(event.share_of_purchases))
        for event in cost.unreachable
    ]
    held = (
        "<p>Offers that nobody is shown unasked, because they would reveal a life event:</p>"
        + table(("life event", "offers held back", "share of purchases never looked at"), rows)
        if rows
        else "<p>No offer is held back.</p>"
    )
    return (
        "<h2>What the guard costs</h2>"
        + paragraphs(words)
        + held
        + f"<p class=small>Measured on {cost.customers:,} customers, on purchases that touch no "
        "protected life event, with models that looked at everything and with those that did "
        "not. NDCG rewards hits near the top.</p>"
    )


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"


def guard_section(findings: Findings) -> str:
    """Every life event with its policy and what it matches, among the details."""
    policy = findings.guard.policy
    if not findings.guard.life_events:
        return "<h2>Guard</h2><p>No life event is protected: no pack is active.</p>"
    masked, contained = findings.held_back()
    shelf = findings.assortment
    rows = [
        (
            event.title or event.id,
            event.stance.value.replace("_", " "),
            f"{_matched(shelf.evidence, 1 << bit):,}",
            f"{_matched(shelf.target, 1 << bit):,}",
        )
        for bit, event in enumerate(findings.guard.life_events)
    ]
    until = "" if policy.valid_until is None else f", valid until {policy.valid_until}"
    return (
        f"<h2>Guard</h2><p>Policy version {policy.version}{until}. {masked:,} items are masked, "
        f"{contained:,} offers are held back; {_matched(shelf.evidence, UNMAPPED):,} items have "
        "neither title nor category and cannot be checked.</p>"
        + table(("life event", "policy", "items that are evidence", "items that reveal it"), rows)
    )


def _matched(marks: Bits, bit: int) -> int:
    """How many carry the bit."""
    return int(((marks & np.uint64(bit)) != 0).sum())
