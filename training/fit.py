"""From fitted heads and parameters to a bundle. Everything here is counted on the view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from recommender.bundle import (
    SCHEMA_VERSION,
    CustomerTable,
    FactorBundle,
    Manifest,
    ModelParameters,
    Neighbours,
)
from recommender.guard.view import ViewColumns
from recommender.interactions import Interactions
from recommender.models import edges, neighbours
from recommender.types import CustomerId, Floats
from training.assortment import Assortment, promotions, restricted
from training.heads import Heads, columns_of, fit_heads
from training.lineage import checksums, lineage_of
from training.progress import Progress
from training.sections import Model


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
    """Fits the heads, then `bundle_of`."""
    heads = fit_heads(visible, assortment, model, parameters, progress)
    bundle, table = bundle_of(
        heads,
        assortment,
        model,
        parameters,
        progress,
        config_digest=config_digest,
        controls_at=controls_at,
        with_neighbours=with_neighbours,
    )
    lineage = lineage_of(visible, assortment.catalogue.ids, model)
    manifest = bundle.manifest.model_copy(
        update={"lineage": lineage, "window_from": visible.window[0]}
    )
    return replace(bundle, manifest=manifest), table


def bundle_of(
    heads: Heads,
    assortment: Assortment,
    model: Model,
    parameters: ModelParameters,
    progress: Progress,
    *,
    config_digest: str = "",
    controls_at: int = 0,
    with_neighbours: bool = True,
) -> tuple[FactorBundle, CustomerTable]:
    """The bundle and the customer table, with a manifest that is still to be sealed.

    parameters        those that the heads were fitted under, but for what the blend adds
    controls_at       when the export of controls was taken that the views follow; 0: none
    with_neighbours   False leaves similar items and complements out: evaluation needs none
    """
    modelled = heads.row_of_item >= 0
    offers, kept = restricted(assortment.offers, modelled)
    config = neighbours.NeighboursConfig(support=assortment.policy.min_audience_cell)
    similar, complements = _neighbours(heads, config, progress, wanted=with_neighbours)
    trend_scale = heads.trend_scale(parameters)
    columns = columns_of(heads.lines, heads.row_of_item, heads.as_of, parameters)
    bundle = FactorBundle(
        manifest=_draft(heads, assortment, len(offers), parameters, config_digest, controls_at),
        catalogue=assortment.catalogue,
        evidence=assortment.evidence,
        target=assortment.target,
        soft=assortment.soft,
        item_of_row=heads.item_of_row,
        factors=heads.factors,
        gramian=heads.gramian,
        repeat_scale=heads.repeat_scale(parameters),
        trend_scale=trend_scale,
        edges=edges.combine(heads.edges, parameters.edge_weights, trend_scale, model.edges),
        popularity=heads.prior(parameters),
        support=heads.support,
        offers=offers,
        promotions=promotions(assortment.offers, kept),
        offer_target=assortment.offer_target[kept],
        offer_soft=assortment.offer_soft[kept],
        similar=similar,
        complements=complements,
    )
    return bundle, customer_table(heads.customers, columns, heads.customer_factors)


def _draft(  # noqa: PLR0917 - what a manifest says
    heads: Heads,
    assortment: Assortment,
    n_offers: int,
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
        window_from=heads.lines.window[0],
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


def with_metrics(
    bundle: FactorBundle,
    metrics: dict[str, float],
    measured: ModelParameters,
    files: Mapping[str, bytes],
) -> FactorBundle:
    """The same bundle, its manifest naming what was measured, and of which parameters.

    files   the measurement by file name; sealed with the bundle, so that none can be exchanged
    """
    lineage = bundle.manifest.lineage
    assert lineage is not None
    sealed = {"measured": measured, "measurement": checksums(files)}
    told = {"metrics": metrics, "lineage": lineage.model_copy(update=sealed)}
    return replace(bundle, manifest=bundle.manifest.model_copy(update=told))


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
