"""From visible purchases to a bundle. Everything here is counted on the view."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from recommender.bundle import (
    SCHEMA_VERSION,
    CustomerTable,
    FactorBundle,
    Manifest,
    ModelParameters,
    Neighbours,
)
from recommender.errors import InputError
from recommender.guard.view import ViewColumns, view_columns
from recommender.interactions import Interactions
from recommender.models import als, neighbours, popularity, repeat
from recommender.types import CustomerId, Doubles, Floats, Ints
from training.assortment import Assortment, promotions, restricted
from training.progress import Progress
from training.sections import Model


@dataclass(frozen=True, eq=False)
class Heads:
    """The fitted models before the exponents and weights of the blend.

    lines                 the visible lines of modelled items; its customers are `customers`
    item_of_row           (n_rows,) catalogue index, ascending; row_of_item is its inverse
    columns               the views, under the parameters that the heads were fitted with
    customer_factors      (n_customers, k) x_u
    rate, tau             (n_rows,) repeat rate and trend
    popularity, support   (n_rows,) share of the most popular; customers whose view has the row
    """

    lines: Interactions
    as_of: int
    item_of_row: Ints
    row_of_item: Ints
    columns: ViewColumns
    factors: Floats
    gramian: Doubles
    customer_factors: Floats
    rate: Doubles
    tau: Doubles
    popularity: Floats
    support: Ints

    @property
    def customers(self) -> tuple[CustomerId, ...]:
        """Those whose view has a row, sorted."""
        return self.lines.customers

    @property
    def n_rows(self) -> int:
        """How many items the models know."""
        return len(self.item_of_row)

    def trend_scale(self, parameters: ModelParameters) -> Floats:
        """Trend ^ exponent, (n_rows,)."""
        return (self.tau**parameters.trend_exponent).astype(np.float32)

    def repeat_scale(self, parameters: ModelParameters) -> Floats:
        """Repeat rate ^ exponent * trend ^ exponent, (n_rows,)."""
        scale = self.rate**parameters.repeat_exponent * self.tau**parameters.trend_exponent
        return scale.astype(np.float32)


def fit_heads(
    visible: Interactions,
    n_items: int,
    model: Model,
    parameters: ModelParameters,
    progress: Progress,
) -> Heads:
    """Fits every head on the visible lines; `visible.item` is below `n_items`.

    Ages count back from the latest visible line. Raises InputError when no item is left.
    """
    item_of_row, row_of_item = _universe(visible, n_items, model)
    lines = visible.where(row_of_item[visible.item] >= 0)
    as_of = visible.window[1]
    columns = columns_of(lines, row_of_item, as_of, parameters)
    n = len(item_of_row)
    factors = _item_factors(columns, n, model, parameters, progress)
    gramian = als.gramian(factors)
    with progress.stage("fold customers in", len(lines.customers)) as advance:
        customer_factors = als.fold_in_all(
            factors,
            gramian,
            parameters.regularization,
            indptr=columns.indptr,
            rows=columns.rows,
            confidence=columns.confidence,
            progress=advance,
        )
    recent = _recency(model)
    return Heads(
        lines=lines,
        as_of=as_of,
        item_of_row=item_of_row,
        row_of_item=row_of_item,
        columns=columns,
        factors=factors,
        gramian=gramian,
        customer_factors=customer_factors,
        rate=repeat.repeat_rate(columns, n, repeat.RepeatConfig()),
        tau=popularity.trend(columns, n, recent),
        popularity=popularity.fit(columns, n, recent).share,
        support=np.bincount(columns.rows, minlength=n).astype(np.int32),
    )


def _recency(model: Model) -> popularity.PopularityConfig:
    return popularity.PopularityConfig(
        half_life_weeks=model.popularity_half_life_weeks,
        trend_short_weeks=model.popularity_half_life_weeks,
        trend_long_weeks=model.trend_half_life_weeks,
    )


def columns_of(
    lines: Interactions, row_of_item: Ints, as_of: int, parameters: ModelParameters
) -> ViewColumns:
    """The views of all customers under the parameters."""
    return view_columns(
        lines,
        row_of_item,
        as_of=as_of,
        own_half_life_weeks=parameters.own_half_life_weeks,
        confidence_half_life_weeks=parameters.confidence_half_life_weeks,
        confidence_floor=parameters.confidence_floor,
    )


def customer_table(
    customers: tuple[CustomerId, ...], columns: ViewColumns, factors: Floats
) -> CustomerTable:
    """The learned records of all customers."""
    return CustomerTable(
        customers=customers,
        indptr=columns.indptr,
        rows=columns.rows,
        baskets=columns.baskets,
        age_days=columns.age_days,
        own=columns.own,
        confidence=columns.confidence,
        factors=factors,
    )


def fit_models(
    visible: Interactions,
    assortment: Assortment,
    model: Model,
    parameters: ModelParameters,
    progress: Progress,
    *,
    config_digest: str,
    controls_at: int = 0,
    with_neighbours: bool = True,
) -> tuple[FactorBundle, CustomerTable]:
    """The bundle and the customer table, with a manifest that is still to be sealed.

    controls_at       when the export of controls was taken that `visible` follows; 0: none
    with_neighbours   False leaves similar items and complements out: evaluation needs none
    """
    heads = fit_heads(visible, len(assortment.catalogue), model, parameters, progress)
    modelled = heads.row_of_item >= 0
    offers, kept = restricted(assortment.offers, modelled)
    config = neighbours.NeighboursConfig(support=assortment.policy.min_audience_cell)
    similar, complements = _neighbours(heads, config, progress, wanted=with_neighbours)
    bundle = FactorBundle(
        manifest=_draft(
            heads,
            assortment,
            len(offers),
            visible.window[0],
            parameters,
            config_digest,
            controls_at,
        ),
        catalogue=assortment.catalogue,
        evidence=assortment.evidence,
        target=assortment.target,
        soft=assortment.soft,
        item_of_row=heads.item_of_row,
        factors=heads.factors,
        gramian=heads.gramian,
        repeat_scale=heads.repeat_scale(parameters),
        trend_scale=heads.trend_scale(parameters),
        popularity=heads.popularity,
        support=heads.support,
        offers=offers,
        promotions=promotions(assortment.offers, kept),
        offer_target=assortment.offer_target[kept],
        offer_soft=assortment.offer_soft[kept],
        similar=similar,
        complements=complements,
    )
    return bundle, customer_table(heads.customers, heads.columns, heads.customer_factors)


def _draft(  # noqa: PLR0917 - what a manifest says
    heads: Heads,
    assortment: Assortment,
    n_offers: int,
    window_from: int,
    parameters: ModelParameters,
    config_digest: str,
    controls_at: int,
) -> Manifest:
    """The manifest before it is sealed."""
    return Manifest(
        schema_version=SCHEMA_VERSION,
        version="",
        digest="",
        created_at="",
        window_from=window_from,
        as_of=heads.as_of,
        controls_at=controls_at,
        n_customers=len(heads.customers),
        n_items=len(assortment.catalogue),
        n_rows=heads.n_rows,
        n_offers=n_offers,
        parameters=parameters,
        policy=assortment.policy,
        policy_digest=assortment.policy_digest,
        config_digest=config_digest,
        metrics={},
        arrays={},
    )


def with_metrics(bundle: FactorBundle, metrics: dict[str, float]) -> FactorBundle:
    """The same bundle, its manifest naming what was measured."""
    return replace(bundle, manifest=bundle.manifest.model_copy(update={"metrics": metrics}))


def _universe(visible: Interactions, n_items: int, model: Model) -> tuple[Ints, Ints]:
    """Items that enough customers' views have, and the row of every item (-1: none)."""
    if not len(visible):
        raise InputError(
            "no purchase is left to learn from",
            hint="hand in purchases, and the catalogue (--catalogue) if none was named, since "
            "the guard hides every item that it knows nothing of; `tactful guard preview` shows "
            "what it hides of a catalogue",
        )
    pair = np.unique(visible.customer.astype(np.int64) * n_items + visible.item)
    support = np.bincount(pair % n_items, minlength=n_items)
    least = model.support(len(visible.customers))
    item_of_row = np.flatnonzero(support >= least).astype(np.int32)
    if not len(item_of_row):
        raise InputError(
            f"no item was bought by {least} customers or more; the most any has is "
            f"{int(support.max())}",
            hint=f"set model.min_support to {int(support.max())} or less",
        )
    row_of_item = np.full(n_items, -1, dtype=np.int32)
    row_of_item[item_of_row] = np.arange(len(item_of_row), dtype=np.int32)
    return item_of_row, row_of_item


def _item_factors(
    columns: ViewColumns, n_rows: int, model: Model, parameters: ModelParameters, progress: Progress
) -> Floats:
    confidence = csr_matrix(
        (columns.confidence, columns.rows, columns.indptr),
        shape=(len(columns.indptr) - 1, n_rows),
    )
    config = als.AlsConfig(
        factors=model.factors,
        regularization=parameters.regularization,
        iterations=model.iterations,
        seed=model.seed,
        threads=model.threads,
    )
    with progress.stage("fit ALS", model.iterations) as advance:
        return als.fit(confidence, config, progress=lambda: advance(1))


def _neighbours(
    heads: Heads, config: neighbours.NeighboursConfig, progress: Progress, *, wanted: bool
) -> tuple[Neighbours, Neighbours]:
    if not wanted:
        none = neighbours.nothing(heads.n_rows)
        return none, none
    with progress.stage("similar items", heads.n_rows) as advance:
        similar = neighbours.similar(heads.columns, heads.factors, config, progress=advance)
    lines = heads.lines
    with progress.stage("basket complements", len(lines)) as advance:
        complements = neighbours.complements(
            heads.n_rows,
            row=heads.row_of_item[lines.item],
            customer=lines.customer,
            basket=lines.basket,
            config=config,
            progress=advance,
        )
    return similar, complements
