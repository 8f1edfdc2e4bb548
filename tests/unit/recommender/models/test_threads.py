"""BLAS on one thread, for as long as it is asked."""

from __future__ import annotations

import scipy.linalg  # noqa: F401 - loads scipy's own BLAS
from threadpoolctl import threadpool_info

from recommender.models.threads import one_blas_thread


def threads() -> list[int]:
    """Of each BLAS library that is loaded."""
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_blas_has_one_thread_and_gets_its_own_back() -> None:
    before = threads()
    with one_blas_thread():
        assert threads() == [1] * len(before)
        assert before
    assert threads() == before
