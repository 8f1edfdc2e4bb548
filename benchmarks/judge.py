"""NDCG@10 and Recall@10 of ranked lists, customer by customer.

Relevance is binary. With t = the items that a customer bought in the window, NDCG@10 is cut at
min(10, t) ideal places and Recall@10 = hits / min(10, t). *new*: what the customer bought in
training leaves both lists and truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from protocol import K, Problem
from scipy import sparse

BLOCK = 256
"""Customers who are scored at once."""
NOTHING = -1
"""In lists: there is no further item."""

Scorer = Callable[[NDArray[np.int32]], NDArray[np.float32]]
"""Customers -> their scores of all items, (customers, items); written over by whoever asked."""


@dataclass(frozen=True, eq=False)
class Answer:
    """One question's result; (m,) each, the customers with truth in their order."""

    ndcg: NDArray[np.float64]
    recall: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """A method's result on one problem."""

    all: Answer
    new: Answer


def bought(problem: Problem) -> sparse.csr_array:
    """(customers, items) of ones where the customer bought the item in training."""
    ones = np.ones(len(problem.item), dtype=np.float32)
    shape = (len(problem.customers), len(problem.items))
    matrix = sparse.csr_array((ones, (problem.customer, problem.item)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def judge(problem: Problem, scorer: Scorer) -> Judged:
    """Ranks all items for every customer with truth, and measures."""
    asked = np.unique(problem.truth[:, 0])
    known = bought(problem)
    lists_all = np.full((len(problem.customers), K), NOTHING, dtype=np.int32)
    lists_new = lists_all.copy()
    for start in range(0, len(asked), BLOCK):
        block = asked[start : start + BLOCK]
        scores = scorer(block)
        lists_all[block] = top(scores)
        own = known[block].tocoo()
        scores[own.row, own.col] = -np.inf
        lists_new[block] = top(scores)
    return judge_lists(problem, lists_all, lists_new)


def judge_lists(
    problem: Problem, lists_all: NDArray[np.int32], lists_new: NDArray[np.int32]
) -> Judged:
    """Measures ready lists, (customers, 10) of items or NOTHING."""
    known = bought(problem)
    is_new = np.asarray(known[problem.truth[:, 0], problem.truth[:, 1]]).ravel() == 0
    return Judged(answer(lists_all, problem.truth), answer(lists_new, problem.truth[is_new]))


def answer(lists: NDArray[np.int32], truth: NDArray[np.int32]) -> Answer:
    """Measures one question.

    lists   (customers, 10)
    truth   (pairs, 2) of customer and item
    """
    customers, taken = np.unique(truth[:, 0], return_counts=True)
    width = 1 + max(int(lists.max(initial=0)), int(truth[:, 1].max(initial=0)))
    keys = truth[:, 0].astype(np.int64) * width + truth[:, 1]
    shown = lists[customers]
    asked = customers[:, None].astype(np.int64) * width + shown
    hits = np.isin(asked, keys) & (shown != NOTHING)
    gain = 1.0 / np.log2(np.arange(K) + 2.0)
    ideal = np.concatenate([[0.0], np.cumsum(gain)])
    wanted = np.minimum(taken, K)
    return Answer((hits * gain).sum(axis=1) / ideal[wanted], hits.sum(axis=1) / wanted)


def top(scores: NDArray[np.float32]) -> NDArray[np.int32]:
    """The ten best columns of each row, best first; ties to the lower column; -inf is no item."""
    depth = min(K, scores.shape[1])
    best = np.full((len(scores), K), NOTHING, dtype=np.int32)
    least = np.partition(scores, scores.shape[1] - depth, axis=1)[:, -depth, None]
    eligible = scores >= least
    # Partitioning would break ties at the edge as it pleases.
    crowded = eligible.sum(axis=1) > depth
    if crowded.any():
        above, level = scores[crowded] > least[crowded], scores[crowded] == least[crowded]
        room = depth - above.sum(axis=1, keepdims=True)
        eligible[crowded] = above | (level & (level.cumsum(axis=1) <= room))
    columns = np.nonzero(eligible)[1].reshape(len(scores), depth)
    chosen = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-chosen, axis=1, kind="stable")
    real = np.take_along_axis(chosen, order, axis=1) > -np.inf
    best[:, :depth] = np.where(real, np.take_along_axis(columns, order, axis=1), NOTHING)
    return best
