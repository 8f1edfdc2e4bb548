"""The report says in words that fit their numbers how Tactful ranks."""

from __future__ import annotations

import re

import numpy as np
import pytest

from recommender.catalogue import own_offers
from recommender.guard.document import CompiledGuard
from tests.support.shop import AS_OF, population, train, unguarded
from training.assortment import Assortment
from training.evaluation import BANDS, Evaluation, Method, Quality
from training.metrics import Estimate
from training.reading.report import ReadReport
from training.report import Findings, report_html


def quality(ndcg: float) -> Quality:
    estimate = Estimate(mean=ndcg, low=ndcg - 0.02, high=ndcg + 0.02)
    return Quality(ndcg=estimate, recall=estimate, coverage=0.5, bands=(0.25,) * len(BANDS))


def evaluation(engine: float | None, *simple: float) -> Evaluation:
    """NDCG of Tactful (None: nobody was measured), and of popularity and ALS alone."""
    names = ("popularity", "ALS alone")
    others = [
        Method(name=name, all=None if engine is None else quality(value), new=None)
        for name, value in zip(names, simple, strict=True)
    ]
    own = None if engine is None else quality(engine)
    return Evaluation(
        n=10,
        window_from=AS_OF,
        window_until=AS_OF + 86_400,
        customers_all=0 if own is None else 40,
        customers_new=0,
        left_out=0.0,
        guarded=False,
        methods=(Method(name="Tactful", all=own, new=None), *others),
    )


def page(found: Evaluation | None, *notes: str) -> str:
    bundle = train(population()).index.bundle
    offers = own_offers(bundle.catalogue)
    nothing = np.zeros(len(bundle.catalogue), dtype=np.uint64)
    return report_html(
        Findings(
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
            evaluation=found,
            tuned=None,
            notes=notes,
        )
    ).decode()


def tiles(html: str) -> list[tuple[str, str]]:
    return re.findall(r"<div class=figure><b>(.*?)</b>(.*?)</div>", html)


@pytest.mark.parametrize(
    ("ndcg", "tile", "advice"),
    [
        ((0.45, 0.30, 0.40), ("12 %", "better ranked than the best simple method, ALS alone"), ""),
        (
            (0.38, 0.40, 0.30),
            ("5 %", "worse ranked than the best simple method, popularity"),
            "anything. The intervals overlap, so it may be chance. What to do:",
        ),
        (
            (0.20, 0.40, 0.30),
            ("50 %", "worse ranked than the best simple method, popularity"),
            "A simple method, popularity, ranks better here</b>, by NDCG over anything. What to",
        ),
        (
            (0.4001, 0.40, 0.30),
            ("equally", "well ranked as the best simple method, popularity"),
            "",
        ),
    ],
)
def test_the_comparison_is_worded_by_its_sign(
    ndcg: tuple[float, float, float], tile: tuple[str, str], advice: str
) -> None:
    """.45 / .40 = 1.125, .38 / .40 = .95; who ranks worse is told what to do."""
    html = page(evaluation(*ndcg))
    assert tiles(html)[-1] == tile
    assert advice in html
    assert ("What to do" in html) == bool(advice)


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
