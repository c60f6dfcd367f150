"""A multiverse of ranges: an effect as it would be over smaller boxes and under other priors, from the same points.

Points are draws from the search space, uniform on each parameter's own scale. Over another prior on a part of the space
an effect is estimated by importance weighting: a point weighs ``w = prior / uniform`` at its place, 0 outside the box.
How much is left is Kish's effective number of points, ``(sum w)^2 / sum w^2``. Weights are normalized to ``v``, which
sum to 1.

Sources: Steegen et al., Perspectives on Psychological Science 11 (2016), multiverse; Simonsohn, Simmons and Nelson,
Nature Human Behaviour 4 (2020), specification curve; Kish, Survey Sampling (1965).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.spread import WORST_FRACTION
from ssc_tune.analysis.estimators.variance import FloatArray, visible

SOURCES = ("steegen2016increasing", "simonsohn2020specification")
"""As keys of :mod:`ssc_tune.sources`."""

BOXES = (1.0, 0.75, 0.5, 0.35)
"""Scales of the boxes about the defaults, in the unit cube; 1 is the whole space."""

MINIMUM_EFFECTIVE = 8.0
"""Fewest effective points on which an interval is given and a sign counts."""

Prior = Literal["own scale", "about the default", "natural scale"]
"""What a point is drawn from within a box: uniform on each parameter's own scale; falling linearly from the default to
the ends of the box; uniform in the value itself, so that on a log scale large values weigh more."""

_ALIKE = 1e-9


class Coordinates(NamedTuple):
    """Where points lie in the unit cube of a block's parameters, each on its own scale."""

    names: tuple[str, ...]
    unit: FloatArray  # (N, P)
    default: FloatArray  # (P,)
    ordered: NDArray[np.bool_]  # (P,) False for choices, which have no order


def inside(where: Coordinates, scale: float) -> NDArray[np.bool_]:
    """Which points (N,) lie in the sub-box shrunk by ``scale`` about the defaults; choices do not restrict it."""
    low, high = (1 - scale) * where.default, (1 - scale) * where.default + scale
    outside = (where.unit < low - 1e-9) | (where.unit > high + 1e-9)
    return np.asarray(~(outside & where.ordered).any(axis=1))


class Weighting(NamedTuple):
    """One prior on one box. ``weights`` (N,) sum to 1; they are all 0 where the box holds no point."""

    box: float
    prior: Prior
    weights: FloatArray
    num_points: int  # inside the box

    @property
    def effective_points(self) -> float:
        """``(sum w)^2 / sum w^2``; 0 without a point."""
        squares = float((self.weights**2).sum())
        return 1 / squares if squares > 0 else 0.0


class Levels(NamedTuple):
    """A method's value of a measure: of all points and seeds, and with each of them left out."""

    whole: float
    points: FloatArray  # (N,) weights of the others renormalized
    seeds: FloatArray  # (R,)


def weightings(where: Coordinates, density: FloatArray) -> tuple[Weighting, ...]:
    """Every prior on every box; of those that give every point the same weight the first. The whole space comes first.

    Args:
        where: unit coordinates of N points, defaults, and which parameters have an order; choices are never weighted.
        density: (N, P) of a uniform draw of the value, relative to one on the parameter's own scale, up to a factor a
            parameter: constant on a linear scale, the value on a log scale.

    Returns:
        The whole space alone where no parameter has an order.
    """
    known = where.ordered & np.isfinite(where.unit).all(axis=0)
    chosen = Coordinates(where.names, where.unit, where.default, known)
    found: list[Weighting] = []
    priors = {prior: _weights(chosen, density, 1.0, prior) for prior in get_args(Prior)}
    kept = [p for i, p in enumerate(priors) if not any(_same(priors[p], priors[q]) for q in list(priors)[:i])]
    for box in BOXES if known.any() else BOXES[:1]:
        held = int(inside(chosen, box).sum())
        for prior in kept:
            weights = _weights(chosen, density, box, prior)
            if not any(_same(weights, other.weights) for other in found if other.num_points):
                found.append(Weighting(box, prior, weights, held))
    return tuple(found)


def _same(a: FloatArray, b: FloatArray) -> bool:
    return bool(np.abs(a - b).max() <= _ALIKE) if len(a) else True


def _weights(where: Coordinates, density: FloatArray, box: float, prior: Prior) -> FloatArray:
    weights = inside(where, box).astype(np.float64)
    for k in np.flatnonzero(where.ordered):
        if prior == "about the default":
            weights = weights * _triangle(where.unit[:, k], float(where.default[k]), box)
        elif prior == "natural scale":
            weights = weights * density[:, k]
    total = float(weights.sum())
    return weights / total if total > 0 else weights


def _triangle(unit: FloatArray, default: float, box: float) -> FloatArray:
    """1 at the default, falling linearly to 0 at both ends of the box; a default at an end has one side."""
    place = (unit - (1 - box) * default) / box
    below = place / default if default > 0 else np.ones_like(place)
    above = (1 - place) / (1 - default) if default < 1 else np.ones_like(place)
    return np.clip(np.where(place < default, below, above), 0.0, 1.0)


def mean_levels(weights: FloatArray, y: FloatArray) -> Levels:
    """``sum of v_i ybar_i`` of scores ``y`` (N, R)."""
    means = y.mean(axis=1)
    whole = float(weights @ means)
    with np.errstate(invalid="ignore", divide="ignore"):
        seeds = (weights @ (y.sum(axis=1, keepdims=True) - y)) / (y.shape[1] - 1)
    return Levels(whole, (whole - weights * means) / _rest(weights), seeds)


def _rest(weights: FloatArray) -> FloatArray:
    """The weight of all other points (N,); NaN where there is no other."""
    return np.where(weights < 1 - _ALIKE, 1 - weights, np.nan)


def variance_levels(weights: FloatArray, y: FloatArray) -> Levels:
    """Variance over points under the weights, seed noise removed, of scores ``y`` (N, R); NaN where it is rounding.

    For points i != k and seeds r != s, ``(y_ir - y_kr) (y_is - y_ks) / 2`` has the expectation of half the squared
    difference of the two points' true means: the noise of different seeds is independent. So with weights w
    known up to a factor, ::

        V = sum over i != k of v_i v_k * mean over r != s of (y_ir - y_kr) (y_is - y_ks) / 2 / (1 - sum of v_i^2)

    is a ratio of two U-statistics, of which the upper has the expectation (E w)^2 V and the lower (E w)^2. No
    model of the noise enters: it may differ by point and by seed. In sums, c_ir = y_ir - sum over k of v_k y_kr, ::

        V = sum over i of v_i ((sum over r of c_ir)^2 - sum over r of c_ir^2) / (R (R - 1) (1 - sum of v_i^2))

    With equal weights this is (MS_point - MS_error) / R. NaN for one seed.
    """
    num_seeds = y.shape[1]
    centred = y - y.mean()
    sums, squares = centred.sum(axis=1), (centred**2).sum(axis=1)  # (N,)
    of_seed = weights @ centred  # (R,)
    concentration = float((weights**2).sum())
    square, total, own = weights @ sums**2, weights @ sums, weights @ squares
    whole = _ratio(y, _product(square, total, own, (of_seed**2).sum()), num_seeds, concentration)
    rest = _rest(weights)
    left = (of_seed - weights[:, None] * centred) / rest[:, None]  # (N, R)
    without = _product(
        (square - weights * sums**2) / rest,
        (total - weights * sums) / rest,
        (own - weights * squares) / rest,
        (left**2).sum(axis=1),
    )
    points = _ratio(y, without, num_seeds, (concentration - weights**2) / rest**2)
    remaining = sums[:, None] - centred  # (N, R)
    fewer = _product(
        weights @ remaining**2,
        weights @ remaining,
        weights @ (squares[:, None] - centred**2),
        (of_seed**2).sum() - of_seed**2,
    )
    return Levels(float(whole), points, _ratio(y, fewer, num_seeds - 1, concentration))


def _product(square: FloatArray, total: FloatArray, own: FloatArray, seeds: FloatArray) -> FloatArray:
    """The sum over i of :func:`variance_levels`, from its parts."""
    return np.asarray((square - total**2) - (own - seeds))


def _ratio(y: FloatArray, product: FloatArray, num_seeds: int, share: FloatArray | float) -> FloatArray:
    """A product over what it is divided by there; NaN where it is rounding."""
    if num_seeds < 2:  # no two seeds whose noise is independent
        return np.full(np.shape(product), np.nan)
    with np.errstate(invalid="ignore"):
        found = product / (num_seeds * (num_seeds - 1)) / _rest(np.asarray(share))
    return np.where(visible(found, y), found, np.nan)


def cvar_levels(weights: FloatArray, y: FloatArray) -> Levels:
    """Mean of the worst tenth of the weight of point means, of scores ``y`` (N, R), the last point in part."""
    order = np.argsort(y.mean(axis=1), kind="stable")
    means, sorted_weights = y.mean(axis=1)[order], weights[order]
    whole = _tail(means, sorted_weights)
    mass = np.concatenate([[0.0], np.cumsum(sorted_weights)])
    sums = np.concatenate([[0.0], np.cumsum(sorted_weights * means)])
    reach = WORST_FRACTION * _rest(sorted_weights)  # (N,) of what is left without a point
    within = mass[:-1] < reach
    found = np.interp(reach + np.where(within, sorted_weights, 0.0), mass, sums)
    left = (found - np.where(within, sorted_weights * means, 0.0)) / reach
    points = np.empty_like(left)
    points[order] = left
    if y.shape[1] < 2:
        return Levels(whole, points, np.full(y.shape[1], np.nan))
    others = (y.sum(axis=1, keepdims=True) - y) / (y.shape[1] - 1)  # (N, R)
    orders = np.argsort(others, axis=0, kind="stable")
    seeds = np.array([_tail(column[i], weights[i]) for column, i in zip(others.T, orders.T, strict=True)])
    return Levels(whole, points, seeds)


def _tail(ascending: FloatArray, weights: FloatArray) -> float:
    used = np.clip(WORST_FRACTION - (np.cumsum(weights) - weights), 0.0, weights)
    return float(used @ ascending / WORST_FRACTION)


def difference(first: Levels, second: Levels) -> Levels:
    """First minus second."""
    return Levels(first.whole - second.whole, first.points - second.points, first.seeds - second.seeds)


def mapped(levels: Levels, function: Callable[[FloatArray], FloatArray]) -> Levels:
    """The levels on another scale."""
    return Levels(
        float(function(np.asarray(levels.whole))),
        np.asarray(function(levels.points)),
        np.asarray(function(levels.seeds)),
    )


def interval(levels: Levels, weights: FloatArray, confidence: float = 0.95, *, fraction: float = 1.0) -> Interval:
    """t interval from the jackknife over points and over seeds, their variances added.

    Points: ``(1 - sum of v^2) sum of (theta_i - mean)^2`` over the points with a weight, the mean weighted by 1 - v_i,
    which is the delete-one jackknife where the weights are equal; degrees of freedom
    ``(sum of v^2)^2 / sum of v^4 - 1``, or ``fraction`` of that ratio, at least 1, for a measure of the worst such
    fraction (:func:`ssc_tune.analysis.estimators.spread.tail_degrees`). Seeds: the delete-one jackknife, R - 1.
    Together those of :func:`ssc_tune.analysis.estimators.intervals.crossed_degrees`.

    Undefined for fewer than 3 points, one seed, or where the measure is undefined without one of them.
    """
    used = weights > 0
    v, num_seeds = weights[used], len(levels.seeds)
    if not math.isfinite(levels.whole):
        return intervals.undefined("the measure is undefined")
    few = intervals.too_few((len(v), num_seeds), 3)
    if few:
        return intervals.undefined(few, levels.whole)
    values = levels.points[used]
    for what, left_out in (("point", values), ("seed", levels.seeds)):
        if not np.isfinite(left_out).all():
            return intervals.undefined(f"undefined when a {what} is left out", levels.whole)
    squares = float((v**2).sum())
    over_points = (1 - squares) * float(((values - np.average(values, weights=1 - v)) ** 2).sum())
    over_seeds = intervals.jackknife_variance(levels.seeds)
    total = over_points + over_seeds
    scale = max(1.0, float(np.abs(values).max()))
    if total <= (1e-13 * scale) ** 2:
        return intervals.undefined("the values do not vary", levels.whole)
    num = squares**2 / float((v**4).sum())
    df_points = num - 1 if fraction == 1 else max(1.0, fraction * num)
    df = intervals.crossed_degrees(over_points, over_seeds, df_points, num_seeds - 1)
    return intervals.t_interval(levels.whole, math.sqrt(total), df, confidence)
