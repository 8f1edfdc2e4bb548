"""The report's details on the search: earlier windows, what tuning tried, what it decided."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommender.bundle import Manifest
from training.backtest import Backtest
from training.findings import Findings
from training.plots_search import curve_plot, search_plot, windows_plot
from training.report_page import image, table
from training.tune import Tuned

SETTINGS = {
    "own_fast_half_life_weeks": "own baskets fade at two rates: weeks after which one counts half",
    "own_slow_half_life_weeks": "the slower of the two; 520 weeks count every basket alike",
    "own_fast_share": "share of the faster rate",
    "own_cross_share": "how far what goes with a purchase counts for what was bought, too",
    "confidence_half_life_weeks": "after so many weeks a basket counts half for what is new",
    "confidence_floor": "what a very old purchase still counts there",
    "regularization": "how strongly the search for similar customers is smoothed",
    "repeat_exponent": "how much it matters that people buy an item again",
    "trend_exponent": "how much it matters that a habit's item sells now",
    "cross_trend_exponent": "how much it matters that a new item sells now",
    "als_weight": "share of customers with alike taste in what is new",
    "edge_weights": "shares of what goes with a purchase: bought by the same people (ease), bought "
    "next of late (paths), sold now in its category, in the wider one, under its brand",
    "cross_weight": "weight of the best new item beside a weekly habit",
    "popularity_half_life_weeks": "after so many weeks a buyer counts half in what is popular",
    "popularity_exponent": "how far the most popular stand out",
    "popularity_weight": "weight of what sells now, to everyone",
}


def search_sections(findings: Findings) -> str:
    """HTML; only what was done has a section."""
    return "".join(
        (
            _windows(findings.backtest),
            _tuning(findings.tuned, findings.aims),
            _parameters(findings.manifest),
        )
    )


def _windows(found: Backtest | None) -> str:
    if found is None or not found.engine:
        return ""
    averages = [(m.name, _mean(m.all), _mean(m.new)) for m in found.methods]
    head = ("mean over windows", f"NDCG@{found.n}, anything", f"NDCG@{found.n}, only new")
    return (
        "<h2>Window by window</h2>"
        + image(windows_plot(found.windows), "NDCG of all methods, window by window")
        + "<p class=small>Each window was ranked by models that had seen only what came before it. "
        "One window may be lucky; what holds in all of them is hardly luck.</p>"
        + table(found.columns(), found.rows())
        + table(head, averages)
    )


def _mean(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _tuning(tuned: Tuned | None, aims: tuple[float, ...]) -> str:
    if tuned is None or not tuned.tried:
        return ""
    chosen = tuned.parameters.model_dump()
    plots = [
        image(curve_plot(points, chosen.get(name), label), label)
        for name, points in tuned.curves.items()
        if len(points) > 1
        for label in [name.replace("_", " ")]
    ]
    search = (
        image(search_plot(aims, tuned.explored), "aim of every blend tried")
        if len(aims) > 1
        else ""
    )
    return (
        "<h2>What the newest weeks decided</h2>"
        f"<p>{tuned.tried:,} blends were tried on {tuned.customers:,} customers, on the "
        "newest weeks: the bundle has what these decided. The quality above is "
        "that of what the weeks before them had decided.</p>" + search + "".join(plots)
    )


def _parameters(manifest: Manifest) -> str:
    values = manifest.parameters.model_dump()
    rows = [(name, _value(value), SETTINGS.get(name, "")) for name, value in values.items()]
    return "<h2>Parameters</h2>" + table(("setting", "value", "what it means"), rows)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part:.2f}" for name, part in value.items())
    return f"{value:g}" if isinstance(value, int | float | np.floating) else str(value)
