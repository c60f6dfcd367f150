"""Ablation between two points: which of the changes from one to the other the difference comes from.

Source: Fawcett and Hoos, Journal of Heuristics 22 (2016). Deviation: the accuracy of points in between is not run but
predicted by a surrogate (Biedenkapp et al., AAAI 2017).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ssc_tune.analysis.estimators.variance import FloatArray as Array

Predict = Callable[[Array], Array]
"""From points (M, P) of the unit cube to values (M,)."""

MAX_PARAMETERS = 10
"""Most changes that are shared out exactly: 2^10 points are predicted."""


class Step(NamedTuple):
    """One change on the way."""

    parameter: int
    value: float  # predicted after it


class Path(NamedTuple):
    """From ``start``, the value predicted at the first point, by steps to the last."""

    start: float
    steps: tuple[Step, ...]


def path(predict: Predict, first: Array, last: Array) -> Path:
    """The greedy path from ``first`` (P,) to ``last`` (P,): at each step the change with the highest prediction.

    Parameters that are equal at both ends take no step; of equal predictions the earlier parameter goes first.
    """
    here = np.array(first, dtype=np.float64)
    left = [int(k) for k in np.flatnonzero(here != np.asarray(last))]
    start = float(predict(here[None, :])[0])
    steps = []
    while left:
        candidates = np.tile(here, (len(left), 1))
        candidates[np.arange(len(left)), left] = np.asarray(last)[left]
        values = predict(candidates)
        best = int(np.argmax(values))
        here = candidates[best]
        steps.append(Step(left.pop(best), float(values[best])))
    return Path(start, tuple(steps))


def shapley(predict: Predict, first: Array, last: Array) -> Array:
    """The predicted gain of ``last`` over ``first``, shared among the parameters over all orders of changing them.

    phi_i = sum over S without i of |S|! (p - |S| - 1)! / p! (f(S and i) - f(S)), with f(S) the prediction where the
    parameters in S are as at the last point and the p - |S| others as at the first.

    Returns:
        Values (P,) that sum to the gain; 0 for a parameter that does not change.

    Raises:
        ValueError: more than ``MAX_PARAMETERS`` parameters change.
    """
    changed = np.flatnonzero(np.asarray(first) != np.asarray(last))
    size = len(changed)
    if size > MAX_PARAMETERS:
        raise ValueError(f"{size} parameters change; orders are counted for up to {MAX_PARAMETERS}")
    subsets = list(_subsets(size))
    points = np.tile(np.asarray(first, dtype=np.float64), (len(subsets), 1))
    for row, subset in enumerate(subsets):
        columns = changed[list(subset)]
        points[row, columns] = np.asarray(last)[columns]
    found = dict(zip(subsets, predict(points), strict=True))
    values = np.zeros(len(first))
    for subset in subsets:
        for i in set(range(size)) - set(subset):
            weight = 1 / (size * math.comb(size - 1, len(subset)))
            values[changed[i]] += weight * float(found[tuple(sorted((*subset, i)))] - found[subset])
    return values


def _subsets(size: int) -> Iterator[tuple[int, ...]]:
    for count in range(size + 1):
        yield from itertools.combinations(range(size), count)
