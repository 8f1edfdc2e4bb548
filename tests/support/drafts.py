"""Policies as text for the corner shop, so that tests can publish one after the other."""

from __future__ import annotations

from recommender.guard.source import PolicySource

_TEXT = """\
guard: {{version: {version}, owner: anna@shop, approved_by: dpo@shop, valid_until: {until}}}
defaults: {{discovery_slots: {slots}}}
packs: []
life_events:
  # Nappies come back in the slot `replenish`.
  infant:
    policy: {infant}
    evidence: {{category: [Diapers], keyword: [baby food], not_keyword: [baby corn]}}
    targets: {{category: [Diapers], keyword: [nursery]}}
    replenish: {{slot: replenish, min_purchases: 2, within: 365 days}}
  pregnancy:
    policy: {pregnancy}
    evidence: {{keyword: [pregnancy test], item: [both]}}
    targets: {{keyword: [crib, nursery loan]}}
  recovery:
    policy: {recovery}
    evidence: {{keyword: [alcohol free], item: [both]}}
    targets: {{keyword: [sober]}}
  school:
    policy: {school}
    evidence: {{keyword: [{keyword}]}}
"""


def text(version: int, **changes: str) -> str:
    """The shop's policy (`tests.support.shop.LIFE_EVENTS`) with some words changed."""
    words = {
        "until": "2099-12-31",
        "slots": "10",
        "infant": "replenish_only",
        "pregnancy": "block_unless_declared",
        "recovery": "block",
        "school": "allow",
        "keyword": "school",
    }
    return _TEXT.format(version=version, **{**words, **changes})


def source(version: int, **changes: str) -> PolicySource:
    """The same as what is drafted."""
    return PolicySource(text=text(version, **changes))
