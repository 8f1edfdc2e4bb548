"""The report says in words that fit their numbers how Tactful ranks."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tests.support.reported import (
    evaluation,
    findings,
    page,
    tiles,
)
from tests.support.shop import AS_OF
from training.backtest import Averages, Backtest, Pooled
from training.difference import Difference
from training.guard_cost import GuardCost, Unreachable
from training.report import evaluation_json
from training.report_summary import span
from training.tune import Point, Tuned


def test_methods_that_never_hit_are_nothing_to_compare_with() -> None:
    assert all("ranked" not in text for _, text in tiles(page(evaluation(0.2, 0.0, 0.0))))


def test_a_measurement_of_nobody_shows_no_number() -> None:
    """Only the note tells of it: no tile, no table, no picture."""
    html = page(evaluation(None, 0.0, 0.0), "nobody took anything")
    assert [text for _, text in tiles(html)] == [
        "customers with a visible history",
        "items that the models know",
        "offers",
    ]
    assert "nobody took anything" in html
    assert "How good the offers are" not in html
    assert "0 customers" not in html
    assert "<img" not in html


def test_the_first_figures_are_counts_of_offers_and_of_customers() -> None:
    """.45 of 10 places are hits, 45 of 100 customers have one."""
    assert tiles(page(evaluation(0.45, 0.3, 0.4)))[:2] == [
        ("4.5 of 10", "offers are bought within 1 day"),
        ("45 of 100", "customers who bought anything bought at least one of them"),
    ]


@pytest.mark.parametrize(
    ("days", "words"), [(1, "1 day"), (7, "1 week"), (10, "10 days"), (28, "4 weeks")]
)
def test_a_window_is_worded_in_whole_weeks_where_it_has_them(days: int, words: str) -> None:
    found = evaluation(0.4, 0.3, 0.2)
    assert span(found.model_copy(update={"window_until": AS_OF + days * 86_400})) == words


def cost(low: float, high: float) -> GuardCost:
    """Quality .40 without and .41 with the guard, with any interval."""
    found = Difference(
        a=0.4,
        b=0.41,
        difference=0.01,
        low=low,
        high=high,
        sure=0.5,
        customers=90,
        relative_low=low / 0.4,
        relative_high=high / 0.4,
    )
    held = (
        Unreachable(life_event="infant", title="A <baby>", offers=12, share_of_purchases=0.0123),
        Unreachable(life_event="recovery", title="recovery", offers=3),
    )
    return GuardCost(n=10, all=found, new=None, unreachable=held, customers=90)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.02, -0.01, "<b>Anything</b>: the guard costs some quality: +2.5 % (95 %: -5.0 %"),
        (0.01, 0.02, "<b>Anything</b>: the offers are better with the guard: +2.5 %"),
        (-0.01, 0.02, "<b>Anything</b>: no cost of the guard can be told from chance: +2.5 %"),
    ],
)
def test_what_the_guard_costs_is_worded_by_its_interval(
    low: float, high: float, words: str
) -> None:
    html = page(evaluation(0.4, 0.3, 0.2), guard_cost=cost(low, high))
    assert words in html
    assert "NDCG@10 .4100 with the guard, .4000 without" in html
    assert "<td>A &lt;baby&gt;</td><td>12</td><td>1.23%</td>" in html
    assert "<td>recovery</td><td>3</td><td>-</td>" in html
    assert "Only new</b>" not in html


def test_without_a_cost_there_is_no_section_of_it() -> None:
    assert "What the guard costs" not in page(evaluation(0.4, 0.3, 0.2))


def test_windows_stand_beside_each_other_with_their_mean() -> None:
    windows = tuple(evaluation(0.4, 0.3, 0.2, since=AS_OF + d * 86_400) for d in (0, 30, 60))
    pooled = Pooled(mean=0.4, spread=0.01, low=0.38, high=0.42, windows=3, customers=40)
    found = Backtest(
        n=10,
        windows=windows,
        engine={"all": {"ndcg": pooled, "recall": pooled, "mrr": pooled, "hit": pooled}},
        methods=(Averages(name="Tactful", all=0.4, new=None),),
        locked_exposure=0,
    )
    html = page(windows[-1], backtest=found)
    assert "Window by window" in html
    assert "0.4000 ± 0.0100" in html
    assert "<td>Tactful</td><td>0.4000</td><td>-</td>" in html
    told = json.loads(evaluation_json(replace(findings(), backtest=found)))
    assert len(told["backtest"]["windows"]) == 3


@pytest.mark.parametrize(
    "curve",
    [
        ((0.0, 0.4), (0.1, 0.41), (0.3, 0.39)),
        ((0.0, 0.4), (0.003, 0.41), (0.3, 0.39)),
        ((4.0, 0.4), (64.0, 0.4)),
        ((1.0, None), (2.0, None)),
    ],
)
def test_every_setting_that_was_tried_has_a_curve(
    curve: tuple[tuple[float, float | None], ...],
) -> None:
    """With zero, wide, flat, and where nobody took anything."""
    points = tuple(Point(value=value, ndcg_all=found, ndcg_new=found) for value, found in curve)
    parameters = findings().manifest.parameters
    tuned = Tuned(
        parameters=parameters,
        aim=2.0,
        customers=40,
        tried=7,
        curves={"cross_weight": points, "trend_exponent": points[:1]},
        explored=1,
    )
    html = page(None, tuned=tuned, aims=(1.8, 2.0, 1.9))
    assert "7 blends were tried on 40 customers" in html
    assert re.findall(r'<img alt="(.*?)"', html) == ["aim of every blend tried", "cross weight"]


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    html = page(evaluation(0.4, 0.3, 0.2), "<script>alert(1)</script>")
    assert not re.search(r"(src|href)=.(?!data:)", html)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
