"""Tables that several commands print."""

from __future__ import annotations

from rich.table import Table

from recommender.times import iso_utc
from training.evaluation import Evaluation, Quality
from training.metrics import Estimate


def quality_table(found: Evaluation) -> Table:
    """One row a method, the engine first; 95 % intervals after the plus-minus sign."""
    day = len("2026-01-01")
    table = Table(
        box=None,
        header_style="bold",
        pad_edge=False,
        title_justify="left",
        title=f"[bold]How good are the offers?[/] The first {found.n} offers against what "
        f"{found.customers_all:,} customers\nbought from {iso_utc(found.window_from)[:day]} to "
        f"{iso_utc(found.window_until)[:day]}, weeks that the models had not seen",
        caption="all: anything may be offered; new: only what the customer had never bought; "
        "range: share of the offers that anybody was shown; ±: 95 % interval",
        caption_justify="left",
    )
    table.add_column("")
    for heading in ("all\nNDCG", "\nRecall", "\nrange", "new\nNDCG", "\nRecall", "\nrange"):
        table.add_column(heading, justify="right")
    for number, method in enumerate(found.methods):
        cells = (*_cells(method.all), *_cells(method.new))
        table.add_row(method.name, *cells, style="bold" if number == 0 else "")
    return table


def _cells(quality: Quality | None) -> tuple[str, str, str]:
    if quality is None:
        return ("-", "-", "-")
    return (_shown(quality.ndcg), _shown(quality.recall), f"{quality.coverage:.0%}")


def _shown(estimate: Estimate) -> str:
    half = (estimate.high - estimate.low) / 2
    return f"{estimate.mean:.3f}±{f'{half:.3f}'.lstrip('0')}"
