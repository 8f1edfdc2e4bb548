"""What a caller asks for, and what a decision answers: plain values, checked at the edges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from recommender.channel import Channel
from recommender.customer import View
from recommender.guard.policy import GuardRules
from recommender.types import Bools, Floats, Ints, ItemId, OfferId


class Source(StrEnum):
    """Where the offers of a placement come from."""

    USUALS = "usuals"
    """What the customer buys again and again. Private: never outbound."""
    DISCOVERY = "discovery"
    """What the customer has not bought before."""
    HOME = "home"
    """The blend of both. Private, since it holds own repeats."""
    BASKET = "basket"
    """What goes with the basket, the page or the session."""
    REPLENISH = "replenish"
    """Own purchases of `replenish_only` life events, nothing else (guard G5). Private."""

    @property
    def private(self) -> bool:
        """True when it shows what the customer bought, and so stays on private surfaces."""
        return self in (Source.USUALS, Source.HOME, Source.REPLENISH)


@dataclass(frozen=True)
class Placement:
    """A named list of offers; `n` is how many are wanted."""

    name: str
    source: Source
    n: int = 10


BUILT_IN: dict[str, Placement] = {s.value: Placement(s.value, s) for s in Source}
"""The placements that every shop has."""


@dataclass(frozen=True)
class Filters:
    """What the caller will not show. Prices in the shop's currency, limits included.

    categories   an offer needs one of them; none: any
    exclude      offers that must not appear
    """

    categories: tuple[str, ...] = ()
    min_price: float | None = None
    max_price: float | None = None
    exclude: frozenset[OfferId] = frozenset()


@dataclass(frozen=True)
class Context:
    """What happens right now: items in the basket, on the page, seen in the session."""

    basket: tuple[ItemId, ...] = ()
    page: ItemId | None = None
    session: tuple[ItemId, ...] = ()

    @property
    def items(self) -> tuple[ItemId, ...]:
        """All of them."""
        return (*self.basket, *(() if self.page is None else (self.page,)), *self.session)


@dataclass(frozen=True)
class OfferRequest:
    """One call: several placements, no offer twice.

    gift   True: the customer shops for somebody else, so nothing of their own is used
    """

    placements: tuple[Placement, ...]
    channel: Channel = Channel.SITE
    context: Context = Context()
    filters: Filters = Filters()
    gift: bool = False


class Basis(StrEnum):
    """What a pick's score is made of."""

    BLEND = "blend"
    """own + cross + popular, `bundle.ModelParameters`."""
    POPULAR = "popular"
    """Recent buyers alone."""
    TOGETHER = "together"
    """Complements of the context, or items similar to one item."""
    REPLENISH = "replenish"
    """The number of own purchases."""


class Pick(NamedTuple):
    """One offer of an answer; score = own + cross + popular.

    offer   numbered as in `recommender.index.BundleIndex.offer_id`
    """

    offer: int
    score: float
    own: float
    cross: float
    popular: float
    basis: Basis


@dataclass(frozen=True)
class PlacementAnswer:
    """The offers of one placement, best first; `fallback`: nothing personal was known."""

    name: str
    picks: tuple[Pick, ...]
    fallback: bool


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What one score is made from: the view as used, the context, and the factor of both.

    view               under the rules of that moment
    context_rows       visible rows of the context, ascending
    rows, confidence   what the factor was folded in from
    factor             None where nothing is known
    """

    view: View
    context_rows: Ints
    rows: Ints
    confidence: Floats
    factor: Floats | None


@dataclass(frozen=True, eq=False)
class Decision:
    """The answer, and what it was made from (for reasons and replay).

    rules       of this customer on this channel at that moment
    known       what scores are made from
    unchained   the same without evidence that must not raise the score of the offers marked in
                `chainable` (n_offers,); `known` itself where there is none
    """

    placements: tuple[PlacementAnswer, ...]
    fallback: bool
    channel: Channel
    rules: GuardRules
    known: Knowledge
    unchained: Knowledge
    chainable: Bools

    def knowledge_of(self, offer: int) -> Knowledge:
        """What the score of an offer was made from."""
        return self.unchained if self.chainable[offer] else self.known
