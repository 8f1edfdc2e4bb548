"""Candidates are what can reach the top ten: open, unseen ones once, own ones with their counts."""

from __future__ import annotations

import numpy as np

from tests.support.fitted import fitted, shop, truth_from
from training.candidates import BEST, gather

HALF_LIVES = (5.0, 520.0)


def test_what_may_not_be_offered_takes_no_place_and_is_no_truth() -> None:
    heads, truth = shop("habits", 40)
    offerable = np.arange(heads.n_rows) % 2 == 0
    found = gather(heads, truth, truth.customers, offerable, HALF_LIVES)
    for block in (found.own, found.unseen):
        assert offerable[block.rows[block.open]].all()
        assert not (block.taken & ~block.open).any()
        assert not (block.open & ~block.known).any()
    sizes = [int(offerable[truth.of(int(c))].sum()) for c in truth.customers]
    assert found.n_all.tolist() == sizes


def test_unseen_candidates_were_never_bought_and_come_once() -> None:
    """In a shop this small, own and unseen candidates are all items."""
    heads, truth = shop("habits", 40)
    every = np.ones(heads.n_rows, dtype=np.bool_)
    found = gather(heads, truth, truth.customers, every, HALF_LIVES)
    for i, c in enumerate(truth.customers):
        at = slice(int(heads.columns.indptr[c]), int(heads.columns.indptr[c + 1]))
        own = found.own.rows[i][found.own.open[i]].tolist()
        unseen = found.unseen.rows[i][found.unseen.open[i]].tolist()
        assert own == heads.columns.rows[at].tolist()
        assert len(set(unseen)) == len(unseen)
        assert sorted([*own, *unseen]) == list(range(heads.n_rows))
    assert found.heads == ("als", "ease")


def test_counts_decay_with_their_half_life() -> None:
    """Bought now and five weeks ago: 1.5 baskets at a half-life of five weeks, nearly 2 at 520."""
    heads = fitted([(0, 0, 0), (0, 0, 5), (0, 1, 5)], 1, n_items=3)
    truth = truth_from([[2]])
    found = gather(heads, truth, truth.customers, np.ones(3, dtype=np.bool_), HALF_LIVES)
    assert found.own_counts[5.0].tolist() == [[1.5, 1.0]]
    assert 1.99 < found.own_counts[520.0][0, 0] < 2.0
    assert found.n_all.tolist() == found.n_new.tolist() == [1]


def test_a_head_that_says_nothing_of_an_item_does_not_bring_it_in() -> None:
    """Ann has 0, which was bought with 1 alone; of the 296 others, sixty have sold best."""
    lines = [(0, 0, 0), (1, 0, 0), (1, 1, 0), *((2, item, 0) for item in range(3, 300))]
    heads = fitted(lines, 3, n_items=300)
    every = np.ones(300, dtype=np.bool_)
    truth = truth_from([[1], [], []])
    found = gather(heads, truth, truth.customers, every, HALF_LIVES)
    unseen = found.unseen.rows[0][found.unseen.known[0]].tolist()
    assert 1 in unseen
    assert len(unseen) <= 2 * BEST
    assert found.people == ("c000",)


def test_the_best_of_more_than_there_is_room_for_are_chosen() -> None:
    """Item 0 goes with all others; with item i, i times."""
    lines = [(c, item, 0) for item in range(1, 80) for c in range(item)]
    heads = fitted([(80, 0, 0), *((c, 0, 0) for c in range(80)), *lines], 81)
    truth = truth_from([*([[]] * 80), [79]])
    found = gather(heads, truth, truth.customers, np.ones(80, dtype=np.bool_), HALF_LIVES)
    unseen = set(found.unseen.rows[0][found.unseen.open[0]].tolist())
    assert unseen >= set(range(80 - BEST, 80))


def test_the_digest_follows_the_data() -> None:
    heads, truth = shop("habits", 40)
    every = np.ones(heads.n_rows, dtype=np.bool_)
    digests = {
        gather(heads, truth, customers, open_, half_lives).digest()
        for customers in (truth.customers, truth.customers[:30])
        for open_ in (every, np.arange(heads.n_rows) > 0)
        for half_lives in (HALF_LIVES, (5.0, 60.0))
    }
    assert len(digests) == 8
    again = gather(heads, truth, truth.customers, every, HALF_LIVES)
    assert again.digest() in digests
