"""The report claims a gain only where it is sure of one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.support.reported import (
    by_segment,
    evaluation,
    lead,
    page,
    ranking,
    tiles,
    with_lead,
)
from training.config import TrainConfig


@pytest.mark.parametrize(
    ("gain", "tile", "advice"),
    [
        (
            {"difference": 0.05, "low": 0.02, "high": 0.08},
            ("12 %", "better ranked than the best simple method, ALS alone"),
            "",
        ),
        (
            {"difference": -0.05, "low": -0.08, "high": -0.02},
            ("12 %", "worse ranked than the best simple method, ALS alone"),
            "A simple method, ALS alone, ranks better here</b>, by NDCG over anything. What to",
        ),
        (
            {"difference": 0.05, "low": -0.01, "high": 0.11},
            (
                "no telling",
                "whether it ranks better or worse than the best simple method, ALS alone",
            ),
            "ALS alone, cannot be told apart here</b>: +12.5 % (95 %: -2.5 % to +27.5 %)",
        ),
        (
            {"difference": 0.05, "low": 0.02, "high": 0.08, "customers": 19},
            (
                "no telling",
                "whether it ranks better or worse than the best simple method, ALS alone",
            ),
            "cannot be told apart here</b>: too few to tell (19 customers)",
        ),
        (
            {"difference": 0.0, "low": 0.0, "high": 0.0},
            ("equally", "well ranked as the best simple method, ALS alone"),
            "",
        ),
    ],
)
def test_the_comparison_is_worded_by_what_may_be_told(
    gain: Mapping[str, float], tile: tuple[str, str], advice: str
) -> None:
    """.05 / .40 = 12.5 %; who is not ahead is told what to do, and popularity is behind ALS."""
    found = evaluation(0.4 + gain["difference"], 0.3, 0.4)
    engine, popularity, als = found.methods
    ahead = lead(0.3, {"difference": 0.1, "low": 0.05, "high": 0.15})
    beside = als.model_copy(update={"lead": lead(0.4, gain)})
    methods = (engine, popularity.model_copy(update={"lead": ahead}), beside)
    html = page(found.model_copy(update={"methods": methods}))
    assert tile in tiles(html)
    assert advice in html
    assert ("What to do" in html) == bool(advice)


def test_the_advice_names_settings_that_exist() -> None:
    html = page(with_lead({"difference": -0.05, "low": -0.08, "high": -0.02}))
    named = re.findall(r"<code>([a-z_.]+)</code>", html)
    assert named
    for name in named:
        section, _, key = name.partition(".")
        model = TrainConfig.model_fields[section].annotation
        assert model is not None
        assert key in model.model_fields


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (
            {"difference": 0.2, "low": 0.1, "high": 0.3},
            "Light customers gain: they bought 4.00 of 10 offers, against 2.00 with bestsellers.",
        ),
        (
            {"difference": 0.2, "low": -0.1, "high": 0.5},
            "For light customers Tactful and bestsellers cannot be told apart: they bought 4.00 of",
        ),
        (
            {"difference": 0.2, "low": 0.1, "high": 0.3, "customers": 1},
            "For light customers there are too few to tell (1 customer): they bought 4.00 of 10",
        ),
        (
            {"difference": -0.2, "low": -0.3, "high": -0.1},
            "Light customers lose: they bought 4.00 of 10 offers, against 2.00 with bestsellers.",
        ),
        (
            {"difference": 0.0, "low": 0.0, "high": 0.0},
            "For light customers Tactful and bestsellers find equally much.",
        ),
    ],
)
def test_a_kind_of_customer_gains_only_where_it_surely_does(
    gain: Mapping[str, float], words: str
) -> None:
    found = by_segment({"light": 0.4}, {"light": 0.2})
    own, simple = found.methods
    beside = simple.model_copy(update={"lead": lead(0.3, gain, segment="light")})
    html = page(found.model_copy(update={"methods": (own, beside)}))
    assert words in html
    assert ("customers gain" in html) == words.startswith("Light customers gain")
    assert "light customers (40)" in html


def test_few_customers_have_a_number_without_an_interval() -> None:
    few = ranking(0.4).model_copy(update={"customers": 19})
    found = by_segment({"light": 0.4, "heavy": 0.5}, {"light": 0.2, "heavy": 0.3})
    own, simple = found.methods
    assert own.all is not None
    segments = {**own.all.segments, "light": few}
    engine = own.model_copy(update={"all": own.all.model_copy(update={"segments": segments})})
    html = page(found.model_copy(update={"methods": (engine, simple)}))
    assert "<tr><td>Tactful</td><td>0.4000</td><td>0.5000 (0.4800\u00a0to\u00a00.5200)</td>" in html
