"""How many threads linear algebra may use while models are fitted."""

from __future__ import annotations

from contextlib import AbstractContextManager


def one_blas_thread() -> AbstractContextManager[object]:
    """BLAS on one thread: sums keep their order, so that equal input gives equal bits.

    The limit holds for libraries that are loaded by then: import first, then enter.
    """
    # Only training needs it.
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits
