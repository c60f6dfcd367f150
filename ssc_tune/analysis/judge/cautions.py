"""What a verdict is shown beside: too few seeds or points, gaps, one point or one seed that decides."""

from __future__ import annotations

from ssc_tune.analysis.measures import searches
from ssc_tune.analysis.measures.base import ClaimData
from ssc_tune.analysis.measures.registry import estimator
from ssc_tune.analysis.measures.settings import told_once
from ssc_tune.design.distinct import Count

LEAST_SEEDS = 5
"""Fewest seeds of a claim on spread without a warning."""


def num_failed(data: ClaimData) -> tuple[int, ...]:
    """Diverged and failed cells that a claim rests on, one number a method."""
    if data.parts:
        return tuple(sum(counts) for counts in zip(*map(num_failed, data.parts), strict=True))
    name = "default_failed" if data.claim.kind.at_defaults else "failed"
    return tuple(int(getattr(scores, name).sum()) for scores in data.by_method.values())


def warnings(data: ClaimData) -> list[str]:
    """What must be said of the size and completeness of what a claim is judged on."""
    if data.parts:
        return told_once(data.parts, warnings)
    lines = [*_of_size(data), *_of_gaps(data), *estimator(data.claim).warnings(data)]
    design = data.study.design
    if design.varies and not (design.is_sample or design.adaptive) and (what := data.claim.kind.over_points):
        lines.append(f"{design.name()} points are no draws from the space: the {what} is that over these points")
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
    elif num_points < (enough := data.claim.kind.few_points):
        text = f"{num_points} points: where few collapse, this interval covers less than it says; better {enough}"
        lines.append(text)
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
