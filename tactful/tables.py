"""Tables that several commands print."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table

from recommender.times import iso_utc
from training.backtest import Backtest
from training.evaluation import ColdItems, Evaluation, Method, Quality, Ranking
from training.metrics import Estimate
from training.segments import HEAVY, LIGHT, NEW

_DAY = len("2026-01-01")
_WIDTH = 80
"""Titles and captions are broken for it: a narrower table would break them again."""
_QUESTIONS = (("all", "anything may be offered"), ("new", "only what the customer never bought"))


def quality_table(found: Evaluation) -> Group:
    """Every method on both questions, then for whom the engine's offers are good."""
    return Group(_methods(found), "", _whom(found))


def windows_table(found: Backtest) -> Table:
    """The engine in every window, the earliest first, then over all of them."""
    several = len(found.windows) > 1
    table = _table(
        f"[bold]How good were they before?[/] The first {found.n} offers, window by window, each\n"
        "ranked by models that had seen only what came before it",
        "best other: NDCG of the best simple method; ±: 95 % interval"
        + (";\nspread: standard deviation between windows" if several else ""),
        ("people", "NDCG", "Recall", "best other"),
    )
    for question, words in _QUESTIONS:
        table.add_row(words, style="italic")
        for window in found.windows:
            table.add_row(f"  {_days(window)}", *_in_window(window, question))
        if several and question in found.engine:
            for name, cells in _pooled(found, question):
                table.add_row(f"  {name}", *cells, style="bold" if name == "mean" else "")
    return table


def _days(window: Evaluation) -> str:
    first, last = (iso_utc(at)[:_DAY] for at in (window.window_from, window.window_until))
    return f"{first} - {last}"


def _in_window(window: Evaluation, question: str) -> tuple[str, ...]:
    engine, *others = (_of(method, question) for method in window.methods)
    if engine is None:
        return ("0", "-", "-", "-")
    best = max((other.ndcg.mean for other in others if other), default=None)
    return (
        f"{engine.customers:,}",
        _shown(engine.ndcg),
        _shown(engine.recall),
        "-" if best is None else f"{best:.3f}",
    )


def _pooled(found: Backtest, question: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    ndcg, recall = (found.engine[question][name] for name in ("ndcg", "recall"))
    means = [method.all if question == "all" else method.new for method in found.methods[1:]]
    best = max((mean for mean in means if mean is not None), default=None)
    both = [f"{one.mean:.3f}±{_half(one.low, one.high)}" for one in (ndcg, recall)]
    yield "mean", (f"{ndcg.customers:,}", *both, "-" if best is None else f"{best:.3f}")
    if ndcg.spread is not None and recall.spread is not None:
        yield "spread", ("", f"{ndcg.spread:.3f}", f"{recall.spread:.3f}", "")


def _methods(found: Evaluation) -> Table:
    """One row a method, the engine first; 95 % intervals after the plus-minus sign."""
    table = _table(
        f"[bold]How good are the offers?[/] The first {found.n} offers against what "
        f"{found.customers_all:,} customers\nbought from {iso_utc(found.window_from)[:_DAY]} to "
        f"{iso_utc(found.window_until)[:_DAY]}, weeks that the models had not seen",
        "hit: customers with anything right; range: offers that anybody was shown;\n"
        "±: 95 % interval",
        ("NDCG", "Recall", "MRR", "hit", "range"),
    )
    for question, words in _QUESTIONS:
        table.add_row(words, style="italic")
        for number, method in enumerate(found.methods):
            quality = _of(method, question)
            if quality is not None or number == 0:
                style = "bold" if number == 0 else ""
                table.add_row(f"  {method.name}", *_cells(quality), style=style)
    return table


def _whom(found: Evaluation) -> Table:
    """The engine by segment, for visitors and for new items, beside the best of the others."""
    engine, *others = found.methods
    colds = [*_cold(engine, "all"), *_cold(engine, "new")]
    table = _table(
        f"[bold]For whom?[/] {found.methods[0].name} by how many baskets a customer has",
        "best other: NDCG of the best simple method; a visitor: only half of a basket is known"
        + (f";\nnew items: fewer than {found.cold_support:,} customers have any" if colds else ""),
        ("people", "NDCG", "MRR", "hit", "best other"),
    )
    for question, words in _QUESTIONS:
        rows = [*_segments(found, question), *_cold(engine, question)]
        if question == "all" and engine.session is not None:
            ranked = [other.session for other in others]
            rows.append(("a visitor", *_ranked(engine.session, ranked)))
        if rows:
            table.add_row(words, style="italic")
        for name, *cells in rows:
            table.add_row(f"  {name}", *cells)
    return table


def _segments(found: Evaluation, question: str) -> Iterator[tuple[str, ...]]:
    few = found.few_baskets
    names = {
        NEW: "new (one basket)" if few == 1 else f"new (up to {few:,} baskets)",
        LIGHT: LIGHT,
        HEAVY: f"heavy (over {found.many_baskets:,})",
    }
    engine, *others = (_of(method, question) for method in found.methods)
    for segment, name in names.items():
        if engine is not None and (one := engine.segments.get(segment)) is not None:
            yield (name, *_ranked(one, [o and o.segments.get(segment) for o in others]))


def _cold(engine: Method, question: str) -> Iterator[tuple[str, ...]]:
    quality = _of(engine, question)
    cold: ColdItems | None = None if quality is None else quality.cold
    if cold is not None and cold.ndcg is not None:
        yield "new items", f"{cold.customers:,}", _shown(cold.ndcg)


def _ranked(one: Ranking, others: list[Ranking | None]) -> tuple[str, ...]:
    best = max((other.ndcg.mean for other in others if other), default=None)
    return (
        f"{one.customers:,}",
        _shown(one.ndcg),
        f"{one.mrr.mean:.3f}",
        f"{one.hit.mean:.0%}",
        "-" if best is None else f"{best:.3f}",
    )


def _of(method: Method, question: str) -> Quality | None:
    return method.all if question == "all" else method.new


def _table(title: str, caption: str, headings: tuple[str, ...]) -> Table:
    table = Table(
        box=None,
        min_width=_WIDTH,
        header_style="bold",
        pad_edge=False,
        title_justify="left",
        title=title,
        caption=caption,
        caption_justify="left",
    )
    table.add_column("", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _cells(quality: Quality | None) -> tuple[str, ...]:
    if quality is None:
        return ("-",) * 5
    return (
        _shown(quality.ndcg),
        _shown(quality.recall),
        f"{quality.mrr.mean:.3f}",
        f"{quality.hit.mean:.0%}",
        f"{quality.coverage:.0%}",
    )


def _shown(estimate: Estimate) -> str:
    return f"{estimate.mean:.3f}±{_half(estimate.low, estimate.high)}"


def _half(low: float, high: float) -> str:
    """Half of an interval."""
    return f"{(high - low) / 2:.3f}".lstrip("0")
