"""Findings and evaluations made by hand, and the report that they give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from recommender.catalogue import own_offers
from recommender.guard.document import CompiledGuard
from tests.support.shop import AS_OF, population, train, unguarded
from training.assortment import Assortment
from training.difference import Difference
from training.evaluation import BANDS, ColdItems, Evaluation, Method, Quality, Ranking
from training.leads import Lead
from training.metrics import Estimate
from training.reading.report import ReadReport
from training.report import Findings, report_html


def estimate(mean: float) -> Estimate:
    return Estimate(mean=mean, low=mean - 0.02, high=mean + 0.02)


def ranking(value: float) -> Ranking:
    """Every metric is `value`."""
    found = estimate(value)
    return Ranking(customers=40, ndcg=found, recall=found, mrr=found, hit=found, precision=found)


def quality(value: float, segments: Mapping[str, float] | None = None) -> Quality:
    return Quality(
        **{name: getattr(ranking(value), name) for name in Ranking.model_fields},
        coverage=0.5,
        gini=0.5,
        bands=(0.25,) * len(BANDS),
        novelty=estimate(value),
        diversity=None,
        popularity_shown=0.1,
        popularity_taken=0.1,
        segments={name: ranking(own) for name, own in (segments or {}).items()},
        cold=ColdItems(customers=3, ndcg=estimate(value), shown=0.01, taken=0.02),
    )


def evaluation(engine: float | None, *simple: float, since: int = AS_OF) -> Evaluation:
    """NDCG of Tactful (None: nobody was measured), and of popularity and ALS alone."""
    names = ("popularity", "ALS alone")
    others = [
        Method(name=name, all=None if engine is None else quality(value), new=None)
        for name, value in zip(names, simple, strict=True)
    ]
    own = None if engine is None else quality(engine)
    return Evaluation(
        n=10,
        window_from=since,
        window_until=since + 86_400,
        customers_all=0 if own is None else 40,
        customers_new=0,
        left_out=0.0,
        guarded=False,
        methods=(Method(name="Tactful", all=own, new=None), *others),
    )


def lead(a: float, gain: Mapping[str, float], *, segment: str = "heavy") -> Lead:
    """The engine's over a method of NDCG `a`, the same in a segment."""
    told = {"sure": 0.5, "customers": 40, **gain}
    shares = {"relative_low": gain["low"] / a, "relative_high": gain["high"] / a}
    found = Difference.model_validate({"a": a, "b": a + gain["difference"], **told, **shares})
    return Lead(ndcg=found, segments={segment: found})


def with_lead(gain: Mapping[str, float]) -> Evaluation:
    """Tactful and popularity (.4), and what may be told of the two."""
    found = evaluation(0.4 + gain["difference"], 0.4, 0.3)
    own, simple, _ = found.methods
    beside = simple.model_copy(update={"lead": lead(0.4, gain)})
    return found.model_copy(update={"methods": (own, beside)})


def by_segment(engine: Mapping[str, float], simple: Mapping[str, float]) -> Evaluation:
    """Tactful and bestsellers, segment by segment."""
    return evaluation(0.4, 0.3, 0.2).model_copy(
        update={
            "methods": (
                Method(name="Tactful", all=quality(0.4, engine), new=None),
                Method(name="popularity", all=quality(0.3, simple), new=None),
            )
        }
    )


@cache
def findings() -> Findings:
    """Of the corner shop without a guard; nothing was measured."""
    bundle = train(population()).index.bundle
    offers = own_offers(bundle.catalogue)
    nothing = np.zeros(len(bundle.catalogue), dtype=np.uint64)
    return Findings(
        read=ReadReport(("p.csv",), 1, 1, 1, 1, (AS_OF, AS_OF)),
        guard=CompiledGuard(unguarded(), (), ()),
        assortment=Assortment(
            bundle.catalogue,
            offers,
            nothing,
            nothing,
            nothing,
            np.zeros(len(offers), dtype=np.uint64),
            np.zeros(len(offers), dtype=np.uint64),
            unguarded(),
        ),
        manifest=bundle.manifest,
        evaluation=None,
        tuned=None,
        notes=(),
    )


def page(found: Evaluation | None, *notes: str, **more: Any) -> str:
    """The report of an evaluation and whatever else was found."""
    told = replace(findings(), evaluation=found, notes=notes, **more)
    return report_html(told).decode()


def tiles(html: str) -> list[tuple[str, str]]:
    return re.findall(r"<div class=figure><b>(.*?)</b>(.*?)</div>", html)
