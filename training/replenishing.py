"""Replenishment: own purchases that the policy lets come back in one slot, kept apart (guard G5).

They never enter the view, a bundle's arrays or its digest. They travel beside the bundle in one
file, which is as sensitive as the purchases themselves, and end in one record a customer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from recommender.channel import Channel
from recommender.customer import ReplenishPurchase
from recommender.errors import BundleError
from recommender.guard.policy import GuardPolicy, GuardRules
from recommender.guard.replenish import may_replenish, most_recent
from recommender.guard.unlocks import rules_of_customer
from recommender.guard.view import Told
from recommender.interactions import Interactions
from recommender.keys import event_hash
from recommender.types import SECONDS_A_DAY, Bits, Bools, CustomerId, ItemId

FILE = "replenish.jsonl"
"""Beside the manifest: one line a customer."""


def replenish_file(  # noqa: PLR0917 - everything that says what may be kept
    raw: Interactions,
    items: tuple[ItemId, ...],
    evidence: Bits,
    policy: GuardPolicy,
    now: float,
    told: Told | None = None,
) -> bytes:
    """What customers may be reminded of, as lines of JSON: `{"customer", "purchases"}`.

    items, evidence   (n_items,) of the catalogue that `raw.item` points into
    now               seconds since 1970; purchases that no rule can count any more are left out
    told              what customers have objected to, marked, had forgotten or verified
    """
    rules = policy.rules(now)
    allowed = _released(evidence, rules)[raw.item]
    if told is not None:
        for controls, lines in told.customers(raw):
            own = rules_of_customer(policy, rules, controls, Channel.SITE, now)
            released = _released(evidence[raw.item[lines]], own)
            allowed[lines] = released & told.unmarked(raw, lines, controls)
    longest = max((rule.within_days for rule in policy.life_events), default=0)
    kept = np.flatnonzero(allowed & (raw.timestamp >= now - longest * SECONDS_A_DAY))
    written = []
    for part in np.split(kept, np.flatnonzero(np.diff(raw.customer[kept])) + 1):
        if not len(part):
            continue
        bought = sorted(
            (int(at), items[item])
            for at, item in zip(raw.timestamp[part], raw.item[part], strict=True)
        )
        customer = raw.customers[int(raw.customer[part[0]])]
        written.append(json.dumps({"customer": customer, "purchases": bought}, ensure_ascii=False))
    return "".join(line + "\n" for line in written).encode()


def _released(evidence: Bits, rules: GuardRules) -> Bools:
    """Which items or lines with these bits may come back."""
    distinct, where = np.unique(evidence, return_inverse=True)
    released = np.array([may_replenish(int(bits), rules) for bits in distinct], dtype=np.bool_)
    found: Bools = released[where]
    return found


def read_replenish_file(
    content: bytes,
) -> Iterator[tuple[CustomerId, tuple[ReplenishPurchase, ...]]]:
    """Reads `replenish_file`, customer by customer; BundleError when a line is damaged."""
    for number, line in enumerate(content.splitlines(), 1):
        try:
            entry = json.loads(line)
            customer = CustomerId(entry["customer"])
            purchases = tuple(
                ReplenishPurchase(event_hash(f"{customer}\n{item}\n{at}"), ItemId(item), int(at))
                for at, item in entry["purchases"]
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BundleError(
                f"line {number} of {FILE} cannot be read",
                hint="copy the whole bundle directory again, or train it anew",
            ) from error
        yield customer, most_recent(purchases)
