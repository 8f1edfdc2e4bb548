"""What a comparison of two bundles prints."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from recommender.times import iso_utc
from training.difference import Difference, Finding, finding, gain_of, share, short, too_few
from training.paired import Comparison
from training.verdict import DECIDES

QUESTIONS = {"all": "anything", "new": "only new items"}
METRICS = {"ndcg": "NDCG@{n}", "recall": "Recall@{n}", "mrr": "MRR@{n}", "hit": "hit@{n}"}
_STYLES = {Finding.BETTER: "green", Finding.WORSE: "red"}
_DAY = len("2026-01-01")


def show_comparison(screen: Console, found: Comparison) -> None:
    """The verdict, a row a question and metric, a row a segment, and on whom it rests."""
    screen.print(f"[bold]{found.verdict}[/]\n", soft_wrap=True)
    metrics = _table("")
    for question, measured in found.questions.items():
        metrics.add_row(QUESTIONS[question])
        for metric, difference in measured.items():
            _row(metrics, METRICS[metric].format(n=found.n), difference)
    screen.print(metrics)
    screen.print()
    segments = _table(f"{METRICS[DECIDES].format(n=found.n)} for whom?")
    for question, by_segment in found.segments.items():
        segments.add_row(QUESTIONS[question])
        for segment, measured in by_segment.items():
            difference = measured[DECIDES]
            _row(segments, f"{segment} customers ({difference.customers:,})", difference)
    screen.print(segments)
    screen.print(f"\n{_whom(found)}", soft_wrap=True)


def _table(heading: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(heading, no_wrap=True)
    for name in ("A", "B", "B against A", "95 % interval", "B better"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _row(table: Table, name: str, found: Difference) -> None:
    meaning = finding(found)
    if meaning is Finding.EQUAL:
        told: tuple[str, ...] = ("equal",)
    elif few := too_few(found):
        told = (gain_of(found)[0], few)
    else:
        told = (*gain_of(found), share(found.sure))
    table.add_row(
        f"  {name}", short(found.a), short(found.b), *told, style=_STYLES.get(meaning, "")
    )


def _whom(found: Comparison) -> str:
    """On how many customers, in which windows, and how it was resampled."""
    told = {question: metrics[DECIDES].customers for question, metrics in found.questions.items()}
    windows = [
        f"after {iso_utc(since)[:_DAY]} up to {iso_utc(until)[:_DAY]}"
        for since, until in found.windows
    ]
    new = f", {told['new']:,} of them something new to them" if "new" in told else ""
    return (
        f"{told.get('all', 0):,} customers bought anything{new}, {' and '.join(windows)}.\n"
        f"95 % intervals by {found.resamples:,} paired resamples of the customers; B better: in so "
        "many of them. Green: B is surely better, red: surely worse."
    )
