"""The corner shop's bundle under other policies than the one it was trained under.

Training under a policy keeps what it locks out of the bundle, so that nothing of it could be
offered anyway. Trained without one, the bundle holds everything, and the guard has to hold it back.
"""

from __future__ import annotations

from functools import cache

from redis import Redis

from recommender.guard.document import CompiledGuard
from recommender.guard.layout import lay
from recommender.guard.life_event import LifeEvent
from recommender.guard.policy import GuardPolicy
from recommender.guard.source import PolicySource
from recommender.index import BundleIndex
from recommender.keys import Keys
from tests.support.shop import Shop, intimate, population, train, unguarded

PUBLISHED = PolicySource(
    text="""\
guard: {version: 4, owner: anna@shop, approved_by: dpo@shop}
defaults: {discovery_slots: 60}
packs: []
life_events:
  infant:
    policy: replenish_only
    evidence: {category: [Diapers], keyword: [baby food], not_keyword: [baby corn]}
    targets: {category: [Diapers], keyword: [nursery]}
    replenish: {min_purchases: 2, within: 365 days}
    on_withdrawal: {silence: 60 days}
  pregnancy:
    policy: block_unless_declared
    evidence: {keyword: [pregnancy test], item: [both]}
    targets: {keyword: [crib, nursery loan]}
    declared_by: [preference_centre, baby_registry]
    declaration_expires: 300 days
    surfaces: {email: consent, push: never, print: never}
    on_withdrawal: {silence: 700 days, also: [infant]}
  recovery:
    policy: block
    evidence: {keyword: [alcohol free], item: [both]}
    targets: {keyword: [sober]}
  school:
    policy: allow
    evidence: {keyword: [school]}
no_chaining: [school]
"""
)
"""The corner shop's life events as a marketer writes them, with all that a policy can unlock."""


@cache
def open_shop() -> Shop:
    """Trained without a guard: its offers, lists and records hold everything that was bought."""
    return train([*population(), *intimate()], unguarded())


def publish_policy(redis: Redis, keys: Keys, source: PolicySource) -> int:
    """Makes a policy the one that holds, as the ledger does; its version."""
    version = source.document().version
    redis.set(keys.policy_source(source.digest), source.model_dump_json())
    redis.set(keys.policy, f"{version} {source.digest}")
    return version


def under(shop: Shop, *events: LifeEvent, **settings: object) -> BundleIndex:
    """The shop's bundle under a policy of these life events."""
    ordered = tuple(sorted(events, key=lambda event: event.id))
    rules = tuple(event.rule for event in ordered)
    policy = GuardPolicy.model_validate({"life_events": rules, **settings})
    guard = CompiledGuard(policy, ordered, (ordered,))
    bundle = shop.bundle
    return shop.index.under(policy, lay(guard, bundle.catalogue, bundle.guarded_offers))
