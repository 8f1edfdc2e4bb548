"""The tables that commands print fit a terminal and leave out what was not measured."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from tactful.tables import quality_table
from training.evaluation import BANDS, ColdItems, Evaluation, Method, Quality, Ranking
from training.metrics import Estimate

WEEK = 604_800


def ranking(ndcg: float, customers: int = 1_234) -> Ranking:
    same = Estimate(mean=ndcg, low=ndcg - 0.02, high=ndcg + 0.02)
    return Ranking(customers=customers, ndcg=same, recall=same, mrr=same, hit=same, precision=same)


def quality(ndcg: float, *, cold: int = 0) -> Quality:
    found = ranking(ndcg)
    return Quality(
        **{name: getattr(found, name) for name in Ranking.model_fields},
        coverage=0.26,
        gini=0.5,
        bands=(0.25,) * len(BANDS),
        novelty=found.ndcg,
        diversity=None,
        popularity_shown=0.1,
        popularity_taken=0.1,
        segments={"new": ranking(ndcg / 2, 200), "heavy": ranking(ndcg, 1_034)},
        cold=ColdItems(customers=cold, ndcg=found.ndcg if cold else None, shown=0.0, taken=0.0),
    )


def printed(*, new: bool, visitors: bool, cold: int = 0) -> str:
    methods = (
        Method(
            name="Tactful",
            all=quality(0.4, cold=cold),
            new=quality(0.05) if new else None,
            session=ranking(0.06) if visitors else None,
        ),
        Method(
            name="popularity",
            all=quality(0.3),
            new=quality(0.04) if new else None,
            session=ranking(0.055) if visitors else None,
        ),
        Method(name="personal frequency", all=quality(0.39), new=None),
    )
    found = Evaluation(
        n=10,
        window_from=0,
        window_until=WEEK,
        customers_all=1_234,
        customers_new=1_000 if new else 0,
        few_baskets=11,
        many_baskets=56,
        cold_support=10,
        left_out=0.0,
        guarded=True,
        methods=methods,
    )
    written = StringIO()
    Console(width=80, file=written).print(quality_table(found))
    return written.getvalue()


def row(text: str, name: str, nth: int = 0) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip().startswith(name)]
    return lines[nth].split()


def test_it_fits_eighty_columns_with_nothing_cut() -> None:
    text = printed(new=True, visitors=True, cold=12)
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert row(text, "Tactful")[1:] == ["0.400±.020", "0.400±.020", "0.400", "40%", "26%"]


def test_segments_stand_beside_the_best_other_method() -> None:
    """Of popularity .15 and personal frequency .195 the better one; only popularity ranks new."""
    text = printed(new=True, visitors=True, cold=12)
    assert "up to 11 baskets" in text
    assert row(text, "new (up to")[-1] == "0.195"
    assert row(text, "new (up to", 1)[-1] == "0.020"
    assert row(text, "a visitor")[-1] == "0.055"
    assert row(text, "new items") == ["new", "items", "12", "0.400±.020"]
    assert "light" not in text
    assert "new items: fewer than 10 customers have any" in text


def test_what_was_not_measured_has_no_number() -> None:
    text = printed(new=False, visitors=False)
    assert row(text, "Tactful", 1)[1:] == ["-"] * 5
    assert "a visitor  " not in text
    assert "new items" not in text
    assert text.count("only what the customer never bought") == 1
