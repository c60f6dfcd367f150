"""Effects of claims about tuning: what it buys, how much of the space is good, which parameter matters.

Orientation and conventions as in :mod:`ssc_tune.analysis.effects`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from ssc_tune.analysis import arrays, budget, curves, decomposition, extremes, intervals, transfer, volume
from ssc_tune.analysis.effects import ClaimData, Effect, from_interval, over_seeds, undefined, with_swap_test
from ssc_tune.analysis.variance import FloatArray
from ssc_tune.study.space import ChoiceParameter

TOLERANCE = 0.02
"""delta of near-optimal volume and tolerance width: accuracy within 2 points of the best."""


def best_of_n(data: ClaimData) -> Effect:
    """E[test accuracy of the best of n random points, chosen on validation], first minus second."""
    n = data.claim.n
    assert n is not None
    name = f"best of {n} of {{x}} minus best of {n} of {{y}}"
    if n >= len(data.first.points):
        return undefined(name, f"needs more than {n} complete points, there are {len(data.first.points)}")

    def difference(*y: FloatArray) -> FloatArray:
        return np.asarray(budget.expected_best(y[0], n, choose_by=y[1]) - budget.expected_best(y[2], n, choose_by=y[3]))

    tables = (data.first.test, data.first.validation, data.second.test, data.second.validation)
    found = intervals.crossed_jackknife(difference, *tables, confidence=data.claim.confidence)
    return from_interval(found, name, "U-statistic, chosen on validation; jackknife over points and seeds, t")


def tunability(data: ClaimData) -> Effect:
    """E[best of n] minus default, chosen and scored on different seeds; first minus second."""
    n = data.claim.n
    assert n is not None
    name = f"gain from the best of {n} of {{x}} minus that of {{y}}"
    if n >= len(data.first.points):
        return undefined(name, f"needs more than {n} complete points, there are {len(data.first.points)}")
    if not len(data.first.default_test) or not len(data.second.default_test):
        return undefined(name, "the defaults lack a cell")
    if len(data.first.seeds) < 3:
        return undefined(name, "fewer than 3 seeds: no interval")

    def difference(*y: FloatArray) -> FloatArray:
        return np.asarray(_gain(*y[:3], n=n) - _gain(*y[3:], n=n))

    tables = [
        table
        for scores in (data.first, data.second)
        for table in (scores.test, scores.validation, np.broadcast_to(scores.default_test, scores.test.shape))
    ]
    found = intervals.crossed_jackknife(difference, *tables, confidence=data.claim.confidence)
    return from_interval(
        found, name, "chosen on half the seeds, scored on the other; jackknife over points and seeds, t"
    )


def _gain(test: FloatArray, validation: FloatArray, default: FloatArray, *, n: int) -> float:
    gains = [
        budget.expected_best(test @ score, n, choose_by=validation @ choose) - float(default[0] @ score)
        for choose, score in volume.seed_splits(test.shape[1])
    ]
    return float(np.mean(gains))


def default_regret(data: ClaimData) -> Effect:
    """Best point (chosen on the other seeds, by validation) minus the default; first minus second."""
    name = "regret of the default of {x} minus that of {y}"
    pair = (data.first, data.second)
    if not all(len(scores.default_test) for scores in pair):
        return undefined(name, "the defaults lack a cell")
    if len(data.first.seeds) < 2:
        return undefined(name, "one seed: the best cannot be chosen and scored on different seeds")
    gains = [extremes.held_out(s.test, s.validation, lowest=False) - s.default_test for s in pair]
    how = "best chosen on validation of the other seeds; t over seeds"
    effect = over_seeds(gains[0] - gains[1], data.claim.confidence, name, how)
    if data.study.design.type == "search":
        return effect
    stacked = [np.vstack([scores.default_test, scores.test]) for scores in pair]

    def regret(y: FloatArray) -> FloatArray:
        means = y.mean(axis=-1)
        return np.asarray(means[..., 1:].max(axis=-1) - means[..., 0])

    return with_swap_test(effect, data, stacked[0], stacked[1], regret)._replace(
        how=f"{how}; p: also swap test over points"
    )


def near_optimal_volume(data: ClaimData) -> Effect:
    """Share of points within TOLERANCE of the pooled best, first minus second.

    The reference is the better of the two methods' bests (chosen and scored on different seeds), so that a method
    that is bad everywhere has no large volume. Standard error: over points at a fixed reference, and over seeds by the
    jackknife with the reference found anew.
    """
    name = f"share within {TOLERANCE} of the best, {{x}} minus {{y}}"
    first, second = data.first.test, data.second.test
    if first.shape[1] < 3 or len(first) < 3:
        return undefined(name, "needs 3 points and 3 seeds")

    def inside(x: FloatArray, y: FloatArray) -> FloatArray:
        best = max(volume.corrected_best(x), volume.corrected_best(y))
        return np.asarray([x.mean(axis=1) >= best - TOLERANCE, y.mean(axis=1) >= best - TOLERANCE], dtype=np.float64)

    def difference(x: FloatArray, y: FloatArray) -> float:
        shares = inside(x, y).mean(axis=1)
        return float(shares[0] - shares[1])

    gaps = np.subtract(*inside(first, second))
    over_points = intervals.mean_interval(gaps, data.claim.confidence)
    left_out = [difference(np.delete(first, j, axis=1), np.delete(second, j, axis=1)) for j in range(first.shape[1])]
    over_seeds_ = intervals.jackknife(float(gaps.mean()), np.array(left_out), data.claim.confidence)
    parts = [part for part in (over_points, over_seeds_) if math.isfinite(part.se)]
    how = "reference chosen and scored on different seeds; t over points and seeds"
    if not parts:
        return undefined(name, "the two shares do not differ at any point")
    variance = sum(part.se**2 for part in parts)
    df = variance**2 / sum(part.se**4 / part.df for part in parts)
    found = intervals.t_interval(float(gaps.mean()), math.sqrt(variance), df, data.claim.confidence)
    return from_interval(found, name, how)


def transfer_sensitivity(data: ClaimData) -> Effect:
    """Phi over the study's settings, chosen and scored on different seeds; first minus second."""
    name = "transfer sensitivity of {x} minus that of {y}"
    settings, methods = data.study.setting_names, data.claim.methods
    if len(settings) < 2:
        return undefined(name, "the study has one setting")
    loaded = [
        arrays.load(data.study, data.tables, block=data.claim.block, setting=s, method=m, policy=data.policy)
        for m in methods
        for s in settings
    ]
    common = loaded[0].points
    for scores in loaded[1:]:
        common = np.intersect1d(common, scores.points)
    if len(common) < 3 or len(data.first.seeds) < 3:
        return undefined(name, "needs 3 points that are complete in every setting, and 3 seeds")
    tables = [scores.at(common).test for scores in loaded]
    num = len(settings)
    pooled = [np.concatenate([tables[d], tables[num + d]]).mean(axis=1) for d in range(num)]
    limits = np.array([np.percentile(means, (5, 95)) for means in pooled])
    if not (limits[:, 1] > limits[:, 0]).all():
        return undefined(name, "the scores of a setting do not vary")

    def difference(*y: FloatArray) -> FloatArray:
        phi = [transfer.held_out_sensitivity(np.stack(part), limits=limits).sensitivity for part in (y[:num], y[num:])]
        return np.asarray(phi[0] - phi[1])

    found = intervals.crossed_jackknife(difference, *tables, confidence=data.claim.confidence)
    return from_interval(found, name, "settings normalized over both methods; jackknife over points and seeds, t")


def tolerance_width(data: ClaimData) -> Effect:
    """Share of a parameter's range within TOLERANCE of the best, one at a time; first minus second."""
    parameter = data.claim.parameter
    assert parameter is not None
    name = f"tolerance width in {parameter} of {{x}} minus that of {{y}}"
    if len(data.first.seeds) < 3:
        return undefined(name, "fewer than 3 seeds: no interval")
    points = data.first.points
    where = arrays.coordinates(data.study, data.tables, block=data.claim.block, setting=data.setting, points=points)
    if parameter not in where.names:
        return undefined(name, f"{parameter} does not vary in this block")
    column = where.names.index(parameter)
    others = np.delete(np.abs(where.unit - where.default) < 1e-9, column, axis=1).all(axis=1)
    rows = np.flatnonzero(others)
    rows = rows[np.argsort(where.unit[rows, column], kind="stable")]
    _, first_of_level = np.unique(where.unit[rows, column], return_index=True)
    rows = rows[first_of_level]
    if len(rows) < 2:
        return undefined(name, "fewer than 2 levels")
    choice = isinstance(data.study.search_space.parameters[parameter], ChoiceParameter)
    positions = None if choice else where.unit[rows, column]

    def width(y: FloatArray) -> float:
        return curves.tolerance_width(y, TOLERANCE, positions=positions).value

    first, second = data.first.test[rows], data.second.test[rows]
    left_out = [width(np.delete(first, j, 1)) - width(np.delete(second, j, 1)) for j in range(first.shape[1])]
    found = intervals.jackknife(width(first) - width(second), np.array(left_out), data.claim.confidence)
    return from_interval(found, name, f"within {TOLERANCE} of the best; delete-one-seed jackknife, t")


def importance(data: ClaimData) -> Effect:
    """Share of the variance of accuracy that a parameter's main effect explains, against the claim's threshold."""
    claim = data.claim
    threshold = claim.at_least if claim.at_least is not None else claim.at_most
    assert claim.parameter is not None
    assert threshold is not None
    name = f"share of variance of {{x}} from {claim.parameter}"
    where = arrays.coordinates(
        data.study, data.tables, block=claim.block, setting=data.setting, points=data.first.points
    )
    if claim.parameter not in where.names or len(data.first.points) < 3 or len(data.first.seeds) < 2:
        return undefined(name, f"{claim.parameter} does not vary here, or fewer than 3 points or 2 seeds")
    space = data.study.search_space.parameters
    if data.study.design.type == "grid":
        varies = np.ptp(where.unit, axis=0) > 0
        names = [n for n, v in zip(where.names, varies, strict=True) if v]
        if claim.parameter not in names or not decomposition.is_full_grid(where.unit[:, varies]):
            return undefined(name, "the complete points are not a full grid")
        found = decomposition.anova(where.unit[:, varies], data.first.test, names, confidence=claim.confidence)
    else:
        choices = {k: len(p.choices) for k, n in enumerate(where.names) if isinstance(p := space[n], ChoiceParameter)}
        found = decomposition.functional(
            where.unit,
            data.first.test,
            where.names,
            categories=choices,
            num_bootstrap=min(200, data.num_bootstrap),
            confidence=claim.confidence,
            rng=data.rng,
        )
    if claim.parameter not in found.sources:
        return undefined(name, found.reason or "the share is undefined")
    index = found.sources.index(claim.parameter)
    share, low, high = (float(x[index]) for x in (found.shares, found.low, found.high))
    z = float(stats.norm.ppf(0.5 + claim.confidence / 2))
    reach = (share - low if share > threshold else high - share) / z
    p_value = float(2 * stats.norm.sf(abs(share - threshold) / reach)) if reach > 0 else math.nan
    return Effect(share, low, high, p_value, name, found.evaluator)
