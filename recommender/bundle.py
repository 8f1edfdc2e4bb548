"""The one frozen object that training makes and serving reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, JsonValue

from recommender.catalogue import Catalogue, Offers
from recommender.customer import View
from recommender.guard.layout import GuardBits
from recommender.guard.policy import GuardPolicy
from recommender.types import Bits, CustomerId, Doubles, Floats, Ints, Longs

SCHEMA_VERSION = 3
"""Raised whenever an array or a manifest key changes its meaning."""


class ModelParameters(BaseModel):
    """What the validation windows decided; everything that turns a view into scores.

    With w = weeks, per customer u, row i, history j (see docs/architecture.md):

        score(u, i) = own_ui + cross_weight * h_ui * cross_ui / N_u + popularity_weight * prior_i

        own_ui   = rep_i ^ repeat_exponent * tau_i ^ trend_exponent
                   * sum over baskets of m 2^(-age / fast) + (1 - m) 2^(-age / slow)
        cross_ui = tau_i ^ cross_trend_exponent
                   * (als_weight * x_u . y_i / s_u + sum over heads k of weight_k * e_k,ui)
        e_k,ui   = sum_j c_uj W_k,ji / sum_j c_uj
        N_u      = the largest cross_ui among what the customer has not bought, at least a
                   hundredth of the largest of all
        h_ui     = own_cross_share where the customer has bought i, else 1
        s_u      = root mean square of x_u . y_i over all rows = sqrt(x_u' G x_u / n)
        c_ui     = confidence_floor + sqrt(sum over baskets of 2^(-age / confidence_half_life))
        prior_i  = (recent buyers / the most recent buyers of any item) ^ popularity_exponent

    m is `own_fast_share`, fast and slow are `own_fast_half_life_weeks` and
    `own_slow_half_life_weeks`. `edge_weights` names the item-to-item heads W_k; together with
    `als_weight` they add up to 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    own_fast_half_life_weeks: float
    own_slow_half_life_weeks: float
    own_fast_share: float
    own_cross_share: float = 1.0
    confidence_half_life_weeks: float
    confidence_floor: float
    regularization: float
    repeat_exponent: float
    trend_exponent: float
    cross_trend_exponent: float
    als_weight: float
    edge_weights: dict[str, float]
    cross_weight: float
    popularity_half_life_weeks: float
    popularity_exponent: float
    popularity_weight: float


class ArrayEntry(BaseModel):
    """One named byte string of a bundle: what it is and its BLAKE2b-256 checksum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: str
    shape: tuple[int, ...]
    checksum: str


class Lineage(BaseModel):
    """What a bundle was made from and how, as far as its manifest does not say it elsewhere.

    release   of Tactful that trained it
    lines     BLAKE2b-128, in hex, of the visible lines (`training.lineage.digest_of_lines`)
    n_lines   how many these are
    model     the settings of the models by name: with parameters the whole recipe
    measured  the parameters that `Manifest.metrics` are of: tuned one window earlier than those
              of the bundle, so that they had not seen what they were measured on. None: no
              quality was measured
    measurement   name of a file beside the bundle -> BLAKE2b-256, in hex: what the quality was
              measured on, and customer by customer how it was. Empty: no quality was measured

    The window is `Manifest.window_from` to `as_of`; the digests of the settings and the policy,
    the parameters and the metrics stand beside it. The version that it took the place of is not
    here, since equal trainings are equal bundles whatever was live: its summary in Redis says it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    release: str
    lines: str
    n_lines: int
    model: dict[str, JsonValue]
    measured: ModelParameters | None = None
    measurement: dict[str, str] = {}


class Manifest(BaseModel):
    """What a bundle is, in words and numbers that a person reads.

    Everything but `version`, `digest` and `created_at` enters the digest, and all of it is
    counted on views: training with and without locked evidence gives the same digest.

    as_of, window_from   seconds since 1970, UTC; of the purchases that the views show
    policy_digest        of what the policy says and matches, packs included
    controls_at          when the export of controls was taken that the views follow; 0: none
    metrics              NDCG@10 and the like on the test window, by name
    lineage              None for a bundle that no training made
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int
    version: str
    digest: str
    created_at: str
    window_from: int
    as_of: int
    controls_at: int = 0
    n_customers: int
    n_items: int
    n_rows: int
    n_offers: int
    parameters: ModelParameters
    policy: GuardPolicy
    policy_digest: str = ""
    config_digest: str
    lineage: Lineage | None = None
    metrics: dict[str, float]
    arrays: dict[str, ArrayEntry]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Items that go with an item: row `r` has `rows[indptr[r]:indptr[r + 1]]`.

    Of `similar` and `complements`, which answers show, the best come first, and every edge is
    supported by at least 20 customers' views (guard G11).
    """

    indptr: Longs
    rows: Ints
    weights: Floats


@dataclass(frozen=True, eq=False)
class Promotions:
    """All catalogue items that each offer promotes, also those that the models do not know.

    Offer `o` promotes `items[indptr[o]:indptr[o + 1]]`. Only the guard reads this: an offer does
    not become harmless because one of its items is masked or rare.
    """

    indptr: Ints
    items: Ints


@dataclass(frozen=True, eq=False)
class FactorBundle:
    """Everything that answers need and that is not about one customer.

    evidence, target, soft   (n_items,) life-event bits an item of the catalogue
    item_of_row        (n_rows,) catalogue index of what the models know, ascending
    factors            (n_rows, k) y_i of ALS
    gramian            (k, k) Y'Y of the factors as fitted, before new items borrowed theirs
    repeat_scale       (n_rows,) repeat rate ^ repeat_exponent * trend ^ trend_exponent
    trend_scale        (n_rows,) trend ^ cross_trend_exponent
    edges              item-to-item evidence: the heads' W_ji weighted, summed and times
                       trend_scale_i
    popularity         (n_rows,) prior_i, 1 for the most popular
    support            (n_rows,) customers whose view has the item
    offers             those that promote at least one row, and only such items
    promotions         everything that those offers promote
    offer_target       (n_offers,) bits of everything that an offer promotes or says
    offer_soft         (n_offers,) bits of what it hints at, held back where others may look on
    """

    manifest: Manifest
    catalogue: Catalogue
    evidence: Bits
    target: Bits
    soft: Bits
    item_of_row: Ints
    factors: Floats
    gramian: Doubles
    repeat_scale: Floats
    trend_scale: Floats
    edges: Neighbours
    popularity: Floats
    support: Ints
    offers: Offers
    promotions: Promotions
    offer_target: Bits
    offer_soft: Bits
    similar: Neighbours
    complements: Neighbours

    @property
    def version(self) -> str:
        """The name under which the bundle is published."""
        return self.manifest.version

    @property
    def bits(self) -> GuardBits:
        """The life-event bits of the catalogue and the offers."""
        return GuardBits(
            evidence=self.evidence,
            target=self.target,
            soft=self.soft,
            offer_target=self.offer_target,
            offer_soft=self.offer_soft,
        )

    @property
    def guarded_offers(self) -> Offers:
        """The offers with everything that they promote, as the guard looks at them."""
        whole = self.promotions
        return replace(self.offers, indptr=whole.indptr, items=whole.items)

    @property
    def parameters(self) -> ModelParameters:
        """What the validation window decided."""
        return self.manifest.parameters


@dataclass(frozen=True, eq=False)
class CustomerTable:
    """The learned records of all customers, as columns.

    customers   external ids, sorted; only those whose view has a row
    indptr      (n_customers + 1,) customer `c` has elements `indptr[c]:indptr[c + 1]`
    rows .. confidence   as in `recommender.customer.View`
    factors     (n_customers, k) x_u, folded in from the view
    """

    customers: tuple[CustomerId, ...]
    indptr: Longs
    rows: Ints
    baskets: Ints
    age_days: Ints
    own: Floats
    confidence: Floats
    factors: Floats

    def __len__(self) -> int:
        return len(self.customers)

    def view(self, c: int) -> View:
        """The view of customer number `c`."""
        at = slice(int(self.indptr[c]), int(self.indptr[c + 1]))
        return View(
            self.rows[at], self.baskets[at], self.age_days[at], self.own[at], self.confidence[at]
        )
