"""Effects over a population of settings: each setting's effect, pooled.

A claim ``over: settings`` is judged on one :class:`~ssc_tune.analysis.measures.base.ClaimData` a setting. They
stand in the ``parts`` of the claim's own data, and :func:`measured` makes one effect of a measurer's in all of them,
so that gates and other scores of failed cells are those of every other claim, on pooled effects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.estimates import estimate, generator
from ssc_tune.analysis.estimators import pooling
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.pooling import Pooling
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.measures.base import ClaimData, Effect, Measurer, told, undefined
from ssc_tune.analysis.result import Pooled as Stored
from ssc_tune.study.model.claims import Bound, Claim
from ssc_tune.study.model.measures import LEAST_SETTINGS

NUM_GROUPS = 16
"""Groups of points, and of seeds, that are left out of all settings at once."""

ENOUGH_SETTINGS = 5


class Pooled(NamedTuple):
    """What a pooled effect was made of; oriented like the effect."""

    settings: tuple[tuple[str, Effect], ...]
    pooling: Pooling
    shared_known: bool  # whether it could be told what shared points and seeds do to all settings alike

    def exchanged(self) -> Pooled:
        """The same with the two methods exchanged."""
        settings = tuple((name, effect.exchanged()) for name, effect in self.settings)
        return self._replace(settings=settings, pooling=self.pooling.exchanged())


def measured(data: ClaimData, measurer: Measurer) -> Effect:
    """The effect in the one setting of the data, or that over its several settings."""
    return pooled(data.parts, measurer) if data.parts else measurer(data)


def each(data: ClaimData, change: Callable[[ClaimData], ClaimData]) -> ClaimData:
    """The data with every setting changed."""
    return change(data)._replace(parts=tuple(change(part) for part in data.parts))


def pooled(parts: Sequence[ClaimData], measurer: Measurer) -> Effect:
    """The random-effects mean of the settings' effects; undefined, naming it, where one setting's is.

    See :func:`ssc_tune.analysis.estimators.pooling.pool`. Nothing is dropped: a mean over the settings that happen to
    be defined would be about another population.
    """
    found = [(part.setting, measurer(part)) for part in parts]
    name, each = found[0][1].name, [effect.interval for _, effect in found]
    for (setting, effect), one in zip(found, each, strict=True):
        if not math.isfinite(one.estimate):
            return undefined(name, f"in setting {setting}: {one.reason}")
        if not one.se > 0:
            return undefined(name, f"no standard error in setting {setting}: {one.reason or effect.how}")
    claim = parts[0].claim
    shared = left_out(parts, measurer)
    errors = np.array([one.se for one in each])
    if claim.kind.is_share:
        # All settings weigh the same. The standard error of a share is smallest where the share is near 0 or 1; weights
        # by it would draw the mean there (a claim at_most wrongly supported in 9% instead of 2% with five settings).
        errors[:] = math.sqrt(float(np.mean(errors**2)))
    result = pooling.pool(
        [one.estimate for one in each], errors, confidence=claim.confidence, null=claim.bound, left_out=shared or ()
    )
    if isinstance(claim, Bound):  # a share of one method
        result = result._replace(mean=_as_share(result.mean), prediction=_as_share(result.prediction))
    width = "shared points and seeds left out of all at once" if result.by_shared_draws else "Hartung-Knapp"
    how = f"random-effects mean of {len(parts)} settings, Paule-Mandel tau; {width}, t with {result.mean.df:.3g} df"
    return Effect(result.mean, name, how, Pooled(tuple(found), result, shared is not None))


def _as_share(found: Interval) -> Interval:
    return found._replace(low=max(found.low, 0.0), high=min(found.high, 1.0))


def left_out(parts: Sequence[ClaimData], measurer: Measurer) -> list[FloatArray] | None:
    """Effects (m, k) with groups of points, and of seeds, left out of all k settings at once; None if one is undefined.

    Groups are random, at most :data:`NUM_GROUPS`: consecutive or evenly spaced Sobol points are no random ones.
    """
    claim = parts[0].claim
    rng = generator(0, "left out", claim.name)
    kinds: list[tuple[NDArray[np.int64], Callable[[Scores, NDArray[np.int64]], Scores]]] = [
        (np.unique(np.concatenate([part.first.points for part in parts])), _without_points),
        (np.unique(np.concatenate([part.first.seeds for part in parts])), _without_seeds),
    ]
    found = []
    for numbers, without in kinds:
        if not len(numbers):
            continue
        groups = np.array_split(rng.permutation(numbers), min(NUM_GROUPS, len(numbers)))
        rows = [[measurer(_changed(part, without, group)).interval.estimate for part in parts] for group in groups]
        if len(rows) < 2 or not np.isfinite(rows).all():
            return None
        found.append(np.array(rows, dtype=np.float64))
    return found


def _changed(
    part: ClaimData, without: Callable[[Scores, NDArray[np.int64]], Scores], group: NDArray[np.int64]
) -> ClaimData:
    return part._replace(first=without(part.first, group), second=without(part.second, group), estimate_only=True)


def _without_points(scores: Scores, numbers: NDArray[np.int64]) -> Scores:
    return scores.at(scores.points[~np.isin(scores.points, numbers)])


def _without_seeds(scores: Scores, numbers: NDArray[np.int64]) -> Scores:
    kept = ~np.isin(scores.seeds, numbers)
    tables = ("test", "validation", "failed")
    rows = (f"default_{name}" for name in tables if len(getattr(scores, f"default_{name}")))
    values = {name: getattr(scores, name)[..., kept] for name in ("seeds", *tables, *rows)}
    return scores._replace(**values)


def warnings(effect: Effect, claim: Claim) -> tuple[str, ...]:
    """What a reader of a pooled effect must know."""
    if effect.pooled is None:
        return ()
    num = len(effect.pooled.settings)
    lines = []
    if claim.kind.is_share and effect.pooled.pooling.q_p < 1 - claim.confidence:
        lines.append("the shares differ from setting to setting, and then the interval of their mean covers 92 to 95%")
    elif claim.kind.is_share:
        lines.append("the shares hardly differ here: the prediction interval can then hold less than it says")
    if num < ENOUGH_SETTINGS:
        lines.append(
            f"{num} settings: how much settings differ is hardly known, so the prediction interval is wide; "
            f"better {ENOUGH_SETTINGS} or more"
        )
    shared = "the settings share points and seeds: what these draws do to all settings alike does not average out"
    known = "the interval allows for it" if effect.pooled.shared_known else "the interval may be too narrow for it"
    return (*lines, f"{shared}; {known}")


def notes(effect: Effect, claim: Claim) -> tuple[str, ...]:
    """The mean without each setting in turn, turned as the claim shows it: how far one setting decides."""
    if effect.pooled is None or len(effect.pooled.settings) <= LEAST_SETTINGS:
        return ()
    texts = []
    for name, _ in effect.pooled.settings:
        kept = [found.interval for other, found in effect.pooled.settings if other != name]
        mean = pooling.pool([x.estimate for x in kept], [x.se for x in kept]).mean.estimate
        texts.append(f"{name} {told(-mean if claim.less is not None else mean, claim)}")
    return (f"leaving out one setting in turn: {', '.join(texts)}",)


def told_once(parts: Sequence[ClaimData], of: Callable[[ClaimData], list[str]]) -> list[str]:
    """Warnings of all settings; one that holds in every setting is told once, without a name."""
    told = [(part.setting, of(part)) for part in parts]
    everywhere = [line for line in told[0][1] if all(line in lines for _, lines in told)]
    return everywhere + [f"{name}: {line}" for name, lines in told for line in lines if line not in everywhere]


def stored(found: Pooled, confidence: float) -> Stored:
    """The form that a verdict keeps."""
    return Stored(
        settings=tuple(
            (name, estimate(effect.interval, confidence=confidence, how=effect.how)) for name, effect in found.settings
        ),
        tau=found.pooling.tau,
        i2=found.pooling.i2,
        q_p=found.pooling.q_p,
        prediction_low=found.pooling.prediction.low,
        prediction_high=found.pooling.prediction.high,
    )
