"""When a difference of NDCG keeps a version from becoming live."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import GateRefusal
from training.difference import Difference
from training.publishing.ruling import (
    LIKELY,
    MARGIN,
    Forced,
    Ruling,
    check_exposure,
    dump_ruling,
    parse_ruling,
    reasons_of,
)


def against(low: float, high: float, sure: float, *, a: float = 0.4) -> Difference:
    """A difference in the middle of its interval."""
    gain = (low + high) / 2
    return Difference(
        a=a,
        b=a + gain,
        difference=gain,
        low=low,
        high=high,
        sure=sure,
        customers=100,
        relative_low=low / a,
        relative_high=high / a,
    )


SAME = against(0.0, 0.0, 0.5)


@pytest.mark.parametrize(
    ("difference", "word"),
    [
        (against(0.001, 0.01, 0.99), ""),
        (SAME, ""),
        (against(-0.02, 0.01, 0.4), ""),
        # Half a per cent of .4 is .002: less is negligible, however sure; more has to be sure.
        (against(-0.003, -0.002, 0.001), "surely worse"),
        (against(-0.0029, -0.001, 0.001), ""),
        (against(-0.006, 0.0, 0.025), ""),
        # 5 % less and likely so; 5 % less and as likely not; 2 % less, however likely.
        (against(-0.041, 0.001, 0.03), "likely much worse"),
        (against(-0.08, 0.04, 0.2), ""),
        (against(-0.06, 0.01, 0.06), ""),
        (against(-0.017, 0.001, 0.04), ""),
    ],
)
def test_surely_worse_or_likely_much_worse_is_refused(difference: Difference, word: str) -> None:
    reasons = reasons_of({"all": {"ndcg": difference}, "new": {"ndcg": SAME}}, 10)
    assert [reason.partition(" for ")[0] for reason in reasons] == ([word] if word else [])


@pytest.mark.parametrize(("customers", "refused"), [(1, False), (19, False), (20, True)])
def test_a_handful_of_customers_is_no_reason(customers: int, *, refused: bool) -> None:
    worse = against(-0.3, -0.2, 0.0).model_copy(update={"customers": customers})
    assert bool(reasons_of({"new": {"ndcg": worse}}, 10)) is refused


def test_each_question_is_a_reason_of_its_own_and_says_how_much_and_how_sure() -> None:
    worse = against(-0.06, -0.02, 0.004)
    both = reasons_of({"all": {"ndcg": worse}, "new": {"ndcg": worse}}, 5)
    assert both[0].startswith("surely worse for anything: NDCG@5 .3600 against .4000, -10")
    assert both[0].endswith("sure 99.6 %, over 100 customers")
    assert both[1].startswith("surely worse for new items")


def test_only_ndcg_decides() -> None:
    worse = against(-0.06, -0.02, 0.0)
    assert (
        reasons_of({"all": {"ndcg": SAME, "recall": worse, "mrr": worse, "hit": worse}}, 10) == ()
    )


@given(
    low=st.floats(-0.4, 0.4, allow_nan=False),
    width=st.floats(0, 0.4),
    sure=st.floats(0, 1),
)
def test_what_is_no_worse_on_average_is_never_refused(
    low: float, width: float, sure: float
) -> None:
    difference = against(low, low + width, sure)
    refused = bool(reasons_of({"all": {"ndcg": difference}}, 10))
    assert not (refused and difference.difference >= 0)
    assert 0 < MARGIN < 0.1
    assert LIKELY > 0.5


@pytest.mark.parametrize("exposure", [None, 0])
def test_no_locked_exposure_is_no_obstacle(exposure: int | None) -> None:
    check_exposure("v", exposure)


def test_locked_exposure_is_refused_whatever_anybody_says() -> None:
    with pytest.raises(GateRefusal, match="1 offer that the guard holds back") as caught:
        check_exposure("v", 1)
    assert "no reason forces it" in caught.value.hint
    assert caught.value.exit_code == 3


def test_a_ruling_is_read_as_it_was_written() -> None:
    forced = Forced(by="anna", at=1, reason="why", against="a", refusal="worse")
    ruling = Ruling(version="b", champion="a", at=1, how="so", reasons=("x",), forced=(forced,))
    assert parse_ruling(dump_ruling(ruling)) == ruling
    assert parse_ruling(b"{") is None
    assert not ruling.passed
