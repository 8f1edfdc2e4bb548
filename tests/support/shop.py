"""A corner shop: 36 plain items, eleven that are not, forty customers, and a guard.

Small enough to train in a blink, and nasty enough for the guard: an item of two life events, a
target that nobody may be offered but everybody buys, look-alikes, an item without title or
category, and one that the catalogue does not list.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.bundle import CustomerTable, FactorBundle
from recommender.catalogue import Catalogue, own_offers
from recommender.codec import seal
from recommender.customer import CustomerState
from recommender.guard.document import CompiledGuard
from recommender.guard.layout import lay
from recommender.guard.life_event import LifeEvent, Patterns, Replenish
from recommender.guard.policy import GuardPolicy, LifeEventRule, Stance
from recommender.guard.view import view_of_purchases
from recommender.index import BundleIndex
from recommender.interactions import Interactions
from recommender.types import CustomerId, ItemId
from training.assortment import Assortment
from training.defaults import default_parameters
from training.fit import fit_models
from training.progress import Silent
from training.sections import Model

DAY = 86_400
AS_OF = 1_700_000_000 - 1_700_000_000 % DAY
"""The latest purchase of the shop: midnight, UTC."""

CATEGORIES = ("Bread", "Fruit", "Cheese", "Tea", "Soap", "Paper")
PLAIN = tuple(f"{name.lower()}-{i}" for name in CATEGORIES for i in range(6))

LIFE_EVENTS = (
    LifeEvent(
        id="infant",
        stance=Stance.REPLENISH_ONLY,
        evidence=Patterns(
            category=("Diapers",), keyword=("baby food",), not_keyword=("baby corn",)
        ),
        targets=Patterns(category=("Diapers",), keyword=("nursery",)),
        replenish=Replenish(min_purchases=2, within_days=365),
    ),
    LifeEvent(
        id="pregnancy",
        stance=Stance.BLOCK_UNLESS_DECLARED,
        evidence=Patterns(keyword=("pregnancy test",), item=("both",)),
        targets=Patterns(keyword=("crib", "nursery loan")),
    ),
    LifeEvent(
        id="recovery",
        stance=Stance.BLOCK,
        evidence=Patterns(keyword=("alcohol free",), item=("both",)),
        targets=Patterns(keyword=("sober",)),
    ),
    LifeEvent(id="school", stance=Stance.ALLOW, evidence=Patterns(keyword=("school",))),
)

_SPECIAL: dict[str, tuple[str, tuple[str, ...]]] = {
    "diaper-1": ("Soft nappies", ("Baby", "Diapers")),
    "diaper-2": ("Night nappies", ("Baby", "Diapers")),
    "food-1": ("BABY FOOD carrot", ("Jars",)),
    "test-1": ("Pregnancy test", ("Drugstore",)),
    "both": ("Two-event item", ("Drugstore",)),
    "beer-0": ("Alcohol-free beer", ("Drinks",)),
    "crib": ("Crib", ("Furniture",)),
    "sober-book": ("The sober year", ("Books",)),
    "corn": ("Baby corn", ("Vegetables",)),
    "school-1": ("School pens", ("Paper",)),
    "blank": ("", ()),
}
LOCKED = ("diaper-1", "diaper-2", "food-1", "test-1", "both", "beer-0", "blank", "unlisted")
"""Evidence under the shop's policy, the unmapped ones included."""
CONTAINED = (*LOCKED, "crib", "sober-book")
"""What nobody may be offered personally."""

Purchase = tuple[str, str, int]
"""Customer, item, and days before `AS_OF`."""


def catalogue() -> Catalogue:
    """Everything that the shop lists, and the one item that it does not."""
    described: dict[str, tuple[str, tuple[str, ...]]] = {
        i: (i.replace("-", " no "), (i.split("-")[0].title(),)) for i in PLAIN
    }
    described |= _SPECIAL | {"unlisted": ("", ())}
    ids = tuple(sorted(described))
    return Catalogue(
        ids=tuple(ItemId(i) for i in ids),
        titles=tuple(described[i][0] for i in ids),
        paths=tuple(described[i][1] for i in ids),
        tags=((),) * len(ids),
        brands=("",) * len(ids),
        price=np.array([1 + n % 9 for n in range(len(ids))], dtype=np.float32),
        added=np.full(len(ids), np.nan),
        available=np.ones(len(ids), dtype=np.bool_),
        listed=np.array([i != "unlisted" for i in ids]),
    )


def policy(**changes: object) -> GuardPolicy:
    """The shop's compiled policy, version 3."""
    rules = tuple(
        LifeEventRule(id=event.id, stance=event.stance, replenish=event.replenish is not None)
        for event in LIFE_EVENTS
    )
    return GuardPolicy.model_validate({"version": 3, "life_events": rules, **changes})


def unguarded() -> GuardPolicy:
    """No packs."""
    return GuardPolicy()


def population(seed: int = 5) -> list[Purchase]:
    """Forty customers with habits; they also buy targets that are evidence of nothing."""
    chance = random.Random(seed)
    bought: list[Purchase] = []
    for c in range(40):
        liked = chance.sample(PLAIN, 9) + ["crib", "sober-book", "corn", "school-1"][c % 4 :][:2]
        for _ in range(12):
            day = chance.randrange(0, 200)
            bought += [(f"c{c:02d}", item, day) for item in chance.sample(liked, 4)]
    bought.append(("c00", "bread-0", 0))
    return bought


def intimate() -> list[Purchase]:
    """Every second customer bought everything that is locked, in one basket with bread and tea.

    Twenty of them: as many as a shared list needs.
    """
    return [
        (f"c{c:02d}", item, 5 + c % 7)
        for c in range(1, 40, 2)
        for item in (*LOCKED, "bread-0", "tea-1")
    ]


def interactions(purchases: Iterable[Purchase], listing: Catalogue) -> Interactions:
    """Purchases as the reader would give them: a day is a basket."""
    index = listing.index()
    lines = sorted({(c, AS_OF - days * DAY, index[ItemId(item)]) for c, item, days in purchases})
    customers = sorted({c for c, _, _ in lines})
    position = {c: i for i, c in enumerate(customers)}
    return Interactions(
        customers=tuple(CustomerId(c) for c in customers),
        customer=np.array([position[c] for c, _, _ in lines], dtype=np.int32),
        item=np.array([i for _, _, i in lines], dtype=np.int32),
        timestamp=np.array([t for _, t, _ in lines], dtype=np.int64),
        quantity=np.ones(len(lines), dtype=np.float32),
        basket=np.array([position[c] * 10**7 + t // DAY for c, t, _ in lines], dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class Shop:
    """A trained shop."""

    index: BundleIndex
    table: CustomerTable

    @property
    def bundle(self) -> FactorBundle:
        """The sealed bundle."""
        return self.index.bundle

    def state(self, customer: str) -> CustomerState:
        """What serving would read of a customer that training knew."""
        c = self.table.customers.index(CustomerId(customer))
        return CustomerState(self.table.view(c), self.table.factors[c])


@dataclass(frozen=True, eq=False)
class Prepared:
    """What models are fitted on: the visible lines, and the assortment that they point into."""

    visible: Interactions
    assortment: Assortment


def prepared(
    purchases: Sequence[Purchase],
    rules: GuardPolicy | None = None,
    *,
    now: int = AS_OF,
    listing: Catalogue | None = None,
) -> Prepared:
    """Matches, makes the view and restricts the catalogue, as the pipeline does.

    listing   `catalogue()`, or a variant of it
    """
    rules = policy() if rules is None else rules
    listing = catalogue() if listing is None else listing
    life_events = LIFE_EVENTS if rules.life_events else ()
    offers = own_offers(listing)
    bits = lay(CompiledGuard(rules, life_events, (life_events,)), listing, offers)
    everything = Assortment(
        catalogue=listing,
        offers=offers,
        evidence=bits.evidence,
        target=bits.target,
        soft=bits.soft,
        offer_target=bits.offer_target,
        offer_soft=bits.offer_soft,
        policy=rules,
    )
    visible = view_of_purchases(interactions(purchases, listing), bits.evidence, rules.rules(now))
    seen = np.zeros(len(listing), dtype=np.bool_)
    seen[visible.item] = True
    assortment, position = everything.where(listing.listed | seen)
    return Prepared(visible.renumbered(position), assortment)


MODEL = Model(factors=8, iterations=4, min_support=1, threads=1, regularization=1.0)
"""Settings for a shop this small."""


def train(
    purchases: Sequence[Purchase],
    rules: GuardPolicy | None = None,
    *,
    now: int = AS_OF,
    listing: Catalogue | None = None,
) -> Shop:
    """Trains as the pipeline does: match, view, restrict the catalogue, fit, seal."""
    made = prepared(purchases, rules, now=now, listing=listing)
    bundle, table = fit_models(
        made.visible,
        made.assortment,
        MODEL,
        default_parameters(MODEL),
        Silent(),
        config_digest="test",
    )
    manifest, _ = seal(bundle, table, created_at="2026-01-01T00:00:00Z")
    sealed = FactorBundle(**{**bundle.__dict__, "manifest": manifest})
    return Shop(BundleIndex(sealed), table)
