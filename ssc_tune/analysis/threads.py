"""One thread for linear algebra.

The matrices of an analysis have some hundred rows. More threads wait for each other longer than they compute: at 1,000
points exploring two methods took 49 s of two cores, and takes 7 s of one. And how many there are decides the last bits
of a sum, which a search for the best length scales can carry into the fourth digit: with one, cores decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for BLAS and LAPACK within the block, in the libraries that are loaded when it begins."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
