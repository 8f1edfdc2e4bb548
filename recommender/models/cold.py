"""Cold items: what a row of few buyers borrows from its kin.

    y_i' = (s_i y_i + m y_kin) / (s_i + m)        s_i the support of i, m the prior strength

y_kin is the plain mean of the warm kin of i, at the narrowest level that has any: its category,
else a wider one, else its brand. This is the posterior mean of a normal prior around the kin that
is worth m customers. Each of the kin counts once: a new item is expected to sell like one of them,
not like their best seller. Warm rows, and rows without warm kin, keep their bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from recommender.types import Bools, Doubles, Floats, Ints

PRIOR_STRENGTH = 10.0
"""How many customers of its own outweigh what an item's kin say."""


def shrunk(
    factors: Floats,
    support: Ints,
    levels: Sequence[Ints],
    least: int,
    prior_strength: float = PRIOR_STRENGTH,
) -> Floats:
    """The factors (n_rows, k) with those of cold rows drawn to their kin; a new array.

    support          (n_rows,) customers whose view has the row; cold are rows with fewer than
                     `least`
    levels           codes (n_rows,) of kin, narrowest first; -1: none (`kin.codes`)
    prior_strength   m, in customers
    """
    result = factors.copy()
    for cold, mean in _borrowed(factors.astype(np.float64), support, levels, least):
        own = support[cold].astype(np.float64)[:, None]
        mixed = own * factors[cold] + prior_strength * mean
        result[cold] = mixed / (own + prior_strength)
    return result


def shrunk_values(
    values: Doubles,
    support: Ints,
    levels: Sequence[Ints],
    least: int,
    prior_strength: float = PRIOR_STRENGTH,
) -> Doubles:
    """The same for one number a row, such as the trend: (n_rows,)."""
    result = values.copy()
    for cold, mean in _borrowed(values[:, None], support, levels, least):
        own = support[cold].astype(np.float64)
        mixed = own * values[cold] + prior_strength * mean[:, 0]
        result[cold] = mixed / (own + prior_strength)
    return result


def demand(
    buyers: Doubles,
    share: Doubles,
    support: Ints,
    levels: Sequence[Ints],
    least: int,
    *,
    prior_strength: float = PRIOR_STRENGTH,
) -> Doubles:
    """How a cold row sells beside its kin, (n_rows,): 1 for warm rows, at most 1 for cold ones.

        r_i = (b_i + m R) / (e_i + m),    R = (sum of b + m) / (sum of e + m)    over launched rows

    buyers   b, (n_rows,) recent buyers
    share    (n_rows,) of a steady seller's recent buyers, those that it can have had since it was
             launched; NaN for what was not launched lately. e_i is the kin's mean times this

    The posterior mean of a Gamma-Poisson rate. R counts the launched rows that sell well, too.
    """
    found = np.ones(len(buyers))
    kin = _all_kin(buyers, support >= least, levels)
    launched = ~np.isnan(share) & ~np.isnan(kin)
    expected = np.where(launched, kin * share, 0.0)
    common = (buyers[launched].sum() + prior_strength) / (expected.sum() + prior_strength)
    cold = launched & (support < least)
    own = (buyers + prior_strength * common) / (expected + prior_strength)
    found[cold] = np.minimum(own[cold], 1.0)
    return found


def _all_kin(values: Doubles, warm: Bools, levels: Sequence[Ints]) -> Doubles:
    """(n_rows,) the mean of each row's warm kin at the narrowest level; NaN without any."""
    found = np.full(len(values), np.nan)
    for code in levels:
        mean, any_warm = _means(values[:, None], warm, code)
        here = np.isnan(found) & (code >= 0) & any_warm[code]
        found[here] = mean[code[here], 0]
    return found


def _borrowed(
    table: Doubles, support: Ints, levels: Sequence[Ints], least: int
) -> list[tuple[Ints, Doubles]]:
    """A level at a time: the cold rows that find warm kin there, and the kin's mean for each."""
    warm = support >= least
    waiting, found = ~warm, []
    for code in levels:
        mean, any_warm = _means(table, warm, code)
        here = np.flatnonzero(waiting & (code >= 0) & any_warm[code]).astype(np.int32)
        if len(here):
            found.append((here, mean[code[here]]))
            waiting[here] = False
    return found


def _means(table: Doubles, warm: Bools, code: Ints) -> tuple[Doubles, Bools]:
    """Of each code: the mean of its warm rows, and whether there is any.

    One element more than there are codes: for the code -1, which nobody asks.
    """
    n_codes = int(code.max(initial=-1)) + 2
    group = np.where(code >= 0, code, n_codes - 1)
    counted = csr_matrix(
        (warm.astype(np.float64), (group, np.arange(len(code)))), shape=(n_codes, len(code))
    )
    total = np.asarray(counted.sum(axis=1)).ravel()
    mean = (counted @ table) / np.maximum(total, 1.0)[:, None]
    return mean, total > 0
