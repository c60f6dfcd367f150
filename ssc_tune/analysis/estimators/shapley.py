"""Shapley shares of the variance: what each parameter contributes, every order of adding parameters weighed alike.

The game is v(S) = Var(E[f | x_S]) over the unit cube, with independent uniform parameters; the share of parameter i is
its Shapley value divided by Var(f). Interactions are divided evenly among those that take part: a share lies between
the first-order and the total Sobol index, and the shares sum to 1.

Sources: A. Owen, SIAM/ASA J. Uncertainty Quantification 2 (2014); Song, Nelson and Staum, ibid. 4 (2016).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ssc_tune.analysis.estimators.surrogate import Surrogate
from ssc_tune.analysis.estimators.variance import FloatArray as Array


class Shapley(NamedTuple):
    """Values of P parameters; they sum to ``variance``."""

    values: Array  # (P,)
    variance: float  # of the surrogate over the cube, in the square of the scores' unit

    @property
    def shares(self) -> Array:
        """The values as shares of the variance; NaN where there is none."""
        nothing = np.full(len(self.values), np.nan)
        return self.values / self.variance if self.variance > 0 else nothing


def of_surrogate(model: Surrogate) -> Shapley:
    """The exact Shapley values of a surrogate, for any number of parameters.

    With A_d = integral of k_d(x, x_i) k_d(x, x_j) and B_d that of the product of the integrals, the product over S of A
    and over the others of B is E[E[f | x_S]^2]. In the multilinear extension, where each parameter is in S with
    probability t, the Shapley value of i is the integral over t of the gain of adding i (G. Owen, Management Science
    18, 1972)::

        phi_i = integral from 0 to 1 of alpha' [(A_i - B_i) * prod over d != i of (B_d + t (A_d - B_d))] alpha dt

    It is a polynomial of degree P - 1 in t, so Gauss-Legendre with P / 2 nodes integrates it exactly: no sampling of
    orders, and P^2 / 2 products of N x N tables instead of 2^P.
    """
    gaps, means = [], []
    for d in range(len(model.groups)):
        at, weight = model.nodes(d)
        mean = weight @ at
        means.append(np.outer(mean, mean))
        gaps.append(at.T @ (weight[:, None] * at) - means[-1])
    nodes, weights = np.polynomial.legendre.leggauss(math.ceil(len(gaps) / 2))
    scale = (model.scale * model.kernel.amplitude) ** 2
    values = np.zeros(len(gaps))
    for t, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        mixed = [b + t * gap for b, gap in zip(means, gaps, strict=True)]
        for i, rest in enumerate(_products_of_others(mixed)):
            values[i] += weight * float(model.alpha @ (gaps[i] * rest) @ model.alpha)
    return Shapley(values * scale, float(values.sum()) * scale)


def _products_of_others(tables: list[Array]) -> list[Array]:
    """For each table the product of all others."""
    before, after = [np.ones_like(tables[0])], [np.ones_like(tables[0])]
    for table, last in zip(tables[:-1], reversed(tables[1:]), strict=True):
        before.append(before[-1] * table)
        after.append(after[-1] * last)
    return [left * right for left, right in zip(before, reversed(after), strict=True)]
