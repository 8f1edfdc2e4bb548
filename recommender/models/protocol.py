"""What a scoring model is, and what it is fitted from.

A model is three things in one file: a frozen config, a `fit` that turns the views of all
customers into arrays, and a frozen class around those arrays whose `score` looks at one view
only. A head is a model that also says which purchase a score comes from. Adding one means
satisfying `Model` or `Head`, and inheriting its suite in `tests/contract/test_models.py`.
"""

from __future__ import annotations

from typing import Protocol

from recommender.customer import View
from recommender.types import Doubles, Floats, Ints, Longs


class Model(Protocol):
    """Scores the rows that the models know for one customer. Pure: equal views, equal bits."""

    def score(self, view: View) -> Floats:
        """(n_rows,) float32, finite; larger is better; comparable within one customer only."""
        ...


class Head(Model, Protocol):
    """A model whose score is a sum over purchases, and so explains itself."""

    def contributions(self, view: View, rows: Ints) -> Doubles:
        """(len(rows), len(view)): what each element of the view adds to the score of each row.

        rows   (m,) of the model, in any order

        Each line sums to `score(view) - score(empty_view())` of its row. What a score has without
        any purchase, such as popularity, is the score of an empty view: it is owed to no element.
        """
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
