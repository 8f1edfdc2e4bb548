"""Several windows as one result."""

from __future__ import annotations

from statistics import stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InputError
from recommender.types import CustomerId
from training.backtest import backtest
from training.evaluate import Measured
from training.evaluation import ColdItems, Evaluation, Method, Quality
from training.metrics import Estimate
from training.outcomes import METRICS, Answers, Outcomes

WEEK = 604_800


def quality(mean: float, customers: int) -> Quality:
    same = Estimate(mean=mean, low=mean, high=mean)
    return Quality(
        customers=customers,
        ndcg=same,
        recall=same,
        mrr=same,
        hit=same,
        precision=same,
        coverage=0.5,
        gini=0.5,
        bands=(0.25,) * 4,
        novelty=same,
        diversity=None,
        popularity_shown=0.1,
        popularity_taken=0.1,
        segments={},
        cold=ColdItems(customers=0, ndcg=None, shown=0.0, taken=0.0),
    )


def window(number: int, values: dict[str, float], *, locked: int = 0, n: int = 10) -> Measured:
    """One window: NDCG of *all* by customer; nothing new was taken. A baseline has half of it."""
    mean = float(np.mean(list(values.values())))
    found = quality(mean, len(values))
    start = number * WEEK
    each = np.array([values[c] for c in sorted(values)])
    answers = Answers(
        tuple(map(CustomerId, sorted(values))),
        ("light",) * len(values),
        dict.fromkeys(METRICS, each),
    )
    nobody = Answers((), (), {m: np.empty(0) for m in METRICS})
    return Measured(
        Evaluation(
            n=n,
            window_from=start,
            window_until=start + WEEK,
            customers_all=len(values),
            customers_new=0,
            left_out=0.0,
            guarded=True,
            methods=(
                Method(name="Tactful", all=found, new=None),
                Method(name="popularity", all=quality(mean / 2, len(values)), new=None),
            ),
        ),
        Outcomes(n, start, start + WEEK, {"all": answers, "new": nobody}, locked),
    )


def test_windows_count_the_same_however_many_customers_they_have() -> None:
    """Means .5 (two customers) and .2 (one): .35, spread .3 / sqrt 2."""
    found = backtest([window(2, {"ann": 0.2}), window(1, {"ann": 0.4, "bob": 0.6}, locked=2)])
    ndcg = found.engine["all"]["ndcg"]
    assert (ndcg.mean, ndcg.windows, ndcg.customers) == (0.35, 2, 2)
    assert ndcg.spread == pytest.approx(stdev([0.5, 0.2]), abs=1e-6)
    assert ndcg.low <= ndcg.mean <= ndcg.high
    assert "new" not in found.engine
    assert [w.window_from for w in found.windows] == [WEEK, 2 * WEEK]
    assert found.locked_exposure == 2
    assert [(m.name, m.all, m.new) for m in found.methods] == [
        ("Tactful", 0.35, None),
        ("popularity", 0.175, None),
    ]
    assert found.rows()[0][1:] == ("0.5000", "0.5000", "2", "-", "-", "-")
    assert found.rows()[-1][:2] == ("mean ± spread", "0.3500 ± 0.2121")
    assert all(len(row) == len(found.columns()) for row in found.rows())


def test_a_single_window_has_no_spread() -> None:
    found = backtest([window(1, {"ann": 0.4, "bob": 0.6})])
    assert found.engine["all"]["ndcg"].spread is None
    assert found.rows()[-1][1] == "0.5000"


def test_the_same_customers_again_are_no_new_observations() -> None:
    """Four windows of equal values are as sure as one, not twice as sure."""
    values = {f"c{i:03}": float(i % 2) for i in range(200)}
    one = backtest([window(1, values)], resamples=2000).engine["all"]["ndcg"]
    four = backtest([window(i, values) for i in range(1, 5)], resamples=2000).engine["all"]["ndcg"]
    assert (four.low, four.high) == (one.low, one.high)
    # The standard error of 200 coins is .035.
    assert one.high - one.low == pytest.approx(4 * 0.035, abs=0.02)


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), min_size=1, max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_the_interval_stays_in_the_range_of_values(windows: list[dict[str, float]]) -> None:
    found = backtest([window(i, values) for i, values in enumerate(windows)], resamples=50)
    ndcg = found.engine["all"]["ndcg"]
    assert -1e-6 <= ndcg.low <= ndcg.high <= 1 + 1e-6
    means = [float(np.mean(list(values.values()))) for values in windows]
    assert ndcg.mean == pytest.approx(np.mean(means), abs=1e-6)
    assert found == backtest([window(i, v) for i, v in enumerate(windows)][::-1], resamples=50)


def test_what_cannot_be_summed_up_is_refused() -> None:
    with pytest.raises(InputError, match="no window"):
        backtest([])
    with pytest.raises(InputError, match="twice"):
        backtest([window(1, {"ann": 1.0}), window(1, {"bob": 1.0})])
    with pytest.raises(InputError, match="another length"):
        backtest([window(1, {"ann": 1.0}), window(2, {"ann": 1.0}, n=5)])
