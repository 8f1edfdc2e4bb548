"""Two bundles on the same customers: differences, intervals and words, on tables by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InputError
from recommender.types import CustomerId
from training.difference import Difference, Finding, change, finding, share, short, too_few
from training.outcomes import METRICS, Answers, Outcomes
from training.paired import compare, paired
from training.verdict import verdict_on

Row = tuple[str, str, float]
"""Customer, segment, and the value of every metric."""

VALUES = st.lists(
    st.tuples(st.floats(0, 1, allow_subnormal=False), st.floats(0, 1, allow_subnormal=False)),
    min_size=1,
    max_size=30,
)


def answers(rows: Sequence[Row]) -> Answers:
    values = np.array([value for _, _, value in rows])
    return Answers(
        tuple(CustomerId(customer) for customer, _, _ in rows),
        tuple(segment for _, segment, _ in rows),
        dict.fromkeys(METRICS, values),
    )


def outcomes(
    anything: Sequence[Row], new: Sequence[Row] = (), *, since: int = 0, n: int = 10
) -> Outcomes:
    return Outcomes(
        n=n,
        window_from=since,
        window_until=since + 10,
        answers={"all": answers(anything), "new": answers(new)},
        locked_exposure=0,
    )


def difference(**changes: float) -> Difference:
    """A gain of .02 on .4, surely."""
    told: Mapping[str, float] = {
        "a": 0.4,
        "b": 0.42,
        "difference": 0.02,
        "low": 0.01,
        "high": 0.03,
        "sure": 0.998,
        "customers": 40,
        "relative_low": 0.025,
        "relative_high": 0.075,
        **changes,
    }
    return Difference.model_validate(told)


def test_the_difference_by_hand() -> None:
    """Three customers gain .3, .0 and .3 on .1, .5 and .3."""
    found = paired(np.array([0.1, 0.5, 0.3]), np.array([0.4, 0.5, 0.6]), resamples=50, seed=0)
    assert (found.a, found.b, found.difference) == (0.3, 0.5, 0.2)
    assert found.customers == 3
    assert 0 <= found.low <= 0.2 <= found.high <= 0.3


def test_what_all_customers_gain_alike_is_certain() -> None:
    """Customers differ by .9 from each other, and not at all in what they gain."""
    a = np.array([0.0, 0.25, 0.5, 0.875])
    found = paired(a, a + 0.125, resamples=100, seed=0)
    assert (found.low, found.difference, found.high, found.sure) == (0.125, 0.125, 0.125, 1.0)


def test_two_customers_are_drawn_as_a_coin_falls() -> None:
    """One gains 1, one nothing: both, one or none of two drawn with chances 1/4, 1/2, 1/4."""
    found = paired(np.zeros(2), np.array([0.0, 1.0]), resamples=20_000, seed=3)
    assert (found.low, found.high) == (0.0, 1.0)
    assert found.sure == pytest.approx(0.75 + 0.25 / 2, abs=0.01)


def test_the_interval_is_that_of_the_normal_distribution_where_there_are_many() -> None:
    """A gain of .1 for a tenth of 400 customers: standard error .1 * .3 / 20 = .0015."""
    gains = np.repeat([0.0, 0.1], [360, 40])
    found = paired(np.zeros(400), gains, resamples=4000, seed=1)
    assert found.low == pytest.approx(0.01 - 1.96 * 0.0015, abs=0.0003)
    assert found.high == pytest.approx(0.01 + 1.96 * 0.0015, abs=0.0003)


def test_a_share_of_a_is_resampled_as_a_ratio() -> None:
    """Half of 400 have 1 and lose .5: -50 % of A in every resample, however many are drawn."""
    a = np.repeat([1.0, 0.0], [200, 200])
    found = paired(a, a / 2, resamples=400, seed=0)
    assert (found.relative_low, found.relative_high) == (-0.5, -0.5)
    assert found.low < -0.25 < found.high
    assert change(found) == "-50.0 % (95 %: -50.0 % to -50.0 %)"


def test_where_a_may_be_nothing_no_share_of_it_is_told() -> None:
    """One of two has 1: in a quarter of the resamples A is 0."""
    found = paired(np.array([1.0, 0.0]), np.array([1.0, 1.0]), resamples=400, seed=0)
    assert (found.relative_low, found.relative_high) == (None, None)
    assert change(found).startswith("+.5000 (95 %: ")


@given(VALUES)
def test_nothing_loses_more_than_all_of_it(values: list[tuple[float, float]]) -> None:
    a, b = np.array(values).T
    found = paired(a, b, resamples=40, seed=2)
    if found.relative_low is not None and found.relative_high is not None:
        assert -1 <= found.relative_low <= found.relative_high


@given(VALUES)
def test_a_against_b_is_the_mirror_of_b_against_a(values: list[tuple[float, float]]) -> None:
    a, b = np.array(values).T
    forth = paired(a, b, resamples=40, seed=2)
    back = paired(b, a, resamples=40, seed=2)
    assert forth.difference == -back.difference
    assert forth.low == pytest.approx(-back.high, abs=1e-6)
    assert forth.sure == pytest.approx(1 - back.sure, abs=1e-6)
    assert forth.low <= forth.high


@given(VALUES, st.integers(1, 4))
def test_a_customer_of_several_windows_is_one_unit(
    values: list[tuple[float, float]], windows: int
) -> None:
    """The same values in every window say nothing more: the interval stays as it was."""
    a, b = np.array(values).T
    once = paired(a, b, resamples=40, seed=2)
    units = np.tile(np.arange(len(a)), windows)
    often = paired(np.tile(a, windows), np.tile(b, windows), resamples=40, seed=2, units=units)
    assert often.customers == once.customers
    assert (often.low, often.high) == pytest.approx((once.low, once.high), abs=2e-6)


def test_windows_weigh_by_what_was_measured_in_them() -> None:
    """Customer x gains 1 in one window; y nothing in three: the mean over four is .25."""
    found = paired(
        np.zeros(4), np.array([1.0, 0, 0, 0]), resamples=500, seed=0, units=np.array([7, 2, 2, 2])
    )
    assert (found.difference, found.customers) == (0.25, 2)
    assert (found.low, found.high) == (0.0, 1.0)


def test_nothing_and_unequal_lengths_are_refused() -> None:
    for a, b in ((np.empty(0), np.empty(0)), (np.zeros(2), np.zeros(3))):
        with pytest.raises(ValueError, match="the same customers"):
            paired(a, b, resamples=10, seed=0)


def test_only_common_customers_are_compared_question_by_question_and_by_segment() -> None:
    a = outcomes([("x", "new", 0.1), ("y", "heavy", 0.2), ("z", "heavy", 0.9)], [("x", "new", 0.5)])
    b = outcomes([("w", "new", 0.7), ("x", "new", 0.3), ("y", "heavy", 0.1)], [("x", "new", 0.5)])
    found = compare([a], [b], resamples=20)
    assert found.questions["all"]["ndcg"].difference == 0.05
    assert found.questions["all"]["hit"].customers == 2
    assert found.questions["new"]["ndcg"].difference == 0
    by_segment = {s: m["recall"].difference for s, m in found.segments["all"].items()}
    assert by_segment == {"new": 0.2, "heavy": -0.1}
    assert (found.n, found.windows, found.resamples) == (10, ((0, 10),), 20)


def test_common_windows_are_pooled_and_the_others_left_out() -> None:
    a = [outcomes([("x", "new", 0.2)], since=100), outcomes([("x", "new", 0.1)], since=50)]
    b = [outcomes([("x", "new", 0.2)], since=50), outcomes([("x", "new", 0.5)], since=100)]
    found = compare(a, [*b, outcomes([("x", "new", 0.0)], since=0)], resamples=20)
    assert found.windows == ((50, 60), (100, 110))
    assert found.questions["all"]["ndcg"].difference == 0.2
    assert found.questions["all"]["ndcg"].customers == 1


def test_a_question_that_nobody_answers_is_absent_and_the_verdict_says_so() -> None:
    found = compare([outcomes([("x", "new", 0.1)])], [outcomes([("x", "new", 0.1)])], resamples=20)
    assert set(found.questions) == {"all"}
    assert found.verdict == (
        "For anything A and B are equal for every customer: NDCG@10 .1000; for new items there "
        "was nothing to measure."
    )


@pytest.mark.parametrize(
    ("b", "text"),
    [
        (outcomes([("x", "new", 0.1)], since=1), "not measured on the same window"),
        (outcomes([("x", "new", 0.1)], n=5), "lists of 10 offers, the other on lists of 5"),
        (outcomes([("y", "new", 0.1)]), "no customer in common"),
    ],
)
def test_what_cannot_be_compared_is_bad_input(b: Outcomes, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        compare([outcomes([("x", "new", 0.1)])], [b], resamples=20)
    assert caught.value.hint


def test_the_verdict_names_who_is_better_by_how_much_and_how_sure() -> None:
    """.02 / .4 = 5 %, .01 / .4 = 2.5 %."""
    better, unknown = difference(), difference(low=-0.001, relative_low=-0.0025)
    told = verdict_on({"all": {"ndcg": better}, "new": {"ndcg": unknown}}, 10)
    assert told == (
        "B is better for anything: NDCG@10 .4200 against .4000, +5.0 % (95 %: +2.5 % to +7.5 %), "
        "sure 99.8 %; for new items A and B cannot be told apart: NDCG@10 .4200 against .4000, "
        "+5.0 % (95 %: -.2 % to +7.5 %)."
    )


def test_the_verdict_says_that_there_were_too_few_customers() -> None:
    told = verdict_on({"all": {"ndcg": difference(customers=3)}}, 10)
    assert told.startswith(
        "For anything there are too few to tell (3 customers): NDCG@10 .4200 against .4000; for new"
    )
    assert too_few(difference(customers=1)) == "too few to tell (1 customer)"
    assert not too_few(difference(customers=20))


def test_the_verdict_names_the_two_as_it_is_told_to() -> None:
    worse = difference(
        b=0.38,
        difference=-0.02,
        low=-0.03,
        high=-0.01,
        sure=0.0001,
        relative_low=-0.075,
        relative_high=-0.025,
    )
    told = verdict_on({"all": {"ndcg": worse}}, 5, a="the champion", b="the challenger")
    assert told.startswith(
        "The challenger is worse for anything: NDCG@5 .3800 against .4000, -5.0 % "
        "(95 %: -7.5 % to -2.5 %), sure > 99.9 %; "
    )


def test_a_difference_is_a_finding_when_its_interval_leaves_zero_out() -> None:
    """And when there are enough customers for an interval."""
    assert finding(difference()) is Finding.BETTER
    assert finding(difference(low=0.0)) is Finding.OPEN
    assert finding(difference(low=-0.2, high=-0.1)) is Finding.WORSE
    assert finding(difference(low=0.02, high=0.03, customers=19)) is Finding.OPEN
    assert finding(difference(difference=0.0, low=0.0, high=0.0)) is Finding.EQUAL


def test_numbers_are_worded() -> None:
    """Against nothing there is no per cent."""
    assert change(difference(a=0.0)) == "+.0200 (95 %: +.0100 to +.0300)"
    unknown = difference().model_copy(update={"relative_low": None, "relative_high": None})
    assert change(unknown) == "+.0200 (95 %: +.0100 to +.0300)"
    found = difference(a=0.01, relative_low=0.0, relative_high=9.0)
    assert change(found) == "+200.0 % (95 %: 0 % to +900.0 %)"
    assert (short(1.0), short(0.0), short(0.05)) == ("1.0000", "0", ".0500")
    assert (share(0.9994), share(0.9996), share(0.05)) == ("99.9 %", "> 99.9 %", "5.0 %")
