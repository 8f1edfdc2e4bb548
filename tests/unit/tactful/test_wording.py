"""What two policies say otherwise, in words."""

from __future__ import annotations

from recommender.guard.source import PolicySource
from tactful.wording import OF_POLICY, differences, of_rules

OLD = """
guard: {version: 1, owner: anna@shop}
packs: []
life_events:
  tea: {policy: block, evidence: {category: [Tea, Coffee], keyword: [kettle]}}
  soap: {policy: replenish_only, targets: {tag: [soap]}, replenish: {min_purchases: 3}}
  gone: {policy: block, evidence: {item: [a]}}
"""
NEW = """
guard: {version: 2, owner: anna@shop, valid_until: 2030-01-01}
defaults: {discovery_slots: 5}
packs: []
life_events:
  tea:
    policy: block_unless_declared
    evidence: {category: [Tea], keyword: [kettle, samovar]}
    declared_by: [preference_centre, tea_club]
    declaration_expires: 10 days
    surfaces: {email: allow}
    requires: age_verification
    on_withdrawal: {silence: 30 days, also: [soap]}
    when_declared: {personal: never, outbound_silence: 90 days}
    proxies: {items: [cup], status: approved}
  soap: {policy: replenish_only, targets: {tag: [soap], soft: [bubble bath]}}
  fresh: {policy: allow, evidence: {item: [a]}}
no_chaining: [fresh]
"""


def test_every_kind_of_change_is_said_under_its_life_event() -> None:
    found = differences(PolicySource(text=OLD).compile(), PolicySource(text=NEW).compile())
    assert list(found) == [OF_POLICY, "fresh", "gone", "soap", "tea"]
    assert found[OF_POLICY] == (
        "holds until: nothing -> 2030-01-01",
        "most offers of discovery in one answer: 10 -> 5",
        "no_chaining added: fresh",
    )
    assert found["fresh"] == ("is new: allow",)
    assert found["gone"] == ("is gone: nothing is held back for it any more",)
    assert found["soap"] == (
        "own purchases in the slot replenish: from 3 purchases within 365 days -> never",
        "targets, soft phrases added: bubble bath",
    )
    assert found["tea"] == (
        "policy: block -> block_unless_declared",
        "sources of declarations added: tea_club",
        "declarations hold: until they are taken back -> 10 days",
        "email: consent -> allow",
        "verified age: not needed -> needed",
        "silence after a withdrawal: none -> 30 days",
        "silenced with it added: soap",
        "who declares it is answered: personally -> like a visitor",
        "outbound silence after a declaration: none -> 90 days",
        "evidence, categories removed: Coffee",
        "evidence, keywords added: samovar",
        "approved proxies added: cup",
    )


def test_policies_that_say_the_same_have_no_differences() -> None:
    guard = PolicySource(text=NEW).compile()
    assert differences(guard, guard) == {}
    assert of_rules(guard.policy, guard.policy.model_copy(update={"version": 9})) == {}
