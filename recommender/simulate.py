"""A changed policy over all customers: what people may read of it before it is live.

Counts are in cells (`recommender.cells`): every one is rounded, groups below the policies'
`min_audience_cell` are not told, and what is listed is sorted by what is told. Sums of prices are
rounded to what a cell of customers makes. No list of a real customer is in it.

Prices are shelf prices of what the lists show. Nobody buys whole lists, so a value forgone is
what would be shown no more, weighted by no probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b

import numpy as np

from recommender.cells import NOBODY, Cell, Offsets, about, unit_of
from recommender.customer import CustomerState
from recommender.index import BundleIndex
from recommender.request import OfferRequest
from recommender.tally import UNMAPPED_NAME, Tally, tally
from recommender.types import OfferId


@dataclass(frozen=True)
class LifeEventEffect:
    """What a changed policy does for one life event.

    reached   customers from whose list it takes an offer
    hidden    customers from whose view it takes an item
    """

    id: str
    reached: Cell
    hidden: Cell


@dataclass(frozen=True)
class OfferEffect:
    """An offer that some customers see no more, or only now.

    life_event   for which it is held back; "" for an offer that is new in lists
    """

    offer: OfferId
    title: str
    customers: Cell
    life_event: str = ""


@dataclass(frozen=True)
class Simulation:
    """What changes for a shop's customers.

    customers     all that were simulated, exactly: how many there are is no secret
    cell          every other count is told as a multiple of it
    same          True when nothing can change, whoever the customers are
    changed       their list is another one
    shorter       a placement has fewer offers than before
    other_view    their view has other items
    life_events   those that reach enough customers to be told
    held, shown   offers that enough customers see no more, or only now, most first
    forgone       shelf prices of all lists before, less those after, about; None: too few
                  customers' lists change
    value         shelf prices of all lists before, about; None: too few customers
    """

    customers: int
    cell: int
    same: bool
    changed: Cell
    shorter: Cell
    other_view: Cell
    life_events: tuple[LifeEventEffect, ...]
    held: tuple[OfferEffect, ...]
    shown: tuple[OfferEffect, ...]
    forgone: float | None
    value: float | None

    def as_json(self) -> dict[str, object]:
        """For a program to read: a count is `{"at_least": 120, "below": 140}`."""
        return {name: _json(part) for name, part in asdict(self).items()}


def simulate(
    old: BundleIndex,
    new: BundleIndex,
    customers: Iterable[CustomerState],
    request: OfferRequest,
    *,
    now: float,
    secret: bytes,
    progress: Callable[[int], None] | None = None,
) -> Simulation:
    """What changes for `customers` when `new` takes the place of `old`.

    old, new   one bundle under two policies
    now        seconds since 1970
    secret     bytes that who asks does not know
    progress   called with 1 after every customer
    """
    found = tally(old, new, customers, request, now=now, progress=progress)
    return told(found, old, new, secret)


def told(found: Tally, old: BundleIndex, new: BundleIndex, secret: bytes) -> Simulation:
    """Exact counts made readable; `found` may be the sum over parts of the customers."""
    size = max(index.policy.min_audience_cell for index in (old, new))
    same = alike(old, new)
    effects, before = _effects(new), _effects(old)
    question = [old.bundle.version.encode(), *sorted(before.values())]
    question += [b"against", *sorted(effects.values())]
    offsets = Offsets(secret, b"\0".join(question))

    def celled(count: int, *what: str) -> Cell:
        return NOBODY if same else offsets.cell(count, size, *what)

    # A life event by what it does: another name for it is no other question.
    named = {name: mark.hex() for name, mark in effects.items()} | {UNMAPPED_NAME: ""}
    events = [
        LifeEventEffect(
            name,
            celled(found.reached[name], "reached", mark),
            celled(found.hidden[name], "hidden", mark),
        )
        for name, mark in named.items()
    ]
    held = {
        key: celled(n, "held", named[key[0]], new.offer_id(key[1])) for key, n in found.held.items()
    }
    shown = {
        ("", offer): celled(n, "shown", new.offer_id(offer)) for offer, n in found.shown.items()
    }
    changed = celled(found.changed, "changed")
    return Simulation(
        customers=found.customers,
        cell=size,
        same=same,
        changed=changed,
        shorter=celled(found.shorter, "shorter"),
        other_view=celled(found.other_view, "other view"),
        life_events=tuple(e for e in events if e.reached.told or e.hidden.told),
        held=_offers(new, held),
        shown=_offers(new, shown),
        forgone=_sum(found.before - found.after, found, offsets, size) if changed.told else None,
        value=_sum(found.before, found, offsets, size) if found.customers >= size else None,
    )


def _sum(amount: float, found: Tally, offsets: Offsets, size: int) -> float:
    """A sum of prices, rounded to what a cell of customers makes."""
    unit = unit_of(found.before / max(found.customers, 1) * size)
    return about(amount, unit, offsets.part("prices"))


def alike(old: BundleIndex, new: BundleIndex) -> bool:
    """Whether two policies over one bundle do the same, whoever the customer is."""
    unimportant = {"version": 0, "owner": "", "approved_by": "", "max_evidence": 0}
    policies = [index.policy.model_copy(update=unimportant) for index in (old, new)]
    pairs = [
        (getattr(old.bundle, name), getattr(new.bundle, name))
        for name in ("evidence", "target", "soft", "offer_target", "offer_soft")
    ]
    return policies[0] == policies[1] and all(np.array_equal(*pair) for pair in pairs)


def _effects(index: BundleIndex) -> dict[str, bytes]:
    """What each life event of a policy touches, as a digest.

    What a policy says otherwise and does not do otherwise makes no other question: an average
    over many ways to say it would come near the exact count.
    """
    bundle = index.bundle
    bits = [bundle.evidence, bundle.target, bundle.soft, bundle.offer_target, bundle.offer_soft]
    found = {}
    for position, rule in enumerate(index.policy.life_events):
        digest = blake2b(f"{rule.stance.value} {rule.personal}".encode(), digest_size=16)
        for array in bits:
            digest.update(np.packbits((array >> array.dtype.type(position)) & 1 != 0).tobytes())
        found[rule.id] = digest.digest()
    return found


def _offers(index: BundleIndex, counts: dict[tuple[str, int], Cell]) -> tuple[OfferEffect, ...]:
    """Those that may be told of; the order says no more than the counts do."""
    effects = [
        OfferEffect(index.offer_id(offer), index.offer_title(offer), count, name)
        for (name, offer), count in counts.items()
        if count.told
    ]
    return tuple(sorted(effects, key=lambda e: (-e.customers.at_least, e.offer, e.life_event)))


def _json(value: object) -> object:
    """Cells with the names of their parts, everything else as it is."""
    if isinstance(value, Cell):
        return value._asdict()
    if isinstance(value, dict):
        return {name: _json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json(part) for part in value]
    return value
