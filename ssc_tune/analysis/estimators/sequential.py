"""Looking more than once: how much of a claim's error each look may spend, and what its p-values then mean.

Canonical joint distribution of the standardized statistics of K looks, under no effect, with information fractions
``0 < t_1 < ... < t_K = 1``: ``Z_k ~ N(0, 1)``, ``corr(Z_j, Z_k) = sqrt(t_j / t_k)`` for j < k, which is that of sums
with independent increments (Jennison and Turnbull, Group Sequential Methods, 2000, chapter 3). Look k rejects where
``|Z_k| >= c_k``; the c_k are such that by look k the chance of any rejection is ``spending(alpha, t_k)``.

Here ``t`` is a look's number of points as a share of the last look's. Points accrue, seeds do not: all looks share
them, so that what seeds add to the error of a statistic is the same at every look, and its values at two looks are
correlated more closely than sqrt(t_j / t_k). Independent increments are then the cautious assumption: the more often
crossings at several looks coincide, the rarer it is that there is one at all. ``benchmarks/looks.py`` holds this
against simulated studies. A t statistic enters by its p-value, which is compared with the nominal level
``2 - 2 Phi(c_k)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

from ssc_tune.analysis.estimators.variance import FloatArray

SOURCES = ("lan1983discrete", "jennison2000group")
"""As keys of :mod:`ssc_tune.sources`."""
LEAST = 1e-15
"""The smallest sequential p-value of several looks that is told from 0."""

_FAR = 37.0
"""Standard deviations beyond which a normal density is 0 in double precision."""


def spending(alpha: float, fractions: Sequence[float]) -> FloatArray:
    """Two-sided error (K,) that may be spent by each look: ``2 - 2 Phi(z_{1 - alpha/2} / sqrt(t))``.

    The O'Brien-Fleming shape: next to nothing early, ``alpha`` at t = 1. Source: Lan and DeMets, Biometrika 70 (1983),
    in the two-sided form of Jennison and Turnbull (2000), section 7.2. Programs that spend alpha/2 on either side by
    the same formula (z_{1 - alpha/4}) are stricter early: 4.877 instead of 4.383 at the first of five looks at 5%.

    Raises:
        ValueError: ``alpha`` is not in (0, 1), or ``fractions`` do not increase within (0, 1].
    """
    at = _checked(fractions)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    return np.asarray(2 * special.ndtr(special.ndtri(alpha / 2) / np.sqrt(at)), dtype=np.float64)


def boundaries(alpha: float, fractions: Sequence[float]) -> FloatArray:
    """c (K,): look k rejects at level ``alpha`` over all looks where ``|Z_k| >= c_k``; see :func:`spending`."""
    return np.array(_boundaries(tuple(float(value) for value in spending(alpha, fractions)), tuple(fractions)))


def nominal_levels(alpha: float, fractions: Sequence[float]) -> FloatArray:
    """Two-sided levels (K,) to which the p-value of each look is held: ``2 - 2 Phi(c_k)``.

    Also one minus the confidence of the look's repeated interval. The intervals of all looks hold the truth together
    with confidence 1 - alpha (Jennison and Turnbull, JRSS B 51, 1989).
    """
    return np.asarray(2 * special.ndtr(-boundaries(alpha, fractions)), dtype=np.float64)


def sequential_p(p_values: Sequence[float], fractions: Sequence[float]) -> float:
    """The smallest alpha at which some look so far crosses its boundary; p-values (k,) of the first k of K looks.

    ``min over j <= k of alpha_j`` with ``nominal_levels(alpha_j, fractions)[j] = p_j``: nominal levels rise with alpha
    at every look. It never rises from look to look, is never below the smallest of ``p_values``, and is the p-value
    itself where the first look is the only one. A p-value that is undefined (NaN) counts as 1. Found by bisection of
    ln(alpha) to 1e-7. It is a p-value at every look, whatever the rule that ends the study, so that Holm's procedure on
    the sequential p-values of several claims holds the chance of any false rejection (Liu and Anderson, Statistics in
    Medicine 27, 2008; Maurer and Bretz, Statistics in Biopharmaceutical Research 5, 2013).

    Raises:
        ValueError: a p-value is outside [0, 1], or there are more of them than looks.
    """
    _checked(fractions)
    values = np.array([1.0 if math.isnan(p) else p for p in p_values])
    if len(values) > len(fractions) or ((values < 0) | (values > 1)).any():
        raise ValueError(f"p-values must lie in [0, 1], at most one a look, not {tuple(p_values)}")
    if not len(values) or values.min() == 1:
        return 1.0
    if len(fractions) == 1:
        return float(values[0])
    so_far = tuple(fractions)[: len(values)]

    def crosses(alpha: float) -> bool:
        return bool((values <= nominal_levels(alpha, so_far)).any())

    outside, inside = math.log(LEAST), 0.0  # the same halves for all p-values, so that what is less is found less
    while inside - outside > 1e-7:
        middle = (outside + inside) / 2
        outside, inside = (outside, middle) if crosses(math.exp(middle)) else (middle, inside)
    return math.exp(inside)


def _checked(fractions: Sequence[float]) -> FloatArray:
    at = np.asarray(fractions, dtype=np.float64)
    if at.ndim != 1 or not len(at) or not (np.diff([0.0, *at]) > 0).all() or at[-1] > 1:
        raise ValueError(f"information fractions must increase within (0, 1], not {tuple(fractions)}")
    return at


class _State(NamedTuple):
    """The density of Z at a look, where no look up to it has rejected, on half a grid (it is even).

    Recursive numerical integration: Armitage, McPherson and Rowe, JRSS A 132 (1969).
    """

    fraction: float  # of the information
    nodes: FloatArray  # (n,) >= 0
    mass: FloatArray  # (n,) density times weight

    def _kernel(self, fraction: float) -> tuple[float, float]:
        """Correlation with Z at a later look, and the standard deviation of what is new there."""
        return math.sqrt(self.fraction / fraction), math.sqrt((fraction - self.fraction) / fraction)

    def beyond(self, fraction: float, bound: float) -> float:
        """Chance of ``|Z| >= bound`` at the next look."""
        rho, new = self._kernel(fraction)
        tails = special.ndtr((rho * self.nodes - bound) / new) + special.ndtr((-rho * self.nodes - bound) / new)
        return float(2 * (self.mass @ tails))

    def next(self, fraction: float, bound: float) -> _State:
        """The state at the next look, after those with ``|Z| >= bound`` have left."""
        reach, (rho, new) = min(bound, _FAR), self._kernel(fraction)
        nodes, weights = _gauss(32 + math.ceil(8 * reach / new))
        nodes, weights = (nodes + 1) / 2 * reach, weights / 2 * reach
        steps = (nodes[:, None] - rho * self.nodes) / new, (nodes[:, None] + rho * self.nodes) / new
        density = (_normal(steps[0]) + _normal(steps[1])) @ self.mass / new
        return _State(fraction, nodes, weights * density)

    def bound(self, fraction: float, chance: float) -> float:
        """The bound beyond which the chance at the next look is ``chance``; infinite for 0."""
        if chance <= 0:
            return math.inf
        tiny = np.finfo(np.float64).tiny

        def gap(bound: float) -> float:
            return math.log(max(self.beyond(fraction, bound), tiny)) - math.log(chance)

        if gap(0.0) <= 0:
            return 0.0
        return float(optimize.brentq(gap, 0.0, _FAR, xtol=1e-12)) if gap(_FAR) < 0 else _FAR


_START = _State(0.0, np.zeros(1), np.full(1, 0.5))
"""Before any information Z is 0: half of that mass on either side."""


@lru_cache(maxsize=4096)
def _boundaries(spent: tuple[float, ...], fractions: tuple[float, ...]) -> tuple[float, ...]:
    state, found, before = _START, [], 0.0
    for total, fraction in zip(spent, fractions, strict=True):
        found.append(state.bound(fraction, total - before))
        state = state.next(fraction, found[-1])
        before = total
    return tuple(found)


@lru_cache(maxsize=64)
def _gauss(num: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on (-1, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(num)
    return nodes, weights


def _normal(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi))
