"""What a model without any guard would offer: fitted in memory, never written, never published."""

from __future__ import annotations

import time
from dataclasses import dataclass

from recommender.bundle import CustomerTable, FactorBundle
from recommender.customer import CustomerState
from recommender.decide import decide
from recommender.guard.document import CompiledGuard
from recommender.guard.policy import GuardPolicy
from recommender.index import BundleIndex
from recommender.request import BUILT_IN, OfferRequest, Placement
from recommender.types import CustomerId
from training.config import TrainConfig
from training.fit import fit_models
from training.guarding import guarded
from training.progress import Silent
from training.reading.shop import Shop, read_shop


@dataclass(frozen=True, eq=False)
class Aside:
    """A model of the raw histories."""

    index: BundleIndex
    table: CustomerTable

    def titles(self, customer: str, placement: str, n: int) -> tuple[str, ...]:
        """What it would show to a customer, best first; `placement` is a built-in one."""
        c = self.table.customers.index(CustomerId(customer))
        wanted = Placement(placement, BUILT_IN[placement].source, n)
        state = CustomerState(self.table.view(c), self.table.factors[c])
        now = float(self.index.bundle.manifest.as_of)
        picks = decide(self.index, state, OfferRequest((wanted,)), now).placements[0].picks
        return tuple(self.index.offer_title(pick.offer) for pick in picks)


def without_guard(config: TrainConfig, published: FactorBundle) -> Aside:
    """Fits all lines of a shop, with the blend of the published bundle."""
    return fit_aside(read_shop(config, now=time.time(), progress=Silent()), config, published)


def fit_aside(shop: Shop, config: TrainConfig, published: FactorBundle) -> Aside:
    """`without_guard`, for a shop that was read already."""
    bundle, table = fit_models(
        shop.interactions,
        guarded(shop.catalogue, shop.offers, CompiledGuard(GuardPolicy(), (), ())),
        config.model,
        published.parameters,
        Silent(),
        config_digest="",
        with_neighbours=False,
    )
    return Aside(BundleIndex(bundle), table)
