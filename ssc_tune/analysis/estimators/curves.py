"""Effect curves of one parameter: measured one at a time, or averaged over the whole design.

A one-at-a-time curve is local: it says what a parameter does while all others sit at their defaults. The partial
dependence averages over the others, f_d(x) = E[f | x_d = x], and belongs beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.estimators.budget import both_tables
from ssc_tune.analysis.estimators.intervals import Band, Interval
from ssc_tune.analysis.estimators.splits import ONE_SEED, points_by_seeds
from ssc_tune.analysis.estimators.surrogate import Surrogate, encode
from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.estimators.volume import corrected_best

NO_BAND = "no band: the best has an error of its own"
MIN_SEEDS = 3
"""Seeds of a band of partial dependence."""
NEAR = 4
"""One in this many points is near enough to a place to tell of the mean there."""


def one_at_a_time(y: ArrayLike, *, confidence: float = 0.95) -> Band:
    """Mean at each level with t intervals, Bonferroni over the L levels: all hold together with ``confidence``.

    Args:
        y: (L, R) scores, levels x seeds.
        confidence: of all intervals together.
    """
    values = points_by_seeds(y)
    num_levels, num_seeds = values.shape
    how = f"t over {num_seeds} seeds, Bonferroni over {num_levels} levels"
    mean = values.mean(axis=1)
    if num_seeds < 2:
        return Band.without(mean, "one seed: no interval", how)
    error = values.std(axis=1, ddof=1) / np.sqrt(num_seeds)
    reach = stats.t.ppf(1 - (1 - confidence) / (2 * num_levels), num_seeds - 1) * error
    reach = np.where(error > 0, reach, np.nan)
    reason = "" if (error > 0).all() else "seeds agree to the last digit at a level: no interval there"
    return Band(mean, mean - reach, mean + reach, how, reason)


def rows_of(parameter: int, unit: Array, default: Array) -> NDArray[np.intp]:
    """Rows of the points (N, P) at which one parameter alone may leave its default: one a level, in their order."""
    others = np.delete(np.abs(unit - default) < 1e-9, parameter, axis=1).all(axis=1)
    rows = np.flatnonzero(others)
    _, first = np.unique(unit[rows, parameter], return_index=True)
    return rows[first]


def relative(curve: Band, best: float) -> Band:
    """A curve minus its method's best, so that methods of different accuracy share an axis.

    ``best`` is the highest place of all curves that the method has: what is drawn is a loss, and no loss is above 0. An
    accuracy that was chosen and scored on different seeds is lower than that, and would let curves rise above 0. It has
    an error of its own, which the curve's band knows nothing of: so there is no band.
    """
    return Band.without(curve.values - best, NO_BAND, curve.how)


def _width(positions: Array, means: Array, threshold: float) -> float:
    """Share of [first, last position] where the piecewise linear curve is at least the threshold."""
    inside = 0.0
    for i in range(len(positions) - 1):
        a, b, length = means[i] - threshold, means[i + 1] - threshold, positions[i + 1] - positions[i]
        if a >= 0 and b >= 0:
            inside += length
        elif max(a, b) > 0:
            inside += length * max(a, b) / abs(a - b)
    return float(inside / (positions[-1] - positions[0]))


def _tolerated(values: Array, chooser: Array, positions: Array | None, delta: float) -> float:
    means = values.mean(axis=1)
    best = corrected_best(values, choose_by=chooser) if values.shape[1] > 1 else float(means.max())
    threshold = best - delta - 1e-12
    return float(np.mean(means >= threshold)) if positions is None else _width(positions, means, threshold)


def tolerance_width(
    y: ArrayLike,
    delta: float,
    *,
    choose_by: ArrayLike | None = None,
    positions: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Share of the range within ``delta`` of the best, the curve linear between levels on the parameter's scale.

    Args:
        y: (L, R) scores at the levels.
        delta: tolerance in the unit of ``y``.
        choose_by: (L, R) scores that choose the best level, validation accuracy; ``y`` itself when absent.
        positions: (L,) increasing positions of the levels on the parameter's scale (unit cube); absent for a choice,
            of which the share of levels is taken.
        confidence: of the interval: delete-one-seed jackknife, t, cut to [0, 1]; it needs 3 seeds.

    Returns:
        The best is chosen and scored on different seeds (:func:`corrected_best`); with one seed it is the measured
        best, with the reason.

    Raises:
        ValueError: fewer than 2 levels, positions not increasing, or a negative tolerance.
    """
    values, chooser = both_tables(y, choose_by)
    at = None if positions is None else np.asarray(positions, dtype=np.float64)
    if len(values) < 2 or not delta >= 0:
        raise ValueError(f"a width needs 2 levels and a tolerance of at least 0, got {len(values)} and {delta}")
    if at is not None and (at.shape != (len(values),) or not (np.diff(at) > 0).all()):
        raise ValueError("positions must be one a level and increasing")
    value = _tolerated(values, chooser, at, delta)
    num_seeds = values.shape[1]
    if num_seeds < 3:
        return intervals.undefined(ONE_SEED if num_seeds == 1 else "no interval: it needs 3 seeds", value)
    seeds = intervals.left_out(lambda y, by: _tolerated(y, by, at, delta), values, chooser, axis=1)
    found = intervals.jackknife(value, seeds, confidence)
    if found.reason:
        return intervals.undefined(found.reason, value)
    return Interval(value, max(0.0, found.low), min(1.0, found.high))


def partial_dependence(
    model: Surrogate,
    dimension: int,
    positions: ArrayLike,
    *,
    num_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator,
    unexplained: float = 0.0,
) -> Band:
    """E[f | x_d = x] of a surrogate at ``positions`` (L,) of one parameter, integrated exactly over the others.

    The band is pointwise: the standard error over resampled points and seeds with t, R - 1 degrees of freedom, and
    what the surrogate leaves ``unexplained`` of the variance of point means, as the error of a mean of N / 4 points,
    added as squares. A smooth model of a cliff is smooth in every resample: without the second part and with a normal
    quantile, places near a cliff are missed far more often than the band says. No band for fewer than 3 seeds.
    """
    at = np.asarray(positions, dtype=np.float64)
    others = np.ones(len(model.alpha))
    for e in range(len(model.groups)):
        if e != dimension:
            kernel, weight = model.nodes(e)
            others = others * (weight @ kernel)
    basis = _kernel_at(model, dimension, at) * others * model.kernel.amplitude  # (L, N)
    mean = model.mean + model.scale * (basis @ model.alpha)
    how = "partial dependence of a Gaussian process, bootstrap over points and seeds"
    num_points, num_seeds = model.deviations.shape
    if num_bootstrap < 2 or num_seeds < MIN_SEEDS:
        few = f"no band: fewer than {MIN_SEEDS} seeds" if num_seeds < MIN_SEEDS else "no bootstrap was asked for"
        return Band.without(mean, few, how)
    resampled = model.bootstrap(num_bootstrap, rng=rng)
    drawn = model.mean + model.scale * (resampled.centres + basis @ resampled.alphas)
    level = 0.5 + confidence / 2
    misfit = stats.norm.ppf(level) * model.scale * np.sqrt(unexplained * NEAR / num_points)
    reach = np.hypot(stats.t.ppf(level, num_seeds - 1) * drawn.std(axis=1, ddof=1), misfit)
    return Band(mean, mean - reach, mean + reach, how)


def _kernel_at(model: Surrogate, dimension: int, at: Array) -> Array:
    group = list(model.groups[dimension])
    known = {0: model.categories[dimension]} if dimension in model.categories else {}
    columns, _ = encode(at[:, None], known)
    scales = model.kernel.length_scales[group]
    square = ((columns[:, None, :] - model.columns[None, :, group]) / scales) ** 2
    return np.asarray(np.exp(-0.5 * square.sum(axis=2)))
