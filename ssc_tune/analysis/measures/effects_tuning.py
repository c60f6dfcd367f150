"""Effects of claims about tuning: what it buys, how much of the space is good, which parameter matters.

Orientation and conventions as in :mod:`ssc_tune.analysis.measures.effects`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from ssc_tune.analysis import arrays
from ssc_tune.analysis.estimators import curves, decomposition, extremes, intervals, splits, transfer, volume
from ssc_tune.analysis.estimators.extremes import Sample
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.material import Material
from ssc_tune.analysis.measures import absent, searches
from ssc_tune.analysis.measures.effects import ClaimData, Effect, from_interval, undefined
from ssc_tune.study.model.space import ChoiceParameter

TOLERANCE = 0.02
"""delta of near-optimal volume and tolerance width: accuracy within 2 points of the best."""

_HELD_OUT = "chosen on validation of half the seeds, scored on the other half; jackknife over points and seeds, t"


def best_of_n(data: ClaimData) -> Effect:
    """E[test accuracy of the best of n random points], chosen and scored on different seeds; first minus second."""
    n = data.claim.n
    assert n is not None
    name = f"best of {n} of {{x}} minus best of {n} of {{y}}"
    refused = _too_few(data, n)
    if refused:
        return undefined(name, refused)
    first, second = (extremes.expected(s.test, s.validation, [n]) for s in (data.first, data.second))
    return _held_out(first, second, data, name)


def worst(data: ClaimData) -> Effect:
    """E[test accuracy of the worst of N / 4 random points], chosen and scored on different seeds; first minus second.

    The worst of all N has no interval that holds what it says: one point decides it.
    """
    n = max(1, len(data.first.points) // 4)
    name = f"worst of {n} points of {{x}} minus worst of {n} of {{y}}"
    refused = _too_few(data, n)
    if refused:
        return undefined(name, refused)
    first, second = (extremes.expected(s.test, s.validation, [n], lowest=True) for s in (data.first, data.second))
    return _held_out(first, second, data, name)


def tunability(data: ClaimData) -> Effect:
    """E[best of n] minus the default, chosen and scored on different seeds; first minus second."""
    n = data.claim.n
    assert n is not None
    return _gain(data, n, f"gain from the best of {n} of {{x}} minus that of {{y}}")


def default_regret(data: ClaimData) -> Effect:
    """What tuning gains over the default, chosen and scored on different seeds; first minus second.

    On the points of a fixed design, the best of N / 2 random ones: that of all N has no interval that holds what it
    says. On a search, the best point that it found, the searches being the sample.
    """
    if data.study.design.adaptive:
        name = "gain of a search over the default of {x} minus that of {y}"
        missing = absent.missing_defaults(data)
        if missing:
            return undefined(name, missing)
        return from_interval(
            searches.gain_difference(data.first, data.second, data.claim.confidence), name, searches.HOW
        )
    n = max(1, len(data.first.points) // 2)
    return _gain(data, n, f"gain of the best of {n} points over the default of {{x}} minus that of {{y}}")


def _gain(data: ClaimData, n: int, name: str) -> Effect:
    refused = absent.missing_defaults(data) or _too_few(data, n)
    if refused:
        return undefined(name, refused)
    pair = (data.first, data.second)
    first, second = (extremes.gain(s.test, s.validation, s.default_test, [n]) for s in pair)
    return _held_out(first, second, data, name)


def _too_few(data: ClaimData, n: int) -> str:
    if len(data.first.seeds) < 2:
        return splits.ONE_SEED
    if n >= len(data.first.points):
        return f"needs more than {n} complete points, there are {absent.complete_points(data.first)}"
    return ""


def _held_out(first: Sample, second: Sample, data: ClaimData, name: str) -> Effect:
    return from_interval(first.minus(second).interval(confidence=data.claim.confidence), name, _HELD_OUT)


def near_optimal_volume(data: ClaimData) -> Effect:
    """Share of points within TOLERANCE of the pooled best, first minus second.

    The reference is the better of the two methods' expected bests of half the points (chosen and scored on different
    seeds), so that a method that is bad everywhere has no large volume. It is found anew with every point and seed that
    is left out.
    """
    name = f"share within {TOLERANCE} of the best, {{x}} minus {{y}}"
    if len(data.first.points) < extremes.MIN_POINTS or len(data.first.seeds) < extremes.MIN_SEEDS:
        return undefined(name, "needs 3 points and 3 seeds")
    best = volume.better(*(volume.reference(s.test, s.validation) for s in (data.first, data.second)))
    first, second = (volume.shares(s.test, best, [TOLERANCE]) for s in (data.first, data.second))
    return _held_out(first, second, data, name)._replace(
        how="best of half the points, chosen and scored on different seeds; jackknife over points and seeds, t"
    )


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
    tables = np.array([[s.at(common).test, s.at(common).validation] for s in loaded])  # (2 D, 2, N, R)
    if not (np.ptp(transfer.pooled_limits(tables[:, 0]), axis=1) > 0).all():
        return undefined(name, "the scores of a setting do not vary")
    found = transfer.difference(tables, data.claim.confidence)
    return from_interval(found, name, f"settings normalized over both methods; {_HELD_OUT}")


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
        return undefined(name, "fewer than 2 levels have a result of both methods for every seed")
    choice = isinstance(data.study.search_space.parameters[parameter], ChoiceParameter)
    positions = None if choice else where.unit[rows, column]

    def difference(*y: FloatArray) -> float:
        widths = [
            curves.tolerance_width(test, TOLERANCE, choose_by=by, positions=positions).value
            for test, by in (y[:2], y[2:])
        ]
        return widths[0] - widths[1]

    tables = [table[rows] for s in (data.first, data.second) for table in (s.test, s.validation)]
    left_out = [difference(*(np.delete(table, j, 1) for table in tables)) for j in range(len(data.first.seeds))]
    found = intervals.jackknife(difference(*tables), np.array(left_out), data.claim.confidence)
    how = f"within {TOLERANCE} of the best level, chosen and scored on different seeds; delete-one-seed jackknife, t"
    return from_interval(found, name, how)


def importance(data: ClaimData) -> Effect:
    """Share of the variance of accuracy that a parameter's main effect explains, against the claim's threshold.

    The share and its interval are those that the table of shares shows: :meth:`Material.shares`.
    """
    claim = data.claim
    threshold = claim.at_least if claim.at_least is not None else claim.at_most
    assert claim.parameter is not None
    assert threshold is not None
    name = f"share of variance of {{x}} from {claim.parameter}"
    if len(data.first.points) < 3 or len(data.first.seeds) < 2:
        return undefined(name, "fewer than 3 points" if len(data.first.points) < 3 else splits.ONE_SEED)
    material = _material(data)
    if claim.parameter not in material.names:
        return undefined(name, f"{claim.parameter} does not vary over the complete points")
    if data.study.design.type == "grid" and not material.is_full_grid:
        return undefined(name, "the complete points are not a full grid")
    found = material.shares(claim.confidence)
    if claim.parameter not in found.sources:
        return undefined(name, found.reason or "the share is undefined")
    index = found.sources.index(claim.parameter)
    share, low, high = (float(x[index]) for x in (found.shares, found.low, found.high))
    law = stats.norm() if found.evaluator == decomposition.EXACT else stats.t(len(data.first.seeds) - 1)
    reach = (share - low if share > threshold else high - share) / float(law.ppf(0.5 + claim.confidence / 2))
    p_value = float(2 * law.sf(abs(share - threshold) / reach)) if reach > 0 else math.nan
    return Effect(share, low, high, p_value, name, found.evaluator)


def _material(data: ClaimData) -> Material:
    """The study's own of the claim's method, so that claims and tables are one computation; else made of the scores."""
    method = data.claim.methods[0]
    if data.materials is not None:
        found = data.materials.of(data.claim.block, data.setting, method, data.policy)
        if found is not None and np.array_equal(found.scores.test, data.first.test):
            return found
    return Material(data.study, data.tables, data.first, block=data.claim.block, setting=data.setting, method=method)
