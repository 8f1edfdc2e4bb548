"""The report's details on quality: all methods, kinds of customers, cold starts, reach."""

from __future__ import annotations

from collections.abc import Sequence

from training.difference import FEWEST
from training.evaluation import ColdItems, Evaluation, Quality, Ranking
from training.findings import Findings
from training.metrics import Estimate
from training.plots_quality import (
    QUESTION_TITLES,
    SEGMENT_NAMES,
    Rows,
    bias_plot,
    measured,
    quality_plot,
    reach_plot,
)
from training.report_page import image, table

_METRICS = {
    "ndcg": "NDCG@{n}",
    "recall": "Recall@{n}",
    "mrr": "MRR@{n}",
    "hit": "hit@{n}",
    "precision": "Precision@{n}",
}


def quality_sections(findings: Findings) -> str:
    """HTML; nothing where nobody was measured."""
    found = findings.evaluation
    if found is None or not found.customers_all:
        return ""
    return "".join(
        (_methods(found), _segments(found), _cold(found), _reach(found), _glossary(found))
    )


def _methods(found: Evaluation) -> str:
    parts = [
        "<h2>How good the offers are</h2>",
        image(quality_plot(found), "NDCG of all methods"),
    ]
    for question, title in QUESTION_TITLES.items():
        rows = measured(found, question)
        if rows:
            parts.append(f"<h3>{title}</h3>" + table(_head(found, "method"), _ranked(rows)))
    parts.append(
        f"<p class=small>Means over {found.customers_all:,} customers who bought anything "
        f"({found.customers_new:,} anything new), with 95 % bootstrap intervals.</p>"
    )
    if found.guarded:
        parts.append(
            f"<p>{found.left_out:.2%} of what was bought is protected by the guard and counts "
            "neither for nor against any method; protected evidence was not looked at in the "
            "first place.</p>"
        )
    return "".join(parts)


def _segments(found: Evaluation) -> str:
    parts = []
    for question, title in QUESTION_TITLES.items():
        methods = measured(found, question)
        if not methods or not methods[0][1].segments:
            continue
        segments = [s for s in SEGMENT_NAMES if s in methods[0][1].segments]
        counts = [methods[0][1].segments[segment].customers for segment in segments]
        head = [
            f"{SEGMENT_NAMES[s]} ({count:,})" for s, count in zip(segments, counts, strict=True)
        ]
        rows = [(name, *_by_segment(quality, segments)) for name, quality in methods]
        parts.append(f"<h3>{title}</h3>" + table((f"NDCG@{found.n}", *head), rows))
    if not parts:
        return ""
    words = (
        f"<p class=small>New: at most {found.few_baskets:,} visible baskets; heavy: more than "
        f"{found.many_baskets:,}; light: all others. Fewer than {FEWEST} customers are too few for "
        "an interval.</p>"
    )
    return "<h2>By kind of customer</h2>" + "".join(parts) + words


def _by_segment(quality: Quality, segments: Sequence[str]) -> list[str]:
    return [_of_segment(quality.segments[s]) if s in quality.segments else "-" for s in segments]


def _of_segment(found: Ranking) -> str:
    """Of few customers no interval is told: it would be too narrow."""
    return f"{found.ndcg.mean:.4f}" if found.customers < FEWEST else _interval(found.ndcg)


def _cold(found: Evaluation) -> str:
    """Visitors of whom nothing is known but a session, and offers that hardly anybody has."""
    sessions = [(m.name, m.session) for m in found.methods if m.session is not None]
    parts = []
    if sessions:
        parts.append(
            "<h3>Visitors of whom only a session is known</h3>"
            + table(_head(found, "method"), [(name, *_cells(r)) for name, r in sessions])
            + f"<p class=small>{found.customers_session:,} visitors: half of their first basket "
            "was all that was known of them, the other half had to be guessed.</p>"
        )
    items = [
        (f"{name}, {QUESTION_TITLES[question].lower()}", *_cold_cells(quality.cold))
        for question in QUESTION_TITLES
        for name, quality in measured(found, question)
        if quality.cold.customers or quality.cold.shown
    ]
    head = ("method", "customers", f"NDCG@{found.n}", "share of places", "share of what was bought")
    if items:
        parts.append(
            f"<h3>Offers that hardly anybody has</h3>{table(head, items)}"
            f"<p class=small>Fewer than {found.cold_support:,} customers have any item of such an "
            "offer. NDCG counts only such offers as hits.</p>"
        )
    return "<h2>Cold starts</h2>" + "".join(parts) if parts else ""


def _cold_cells(cold: ColdItems) -> tuple[str, ...]:
    ndcg = "-" if cold.ndcg is None else _interval(cold.ndcg)
    return (f"{cold.customers:,}", ndcg, f"{cold.shown:.1%}", f"{cold.taken:.1%}")


def _reach(found: Evaluation) -> str:
    rows = [
        (f"{name}, {title.lower()}", *_reach_cells(quality))
        for question, title in QUESTION_TITLES.items()
        for name, quality in measured(found, question)
    ]
    head = ("method", "coverage", "Gini", "novelty, bits", "diversity", "shown", "bought")
    return (
        "<h2>Which offers are shown</h2>"
        + image(reach_plot(found), "places by popularity")
        + "<p class=small>In brackets: coverage, the share of all offers that appear in any "
        "list.</p><h3>Popularity bias</h3>"
        + image(bias_plot(found), "popularity of what is shown and of what was bought")
        + "<p class=small>A blue dot to the right of the orange one: better-known offers are shown "
        "than are bought.</p>" + table(head, rows)
    )


def _reach_cells(quality: Quality) -> tuple[str, ...]:
    return (
        f"{quality.coverage:.1%}",
        f"{quality.gini:.3f}",
        f"{quality.novelty.mean:.2f}",
        "-" if quality.diversity is None else f"{quality.diversity.mean:.3f}",
        f"{quality.popularity_shown:.2%}",
        f"{quality.popularity_taken:.2%}",
    )


def _glossary(found: Evaluation) -> str:
    n = found.n
    rows = [
        (f"NDCG@{n}", "hits, more for those near the top; 1: all possible ones in front"),
        (f"Recall@{n}", f"hits, of as many as {n} places or the customer's purchases allow"),
        (f"MRR@{n}", "1 / place of the first hit"),
        (f"hit@{n}", "customers with any hit"),
        (f"Precision@{n}", f"hits, of {n} places"),
        ("coverage", "share of all offers that appear in any list"),
        ("Gini", "how unequally places go to offers: 0 equally, 1 all to one"),
        ("novelty", "surprise: each bit means half as many customers have it"),
        ("diversity", "how far apart the categories in a list are: 0 all alike, 1 nothing shared"),
        ("shown, bought", "customers who already have what was shown, and what was then bought"),
    ]
    return "<h3>What the numbers mean</h3>" + table(("number", "meaning"), rows)


def _head(found: Evaluation, first: str) -> tuple[str, ...]:
    return (first, *(name.format(n=found.n) for name in _METRICS.values()))


def _ranked(rows: Rows) -> list[Sequence[str]]:
    return [(name, *_cells(quality)) for name, quality in rows]


def _cells(ranking: Ranking) -> tuple[str, ...]:
    return tuple(_interval(getattr(ranking, metric)) for metric in _METRICS)


def _interval(found: Estimate) -> str:
    """No line break inside the interval."""
    return f"{found.mean:.4f} ({found.low:.4f}\u00a0to\u00a0{found.high:.4f})"
