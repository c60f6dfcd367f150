"""What a verdict is shown beside: too few seeds or points, gaps, one point or one seed that decides."""

from __future__ import annotations

import math

from scipy import stats

from ssc_tune.analysis.estimators import comparison
from ssc_tune.analysis.estimators.variance import visible
from ssc_tune.analysis.judge.gates import signed
from ssc_tune.analysis.measures import effects_settings, searches
from ssc_tune.analysis.measures.effects import ClaimData, Effect
from ssc_tune.design.distinct import Count
from ssc_tune.study.model.measures import OVER_SPACE

DECIDING_WEIGHT = 0.5
"""Share of the points' jackknife variance from which a single point is named."""

FEW_FOR_WORST = 32
"""Points below which a claim about the worst carries a warning: at 16 it covers 87% where points collapse."""

SKEWED = 1.0
"""Skewness of a method's point means beyond which they have a tail: rare in normal tables of 32 points, usual under the
laws whose intervals cover 91 to 95% (docs/statistics.md: near the ceiling, skewed)."""
LEAST_SKEWED = 16
"""Points below which the skewness of few says nothing."""

LEAST_SEEDS = 5
"""Fewest seeds of a claim on spread without a warning."""


def num_failed(data: ClaimData) -> tuple[int, ...]:
    """Diverged and failed cells that a claim rests on, one number a method."""
    if data.parts:
        return tuple(sum(counts) for counts in zip(*map(num_failed, data.parts), strict=True))
    both = (data.first, data.second)[: len(data.claim.methods)]
    if data.claim.kind.at_defaults:
        return tuple(int(scores.default_failed.sum()) for scores in both)
    return tuple(int(scores.failed.sum()) for scores in both)


def warnings(data: ClaimData) -> list[str]:
    """What must be said of the size and completeness of what a claim is judged on."""
    if data.parts:
        return effects_settings.told_once(data.parts, warnings)
    lines = [*_of_size(data), *_of_gaps(data)]
    if data.claim.measure == "std":
        lines += [*_one_point_decides(data), *_skewed(data)]
    chosen = data.study.design.type in OVER_SPACE and not data.study.design.is_sample
    if chosen and (data.claim.kind.is_spread or data.claim.measure == "below"):
        what = "share" if data.claim.measure == "below" else "spread"
        lines.append(
            f"{data.study.design.type} points are no draws from the space: the {what} is that over these points"
        )
    if (
        data.claim.setting is None
        and data.claim.over is None
        and len(data.study.setting_names) > 1
        and not data.claim.kind.over_all_settings
    ):
        lines.append(f"no setting named: judged on {data.setting}")
    return lines


def _of_size(data: ClaimData) -> list[str]:
    lines = []
    num_points, num_seeds = len(data.first.points), len(data.first.seeds)
    if num_seeds < LEAST_SEEDS and data.claim.kind.is_spread:
        few = f"{num_seeds} seed{'s' * (num_seeds != 1)}: seeds are a sample too, and so few can mislead"
        lines.append(f"{few}; a verdict on spread needs {LEAST_SEEDS}")
    elif num_seeds < 3:
        lines.append(f"{num_seeds} seed{'s' * (num_seeds != 1)}: intervals need at least 3, better {LEAST_SEEDS}")
    if data.study.design.adaptive and not data.claim.kind.at_defaults:
        num_searches = min(len(searches.numbers(scores)) for scores in (data.first, data.second))
        if num_searches < searches.GOOD_SEARCHES:
            lines.append(f"{num_searches} searches: intervals need at least 3, better {searches.GOOD_SEARCHES}")
    elif num_points < 8 and not data.claim.kind.at_defaults:
        lines.append(f"{num_points} points: intervals hold what they say from about 8, better 32")
    elif num_points < FEW_FOR_WORST and data.claim.measure == "worst":
        lines.append(
            f"{num_points} points: where few collapse, this interval covers less than it says; better {FEW_FOR_WORST}"
        )
    if data.first.num_designed < data.first.num_drawn:
        count = Count(data.first.num_designed, data.first.num_drawn)
        lines.append(f"{count}: equal cells count once, and each is in one pair at most")
    return lines


def _of_gaps(data: ClaimData) -> list[str]:
    lines = []
    num_points = len(data.first.points)
    missing = max(data.first.num_designed, data.second.num_designed) - num_points
    if missing > 0 and data.policy != "dropped":
        lines.append(f"{missing} of {missing + num_points} points left out: a method or seed has no result yet")
    failed = num_failed(data)
    if sum(failed):
        counts = ", ".join(f"{n} of {m}" for n, m in zip(failed, data.claim.methods, strict=True))
        lines.append(f"failed cells ({counts}) enter at chance")
    return lines


def _one_point_decides(data: ClaimData) -> list[str]:
    if min(data.first.test.shape) < 3 or len(data.claim.methods) < 2:
        return []
    index, without, weight = comparison.deciding_point(data.second.test, data.first.test)
    if not weight > DECIDING_WEIGHT:
        return []
    turned = -without if data.claim.less is not None else without
    return [
        f"point {data.first.points[index]} carries {weight:.0%} of what the interval knows of points: without it the "
        f"ln ratio is {signed(turned)}; where a few points decide, the interval covers less than it says"
    ]


def _skewed(data: ClaimData) -> list[str]:
    """Where a tail of points carries a spread, the interval of its ratio covers somewhat less than it says."""
    both = dict(zip(data.claim.methods, (data.first.test, data.second.test), strict=False))
    if min(len(y) for y in both.values()) < LEAST_SKEWED:
        return []
    vary = {method: y.mean(axis=1) for method, y in both.items() if visible(y.mean(axis=1).var(), y)}
    tails = {method: value for method, means in vary.items() if abs(value := float(stats.skew(means))) > SKEWED}
    if not tails:
        return []
    named = ", ".join(f"{method} {signed(value)}" for method, value in tails.items())
    return [f"skewed points ({named}): the interval covers somewhat less than it says; its p keeps its level"]


def seeds_left_out(data: ClaimData, effect: Effect) -> list[str]:
    """The ratio of standard deviations without each seed: how far one seed decides."""
    if data.claim.measure != "std" or data.claim.equivalent or not math.isfinite(effect.low):
        return []
    values = comparison.without_one_seed(data.second.test, data.first.test)
    turned = -values if data.claim.less is not None else values
    return [f"leaving out one seed in turn: {', '.join(signed(float(value)) for value in turned)}"]
