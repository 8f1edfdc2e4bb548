"""One metric of two bundles, over the same customers; and the words for it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

FEWEST = 20
"""The percentile bootstrap of fewer customers is too narrow; of a single one it has no width
(Efron, Tibshirani 1993, chapter 14). With fewer nothing is told as a gain or a loss."""

_CERTAIN = 0.9995
"""From here on the share of resamples says nothing finer."""


class Difference(BaseModel):
    """One metric of A and B over the same customers.

    a, b        the two means
    difference  b - a; above 0: B is better
    low, high   95 % interval of the difference
    relative_low, relative_high   95 % interval of difference / a, each resample divided by its
                own mean of A; None where that of A is 0
    sure        share of resamples in which B is better; a tie counts half
    customers   distinct customers behind it
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    a: float
    b: float
    difference: float
    low: float
    high: float
    sure: float
    customers: int
    relative_low: float | None = None
    relative_high: float | None = None


class Finding(StrEnum):
    """What one difference says of B."""

    BETTER = "better"
    WORSE = "worse"
    EQUAL = "equal"
    OPEN = "open"


def finding(found: Difference) -> Finding:
    """EQUAL: no customer is served differently. OPEN: they cannot be told apart."""
    if found.difference == found.low == found.high == 0:
        return Finding.EQUAL
    if found.customers < FEWEST or found.low <= 0 <= found.high:
        return Finding.OPEN
    return Finding.BETTER if found.low > 0 else Finding.WORSE


def change(found: Difference) -> str:
    """`+1.1 % (95 %: +.4 % to +1.8 %)` of A; the plain difference where A may be 0."""
    gain, interval = gain_of(found)
    return f"{gain} (95 %: {interval})"


def gain_of(found: Difference) -> tuple[str, str]:
    """`+1.1 %` and `+.4 % to +1.8 %`, as in `change`."""
    if found.a and found.relative_low is not None and found.relative_high is not None:
        shares = (found.difference / found.a, found.relative_low, found.relative_high)
        gain, low, high = (f"{_cut(f'{100 * x:+.1f}')} %" for x in shares)
    else:
        gain, low, high = map(signed, (found.difference, found.low, found.high))
    return gain, f"{low} to {high}"


def too_few(found: Difference) -> str:
    """`too few to tell (3 customers)`; empty where there are enough."""
    if found.customers >= FEWEST:
        return ""
    return f"too few to tell ({found.customers} customer{'' if found.customers == 1 else 's'})"


def short(value: float) -> str:
    """`.4301`: a metric, 0 to 1."""
    return _cut(f"{value:.4f}")


def signed(value: float) -> str:
    """`+.0046`: a difference of metrics."""
    return _cut(f"{value:+.4f}")


def share(sure: float) -> str:
    """`99.8 %`; what the resamples cannot resolve is `> 99.9 %`."""
    return "> 99.9 %" if sure >= _CERTAIN else f"{100 * sure:.1f} %"


def _cut(number: str) -> str:
    """Without the zero before the point."""
    if not float(number):
        return "0"
    sign = number[0] if number[0] in "+-" else ""
    digits = number[len(sign) :]
    return sign + (digits[1:] if digits.startswith("0.") else digits)
