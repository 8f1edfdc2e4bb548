"""Outcomes come back from a file as they went in, and nothing else is taken for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recommender.errors import InputError
from recommender.types import CustomerId
from training.outcomes import METRICS, QUESTIONS, Answers, Outcomes, outcomes_file, read_outcomes


def answers(*customers: str) -> Answers:
    return Answers(
        customers=tuple(map(CustomerId, customers)),
        segments=("new", "light", "heavy")[: len(customers)],
        values={m: np.linspace(0, 1, len(customers)) / (i + 1) for i, m in enumerate(METRICS)},
    )


def window(at: int, new: Answers | None = None, locked: int = 0) -> Outcomes:
    return Outcomes(
        n=10,
        window_from=at,
        window_until=at + 7,
        answers={"all": answers("ann", "bob", "cy"), "new": answers("bob") if new is None else new},
        locked_exposure=locked,
    )


def written(folder: Path, *windows: Outcomes) -> Path:
    path = folder / "outcomes.parquet"
    path.write_bytes(outcomes_file(windows))
    return path


def assert_same(one: Outcomes, other: Outcomes) -> None:
    for name in ("n", "window_from", "window_until", "locked_exposure"):
        assert getattr(one, name) == getattr(other, name)
    for question in QUESTIONS:
        a, b = one.answers[question], other.answers[question]
        assert (a.customers, a.segments, len(a)) == (b.customers, b.segments, len(b))
        for metric in METRICS:
            assert np.array_equal(a.values[metric], b.values[metric])


def test_windows_come_back_in_order(tmp_path: Path) -> None:
    windows = (window(100), window(7, locked=3))
    found = read_outcomes(written(tmp_path, *windows))
    for one, other in zip(windows, found, strict=True):
        assert_same(one, other)


def test_a_question_that_nobody_answered_comes_back_empty(tmp_path: Path) -> None:
    nobody = window(5, new=answers())
    (found,) = read_outcomes(written(tmp_path, nobody))
    assert_same(found, nobody)
    assert not len(found.answers["new"])


def test_no_window_is_no_outcome(tmp_path: Path) -> None:
    assert read_outcomes(written(tmp_path)) == ()


def test_equal_outcomes_are_equal_bytes() -> None:
    assert outcomes_file([window(1)]) == outcomes_file([window(1)])


def changed(path: Path, how: pl.Expr | None = None, *, keep: pl.Expr | None = None) -> Path:
    table = pl.read_parquet(path)
    table = table if how is None else table.with_columns(how)
    (table if keep is None else table.filter(keep)).write_parquet(path)
    return path


@pytest.mark.parametrize(
    ("how", "keep", "why"),
    [
        (pl.col("ndcg") * 2, None, "not in 0 to 1"),
        (pl.lit(float("nan")).alias("mrr"), None, "not in 0 to 1"),
        (pl.lit("ann").alias("customer_id"), None, "not in order"),
        (pl.lit(None, pl.String).alias("segment"), None, "not complete"),
        (None, pl.col("question").is_not_null(), "not described by one row"),
        (pl.col("n").cast(pl.Int32), None, "its columns are"),
    ],
)
def test_what_is_no_outcome_is_refused(
    tmp_path: Path, how: pl.Expr | None, keep: pl.Expr | None, why: str
) -> None:
    path = changed(written(tmp_path, window(1)), how, keep=keep)
    with pytest.raises(InputError, match=why):
        read_outcomes(path)


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing") as refused:
        read_outcomes(tmp_path / "none.parquet")
    assert "train it anew" in refused.value.hint
    (tmp_path / "text.parquet").write_text("no Parquet")
    with pytest.raises(InputError, match="no Parquet file"):
        read_outcomes(tmp_path / "text.parquet")
