"""A claim's effect over other ranges and priors: what :mod:`ssc_tune.analysis.estimators.multiverse` says of the
claim's points.

The first specification is the whole search space on each parameter's own scale, with the verdict's own effect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from ssc_tune.analysis import arrays
from ssc_tune.analysis.estimates import estimate
from ssc_tune.analysis.estimators import multiverse
from ssc_tune.analysis.estimators.multiverse import MINIMUM_EFFECTIVE, Weighting
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.judge.sides import agree
from ssc_tune.analysis.measures.base import ClaimData, Effect
from ssc_tune.analysis.measures.registry import estimator
from ssc_tune.analysis.result import Estimate, Specification
from ssc_tune.study.model.claims import Claim, Equivalence
from ssc_tune.study.model.measures import with_
from ssc_tune.study.model.space import ChoiceParameter, FloatParameter, IntParameter, Parameter

HOW = "points weighted by the prior; jackknife over points and seeds, t"
TOO_FEW = "ranges cannot be varied: too few points"


def specifications(data: ClaimData, whole: Effect) -> tuple[Specification, ...]:
    """The effect over every box and prior, turned to the claimed side.

    Args:
        data: the claim's scores and where they are from.
        whole: the claim's effect, first method against second.

    Returns:
        Nothing for a measure that has no weighted form, points that are no draws from the space, or a space in which no
        parameter has an order.
    """
    claim, points = data.claim, data.first.points
    drawn = data.study.design.is_sample
    if not claim.kind.weighted or not drawn or not len(points) or not math.isfinite(whole.interval.estimate):
        return ()
    where = arrays.coordinates(data.study, data.tables, block=claim.block, setting=data.setting, points=points)
    parameters = [data.study.search_space.parameters[name] for name in where.names]
    density = np.array([natural_density(p, where.unit[:, k]) for k, p in enumerate(parameters)]).T
    found = multiverse.weightings(where, density.reshape(where.unit.shape))
    if len(found) < 2:
        return ()
    return tuple(_specification(data, whole, weighting, own=not i) for i, weighting in enumerate(found))


def natural_density(parameter: Parameter, unit: FloatArray) -> FloatArray:
    """Density (N,) of a uniform draw of the value at positions ``unit``, relative to one on the parameter's own scale.

    Up to a factor. On a log scale it is the value (1 - value with ``complement``); for a whole number on a log scale
    the inverse of the length of its bin, as every number is to be drawn alike; elsewhere 1.
    """
    if isinstance(parameter, ChoiceParameter) or not parameter.log:
        return np.ones(len(unit))
    values = np.array([parameter.from_unit(float(u)) if math.isfinite(u) else math.nan for u in unit], dtype=np.float64)
    if isinstance(parameter, IntParameter):
        return np.asarray(1 / np.log((values + 0.5) / (values - 0.5)))
    assert isinstance(parameter, FloatParameter)
    return np.asarray(1 - values if parameter.complement else values)


def _specification(data: ClaimData, whole: Effect, weighting: Weighting, *, own: bool) -> Specification:
    claim = data.claim
    if own:
        found = estimate(whole.interval, confidence=claim.confidence, how=whole.how)
    else:
        found = _weighted(data, weighting)
    turned = found.turned() if claim.less is not None else found
    return Specification(
        box=weighting.box,
        prior=weighting.prior,
        num_points=weighting.num_points,
        effective_points=weighting.effective_points,
        effect=turned,
        same_sign=None if found.value is None else agree(claim, whole.interval.estimate, found.value),
    )


def _weighted(data: ClaimData, weighting: Weighting) -> Estimate:
    claim, weights, form = data.claim, weighting.weights, estimator(data.claim).weighted
    assert form is not None
    if not weighting.num_points or not weights.any():
        return Estimate(value=None, how=HOW, note="too few: no point")
    both = (form.levels(weights, scores.test) for scores in (data.first, data.second))
    levels = multiverse.difference(*(multiverse.mapped(one, partial(form.scale, claim)) for one in both))
    few = ""
    if weighting.effective_points < MINIMUM_EFFECTIVE:
        few = f"too few: {weighting.effective_points:.1f} effective points, {MINIMUM_EFFECTIVE:g} are needed"
    if not math.isfinite(levels.whole):
        return Estimate(value=None, how=HOW, note=few or form.undefined)
    if few:
        return Estimate(value=levels.whole, how=HOW, note=few)
    found = multiverse.interval(levels, weights, claim.confidence, fraction=form.fraction)
    return estimate(found, confidence=claim.confidence, how=HOW)


def counted(found: Sequence[Specification]) -> list[Specification]:
    """Those with enough effective points for their sign to count."""
    return [s for s in found if s.effective_points >= MINIMUM_EFFECTIVE]


def called(specification: Specification) -> str:
    """``box 0.5 (natural scale)``."""
    box = "whole space" if specification.box == 1 else f"box {specification.box:g}"
    return f"{box} ({specification.prior})"


def summary(data: ClaimData, found: Sequence[Specification]) -> list[str]:
    """A line on whether the sign holds, or on why the ranges were not varied; none where the points are no draws."""
    claim = data.claim
    if not data.study.design.is_sample:
        return []
    if not claim.kind.weighted:
        there_is = ", ".join(with_(weighted=True))
        return [f"ranges: not varied, there is no weighted form of {claim.measure} (there is of {there_is})"]
    if not found:
        return ["ranges: not varied, no parameter of the block has an order"]
    kept, what = counted(found), _sign(claim)
    others = [s for s in kept if not s.same_sign]
    few = len(found) - len(kept)
    parts = [
        f"ranges: same {what} in {len(kept) - len(others)} of {len(kept)} specifications with "
        f"{MINIMUM_EFFECTIVE:g} or more effective points"
    ]
    if few:
        parts.append(f"{few} {'has' if few == 1 else 'have'} fewer")
    for text, same in ((f"other {what}", False), ("undefined", None)):
        names = [called(s) for s in others if s.same_sign is same]
        parts += [f"{text} in {', '.join(names)}"] if names else []
    return ["; ".join(parts)]


def _sign(claim: Claim) -> str:
    return "side of the margin" if isinstance(claim, Equivalence) else "sign"


def objection(claim: Claim, found: Sequence[Specification]) -> str:
    """Why a claim that is to be robust is not; empty where its sign holds wherever it can be seen."""
    kept = counted(found)
    if not any(s.box < 1 for s in kept):
        return TOO_FEW
    for s in kept:
        if s.same_sign is None:
            return f"not robust: undefined in {called(s)}: {s.effect.note}"
    turned = [called(s) for s in kept if not s.same_sign]
    return f"not robust: the {_sign(claim)} changes in {', '.join(turned)}" if turned else ""
