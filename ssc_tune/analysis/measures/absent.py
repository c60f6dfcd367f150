"""Why a claim has nothing to be judged on: which method lacks what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssc_tune.analysis.arrays import RESULTS, Scores, select

if TYPE_CHECKING:
    from ssc_tune.analysis.measures.base import ClaimData


def whatever_is_missing(data: ClaimData) -> str:
    """Why no pair of points can be compared, or no point looked at; empty where one can."""
    both = data.by_method
    seeds = {method: len(scores.seeds) for method, scores in both.items()}
    if not all(seeds.values()):
        method = next(method for method, number in seeds.items() if not number)
        where = f", setting {data.setting}" if len(data.study.setting_names) > 1 else ""
        return f"{method} has no cell in block {data.claim.block}{where}"
    if len(set(seeds.values())) > 1:
        return f"the methods have different seeds: {', '.join(f'{m} {n}' for m, n in seeds.items())}"
    if data.claim.kind.at_defaults or all(len(scores.points) for scores in both.values()):
        return ""
    without = [method for method in both if not _has_result(data, method)]
    if without:
        return f"no cell of {' or of '.join(without)} has a result yet"
    of_both = " of both methods" if len(both) > 1 else ""
    dropped = "every point has a failed cell, and such points are dropped here"
    return dropped if data.policy == "dropped" else f"no point has a result{of_both} for every seed"


def _has_result(data: ClaimData, method: str) -> bool:
    """Whether a point that counts has a result of the method."""
    cells = select(data.tables.cells, data.claim.block, data.setting, method)
    return bool((cells["status"].isin(RESULTS) & cells["point"].isin(data.by_method[method].drawn)).any())


def missing_defaults(data: ClaimData) -> str:
    """Which method lacks a result at the defaults; empty where none does."""
    for method, scores in data.by_method.items():
        if not len(scores.default_test):
            if data.policy == "dropped" and scores.default_failed.any():
                return f"a cell of {method} at the defaults failed, and is dropped here"
            return f"{method} lacks a result at the defaults"
    return ""


def complete_points(scores: Scores) -> str:
    """How many points there are, in words: ``5``, or ``2 distinct ones of 8`` where points repeat one another."""
    if scores.num_designed == scores.num_drawn:
        return str(len(scores.points))
    return f"{len(scores.points)} distinct ones of {scores.num_drawn}"
