"""Best and worst of n random points, chosen on some seeds and scored on the others, with points and seeds random.

A maximum of noisy scores rewards noise. So of n random points the one with the best (or worst) mean validation accuracy
over one half of the seeds is taken, and scored by its mean test accuracy over the other half. The mean over all subsets
of n points is the U-statistic of :mod:`ssc_tune.analysis.estimators.budget`, and the mean over all splits of the
seeds is the
estimate: the expected test accuracy of the point that half the seeds choose.

Estimates come with their values when one point or one seed is left out, which is what :func:`crossed` makes an interval
of. A U-statistic of degree n close to N is the extreme of all points, for which a jackknife over points is not
consistent; ``docs/statistics.md`` says how far the intervals hold what they say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from ssc_tune.analysis.estimators import budget, intervals
from ssc_tune.analysis.estimators.intervals import Band, Interval
from ssc_tune.analysis.estimators.splits import ONE_SEED, split_weights
from ssc_tune.analysis.estimators.variance import FloatArray

MIN_POINTS = 3
MIN_SEEDS = 3
"""Seeds of an interval: with one left out, the best must still be chosen and scored on different seeds."""
FEW_POINTS = f"fewer than {MIN_POINTS} points: no interval"
FEW_SEEDS = f"fewer than {MIN_SEEDS} seeds: no interval"


class Sample(NamedTuple):
    """Estimates (K,), and what they become when one point (N, K) or one seed (R, K) is left out."""

    estimate: FloatArray
    points: FloatArray  # no rows for fewer than 3 points
    seeds: FloatArray  # no rows for fewer than 3 seeds

    def minus(self, other: Sample) -> Sample:
        """The differences; left-out points and seeds are those of both, which keeps the pairing."""
        return Sample(self.estimate - other.estimate, self.points - other.points, self.seeds - other.seeds)

    def interval(self, index: int = 0, *, confidence: float) -> Interval:
        """:func:`crossed` of one of the K estimates."""
        return crossed(float(self.estimate[index]), self.points[:, index], self.seeds[:, index], confidence)

    def own(self, index: int = 0, *, confidence: float) -> Interval:
        """:func:`separate` of one of the K estimates: for what is said of one method alone."""
        return separate(float(self.estimate[index]), self.points[:, index], self.seeds[:, index], confidence)


class Part(NamedTuple):
    """A jackknife variance over points or over seeds, with the degrees of freedom that it is known by."""

    variance: float
    df: float


def part(left_out: FloatArray) -> Part:
    """Variance from n delete-one values (n,), ``(n - 1) / n * sum of (value - mean)^2``.

    The degrees of freedom are not n - 1 but ``2 n / (kurtosis - 1)`` of those values, at most n - 1: where a few points
    make up most of the variance, as they do for an extreme, it is known no better than from as few points.
    """
    num = len(left_out)
    squares = (left_out - left_out.mean()) ** 2
    total = float(squares.sum())
    if total <= num * (1e-12 * max(1.0, float(np.abs(left_out).max()))) ** 2:
        return Part(0.0, float(num - 1))
    kurtosis = num * float((squares**2).sum()) / total**2
    df = min(num - 1.0, 2 * num / (kurtosis - 1)) if kurtosis > 1 else num - 1.0
    return Part((num - 1) / num * total, df)


def too_few(points: FloatArray, seeds: FloatArray) -> str:
    """Why values with each of so few points (N, ...) and seeds (R, ...) left out give no interval; empty if they do."""
    return FEW_POINTS if len(points) < MIN_POINTS else FEW_SEEDS if len(seeds) < MIN_SEEDS else ""


def crossed(estimate: float, points: FloatArray, seeds: FloatArray, confidence: float) -> Interval:
    """t interval from delete-one-point values (N,) and delete-one-seed values (R,); both are a sample.

    The two variances of :func:`part` are added, which counts the interaction's part twice and so errs on the wide
    side, with Satterthwaite's degrees of freedom. Undefined, with a reason, for fewer than 3 points or 3 seeds.
    """
    few = too_few(points, seeds)
    if few:
        return intervals.undefined(few, estimate)
    parts = [part(points), part(seeds)]
    variance = sum(p.variance for p in parts)
    if not variance > 0:
        return intervals.undefined("the values do not vary", estimate)
    df = variance**2 / sum(p.variance**2 / p.df for p in parts)
    return intervals.t_interval(estimate, math.sqrt(variance), df, confidence)


def expected(test: FloatArray, validation: FloatArray, budgets: Sequence[int], *, lowest: bool = False) -> Sample:
    """Expected score of the best of n random points for each n of ``budgets``; see the module.

    Args:
        test: scores (N, R) by which the chosen point is judged.
        validation: scores (N, R) by which it is chosen; points tied there share their scores.
        budgets: the K numbers n, in 1..N.
        lowest: the worst of n instead of the best.

    Raises:
        ValueError: one seed, or a budget outside 1..N.
    """
    num_points, num_seeds = test.shape
    if num_seeds < 2:
        raise ValueError(ONE_SEED)
    chooser = -validation if lowest else validation
    full = np.array([budget.weights(num_points, n) for n in budgets])
    fewer = np.empty((0, 0))
    if num_points >= MIN_POINTS:
        fewer = np.array([budget.weights(num_points - 1, min(n, num_points - 1)) for n in budgets])
    estimate, points = _over_splits(test, chooser, full, fewer)
    seeds = np.empty((0, len(budgets)))
    if num_seeds >= MIN_SEEDS:
        left = (_over_splits(np.delete(test, j, 1), np.delete(chooser, j, 1), full)[0] for j in range(num_seeds))
        seeds = np.stack(list(left))
    return Sample(estimate, points, seeds)


_NOTHING = np.empty((0, 0))


def _over_splits(
    test: FloatArray, chooser: FloatArray, full: FloatArray, fewer: FloatArray = _NOTHING
) -> tuple[FloatArray, FloatArray]:
    """Estimates (K,), and (N, K) without each point, means over the splits; ``full`` (K, N), ``fewer`` (K, N - 1)."""
    rank = budget.over_splits(test, chooser)
    estimate = np.asarray(full @ rank.shared.mean(axis=0))
    if not len(fewer):
        return estimate, np.empty((0, len(full)))
    scores = (test @ split_weights(test.shape[1])[1]).T
    step = max(1, intervals.CHUNK // (len(fewer) * len(test)))  # splits at once
    total = np.zeros((len(test), len(full)))
    for start in range(0, len(scores), step):
        total += _without_each(scores[start : start + step], rank.some(start, start + step), fewer)
    return estimate, total / len(scores)


def _without_each(scores: FloatArray, rank: budget.Ranked, fewer: FloatArray) -> FloatArray:
    """``fewer`` (K, N - 1) times the ordered scores of the N - 1 others, for each of the N points: (N, K), summed over
    the splits of ``scores`` (S, N).

    A point's ranks below keep their weight, those above move down by one, and its own group goes on without it.
    """
    order, shared, first, last = rank
    num_splits, num_points = shared.shape
    below = np.zeros((num_splits, len(fewer), num_points))
    np.cumsum(shared[:, None, :-1] * fewer, axis=2, out=below[:, :, 1:])  # of the ranks before
    above = np.zeros((num_splits, len(fewer), num_points + 1))  # of rank r and more, for r >= 1
    above[:, :, 1:-1] = np.cumsum((shared[:, None, 1:] * fewer)[:, :, ::-1], axis=2)[:, :, ::-1]
    weight = np.concatenate([np.zeros((len(fewer), 1)), fewer.cumsum(axis=1)], axis=1)  # (K, N), of the ranks before
    size = last - first
    rest = (size * shared - np.take_along_axis(scores, order, axis=1)) / np.maximum(size - 1, 1)
    own = (weight[:, last - 1] - weight[:, first]).transpose(1, 0, 2) * rest[:, None, :]
    found = (
        np.take_along_axis(below, first[:, None, :], axis=2) + own + np.take_along_axis(above, last[:, None, :], axis=2)
    )
    inverse = np.argsort(order, axis=1)
    return np.asarray(np.take_along_axis(found, inverse[:, None, :], axis=2).sum(axis=0).T)


def gain(test: FloatArray, validation: FloatArray, default: FloatArray, budgets: Sequence[int]) -> Sample:
    """:func:`expected` minus the default's score (R,) under the same seeds, those that score.

    Every seed scores as often as every other, so the default enters with its mean over the seeds.
    """
    best = expected(test, validation, budgets)
    base = np.array([np.delete(default, j).mean() for j in range(len(default))])
    return Sample(
        best.estimate - default.mean(), best.points - default.mean(), best.seeds - base[: len(best.seeds), None]
    )


def separate(estimate: float, points: FloatArray, seeds: FloatArray, confidence: float) -> Interval:
    """Interval from delete-one-point values (N,) and delete-one-seed values (R,), each with its own t quantile.

    ``half^2 = t(df_points)^2 var_points + t(df_seeds)^2 var_seeds``: wider than :func:`crossed`, and holds also where
    few seeds are most of the error, as they are for one method alone. Undefined as :func:`crossed` is.
    """
    few = too_few(points, seeds)
    if few:
        return intervals.undefined(few, estimate)
    level = 0.5 + confidence / 2
    square = sum(p.variance * float(stats.t.ppf(level, p.df)) ** 2 for p in (part(points), part(seeds)))
    if not square > 0:
        return intervals.undefined("the values do not vary", estimate)
    half = math.sqrt(square)
    return Interval(estimate, estimate - half, estimate + half)


def band(test: FloatArray, validation: FloatArray, budgets: Sequence[int], *, confidence: float = 0.95) -> Band:
    """:func:`expected` with a pointwise band for the best of n of one method.

    ``half^2 = t(df_points)^2 var_points + t(df_seeds)^2 var_seeds``: each source of variation with the quantile of its
    own degrees of freedom, which is wider than Satterthwaite's and holds also where few seeds are most of the error.
    """
    found = expected(test, validation, budgets)
    few = too_few(found.points, found.seeds)
    if few:
        return Band.without(found.estimate, few)
    parts = np.array([[part(column) for column in left_out.T] for left_out in (found.points, found.seeds)])
    variance, df = parts[:, :, 0], parts[:, :, 1]
    half = np.sqrt((stats.t.ppf(0.5 + confidence / 2, df) ** 2 * variance).sum(axis=0))
    return Band(found.estimate, found.estimate - half, found.estimate + half)
