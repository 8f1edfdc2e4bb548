"""The engine beside each simple method, on the same customers."""

from __future__ import annotations

import numpy as np

from training.leads import leads


def test_the_engine_beside_two_methods_by_hand() -> None:
    """NDCG .5 and .3 against .1 and .3, and against itself; precision .2 a customer more."""
    engine = np.array([[0.5, 0.4], [0.3, 0.2]])
    worse = np.array([[0.1, 0.2], [0.3, 0.0]])
    ahead, same = leads(engine, [worse, engine], ["new", "heavy"], resamples=20, seed=0)
    assert (ahead.ndcg.a, ahead.ndcg.b, ahead.ndcg.difference) == (0.2, 0.4, 0.2)
    assert {name: found.difference for name, found in ahead.segments.items()} == {
        "new": 0.2,
        "heavy": 0.2,
    }
    assert [found.customers for found in ahead.segments.values()] == [1, 1]
    assert same.ndcg.difference == same.ndcg.low == same.ndcg.high == 0


def test_without_methods_there_is_nothing_to_be_ahead_of() -> None:
    assert leads(np.zeros((1, 2)), [], ["new"], resamples=5, seed=0) == ()
