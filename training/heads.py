"""The fitted heads: everything before the exponents and weights of the blend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from recommender.bundle import ModelParameters
from recommender.guard.view import ViewColumns, view_columns
from recommender.interactions import Interactions
from recommender.models import als, cold, ease, edges, kin, path, popularity, repeat
from recommender.types import SECONDS_A_WEEK, CustomerId, Doubles, Floats, Ints
from training.assortment import Assortment
from training.progress import Progress
from training.sections import Model
from training.universe import Universe, universe

HALF_LIVES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Weeks: how recent the buyers may be counted that make an item popular."""
PATHS = {"path_short": "path_short_weeks", "path_long": "path_long_weeks"}


@dataclass(frozen=True, eq=False)
class Heads:
    """What was fitted on the visible lines of one training.

    lines                 the visible lines of modelled items; its customers are `customers`
    universe              the model rows
    columns               the views, under the parameters that the heads were fitted with
    factors               (n_rows, k), those of new items borrowed from their kin
    gramian               (k, k) Y'Y of the factors as ALS fitted them
    customer_factors      (n_customers, k) x_u
    rate, tau             (n_rows,) repeat rate and trend
    recent                half-life in weeks -> (n_rows,) recent buyers
    edges                 item-to-item heads by name, (n_rows, n_rows); what a shop has no data for
                          is absent. Scaled so that their weights compare
    support               (n_rows,) customers whose view has the row
    """

    lines: Interactions
    as_of: int
    universe: Universe
    columns: ViewColumns
    factors: Floats
    gramian: Doubles
    customer_factors: Floats
    rate: Doubles
    tau: Doubles
    recent: Mapping[float, Doubles]
    edges: Mapping[str, csr_matrix]
    support: Ints

    @property
    def customers(self) -> tuple[CustomerId, ...]:
        """Those whose view has a row, sorted."""
        return self.lines.customers

    @property
    def item_of_row(self) -> Ints:
        """(n_rows,) catalogue index, ascending."""
        return self.universe.item_of_row

    @property
    def row_of_item(self) -> Ints:
        """(n_items,) model row, -1 where there is none."""
        return self.universe.row_of_item

    @property
    def n_rows(self) -> int:
        """How many items the models know."""
        return len(self.item_of_row)

    def trend_scale(self, parameters: ModelParameters) -> Floats:
        """Trend ^ exponent of the cross part, (n_rows,)."""
        return (self.tau**parameters.cross_trend_exponent).astype(np.float32)

    def repeat_scale(self, parameters: ModelParameters) -> Floats:
        """Repeat rate ^ exponent * trend ^ exponent, (n_rows,)."""
        scale = self.rate**parameters.repeat_exponent * self.tau**parameters.trend_exponent
        return scale.astype(np.float32)

    def prior(self, parameters: ModelParameters) -> Floats:
        """Recent buyers, 1 for the most popular row, ^ exponent, (n_rows,)."""
        buyers = self.recent[parameters.popularity_half_life_weeks]
        share = buyers / max(float(buyers.max(initial=0.0)), np.finfo(np.float64).tiny)
        return (share**parameters.popularity_exponent).astype(np.float32)


def fit_heads(
    visible: Interactions,
    assortment: Assortment,
    model: Model,
    parameters: ModelParameters,
    progress: Progress,
) -> Heads:
    """Fits every head on the visible lines, whose items are the assortment's.

    Ages count back from the latest visible line. Raises InputError when no item is left.
    """
    rows = universe(visible, assortment, model)
    lines = visible.where(rows.row_of_item[visible.item] >= 0)
    as_of = visible.window[1]
    columns = columns_of(lines, rows.row_of_item, as_of, parameters)
    n = len(rows.item_of_row)
    codes = {kind: kin.codes(assortment.catalogue, rows.item_of_row, kind) for kind in kin.Kinship}
    support = np.bincount(columns.rows, minlength=n).astype(np.int32)
    least = model.support(len(visible.customers))
    levels = list(codes.values())
    fitted = _item_factors(columns, n, model, parameters, progress)
    # Before new items borrow factors: nobody has declined what is not known yet.
    gramian = als.gramian(fitted)
    buyers = popularity.recent_buyers(columns, n, model.trend_short_weeks)
    weeks = (as_of - rows.since) / SECONDS_A_WEEK
    share = 1.0 - np.exp2(-weeks / model.trend_short_weeks)
    due = cold.demand(buyers, share, support, levels, least)
    factors = cold.shrunk(fitted, support, levels, least) * due[:, None].astype(np.float32)
    recency = popularity.PopularityConfig(
        trend_short_weeks=model.trend_short_weeks, trend_long_weeks=model.trend_long_weeks
    )
    tau = popularity.trend(columns, n, recency)
    return Heads(
        lines=lines,
        as_of=as_of,
        universe=rows,
        columns=columns,
        factors=factors,
        gramian=gramian,
        customer_factors=_folded_in(columns, factors, gramian, parameters, progress),
        rate=repeat.repeat_rate(columns, n, repeat.RepeatConfig()),
        tau=cold.shrunk_values(tau, support, levels, least),
        recent={h: popularity.recent_buyers(columns, n, h) for h in HALF_LIVES},
        edges=_edges(columns, rows, codes, model, progress),
        support=support,
    )


def columns_of(
    lines: Interactions, row_of_item: Ints, as_of: int, parameters: ModelParameters
) -> ViewColumns:
    """The views of all customers under the parameters."""
    return view_columns(
        lines,
        row_of_item,
        as_of=as_of,
        own_fast_half_life_weeks=parameters.own_fast_half_life_weeks,
        own_slow_half_life_weeks=parameters.own_slow_half_life_weeks,
        own_fast_share=parameters.own_fast_share,
        confidence_half_life_weeks=parameters.confidence_half_life_weeks,
        confidence_floor=parameters.confidence_floor,
    )


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


def _folded_in(
    columns: ViewColumns,
    factors: Floats,
    gramian: Doubles,
    parameters: ModelParameters,
    progress: Progress,
) -> Floats:
    with progress.stage("fold customers in", len(columns.indptr) - 1) as advance:
        return als.fold_in_all(
            factors,
            gramian,
            parameters.regularization,
            indptr=columns.indptr,
            rows=columns.rows,
            confidence=columns.confidence,
            progress=advance,
        )


def _edges(
    columns: ViewColumns,
    rows: Universe,
    codes: Mapping[kin.Kinship, Ints],
    model: Model,
    progress: Progress,
) -> dict[str, csr_matrix]:
    """The item-to-item heads that have an edge; none leads to a row of too few buyers.

    One customer's purchase would do there what twenty do elsewhere.
    """
    n, keep = len(rows.item_of_row), model.edges
    found: dict[str, csr_matrix] = {}
    with progress.stage("fit EASE", 3) as advance:
        config = ease.EaseConfig(items=model.ease_items, keep=keep)
        found["ease"] = ease.fit(columns, n, config, progress=lambda: advance(1))
    for name, key in PATHS.items():
        weeks: float = getattr(model, key)
        with progress.stage("fit the recency path", n) as advance:
            found[name] = path.fit(
                columns, n, path.PathConfig(half_life_weeks=weeks, keep=keep), progress=advance
            )
    related = kin.KinConfig(half_life_weeks=model.kin_half_life_weeks, keep=keep)
    for kinship, code in codes.items():
        found[kinship.value] = kin.fit(columns, n, code, related)
    warm = {name: _towards(matrix, rows) for name, matrix in found.items()}
    return {name: edges.scaled(w, columns) for name, w in warm.items() if w.nnz}


def _towards(matrix: csr_matrix, rows: Universe) -> csr_matrix:
    kept = csr_matrix(matrix @ diags_array(rows.warm.astype(np.float32)))
    kept.eliminate_zeros()
    kept.sort_indices()
    return kept
