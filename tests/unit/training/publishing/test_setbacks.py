"""What two records tell without a comparison: older, smaller, or of much lower quality."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from training.publishing.setbacks import older, smaller


@dataclass(frozen=True)
class Version:
    """What is on record of a version."""

    as_of: int = 86_400
    n_customers: int = 100
    n_offers: int = 10
    metrics: dict[str, float] = field(default_factory=dict)


LIVE = Version(metrics={"ndcg@10_all": 0.4, "ndcg@10_new": 0.2})


def test_one_that_knows_as_much_is_not_held_back() -> None:
    assert [*older(LIVE, LIVE), *smaller(LIVE, LIVE)] == []


def test_older_purchases_are_told_with_both_dates() -> None:
    [why] = older(LIVE, Version(as_of=0))
    assert "end on 1970-01-01T00:00:00Z" in why
    assert "live version on 1970-01-02T00:00:00Z" in why


@pytest.mark.parametrize(
    ("new", "reasons"),
    [
        (Version(n_customers=80, n_offers=8), []),
        (Version(n_customers=79), ["it has 21 % fewer customers: 79 against 100"]),
        (Version(n_offers=7), ["it has 30 % fewer offers: 7 against 10"]),
        (Version(n_customers=900, n_offers=90), []),
    ],
)
def test_more_than_a_fifth_lost_is_a_reason(new: Version, reasons: list[str]) -> None:
    assert list(smaller(LIVE, new)) == reasons


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ({"ndcg@10_all": 0.345}, ""),
        ({"ndcg@10_all": 0.33}, "NDCG@10 for anything is 18 % lower: .3300 against .4000"),
        # Another length of list is another number; new items alone decide nothing here.
        ({"ndcg@5_all": 0.1, "ndcg@10_new": 0.01}, ""),
        ({}, ""),
    ],
)
def test_a_recorded_quality_that_fell_by_more_than_15_per_cent_is_a_reason(
    metrics: dict[str, float], told: str
) -> None:
    reasons = list(smaller(LIVE, Version(metrics=metrics)))
    assert len(reasons) == bool(told)
    assert all(told in reason and "windows that differ" in reason for reason in reasons)
