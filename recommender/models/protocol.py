"""What a scoring model is, and what it is fitted from.

A model is three things in one file: a frozen config, a `fit` that turns the views of all
customers into arrays, and a frozen class around those arrays whose `score` looks at one view
only. Adding a model means satisfying `Model`, and inheriting the suite in
`tests/contract/test_models.py`.
"""

from __future__ import annotations

from typing import Protocol

from recommender.customer import View
from recommender.types import Floats, Ints, Longs


class Model(Protocol):
    """Scores the rows that the models know for one customer. Pure: equal views, equal bits."""

    def score(self, view: View) -> Floats:
        """(n_rows,) float32, finite; larger is better; comparable within one customer only."""
        ...


class History(Protocol):
    """The views of all customers as columns: `guard.view.ViewColumns`, `bundle.CustomerTable`.

    Customer c has elements `indptr[c]:indptr[c + 1]`, rows ascending.
    """

    @property
    def indptr(self) -> Longs:
        """(n_customers + 1,)."""
        ...

    @property
    def rows(self) -> Ints:
        """(n,) model rows."""
        ...

    @property
    def baskets(self) -> Ints:
        """(n,) baskets with the row, > 0."""
        ...

    @property
    def age_days(self) -> Ints:
        """(n,) whole days since the latest purchase."""
        ...

    @property
    def own(self) -> Floats:
        """(n,) decayed number of baskets."""
        ...

    @property
    def confidence(self) -> Floats:
        """(n,) c_ui of ALS."""
        ...
