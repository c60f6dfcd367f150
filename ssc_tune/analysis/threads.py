"""One thread for linear algebra.

The matrices of an analysis have some hundred rows. More threads wait for each other longer than they compute: at 1,000
points exploring two methods took 49 s of two cores, and takes 7 s of one. And how many there are decides the last bits
of a sum, which a search for the best length scales can carry into the third digit: with one, cores decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
R = TypeVar("R")


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """The function with one thread for BLAS and LAPACK while it is called, in libraries that are loaded by then."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
