"""Random cases out of a shop's own items, as nasty as its catalogue allows. Seeded: no clock."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from recommender.channel import Channel
from recommender.types import SECONDS_A_DAY
from tactful.prove.goods import Goods

LONG = 600
"""Locked events of a long history."""
_KINDS = ("purchase", "purchase", "purchase", "return", "view", "click")
_DETAILS = ("none", "short", "full")
_BEFORE_DAYS, _AFTER_DAYS = 5, 20
_AT_ONCE = 500
_T = TypeVar("_T")


@dataclass(frozen=True)
class Happened:
    """Something that a customer did; `at` in seconds since 1970."""

    kind: str
    item: str
    at: int

    def event(self, customer: str, name: str) -> dict[str, Any]:
        """As POST /v1/events takes it."""
        return {
            "event_id": name,
            "customer_id": customer,
            "kind": self.kind,
            "item_id": self.item,
            "timestamp": self.at,
        }


@dataclass(frozen=True)
class Twins:
    """Two customers who differ in locked evidence alone.

    known           the customer of the bundle whose learned record both have; None: newcomers
    visible         what both did
    locked          what only the second did
    query           what both ask, without the customer
    locked_context  what only the second has in the basket and in the visit
    declared        life events that both declared; neither let anybody search the past for them
    shuffle         the seed of the order in which the second one's events are sent
    """

    known: str | None
    visible: tuple[Happened, ...]
    locked: tuple[Happened, ...]
    query: dict[str, Any]
    locked_context: tuple[str, ...]
    declared: tuple[str, ...]
    shuffle: int

    def batches(self, customer: str, mark: str, *, with_locked: bool) -> list[list[dict[str, Any]]]:
        """The events of one of the two, as they are sent; `mark` begins their ids."""
        sent = [h.event(customer, f"{mark}-{n}") for n, h in enumerate(self.visible)]
        if with_locked:
            sent += [h.event(customer, f"{mark}-locked-{n}") for n, h in enumerate(self.locked)]
            random.Random(self.shuffle).shuffle(sent)  # noqa: S311  # no secret
        return [sent[at : at + _AT_ONCE] for at in range(0, len(sent), _AT_ONCE)]

    def asked(self, customer: str, *, with_locked: bool) -> dict[str, Any]:
        """The query of one of the two."""
        asked = self.query | {"customer_id": customer}
        if not with_locked or not self.locked_context:
            return asked
        context = self.query.get("context", {})
        return asked | {
            "context": context
            | {
                "basket": [*self.locked_context, *context.get("basket", [])],
                "session": [*context.get("session", []), *self.locked_context],
            }
        }

    def smaller(self) -> list[Twins]:
        """The same without one part, halves first."""
        found = [replace(self, locked=left) for left in _shorter(self.locked)]
        found += [replace(self, visible=left) for left in _shorter(self.visible)]
        found += [replace(self, locked_context=left) for left in _shorter(self.locked_context)]
        found += [replace(self, declared=left) for left in _shorter(self.declared)]
        if self.known is not None:
            found.append(replace(self, known=None))
        if self.query.get("context") or self.query.get("filters"):
            plain = {k: v for k, v in self.query.items() if k not in ("context", "filters")}
            found.append(replace(self, query=plain))
        return found

    def told(self) -> str:
        """The case in ids, for the privacy officer."""
        return (
            f"learned record of: {self.known or 'nobody'}; visible: {_listed(self.visible)}; "
            f"only the second: {_listed(self.locked)}; only the second's context: "
            f"{', '.join(self.locked_context) or 'nothing'}; both declared: "
            f"{', '.join(self.declared) or 'nothing'}; query: {self.query}"
        )


def _shorter(parts: tuple[_T, ...]) -> list[tuple[_T, ...]]:
    """`parts` without one half, then without one element."""
    steps = dict.fromkeys((len(parts) // 2, 1)) if parts else {}
    return [
        parts[:at] + parts[at + step :]
        for step in steps
        if step
        for at in range(0, len(parts), step)
    ]


def _listed(happened: Sequence[Happened]) -> str:
    return ", ".join(f"{h.kind} {h.item} at {h.at}" for h in happened) or "nothing"


class Chance:
    """A seeded source of cases."""

    def __init__(self, goods: Goods, seed: int) -> None:
        self.goods = goods
        self.random = random.Random(seed)  # noqa: S311  # reproducible on purpose, no secret
        self._customers = goods.table.customers
        as_of = goods.bundle.manifest.as_of
        self._first = as_of - _BEFORE_DAYS * SECONDS_A_DAY
        self._last = min(as_of + _AFTER_DAYS * SECONDS_A_DAY, int(goods.now))
        self._categories = sorted({name for path in goods.bundle.catalogue.paths for name in path})

    def twins(self, number: int) -> Twins:
        """Case number `number`: every tenth knows nothing visible, every fiftieth is long."""
        visible = () if number % 10 == 0 else self.history(self.goods.visible, 8)
        most = LONG if number % 50 == 1 else 10
        known = None if number % 10 == 0 else self.somebody()
        channel = self.random.choice((Channel.SITE, Channel.SITE, Channel.APP, Channel.EMAIL))
        return Twins(
            known=known,
            visible=visible,
            locked=self._nasty(visible, most),
            query=self.query(channel),
            locked_context=tuple(self._some(self.goods.locked, 3)),
            declared=self._declared(),
            shuffle=self.random.randrange(1 << 30),
        )

    def history(self, items: Sequence[str], most: int) -> tuple[Happened, ...]:
        """Up to `most` events; the same item and the same second come again and again."""
        if not items:
            return ()
        favourites = [self.random.choice(items) for _ in range(4)]
        return tuple(
            Happened(
                self.random.choice(_KINDS),
                self.random.choice(favourites if self.random.random() < 0.5 else items),
                self.moment(),
            )
            for _ in range(self.random.randint(0, most))
        )

    def _nasty(self, visible: Sequence[Happened], most: int) -> tuple[Happened, ...]:
        """Locked events: random ones, some of two life events, some in a visible one's second."""
        found = list(self.history(self.goods.locked, most))
        found += self.history(self.goods.double, 2)
        found += [replace(h, kind="return", at=h.at + 1) for h in found[:2]]
        if visible and self.goods.locked:
            at = self.random.choice(visible).at
            found.append(Happened("purchase", self.random.choice(self.goods.locked), at))
            found.append(Happened("return", self.random.choice(self.goods.locked), at))
        return tuple(found)

    def _declared(self) -> tuple[str, ...]:
        rules = [rule.id for rule in self.goods.policy.life_events if rule.declared_by]
        if not rules or self.random.random() < 0.7:
            return ()
        here = [name for name in rules if self.goods.evidence_of(name)]
        return tuple(sorted(set(self._some(here or rules, 2))))

    def moment(self) -> int:
        """Around the bundle's last purchase; often the very same second."""
        if self.random.random() < 0.2:
            return self.goods.bundle.manifest.as_of + 7
        return self.random.randint(self._first, self._last)

    def somebody(self) -> str | None:
        """A customer of the bundle, or a newcomer."""
        if not self._customers or self.random.random() < 0.4:
            return None
        return self.random.choice(self._customers)

    def query(self, channel: Channel) -> dict[str, Any]:
        """What is asked, without the customer."""
        names = ["usuals", "discovery", "home", "basket"] if channel.private else []
        names = names or ["discovery", "basket"]
        wanted = self.random.sample(names, self.random.randint(1, len(names)))
        most = min(10, self.goods.policy.discovery_slots)
        return {
            "placements": wanted,
            "n": self.random.randint(1, most),
            "channel": channel.value,
            "reasons": self.random.choice(_DETAILS),
            "context": self._context(),
            "filters": self._filters(),
        }

    def _context(self) -> dict[str, Any]:
        anything = (*self.goods.visible, *self.goods.locked)
        if self.random.random() < 0.4:
            return {}
        found: dict[str, Any] = {
            "basket": self._some(anything, 3),
            "session": self._some(anything, 3),
        }
        if self.random.random() < 0.3:
            found["page"] = self.random.choice(anything)
        return found

    def _filters(self) -> dict[str, Any]:
        if self.random.random() < 0.6:
            return {}
        return {
            "categories": self._some(self._categories, 2),
            "exclude": self._some(self.goods.bundle.catalogue.ids, 3),
        }

    def _some(self, items: Sequence[str], most: int) -> list[str]:
        if not items:
            return []
        return [self.random.choice(items) for _ in range(self.random.randint(0, most))]
